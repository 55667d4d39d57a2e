"""Markdown in, blocks and inlines out."""

import pytest
from builders import FIRST_LINE, a_chapter, findings_in

from pipeline import model as m


def words(tmp_path, text):
    return m.words_of(a_chapter(tmp_path, text).text.blocks[0].children)


@pytest.mark.parametrize(
    ("typed", "set_as"),
    [
        ('"Yes," she said.', "“Yes,” she said."),
        ("It's *'in'*.", "It’s ‘in’."),
        ("Back in the '90s, 'tis true.", "Back in the ’90s, ’tis true."),
        ("1--2 --- and...", "1–2 — and…"),
        (r"\-\- and \"straight\"", '-- and "straight"'),
        ('`--` and `"`', '-- and "'),
        ("{{ name }} {% if %} <3 & more", "{{ name }} {% if %} <3 & more"),
        ("a &lt; b &amp; c&nbsp;d", "a < b & c\u00a0d"),
    ],
)
def test_type_is_set_as_a_typesetter_would(tmp_path, typed, set_as):
    assert words(tmp_path, typed + "\n") == set_as


def test_a_line_in_a_paragraph_has_its_own_line_in_a_finding(tmp_path):
    findings = findings_in(tmp_path, "One\ntwo {cit}`x`\n\n> three\n> <b>four</b>\n")
    assert [finding.location.line for finding in findings] == [FIRST_LINE + 1, FIRST_LINE + 4]


def test_a_line_inside_nested_directives_is_the_files_line(tmp_path):
    text = "Text.\n\n::::{exercise} T\n:::{note}\nText.\n\n<b>\n:::\n::::\n"
    assert [finding.location.line for finding in findings_in(tmp_path, text)] == [FIRST_LINE + 6]


def test_footnotes_are_numbered_in_the_order_of_their_marks(tmp_path):
    text = a_chapter(tmp_path, "One[^b] two[^a] three[^b].\n\n[^a]: A.\n\n[^b]: B.\n").text
    numbers = [node.number for node in m.walk(text.blocks) if isinstance(node, m.FootnoteRef)]
    assert numbers == [1, 2, 1]
    assert [m.words_of(note.blocks[0].children) for note in text.footnotes] == ["B.", "A."]


def test_a_footnote_may_be_defined_after_the_directive_that_uses_it(tmp_path):
    text = a_chapter(tmp_path, ":::{note}\nText[^a]\n:::\n\n[^a]: A.\n").text
    assert len(text.footnotes) == 1


def test_headings_of_the_same_words_have_ids_of_their_own(tmp_path):
    blocks = a_chapter(tmp_path, "## A\n\n## A\n\n(mine)=\n## A\n").text.blocks
    assert [block.id for block in blocks] == ["a", "a-2", "mine"]


def test_a_label_before_a_figure_with_a_caption_names_the_figure(tmp_path):
    svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"/>'
    text = "(pic)=\n:::{figure} ../images/a b.svg\n:alt: A.\nCaption.\n:::\n\n![B](<../images/a b.svg>)\n"
    figures = a_chapter(tmp_path, text, **{"images/a b.svg": svg}).text
    assert [figure.id for figure in figures.blocks] == ["pic", "figure"]
    assert figures.labels == ("pic",)
    assert {figure.image for figure in figures.blocks} == {"images/a b.svg"}


def test_the_nesting_that_the_manual_allows_is_read(tmp_path):
    assert not findings_in(tmp_path, "> " * 50 + "deep\n")
    assert not findings_in(tmp_path, "*" * 12 + "deep" + "*" * 12 + "\n")


def test_quotation_marks_follow_the_books_language(tmp_path):
    from builders import BOOK_YAML, METADATA, a_project

    from pipeline.reader import read

    project = a_project(
        tmp_path,
        **{
            "book.yaml": BOOK_YAML.replace("en-US", "de").replace("A Small Book", "'Das \"Buch\"'"),
            "chapters/01-first.md": METADATA + 'Er sagt "ja".\n',
        },
    )
    book, _ = read(project)
    assert book.title == "Das „Buch“"
    assert m.words_of(book.chapters[0].text.blocks[0].children) == "Er sagt „ja“."
