"""What `quire list` shows: rows, and figures on chapters and issues."""

import json
from pathlib import Path

import pytest
from builders import BOOK_YAML, METADATA, a_project
from click.testing import CliRunner

from pipeline.cli import quire
from pipeline.listing import listing, statistics
from pipeline.project import Project

CHAPTER = METADATA + (
    "The cat sat on the mat. Then {cite:t}`a` left, and {index}`it` went {cite}`a,b`.[^n]\n\n"
    "[^n]: These words stand below.\n\n"
    ":::{reflect} How many of these words count?\n:kind: scale\n:name: s\n:::\n\n"
    ":::{reflect} And of these?\n:kind: lines\n:name: l\n:::\n"
)
ISSUE = "---\nsubject: S\npreheader: P\nchapter: 01-first\n---\nOne sentence here.\n\nAnd another.\n"
NEWSLETTER = "newsletter:\n  id: n\n  title: N\n  issues: [01-one]\n"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    files = {"book.yaml": BOOK_YAML + NEWSLETTER, "chapters/01-first.md": CHAPTER, "newsletter/01-one.md": ISSUE}
    return a_project(tmp_path, **files)


def run(project: Project, *arguments: str) -> str:
    return CliRunner().invoke(quire, ["-C", str(project.root), "list", *arguments]).output


def test_the_words_of_a_list_are_those_of_the_figures(project: Project) -> None:
    [chapter] = listing(project, "chapters")
    [first, _] = statistics(project).texts
    assert chapter["words"] == first.figures.words == 11


def test_figures_count_sentences_prompts_by_kind_citations_and_entries(project: Project) -> None:
    figures = statistics(project, ["chapters"]).texts[0].figures
    assert figures.sentences == 2
    assert {kind: count for kind, count in figures.prompts.items() if count} == {"lines": 1, "scale": 1}
    assert (figures.citations, figures.index_entries) == (3, 1)


def test_a_text_of_short_words_reads_at_a_low_grade(project: Project) -> None:
    grade = statistics(project, ["chapters"]).totals["chapters"].grade
    assert grade is not None
    assert grade < 2


def test_totals_are_those_of_each_kind(project: Project) -> None:
    found = statistics(project)
    assert [(text.kind, text.number, text.slug) for text in found.texts] == [
        ("chapter", 1, "first"),
        ("issue", 1, "one"),
    ]
    assert (found.totals["chapters"].words, found.totals["issues"].words) == (11, 5)


def test_a_language_that_the_grade_is_not_made_for_has_none(project: Project) -> None:
    book_yaml = project.book_yaml.read_text(encoding="utf-8").replace("en-US", "de")
    project.book_yaml.write_text(book_yaml, encoding="utf-8")
    assert statistics(project).totals["chapters"].grade is None


def test_a_book_without_a_newsletter_has_figures_of_nothing(tmp_path: Path) -> None:
    figures = statistics(a_project(tmp_path)).totals["issues"]
    assert (figures.words, figures.sentences, figures.grade) == (0, 0, 0.0)


def test_the_table_has_a_line_for_each_text_and_a_total_for_each_kind(project: Project) -> None:
    lines = run(project, "--stats").splitlines()
    assert lines[0].split()[:3] == ["chapters", "words", "sentences"]
    assert [line.split()[:3] for line in lines[1:3]] == [["1", "first", "11"], ["all", "1", "11"]]
    assert lines[3] == ""
    assert lines[4].startswith("issues")
    assert len({len(line) for line in lines if line}) == 1


def test_one_kind_alone_and_as_json(project: Project) -> None:
    found = json.loads(run(project, "issues", "--stats", "--json"))
    assert [text["kind"] for text in found["texts"]] == ["issue"]
    assert found["totals"]["issues"]["words"] == 5


def test_figures_on_prompts_are_asked_for_in_another_way(project: Project) -> None:
    assert "write: quire list --stats" in run(project, "prompts", "--stats")
