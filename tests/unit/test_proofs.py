"""Proofreading what was built: which files are read, and what stands in the way."""

import json

import pytest
from builders import BOOK_YAML, METADATA, a_project

from pipeline.build import Options, build
from pipeline.errors import ConfigError, Finding, PageLocation
from pipeline.memory import has_changed
from pipeline.proofs import check_pages, pdfs

LONG = "Then there came hummingbird-feather-dusters-and-brooms, and it went on raining until the evening.\n"
WIDE = "W" * 80
PROMPT = "\n:::{reflect} What now?\n:kind: lines\n:name: now\n:::\n"


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Return a project with a word that no line can hold, in the text and in a prompt, built."""
    prompt = PROMPT.replace("What now?", f"What of {WIDE}?")
    files = {"chapters/01-first.md": f"{METADATA}The word {WIDE} is long.\n{prompt}"}
    project = a_project(tmp_path_factory.mktemp("book"), **files)
    build(project, Options(("workbook", "worksheets", "cover"), jobs=1))
    return project


def test_the_workbook_and_all_worksheets_are_read(built):
    found = check_pages(built)
    assert {finding.location.path for finding in found if finding.code == "overfull"} == {
        "output/workbook.pdf",
        "output/worksheets/01-first.pdf",
        "output/worksheets/all.pdf",
    }
    assert [made.path for made in pdfs(built, "workbook")] == ["workbook.pdf"]


@pytest.fixture(scope="module")
def all_editions(tmp_path_factory):
    """Return a project with a word that no line can hold, in all editions."""
    text = f"{METADATA}The word {WIDE} is long.\n\n" + "It rained on the town until the evening. " * 300
    project = a_project(tmp_path_factory.mktemp("book"), **{"chapters/01-first.md": text})
    build(project, Options(("workbook",), ("all",), jobs=1))
    return project


@pytest.fixture(scope="module")
def folded(tmp_path_factory):
    """Return a project whose title is wider than its cover, and whose booklet's pages creep into the fold."""
    settings = BOOK_YAML.replace("A Small Book", "M" * 30) + "editions: {booklet: {signature: 0, creep: 5mm}}\n"
    text = METADATA + "It rained on the town until the evening. " * 1200
    project = a_project(tmp_path_factory.mktemp("book"), **{"book.yaml": settings, "chapters/01-first.md": text})
    build(project, Options(("workbook",), ("booklet", "cover-wrap"), jobs=1))
    return project


def test_pages_of_every_edition_are_read_in_its_own_margins(all_editions):
    found = [f for f in check_pages(all_editions) if f.code == "overfull"]
    assert [f.location.path for f in found] == [f"output/workbook{name}.pdf" for name in ("-large", "-print", "")]
    assert all(WIDE[:5] in finding.message for finding in found)


def test_blank_backs_of_a_bound_book_are_no_fault(all_editions):
    assert [f for f in check_pages(all_editions) if f.code == "blank-page"] == []


def test_creep_that_moves_words_into_the_fold_is_found_on_the_booklet(folded):
    found = [f for f in check_pages(folded) if f.location.path == "output/workbook-booklet.pdf"]
    assert found
    assert all("leaves its part of the sheet" in f.message for f in found)


def test_a_title_that_crosses_the_fold_of_the_cover_is_found(folded):
    [finding, *_] = [f for f in check_pages(folded) if f.location.path == "output/cover-wrap.pdf"]
    assert "MMM" in finding.message


def test_a_page_is_named_by_its_printed_number_and_its_place_in_the_file(built):
    places = [str(finding.location) for finding in check_pages(built)]
    assert "output/workbook.pdf, page 3 (6th)" in places
    assert "output/worksheets/01-first.pdf, page 1" in places


@pytest.mark.parametrize(
    ("page", "label", "shown"),
    [(1, "Cover", "page Cover (1st)"), (2, "i", "page i (2nd)"), (11, "3", "page 3 (11th)"), (23, "23", "page 23")],
)
def test_pages_are_counted_as_people_do(page, label, shown):
    assert str(PageLocation("a.pdf", page=page, label=label)) == f"a.pdf, {shown}"


def test_findings_on_pages_are_sorted_by_page_and_not_by_its_words():
    pages = [Finding(PageLocation("a.pdf", page=page, label=str(page)), "x", "y") for page in (10, 9)]
    assert [finding.location.page for finding in sorted(pages)] == [9, 10]


def test_without_a_build_the_error_says_what_to_do(tmp_path):
    with pytest.raises(
        ConfigError, match=r"output/: there is no PDF of the workbook or worksheets\n    Run quire build"
    ):
        check_pages(a_project(tmp_path))


def test_a_file_that_is_gone_or_another_is_not_looked_at(tmp_path):
    project = a_project(tmp_path)
    build(project, Options(("workbook",), jobs=1))
    (project.output / "workbook.pdf").write_bytes(b"%PDF-1.7 of somebody else")
    with pytest.raises(ConfigError, match=r"workbook\.pdf: this is not the file that was built"):
        check_pages(project)
    (project.output / "workbook.pdf").unlink()
    with pytest.raises(ConfigError, match=r"workbook\.pdf: can't be read"):
        check_pages(project)


def test_the_widest_space_is_set_in_book_yaml(tmp_path):
    files = {"book.yaml": BOOK_YAML + "bounds: {word_space: 1.0}\n", "chapters/01-first.md": METADATA + LONG * 3}
    project = a_project(tmp_path, **files)
    build(project, Options(("workbook",), jobs=1))
    assert "loose-line" in {finding.code for finding in check_pages(project)}
    (project.content / "book.yaml").write_text(BOOK_YAML + "bounds: {word_space: 100}\n", encoding="utf-8")
    assert check_pages(project) == ()


def test_a_change_of_the_manuscript_since_the_build_is_noticed(tmp_path):
    project = a_project(tmp_path)
    assert not has_changed(project)
    build(project, Options(("cover",), jobs=1))
    assert not has_changed(project)
    (project.content / "chapters/01-first.md").write_text(METADATA + "Other text.\n", encoding="utf-8")
    assert has_changed(project)


def test_findings_on_pages_are_the_same_each_time(built):
    assert json.dumps(list(map(str, check_pages(built)))) == json.dumps(list(map(str, check_pages(built))))
