"""What book.yaml holds around the book, and the mails of the newsletter, as the reader makes them."""

from pathlib import Path

import pytest
from builders import BOOK_YAML, METADATA, a_book, a_project, findings_of

from pipeline import model as m
from pipeline.reader import read

CHAPTER = {"chapters/01-first.md": METADATA + "Text.\n"}
NEWSLETTER = "newsletter:\n  id: n\n  title: N\n  issues: []\n  confirmation: ask\n"
MAIL = '---\nsubject: "It\'s you?"\npreheader: P\n---\n{confirm}`Yes`\n'


def book_with(folder: Path, text: str, **files: str) -> m.Book:
    return read(a_project(folder, **{"book.yaml": BOOK_YAML + text, **CHAPTER, **files}))[0]


def test_texts_are_typographic_and_their_paragraphs_are_lines(tmp_path: Path) -> None:
    text = "texts:\n  back_cover: >-\n    It's one\n    line.\n\n    Two.\n  cover_alt: |\n    Two\n    circles.\n"
    texts = book_with(tmp_path, text).texts_around
    assert texts.back_cover == ("It’s one line.", "Two.")
    assert texts.cover_alt == "Two circles."
    assert texts.locations["back_cover"].line == 10


def test_a_literal_text_parts_its_paragraphs_by_empty_lines(tmp_path: Path) -> None:
    text = "texts:\n  long_description: |\n    One\n    line.\n\n    Two.\n"
    assert book_with(tmp_path, text).texts_around.long_description == ("One line.", "Two.")


def test_a_book_without_texts_and_bounds_has_empty_ones(tmp_path: Path) -> None:
    book = book_with(tmp_path, "")
    assert (book.texts_around.keywords, book.texts_around.cover_alt) == ((), "")
    assert book.bounds.chapter_words is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("texts:\n  bisac: [{code: FAM29, words: x}]\n", "a BISAC code such as FAM029000"),
        ("texts:\n  thema: [{code: vsp, words: x}]\n", "a Thema code such as VSP"),
        ("texts:\n  thema: [VSP]\n", "keys with values"),
        ("texts:\n  blurb: x\n", "unknown key “blurb”"),
        ("bounds:\n  prompts_of_each_kind: 0\n", "a whole number from 1"),
    ],
)
def test_what_a_shop_could_not_read_is_a_finding(text: str, expected: str, tmp_path: Path) -> None:
    findings = findings_of(a_project(tmp_path, **{"book.yaml": BOOK_YAML + text, **CHAPTER}))
    assert expected in str(findings[0])


def test_a_mail_is_read_like_an_issue(tmp_path: Path) -> None:
    book = book_with(tmp_path, NEWSLETTER, **{"mails/ask.md": MAIL})
    assert book.newsletter is not None
    [mail] = book.newsletter.mails
    assert (mail.kind, mail.subject, mail.location.path) == ("confirmation", "It’s you?", "content/mails/ask.md")
    assert any(isinstance(node, m.ConfirmLink) for node in m.walk(mail.text))


def test_headings_of_the_index_are_typographic(tmp_path: Path) -> None:
    chapter = {"chapters/01-first.md": METADATA + "{index}`Mine <one's own; it's>`{index}`<see: mine; one's own>`\n"}
    book = read(a_project(tmp_path, **chapter))[0]
    one, other = (node for node in m.walk(book.chapters[0].text) if isinstance(node, m.IndexMark))
    assert one.entry == ("one’s own", "it’s")
    assert other.see == "one’s own"


def test_a_mail_that_book_yaml_does_not_name_is_a_finding(tmp_path: Path) -> None:
    files = {"book.yaml": BOOK_YAML, "mails/ask.md": MAIL, **CHAPTER}
    assert [finding.code for finding in findings_of(a_project(tmp_path, **files))] == ["unnamed-file"]


def test_a_mail_that_is_not_there_is_a_finding(tmp_path: Path) -> None:
    files = {"book.yaml": BOOK_YAML + NEWSLETTER, **CHAPTER}
    assert [finding.code for finding in findings_of(a_project(tmp_path, **files))] == ["missing-file"]


def test_the_authors_words_for_the_cover_come_before_ours() -> None:
    import msgspec

    from pipeline.writers._epub_pages import cover_words

    book = a_book()
    assert cover_words(book) == "Two circles that overlap by two thirds, under the title."
    plain = msgspec.structs.replace(book, texts_around=m.Texts())
    assert cover_words(plain).startswith("Cover: Room for Two.")
