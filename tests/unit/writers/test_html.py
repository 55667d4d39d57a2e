"""Markup: every node has a template in every format, and templates can fill in pages and nothing else."""

import re
from pathlib import Path

import pytest
from builders import a_book, a_project

from pipeline import model as m
from pipeline import theme
from pipeline.errors import WriteError
from pipeline.theme import Design
from pipeline.writers._html import Renderer, Templates, join_names, label_of, roman

FORMATS = {
    "workbook": ["workbook/blocks.html.j2", "shared/prompts.html.j2", "shared/blocks.html.j2"],
    "worksheets": ["worksheets/blocks.html.j2", "shared/prompts.html.j2", "shared/blocks.html.j2"],
    "epub": ["epub/blocks.html.j2", "shared/blocks.html.j2"],
    "newsletter": ["newsletter/blocks.html.j2"],
}
# A passage for some formats is opened or left out before any template sees it.
NODES = [tag for tag in m.tags() if tag != "only"]


def with_template(folder: Path, text: str) -> Design:
    project = a_project(folder)
    (project.templates / "epub").mkdir(parents=True, exist_ok=True)
    (project.templates / "epub/mine.html.j2").write_text(text, encoding="utf-8")
    return theme.load(project)


@pytest.mark.parametrize("tag", NODES)
@pytest.mark.parametrize("name", FORMATS)
def test_every_node_has_a_template_in_every_format(prepared_design: Design, name: str, tag: str) -> None:
    folder = prepared_design.folders[0]
    text = "".join((folder / template).read_text(encoding="utf-8") for template in FORMATS[name])
    assert any(f"macro {macro}(" in text for macro in (tag, f"answer_{tag}")) or tag == "text"


@pytest.mark.parametrize(
    "text",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ render.__init__.__globals__ }}",
        "{{ cycler.__init__.__globals__.os.system('true') }}",
    ],
)
def test_a_template_reaches_nothing_but_what_it_is_given(tmp_path: Path, text: str) -> None:
    with pytest.raises(WriteError, match=r"templates/epub/mine\.html\.j2:1"):
        Templates(with_template(tmp_path, text)).page("epub/mine.html.j2", render=None)


def test_a_mistake_in_a_template_is_named_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match=r"templates/epub/mine\.html\.j2:2: "):
        Templates(with_template(tmp_path, "<p>\n{% nonsense %}\n</p>")).page("epub/mine.html.j2")


def test_a_value_that_is_not_there_is_an_error_and_not_an_empty_place(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match="nowhere"):
        Templates(with_template(tmp_path, "{{ nowhere }}")).page("epub/mine.html.j2")


def test_text_is_escaped(prepared_design: Design) -> None:
    render = Renderer(a_book(), Templates(prepared_design), lambda owner, anchor: "#", [])
    assert render(m.Text("<script> & “quotes”")) == "&lt;script&gt; &amp; “quotes”"


def test_a_node_without_a_template_is_an_error(prepared_design: Design) -> None:
    render = Renderer(a_book(), Templates(prepared_design), lambda owner, anchor: "#", [])
    with pytest.raises(WriteError, match="no template renders a code"):
        render(m.Code("x"))


def test_numbers_in_roman() -> None:
    assert [roman(n) for n in (1, 4, 9, 14, 40, 90, 400, 1999)] == [
        *("i", "iv", "ix", "xiv", "xl", "xc", "cd", "mcmxcix")
    ]


def test_names_are_listed_as_in_a_sentence() -> None:
    assert [join_names(names) for names in ([], ["A"], ["A", "B"], ["A", "B", "C"])] == [
        "",
        "A",
        "A and B",
        "A, B and C",
    ]


def test_a_cross_reference_says_what_it_points_at() -> None:
    assert label_of(m.Target("chapter", "a", "", "Longing", 7)) == "Chapter 7"
    assert label_of(m.Target("part", "a", "", "Room", 4)) == "Part IV"
    assert label_of(m.Target("heading", "a", "b", "A heading")) == "A heading"


def test_compiled_templates_are_kept_with_the_program_and_never_in_a_project(tmp_path: Path, monkeypatch) -> None:
    # They are code, and a project may come from anybody.
    monkeypatch.setattr("sys.dont_write_bytecode", False)
    Templates(with_template(tmp_path, "{{ 1 + 1 }}")).page("epub/mine.html.j2")
    assert [path for path in tmp_path.rglob("*") if path.suffix == ".pyc"] == []
    assert Templates(with_template(tmp_path, "{{ 2 + 2 }}")).page("epub/mine.html.j2") == "4"


@pytest.mark.parametrize(
    ("title", "kept"),
    [
        ("The Rhythm of Two Lives", "Two Lives"),
        ("What a Tired Person Brings Home", "Brings Home"),
        ("Coming Back", ""),
        ("On Incomprehensible Misunderstandings", ""),
    ],
)
def test_a_title_keeps_its_last_two_words_on_one_line_where_they_are_short(
    prepared_design: Design, title: str, kept: str
) -> None:
    made = Templates(prepared_design).page("workbook/_title.html.j2", title=title)
    assert re.sub("<.*?>", "", made).strip() == title
    assert re.findall(r'<span class="title-end">(.*)</span>', made) == ([kept] if kept else [])
