"""Building: what is put in `output/`, what is kept, what is removed, and what a failure leaves."""

import hashlib
import json
import zipfile
from pathlib import Path

import pytest
from builders import BOOK_YAML, METADATA, a_project
from filelock import FileLock

from pipeline import output as outputs
from pipeline import theme
from pipeline.build import Options, build, check
from pipeline.catalog import formats
from pipeline.errors import ConfigError, ContentError, WriteError
from pipeline.memory import inputs_of, is_small_change
from pipeline.model import Artifact
from pipeline.press import Progress
from pipeline.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return a_project(tmp_path / "book")


def files(output: Path) -> dict[str, bytes]:
    return {path.relative_to(output).as_posix(): path.read_bytes() for path in output.rglob("*") if path.is_file()}


def edit(project: Project, text: str) -> None:
    (project.content / "chapters/01-first.md").write_text(METADATA + text, encoding="utf-8")


QUICK = Options(formats=("epub",), jobs=1)


def test_the_formats_are_the_public_modules_of_the_writers() -> None:
    assert list(formats()) == ["cover", "epub", "newsletter", "workbook", "worksheets"]
    assert all(summary.endswith(".") for summary in formats().values())


def test_the_manifest_names_every_file_with_its_hash_and_sources(project: Project) -> None:
    build(project, Options(jobs=1))
    manifest = json.loads((project.output / "manifest.json").read_text(encoding="utf-8"))
    there = files(project.output)
    assert {entry["path"] for entry in manifest["artifacts"]} == there.keys() - {"manifest.json", "README.txt"}
    for entry in manifest["artifacts"]:
        assert hashlib.sha256(there[entry["path"]]).hexdigest() == entry["sha256"]
        assert len(there[entry["path"]]) == entry["bytes"]
        assert entry["media_type"]
        assert entry["format"] in formats()
        assert entry["sources"]
        assert all((project.root / source).is_file() for source in entry["sources"])
    assert ("pages" in manifest["artifacts"][0]) == manifest["artifacts"][0]["path"].endswith(".pdf")


def test_the_readme_has_a_line_on_every_file(project: Project) -> None:
    build(project, QUICK)
    readme = (project.output / "README.txt").read_text(encoding="utf-8")
    assert all(f"{path}  " in readme for path in files(project.output) if path != "README.txt")


def test_a_second_build_finds_nothing_changed_and_writes_nothing(project: Project) -> None:
    first = build(project, QUICK)
    again = build(project, QUICK)
    assert again.made == first.made
    assert (again.written, again.worked) == ((), 0)


def test_a_file_that_was_damaged_is_built_again(project: Project) -> None:
    build(project, QUICK)
    whole = (project.output / "book.epub").read_bytes()
    (project.output / "book.epub").write_bytes(b"damaged")
    assert build(project, QUICK).written == ("book.epub",)
    assert (project.output / "book.epub").read_bytes() == whole


def test_an_error_in_the_manuscript_leaves_the_earlier_output_whole(project: Project) -> None:
    build(project, QUICK)
    before = files(project.output)
    edit(project, "<b>raw</b>\n")
    with pytest.raises(ContentError, match=r"content/chapters/01-first\.md:7"):
        build(project, QUICK)
    assert files(project.output) == before


TEXT = "See {ref}`nowhere`, {cite}`nobody1999`, {term}`nothing`.\n"


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        ({"chapters/01-first.md": METADATA + TEXT + "\n<b>Raw</b>\n"}, {"raw-html", "reference", "citation", "term"}),
        ({"references.yaml": "- id: nobody1999"}, {"missing-key", "reference", "term"}),
        ({"glossary.yaml": "- term: [nothing]"}, {"metadata", "missing-key", "reference", "citation"}),
        ({"book.yaml": BOOK_YAML.replace("01-first", "01-first, nowhere")}, {"missing-file", "citation", "term"}),
    ],
)
def test_what_is_sure_is_told_along_with_what_cannot_be_read(
    tmp_path: Path, broken: dict[str, str], told: set[str]
) -> None:
    files = {"book.yaml": BOOK_YAML, "chapters/01-first.md": METADATA + TEXT} | broken
    codes = {finding.code.removeprefix("unknown-") for finding in check(a_project(tmp_path, **files))}
    assert codes == told


def test_a_failure_while_writing_leaves_the_earlier_output_whole(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(project, QUICK)
    before = files(project.output)
    edit(project, "Another text.\n")
    written = []

    def full(path: Path, content: bytes) -> None:
        written.append(path)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(WriteError, match="No space left on device"):
        build(project, Options(formats=("epub",), jobs=1, use_cache=False))
    monkeypatch.undo()
    assert written
    assert files(project.output) == before


def test_what_is_no_longer_made_is_removed(project: Project) -> None:
    edit(project, "Text.\n\n:::{reflect} What?\n:kind: lines\n:::\n")
    build(project, Options(formats=("worksheets",), jobs=1))
    assert (project.output / "worksheets/01-first.pdf").is_file()
    edit(project, "Text.\n")
    report = build(project, Options(formats=("worksheets",), jobs=1))
    assert report.removed == ("worksheets/01-first.pdf", "worksheets/all.pdf")
    assert not (project.output / "worksheets").exists()


def test_a_build_of_one_format_keeps_the_files_of_the_others(project: Project) -> None:
    build(project, Options(formats=("cover",), jobs=1))
    report = build(project, QUICK)
    assert [made.path for made in report.made] == ["book.epub", "cover.pdf", "cover.png"]
    assert (project.output / "cover.pdf").is_file()


def test_files_that_are_not_ours_are_left_alone(project: Project) -> None:
    project.output.mkdir()
    (project.output / "notes.txt").write_text("mine")
    build(project, QUICK)
    assert (project.output / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("path", ["../precious.txt", "/tmp/precious.txt", "a/../../precious.txt"])
def test_a_manifest_that_names_a_file_elsewhere_removes_nothing(project: Project, path: str) -> None:
    build(project, QUICK)
    manifest = json.loads((project.output / "manifest.json").read_text(encoding="utf-8"))
    manifest["artifacts"].append({**manifest["artifacts"][0], "path": path})
    (project.output / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    precious = project.root / "precious.txt"
    precious.write_text("precious")
    edit(project, "Another text.\n")
    assert build(project, QUICK).removed == ()
    assert precious.read_text() == "precious"


def test_a_writer_may_not_write_outside_the_output(project: Project) -> None:
    bad = Artifact("../elsewhere.pdf", "epub", "application/pdf", b"", "bad", ())
    with pytest.raises(WriteError, match="outside output"):
        outputs.described(bad)


def test_an_unknown_format_is_named_with_those_there_are(project: Project) -> None:
    with pytest.raises(ConfigError, match="no format “mobi”\n    Formats: cover, epub"):
        build(project, Options(formats=("mobi",)))


def test_another_identifier_than_before_is_warned_of(project: Project) -> None:
    build(project, QUICK)
    text = project.book_yaml.read_text(encoding="utf-8")
    project.book_yaml.write_text(text.replace("0001", "0002"), encoding="utf-8")
    [finding] = [finding for finding in build(project, QUICK).warnings if finding.code == "identifier-changed"]
    assert "0001" in finding.message
    assert finding.location.line == 1 + text[: text.index("identifier:")].count("\n")
    assert [finding.code for finding in build(project, QUICK).warnings] == []
    edit(project, "Another text.\n")
    assert [finding.code for finding in build(project, QUICK).warnings] == []


def test_the_epub_goes_without_fonts_when_asked_and_has_them_again_after(project: Project) -> None:
    def fonts() -> list[str]:
        with zipfile.ZipFile(project.output / "book.epub") as archive:
            return [name for name in archive.namelist() if name.startswith("EPUB/fonts/")]

    build(project, Options(formats=("epub",), jobs=1, has_fonts=False))
    without = fonts()
    build(project, QUICK)
    assert without == []
    assert len(fonts()) > 3


def test_two_builds_of_one_book_at_once_are_refused(project: Project) -> None:
    project.state.mkdir()
    with FileLock(project.state / "lock"), pytest.raises(WriteError, match="another build of this book is running"):
        build(project, QUICK)


def test_the_date_comes_from_source_date_epoch_when_it_is_set(project: Project) -> None:
    build(project, Options(formats=("cover",), jobs=1, source_date_epoch="86400"))
    assert json.loads((project.output / "manifest.json").read_text())["date"] == "1970-01-02"


def test_a_source_date_epoch_that_is_no_number_is_an_error(project: Project) -> None:
    with pytest.raises(ConfigError, match="SOURCE_DATE_EPOCH is “soon”"):
        build(project, Options(source_date_epoch="soon"))


def test_a_folder_without_a_book_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"content/book\.yaml: there is no such file"):
        build(Project(tmp_path), QUICK)


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_build_tells_the_same_advice_as_a_check(project: Project, jobs: int) -> None:
    edit(project, "Text with the the same word twice.\n")
    report = build(project, Options(formats=("epub",), jobs=jobs))
    assert "doubled-word" in {finding.code for finding in report.warnings}
    assert report.warnings == check(project)


def test_a_build_that_finds_nothing_changed_still_tells_its_advice(project: Project) -> None:
    edit(project, "Text with the the same word twice.\n")
    assert build(project, QUICK).warnings == build(project, QUICK).warnings != ()


def test_an_unchanged_manuscript_is_not_checked_again_for_another_format(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit(project, "Text with the the same word twice.\n")
    told = build(project, QUICK).warnings
    monkeypatch.setattr("pipeline.checks.rules", lambda **_: pytest.fail("checked again"))
    assert build(project, Options(formats=("newsletter",), jobs=1)).warnings == told != ()


class Telling(Progress):
    def __init__(self) -> None:
        self.told: list[str] = []

    def tell(self, message: str) -> None:
        self.told.append(message)


def test_who_asks_for_the_epub_alone_is_told_that_the_workbook_is_typeset(project: Project) -> None:
    first, again = Telling(), Telling()
    build(project, QUICK, first)
    (project.output / "book.epub").unlink()
    build(project, QUICK, again)
    edit(project, "Another text.\n")
    build(project, Options(formats=("epub", "workbook"), jobs=1), again)
    (project.output / "book.epub").unlink()
    build(project, QUICK, again)
    build(project, Options(formats=("epub",), editions=("kindle",), jobs=1), again)
    assert first.told == ["epub: its page numbers are those of the workbook, so that is typeset too"]
    assert again.told == []


@pytest.mark.parametrize("change", ["text", "new file", "design", "many"])
def test_only_a_change_of_one_text_is_small(project: Project, change: str) -> None:
    before = inputs_of(project, theme.load(project), (), None)
    edit(project, "Another text.\n")
    if change == "many":
        (project.content / "glossary.yaml").write_text("- term: a\n  definition: b\n", encoding="utf-8")
    if change == "design":
        project.templates.mkdir()
        (project.templates / "more.txt").write_text("more", encoding="utf-8")
    if change == "new file":
        edit(project, "Text.\n")
        (project.content / "words.txt").write_text("word", encoding="utf-8")
    now = inputs_of(project, theme.load(project), (), None)
    assert is_small_change(before, now) is (change in ("text", "new file"))


def test_trims_that_are_too_small_are_told_together_in_their_lines(tmp_path):
    editions = "editions:\n  print: {trim: 80x100mm}\n  large: {trim: 90x100mm}\n"
    files = {"book.yaml": BOOK_YAML + editions, "chapters/01-first.md": METADATA + "Text.\n"}
    project = a_project(tmp_path, **files)
    found = [(finding.code, str(finding.location)) for finding in check(project) if finding.severity == "error"]
    assert found == [("trim", "content/book.yaml:10"), ("trim", "content/book.yaml:11")]
    with pytest.raises(ContentError):
        build(project, Options(("workbook",), ("print", "booklet", "large"), jobs=1))
    assert build(project, Options(("cover",), jobs=1)).errors == ()


def test_a_trim_that_is_too_small_stops_only_what_is_made_of_its_pages(tmp_path):
    editions = "editions:\n  print: {trim: 80x100mm}\n"
    book = BOOK_YAML + editions
    project = a_project(tmp_path, **{"book.yaml": BOOK_YAML, "chapters/01-first.md": METADATA + "Text.\n"})
    build(project, Options(("workbook",), ("all",), jobs=1))
    before = (project.output / "workbook-print.pdf").read_bytes()
    project.book_yaml.write_text(book, encoding="utf-8")
    for _ in range(2):
        # The second finds nothing changed, and is no success either.
        report = build(project, Options(("workbook",), ("all",), jobs=1))
        assert [str(error.location) for error in report.errors] == ["content/book.yaml:10"]
    assert build(project, Options(("workbook",), ("screen", "large"), jobs=1)).errors == ()
    assert {"workbook.pdf", "workbook-large.pdf", "workbook-print.pdf"} < {made.path for made in report.made}
    assert (project.output / "workbook-print.pdf").read_bytes() == before
    project.book_yaml.write_text(BOOK_YAML, encoding="utf-8")
    assert build(project, Options(("workbook",), ("all",), jobs=1)).errors == ()


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_fold_that_leaves_too_little_of_a_page_stops_only_what_is_bound(tmp_path, jobs, monkeypatch):
    # A book of some pages has the fold of a thick one: what is left for text with this trim isn't enough.
    monkeypatch.setattr("pipeline.writers._edition._GUTTERS", ((1, 0.0),))
    book = BOOK_YAML + "editions:\n  print: {trim: 98x210mm}\n"
    project = a_project(tmp_path, **{"book.yaml": book, "chapters/01-first.md": METADATA + "Text.\n"})
    report = build(project, Options(("workbook",), ("print", "large"), jobs=jobs))
    assert [(error.code, str(error.location)) for error in report.errors] == [("trim", "content/book.yaml:10")]
    assert [made.path for made in report.made] == ["workbook-large.pdf"]
    with pytest.raises(ContentError, match=r"book\.yaml:10"):
        build(project, Options(("workbook",), ("print",), jobs=jobs))
