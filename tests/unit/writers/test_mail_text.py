from typing import get_args

import msgspec
import pytest

from pipeline import model as m
from pipeline.errors import Location
from pipeline.writers import _mail_text
from pipeline.writers._mail_text import WIDTH, TextRenderer, letter_text
from pipeline.writers._text_columns import columns

HERE = Location("content/newsletter/01-first.md", 12)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="640" height="320"><circle cx="9" cy="9" r="8"/></svg>'


def words(text: str) -> tuple[m.Inline, ...]:
    return (m.Text(text),)


def paragraph(*children: m.Inline | str) -> m.Paragraph:
    return m.Paragraph(tuple(m.Text(child) if isinstance(child, str) else child for child in children), HERE)


def prompt(answer: m.Answer, question: str = "A question?") -> m.Prompt:
    return m.Prompt("first_a-question", words(question), (), answer, HERE)


def every_node() -> m.Document:
    """Return a text with every block, inline and answer in it; each has a word of its own, from `w-` on."""
    inlines = paragraph(
        "w-text ",
        m.Emphasis(words("w-emphasis")),
        m.Strong(words("w-strong")),
        m.Code("w-code"),
        m.Link("https://example.org/w-address", words("w-link"), HERE),
        m.LineBreak(),
        m.Cite(("sand1833",), False, HERE),
        m.Term("Echo", words("w-term"), HERE),
        m.Ref("first", (), HERE),
        m.Ref("first", words("w-ref"), HERE),
        m.IndexMark("ix-1", ("echo",), words("w-index"), HERE),
        m.FootnoteRef(1, HERE),
        m.WorksheetLink(words("w-worksheet"), HERE),
        m.ConfirmLink(words("w-confirm"), HERE),
        m.Placeholder("name", "w-somebody", HERE),
        m.Blank(6),
    )
    cells = tuple(m.Cell(words(word), align) for word, align in (("w-cell", ""), ("w-right", "right")))
    items = (m.ListItem((paragraph("w-item"), paragraph("w-further"))),)
    blocks: tuple[m.Block, ...] = (
        inlines,
        m.Heading(2, "two", words("w-heading"), HERE),
        m.Heading(6, "six", words("w-deep"), HERE),
        m.List(False, 1, items, HERE),
        m.List(True, 9, (m.ListItem((paragraph("w-nine"),)), m.ListItem((paragraph("w-ten"),))), HERE),
        m.Quote((paragraph("w-quote"),), HERE),
        m.CodeBlock("w-block {{ name }}\n  kept\n", HERE),
        m.SceneBreak(HERE),
        m.Table((m.Cell(words("w-head")), m.Cell(words("w-other"))), (cells, cells), HERE),
        m.Figure("images/circles.svg", "w-alt", "circles", words("w-caption"), HERE),
        m.DefinitionList((m.Definition(words("w-defined"), (paragraph("w-definition"),)),), HERE),
        m.Admonition("note", words("w-note"), (paragraph("w-admonition"),), HERE),
        m.Research((paragraph("w-research"),), HERE),
        m.Exercise(words("w-exercise"), (paragraph("w-task"),), HERE),
        m.Only(("newsletter",), (paragraph("w-only"),), HERE),
        m.Only(("epub",), (paragraph("x-other-format"),), HERE),
        m.Takeaways(HERE),
        m.Prompt("first_help", words("w-question"), (paragraph("w-help"),), m.Lines(2), HERE),
        prompt(m.Scale(1, 5, "w-low", "w-high")),
        prompt(m.Checklist((words("w-tick"), words("w-tock")))),
        prompt(m.Grid(("w-column", "w-more"), 1, ("w-row",))),
        prompt(m.Plan(((m.Text("w-plan "), m.Blank(9)),))),
        prompt(m.Letter(3, words("w-dear"), words("w-yours"))),
        paragraph(m.WorksheetLink(words("w-button"), HERE)),
    )
    return m.Document(blocks, (m.Footnote(1, (paragraph("w-footnote"),)),))


def an_issue(text: m.Document, number: int = 1, subject: str = "A subject") -> m.Issue:
    return m.Issue(number, f"0{number}-first", "first", subject, "A preheader.", "01-first", text, HERE)


def a_book(*texts: m.Document, **changes: object) -> m.Book:
    """Return a book of one chapter, with an issue for each text."""
    where = Location("content/chapters/01-first.md", 1)
    chapter = m.Chapter(
        1, "01-first", "first", "First", "A promise.", "w-takeaway", 0.4, m.Document(()), "", "", (), (), where
    )
    target = m.Target("chapter", "01-first", "", "First", 1)
    issues = (msgspec.structs.replace(an_issue(t, n), slug=f"letter-{n}") for n, t in enumerate(texts, start=1))
    book = m.Book(
        title="A Book",
        subtitle="",
        authors=("A. Writer",),
        language="en-US",
        identifier="urn:uuid:00000000-0000-4000-8000-000000000000",
        date="2026-11-22",
        publisher="",
        rights="",
        description="",
        subjects=(),
        website="https://example.com/a-book",
        motif=0.5,
        front=(),
        parts=(m.Part(1, "part-1", "Part", 0.5, m.Document(()), (chapter,), where),),
        back=(),
        newsletter=m.Newsletter("letters", "Letters", tuple(issues)),
        sender=m.Sender("A. Sender", "letters@example.com", "1 Example Street"),
        references=(m.Reference("sand1833", "{}", Location("content/references.yaml", 1)),),
        glossary=(),
        images={"images/circles.svg": m.Image("images/circles.svg", "image/svg+xml", SVG, 640, 320)},
        targets={"first": target, "01-first": target},
        citations={"sand1833": m.CitationLabel("Sand & Liszt", "1833", words("w-entry"))},
        terms={"echo": "echo"},
    )
    return msgspec.structs.replace(book, **changes)


def tags_of(union: object) -> set[str]:
    return {m.tag_of(kind) for kind in get_args(union)}


def text_of(*blocks: m.Block) -> str:
    return "\n".join(TextRenderer(a_book(), "{{ worksheet_url }}").blocks(blocks))


def full_text(document: m.Document) -> str:
    book = a_book(document)
    assert book.newsletter is not None
    assert book.sender is not None
    return letter_text(book, book.newsletter, book.sender, book.newsletter.issues[0])


# --------------------------------------------------------------------------- everything is drawn


@pytest.mark.parametrize("union", [m.Block, m.Inline, m.Answer], ids=["blocks", "inlines", "answers"])
def test_the_text_of_these_tests_holds_every_kind_of_node(union: object) -> None:
    met = {type(node) for node in m.walk(every_node())}
    assert set(get_args(union)) <= met


def test_every_node_leaves_its_words_in_the_text() -> None:
    source = str(every_node()) + "w-takeaway w-entry"
    text = full_text(every_node()).lower()
    expected = {part.split("'")[0].split()[0] for part in source.split("w-")[1:]}
    assert {word for word in expected if f"w-{word}" not in text} == set()


def test_a_passage_for_other_formats_is_left_out() -> None:
    assert "x-other-format" not in full_text(every_node())


def test_no_line_is_longer_than_seventy_two_unless_a_word_is() -> None:
    long = m.Document((*every_node().blocks, paragraph("a word or two " * 40), paragraph("x" * 90)))
    assert {line for line in full_text(long).splitlines() if len(line) > WIDTH} == {"x" * 90}


def test_no_line_ends_in_a_space() -> None:
    assert [line for line in full_text(every_node()).splitlines() if line != line.rstrip()] == []


# --------------------------------------------------------------------------- links, works and notes


def test_links_are_numbered_and_their_addresses_stand_at_the_end() -> None:
    link = m.Link("https://example.org/a", words("here"), HERE)
    text = full_text(m.Document((paragraph("Look ", link, " and again ", link, "."),)))
    assert "Look here [1] and again here [1]." in text
    assert "[1] https://example.org/a" in text
    assert "[2]" not in text


def test_an_address_that_is_its_own_link_is_not_repeated() -> None:
    text = full_text(m.Document((paragraph(m.Link("mailto:a@example.org", words("a@example.org"), HERE)),)))
    assert text.count("a@example.org") == 1
    assert "[1]" not in text


def test_a_worksheet_link_alone_is_a_line_with_its_address_below() -> None:
    assert text_of(paragraph(m.WorksheetLink(words("Print it"), HERE))) == "Print it:\n{{ worksheet_url }}"


def test_a_worksheet_link_in_a_sentence_is_numbered_like_any_other() -> None:
    text = full_text(m.Document((paragraph("You may ", m.WorksheetLink(words("print it"), HERE), "."),)))
    assert "You may print it [1]." in text
    assert "[1] {{ worksheet_url }}" in text


def test_works_are_cited_in_the_text_and_listed_below_it() -> None:
    cited = paragraph("So it is ", m.Cite(("sand1833",), False, HERE), ", says ", m.Cite(("sand1833",), True, HERE))
    text = full_text(m.Document((cited,)))
    assert "So it is (Sand & Liszt, 1833), says Sand and Liszt (1833)" in text
    assert "Sources\n-------\nw-entry" in text


def test_a_cross_reference_without_words_says_what_it_points_at() -> None:
    assert text_of(paragraph("See ", m.Ref("first", (), HERE))) == "See Chapter 1"


def test_unsubscribing_and_the_postal_address_are_in_every_text() -> None:
    end = full_text(m.Document((paragraph("Hello"),))).split("-" * WIDTH)[1]
    assert "{{ postal_address }}" in end
    assert "Unsubscribe: {{ unsubscribe_url }}" in end


# --------------------------------------------------------------------------- braces


@pytest.mark.parametrize("written", ["{{ name }}", "{{{name}}}", "}}", "{{", "{% if %}{{"])
def test_the_authors_braces_stay_and_never_stand_together(written: str) -> None:
    text = text_of(paragraph(written), m.CodeBlock(written, HERE), m.Heading(2, "a", words(written), HERE))
    assert "{{" not in text
    assert "}}" not in text
    assert text.count("{") == 3 * written.count("{")


def test_braces_of_neighbouring_nodes_are_kept_apart_too() -> None:
    mark = m.IndexMark("ix", ("a",), words("{ name }"), HERE)
    assert text_of(paragraph("{", mark, "}")) == "{ { name } }"


def test_braces_in_an_address_are_percent_encoded() -> None:
    link = m.Link("https://example.org/{{name}}", words("here"), HERE)
    assert "[1] https://example.org/%7B%7Bname%7D%7D" in full_text(m.Document((paragraph(link),)))


# --------------------------------------------------------------------------- shapes


def test_lists_hang_from_their_marks() -> None:
    item = m.ListItem((paragraph("one two three four five " * 4),))
    first, second = text_of(m.List(False, 1, (item,), HERE)).splitlines()[:2]
    assert first.startswith("- one")
    assert second.startswith("  ")
    assert second[2] != " "


def test_numbers_of_a_list_are_aligned_and_begin_where_they_should() -> None:
    items = tuple(m.ListItem((paragraph(word),)) for word in ("nine", "ten"))
    assert text_of(m.List(True, 9, items, HERE)) == " 9. nine\n10. ten"


def test_a_quotation_is_marked_on_every_line() -> None:
    assert text_of(m.Quote((paragraph("a"), paragraph("b")), HERE)) == "> a\n>\n> b"


def test_a_table_stands_in_columns() -> None:
    header = (m.Cell(words("When")), m.Cell(words("What")))
    row = (m.Cell(words("On Monday")), m.Cell(words("Rest")))
    assert text_of(m.Table(header, (row,), HERE)) == "When       What\n---------  ----\nOn Monday  Rest"


def test_a_table_whose_cells_are_filled_in_later_stands_as_rows() -> None:
    head = (m.Cell(words("Who")), m.Cell(words("When")))
    row = (m.Cell((m.Placeholder("name", "you", HERE),)), m.Cell(words("Monday")))
    assert text_of(m.Table(head, (row,), HERE)).split("\n")[1:] == ["When: Monday"]
    assert "Who  When" in text_of(m.Table(head[::-1], (row[::-1],), HERE)).replace("When    Who", "Who  When")


def test_columns_are_aligned_by_what_characters_take_in_a_window() -> None:
    rows = tuple((m.Cell(words(word)), m.Cell(words("|"))) for word in ("東京", "🌱", "a", "e\u0301", "👩‍🌾"))
    table = text_of(m.Table((m.Cell(words("Where")), m.Cell(words("|"))), rows, HERE)).split("\n")
    assert {columns(line.partition("|")[0]) for line in table if "|" in line} == {7}


def test_a_text_without_spaces_is_wrapped_too() -> None:
    lines = text_of(paragraph("我们在花园里，等着夜晚。" * 12)).split("\n")
    assert max(map(columns, lines)) <= WIDTH
    assert not any(line.startswith(("，", "。")) for line in lines)
    assert "".join(lines) == "我们在花园里，等着夜晚。" * 12


def test_names_that_run_the_other_way_are_isolated_in_sentences() -> None:
    book = a_book(m.Document((paragraph("Hello."),)), sender=m.Sender("דנה", "letters@example.com", "1 Example Street"))
    assert book.newsletter is not None
    assert book.sender is not None
    text = letter_text(book, book.newsletter, book.sender, book.newsletter.issues[0])
    assert "because you asked \u2068דנה\u2069 for it." in text


@pytest.mark.parametrize("long", ["incomprehensibilities", "abc defgh", "東京東京 a"])
def test_columns_stay_in_line_whatever_words_are_in_them(long: str) -> None:
    head = tuple(m.Cell(words(word)) for word in ("One", "Two", "Three", "Four", "|"))
    row = tuple(m.Cell(words(word)) for word in ("some longer words " * 3, "123,456.78", long, long, "|"))
    lines = text_of(m.Table(head, (row,), HERE)).split("\n")
    assert max(map(columns, lines)) <= WIDTH
    assert len({columns(line.partition("|")[0]) for line in lines if "|" in line}) == 1


def test_a_table_too_wide_for_columns_becomes_a_list_of_rows() -> None:
    cells = tuple(m.Cell(words(f"some words {number}")) for number in range(12))
    assert text_of(m.Table(cells, (cells,), HERE)).startswith("some words 0: some words 0\nsome words 1:")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (m.Lines(3), ["_" * 70] * 3),
        (m.Scale(1, 4, "never", "always"), ["never   1   2   3   4   always"]),
        (m.Scale(0, 2, "x" * 40, "y" * 40), ["0   1   2", "0 = " + "x" * 40, "2 = " + "y" * 40]),
        (m.Checklist((words("one"), words("two"))), ["[ ] one", "[ ] two"]),
        (m.Plan(((m.Text("On "), m.Blank(5), m.Text(" I go.")),)), ["On _____ I go."]),
        (m.Letter(1, words("Dear"), words("Yours")), ["Dear", "_" * 70, "Yours"]),
        (
            m.Grid(("Day", "Deed"), 1, ("Monday",)),
            ["Day" + " " * 33 + "Deed", f"{'-' * 34}  {'-' * 34}", "Monday" + " " * 30 + "_" * 34],
        ),
    ],
    ids=lambda value: m.tag_of(value) if isinstance(value, msgspec.Struct) else "",
)
def test_a_prompt_is_drawn_by_its_kind(answer: m.Answer, expected: list[str]) -> None:
    lines = [line.strip() for line in text_of(prompt(answer)).splitlines() if line]
    assert lines == [_mail_text.PROMPT_LABELS[m.tag_of(answer)].upper(), "A question?", *expected]


def test_every_kind_of_prompt_has_a_label() -> None:
    assert set(_mail_text.PROMPT_LABELS) == tags_of(m.Answer)
