"""Independent checkers look at what was built, and say what they find and what is missing."""

import os
from pathlib import Path

import pytest
from builders import a_project

from pipeline import validate as validating
from pipeline.build import Options, build
from pipeline.output import Made
from pipeline.validate import Checker, validate


def made(path: str, media_type: str = "application/pdf", edition: str = "", standard: str = "") -> Made:
    return Made(path, "workbook", media_type, 1, "", "", (), edition=edition, standard=standard)


def test_a_sound_build_satisfies_every_checker(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    report = build(project, Options(formats=("cover", "epub"), jobs=1))
    verdict = validate(project.output, report.made, os.environ)
    assert verdict.findings == ()
    assert verdict.looked_at.items() >= {"PDF/UA-1 (page-validation)": 1, "EPUBCheck": 1}.items()
    assert set(verdict.missing) <= {"Ace by DAISY"}


def test_a_pdf_without_tags_and_a_broken_epub_are_found_out(tmp_path: Path) -> None:
    import pikepdf

    pdf = pikepdf.new()
    pdf.add_blank_page()
    pdf.save(tmp_path / "bare.pdf")
    (tmp_path / "book.epub").write_bytes(b"PK\x05\x06" + bytes(18))
    verdict = validate(tmp_path, [made("bare.pdf"), made("book.epub", "application/epub+zip")], os.environ, "built")
    assert {finding.location.path for finding in verdict.findings} == {"built/bare.pdf", "built/book.epub"}
    assert all(finding.severity == "error" for finding in verdict.findings if "epub" in finding.location.path)


def test_files_for_a_printer_are_not_asked_to_be_accessible(tmp_path: Path) -> None:
    assert validate(tmp_path, [made("workbook-booklet.pdf", edition="booklet")], os.environ).looked_at == {}


def test_a_print_file_is_asked_for_what_print_shops_ask(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    report = build(project, Options(formats=("workbook",), editions=("print", "screen"), jobs=1))
    verdict = validate(project.output, report.made, os.environ)
    assert verdict.looked_at == {"PDF/UA-1 (page-validation)": 1, "PDF/X-4 (our own rules)": 1}
    assert verdict.findings == ()
    claiming = [made("workbook.pdf", edition="screen", standard="PDF/X-4")]
    found = validate(project.output, claiming, os.environ).findings
    assert {"x4-claim", "x4-intent", "x4-annotation"} <= {finding.code for finding in found}


def test_a_note_is_told_unless_it_is_answered_for_that_edition(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notes = [("CSS-028", "a font", "warning"), ("OPF-097", "no cover", "warning"), ("NEW-001", "a note", "warning")]
    noting = Checker("Noting", lambda environment: True, "", lambda entry: True, lambda *_: iter(notes))
    monkeypatch.setattr(validating, "CHECKERS", (noting,))

    def told(edition: str) -> list[str]:
        return [finding.code for finding in validate(tmp_path, [made("a.epub", edition=edition)], {}).findings]

    assert told("kindle") == ["NEW-001"]
    assert told("ebook") == ["NEW-001", "OPF-097"]


def test_a_checker_that_is_not_installed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    absent = Checker("Nonesuch", lambda environment: False, "ask for it", lambda entry: True, lambda *_: iter(()))
    monkeypatch.setattr(validating, "CHECKERS", (absent,))
    verdict = validate(tmp_path, [made("a.pdf")], {})
    assert verdict.missing == {"Nonesuch": "ask for it"}
    assert verdict.looked_at == {}
