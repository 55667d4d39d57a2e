"""Folders of data in tests/cases: a manuscript, and what comes of it in `expected.txt`.

A case holds only the files of content/ that matter to it; the rest is the small book of builders.py. After a change
that is meant, `pytest tests/test_cases.py --update-golden` writes the new results: read them before you commit them.
"""

import shutil
from pathlib import Path

import msgspec
import pytest
from builders import CASES, MINIMAL, a_document, a_project

from pipeline import lint, mail_proofs, pages
from pipeline.cache import Cache
from pipeline.checks import Context, check
from pipeline.errors import QuireError
from pipeline.project import Project
from pipeline.reader import read
from pipeline.series.bounces import read_report
from pipeline.series.links import Keys
from pipeline.transforms import complete

# The key that the tokens in tests/cases/bounces are signed with.
KEYS = Keys(("a" * 43,))
FORMATS = ("cover", "epub", "newsletter", "workbook", "worksheets")


def _cases(kind: str) -> list[str]:
    return sorted(path.name for path in (CASES / kind).iterdir() if path.is_dir())


def _compare(case: Path, result: str, update: bool) -> None:
    golden = case / "expected.txt"
    if update:
        golden.write_text(result, encoding="utf-8")
    assert result == golden.read_text(encoding="utf-8")


def _project(case: Path, folder: Path):
    book_yaml = case / "content" / "book.yaml"
    files = dict(MINIMAL)
    if book_yaml.exists() and "01-first" not in book_yaml.read_text(encoding="utf-8"):
        del files["chapters/01-first.md"]
    project = a_project(folder, **files)
    if (case / "content").exists():
        shutil.copytree(case / "content", folder / "content", dirs_exist_ok=True)
    return project


def _book_as_text(book) -> str:
    texts = dict(book.texts())
    texts |= {f"worksheet of {chapter.id}": chapter.worksheet for chapter in book.chapters if chapter.worksheet}
    texts |= {f"issue {issue.id}": issue.text for issue in (book.newsletter.issues if book.newsletter else ())}
    texts |= {f"{mail.kind} mail": mail.text for mail in (book.newsletter.mails if book.newsletter else ())}
    plain = msgspec.to_builtins(texts)
    return msgspec.json.format(msgspec.json.encode(_shorten(plain)), indent=1).decode() + "\n"


def _shorten(node):
    """Leave out what is empty, and write a place as its line."""
    if isinstance(node, dict):
        if set(node) == {"path", "line"}:
            return node["line"]
        return {key: _shorten(value) for key, value in node.items() if value not in ((), [], "", None)}
    return [_shorten(item) for item in node] if isinstance(node, list | tuple) else node


@pytest.mark.parametrize("name", _cases("reader"))
def test_what_the_reader_makes_of(name, tmp_path, update_golden):
    case = CASES / "reader" / name
    try:
        book, warnings = read(_project(case, tmp_path))
        result = "".join(f"{finding}\n" for finding in warnings) + _book_as_text(book)
    except QuireError as error:
        result = f"{error}\n"
    _compare(case, result, update_golden)


@pytest.mark.parametrize("name", _cases("checks"))
def test_what_the_checks_find_in(name, tmp_path, update_golden):
    case = CASES / "checks" / name
    book, _ = read(_project(case, tmp_path))
    book = complete(book, Cache(tmp_path, enabled=False))
    findings = [finding for finding in check(book, _context(case)) if finding.code == name]
    assert findings, f"the case of {name} shows nothing of it"
    _compare(case, "".join(f"{finding}\n" for finding in findings), update_golden)


def _context(case: Path) -> Context:
    """Return what rules know beside the book, as the case has it where that is no part of a manuscript."""
    path = case / "context.yaml"
    text = f"formats: [{', '.join(FORMATS)}]\n" + (path.read_text(encoding="utf-8") if path.exists() else "")
    return msgspec.yaml.decode(text.encode(), type=Context)


@pytest.mark.parametrize("name", _cases("pages"))
def test_what_is_found_on_the_pages_of(name, tmp_path, update_golden):
    case = CASES / "pages" / name
    style = case / "style.css"
    css = style.read_text(encoding="utf-8") if style.exists() else ""
    document = a_document(tmp_path, (case / "page.html").read_text(encoding="utf-8"), css)
    findings = [finding for finding in pages.check(document, pages.Limits()) if finding.code == name]
    assert findings, f"the case of {name} shows nothing of it"
    _compare(case, "".join(f"{finding}\n" for finding in findings), update_golden)


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("name", _cases("bounces"))
def test_what_is_reported_by(name, line_end, update_golden):
    case = CASES / "bounces" / name
    report = read_report((case / "mail.eml").read_bytes().replace(b"\n", line_end), KEYS)
    told = {key: value for key, value in msgspec.structs.asdict(report).items() if value not in (None, "")}
    _compare(case, "".join(f"{key}: {value}\n" for key, value in told.items()), update_golden)


@pytest.mark.parametrize("name", _cases("lint"))
def test_what_the_rules_about_mails_find_in(name, update_golden, monkeypatch):
    case = CASES / "lint" / name
    monkeypatch.chdir(case)
    found = {kind: mail_proofs.read(Project(case), sorted(Path().glob(f"{kind}*.[eh]*ml"))) for kind in ("bad", "good")}
    findings = {
        kind: [finding for finding in mail_proofs.check(mails, lint.Limits()) if finding.code == name]
        for kind, mails in found.items()
    }
    assert {finding.location.path for finding in findings["bad"]} == {mail.path for mail in found["bad"]}
    assert found["good"]
    assert findings["good"] == []
    _compare(case, "".join(f"{finding}\n" for finding in findings["bad"]), update_golden)
