"""The rules about pages, on pages made up for them: what is a fault, and what only looks like one."""

import pytest

from pipeline.errors import Finding
from pipeline.pages import Box, Document, Limits, rules
from pipeline.pages._page import Block, Field, Item, Line, Page

SIZE = Box(0, 0, 420, 595)
FRAME = Box(50, 60, 370, 540)
LIMITS = Limits(word_space=2.5)


def line(
    text: str, y: float = 300, left: float = 50, right: float = 370, spaces: tuple[float, ...] = (1.0, 1.0)
) -> Line:
    return Line(text, Box(left, y, right, y + 7), spaces)


def block(kind: str, *lines: Line, element: int = 0, section: int = 1, level: int = 0) -> Block:
    return Block(kind, element or id(lines), section, lines, level)  # type: ignore[arg-type]


def heading(text: str, y: float, level: int = 2) -> Block:
    return block("heading", line(text, y), level=level)


def paragraph(*texts: str, y: float = 300, element: int = 0, section: int = 1, right: float = 370) -> Block:
    lines = (line(text, y - 15 * at, right=right) for at, text in enumerate(texts))
    return block("paragraph", *lines, element=element, section=section)


def field(name: str = "answer", title: str = "", section: int = 1, bottom: float = 100) -> Field:
    return Field(name, title, Box(50, bottom, 370, 200), section)


def document(*pages: tuple[Item, ...]) -> Document:
    return Document("output/workbook.pdf", tuple(Page(n, str(n), SIZE, FRAME, p) for n, p in enumerate(pages, start=1)))


def found(rule: str, *pages: tuple[Item, ...]) -> list[Finding]:
    return list(rules()[rule](document(*pages), LIMITS))


def on_pages(rule: str, *pages: tuple[Item, ...]) -> list[int]:
    return [finding.location.page for finding in found(rule, *pages)]  # type: ignore[attr-defined]


MORE = (paragraph("It goes on here", "for more than one line."),)


def test_what_crosses_a_fold_leaves_its_part_of_the_sheet():
    halves = (Box(10, 10, 200, 585), Box(220, 10, 410, 585))
    lines = (line("left", left=20, right=190), line("across", left=150, right=260), line("right", left=230, right=400))
    page = Page(1, "1", SIZE, SIZE, (block("other", *lines),), parts=halves)
    [finding] = rules()["overfull"](Document("output/cover-wrap.pdf", (page,)), LIMITS)
    assert finding.message == "“across” leaves its part of the sheet by 60 pt"


def test_of_many_things_that_are_too_wide_the_widest_is_told():
    cells = tuple(block("cell", line(f"word{n}", left=380 + 10 * n, right=400 + 10 * n)) for n in range(6))
    assert len(found("overfull", cells[:3])) == 3
    [finding] = found("overfull", cells)
    assert finding.message == "“word5” leaves the text block, as 5 others here do, by 80 pt"


@pytest.mark.parametrize(("is_bound", "blank"), [(False, [2, 3]), (True, [3])])
def test_the_back_of_a_leaf_may_be_blank_in_a_bound_book(is_bound, blank):
    pages = document(MORE, (), ()).pages
    found = rules()["blank-page"](Document("output/workbook-print.pdf", pages, is_bound), LIMITS)
    assert [finding.location.page for finding in found] == blank


@pytest.mark.parametrize("below", [(), (paragraph("One line"),)])
def test_a_heading_with_less_than_two_lines_below_it_is_at_the_foot(below):
    [finding] = found("heading-at-foot", (heading("When it rains", 400), *below), MORE)
    assert finding.code == "heading-at-foot"
    assert "“When it rains”" in finding.message
    assert str(finding).startswith("output/workbook.pdf, page 1: warning: ")


@pytest.mark.parametrize(
    "below",
    [
        (paragraph("Two lines", "are enough."),),
        (paragraph("One line of one."), paragraph("And one of another.", y=285)),
        (field(),),
        (block("figure"),),
    ],
)
def test_a_heading_with_two_lines_a_field_or_a_picture_below_it_is_not_at_the_foot(below):
    assert not found("heading-at-foot", (heading("When it rains", 400), *below), MORE)


def test_a_title_may_have_its_page_to_itself():
    assert not found("heading-at-foot", (heading("A Small Book", 400, level=1), paragraph("ANN EXAMPLE")), MORE)


def test_two_cells_of_one_row_are_one_line():
    row = (block("cell", line("left")), block("cell", line("right")))
    assert on_pages("heading-at-foot", (heading("When it rains", 400), *row), MORE) == [1]


def test_a_heading_whose_section_ends_there_is_not_at_the_foot():
    short = (heading("When it rains", 400), paragraph("One line."))
    assert not found("heading-at-foot", short)
    assert not found("heading-at-foot", short, (heading("Next", 500), *MORE))
    assert not found("heading-at-foot", short, (paragraph("CHAPTER 2"), heading("Next", 500, level=1), *MORE))
    assert not found("heading-at-foot", (*short, heading("Short too", 250), paragraph("One", "and two.", y=200)), MORE)


def test_a_heading_at_the_foot_of_a_column_has_its_text_at_the_head_of_the_next():
    entry = block("paragraph", line("reactance, 2", 380))
    column = block("paragraph", line("threatened freedom, 2", 500, left=220))
    assert not found("heading-at-foot", (heading("R", 400), entry, column), MORE)
    assert on_pages("heading-at-foot", (heading("R", 400), column), MORE) == [1]


def test_notes_at_the_foot_are_not_text_below_a_heading():
    note = block("note", line("1 A note", 80), line("of two lines", 70))
    assert on_pages("heading-at-foot", (heading("When it rains", 100), note), MORE) == [1]


def test_one_element_over_a_page_is_one_paragraph():
    pages = ((paragraph("Alone.", element=7),), (paragraph("Two", "lines.", element=7),))
    assert on_pages("orphan", *pages) == [1]
    assert not found("widow", *pages)
    assert on_pages("widow", *((paragraph("Two", "lines", element=7),), (paragraph("alone.", element=7),))) == [2]


def test_two_elements_are_one_paragraph_where_their_words_and_edges_say_so():
    full = paragraph("a line that fills the block and")
    assert on_pages("orphan", (full,), (paragraph("goes on", "there."),)) == [1]
    ragged = paragraph("a first line", "and one that ends near the edge", right=340)
    assert on_pages("widow", (ragged,), (paragraph("goes on."),)) == [2]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (paragraph("a line that ends the paragraph.", right=250), paragraph("Another one.")),
        (paragraph("QUIRE PRESS", right=200), paragraph("the next page")),
        (paragraph("and the day after, 116", right=340), paragraph("ease with, 123")),
        (paragraph("Not at all    Very much"), paragraph("PART III")),
        (paragraph("a line that fills the block and"), block("item", line("goes on in a list"))),
        (paragraph("a line that fills the block and"), block("paragraph", Line("small", Box(50, 500, 90, 503)))),
    ],
)
def test_two_elements_are_two_paragraphs_where_nothing_says_otherwise(before, after):
    assert not found("widow", (before,), (after,))
    assert not found("orphan", (before,), (after,))


def test_an_item_with_a_bullet_of_its_own_begins_there():
    last = block("item", line("an item that fills the block and"))
    pages = ((last,), (block("label", line("•", left=40)), block("item", line("goes on"))))
    assert not found("widow", *pages)


def test_a_question_with_its_first_field_on_the_next_page_is_parted():
    question = paragraph("3 What did you carry home?", section=5)
    answered = field(title="What did you carry home?", section=6)
    assert on_pages("prompt-parted", (paragraph("Before."), question), (answered,)) == [1]
    same = field(title="Check what is true", section=5)
    label = paragraph("A thing to check", section=5)
    assert on_pages("prompt-parted", (paragraph("Before."), question), (label, same)) == [1]
    plan = (paragraph("On", section=6), field(title="What did you carry home? 1", section=6))
    assert on_pages("prompt-parted", (paragraph("Before."), question), plan) == [1]


@pytest.mark.parametrize(
    ("page", "following"),
    [
        # Its first field is with it; the others need not be.
        ((paragraph("1 What?", section=5), field(section=5)), (field(section=5),)),
        # What stands before it on the page before is no question.
        (
            (paragraph("The chapter ends.", section=5),),
            (paragraph("2 What?", section=6), field(title="What?", section=6)),
        ),
        ((), (field(),)),
        ((paragraph("No field at all.", section=5),), MORE),
    ],
)
def test_a_prompt_that_is_together_is_not_parted(page, following):
    assert not found("prompt-parted", page, following)


def test_a_line_is_loose_by_the_middle_of_its_spaces():
    def spaced(*spaces: float, kind: str = "paragraph") -> tuple[Item, ...]:
        return (block(kind, line("three words here", spaces=spaces)),)

    [finding] = found("loose-line", spaced(2.6, 2.6))
    assert "2.6 times" in finding.message
    assert found("loose-line", spaced(3.0, kind="item"))
    assert not found("loose-line", spaced(2.5, 2.5))
    assert not found("loose-line", spaced(1.0, 9.0, 1.0))
    assert not found("loose-line", spaced())
    assert not found("loose-line", spaced(4.0, kind="cell"))


def test_what_leaves_the_text_block_at_any_edge_is_an_error():
    wide = paragraph("unbreakable", right=380)
    low = field(bottom=40)
    found_here = found("overfull", (wide, low, paragraph("inside")))
    assert [finding.message for finding in found_here] == [
        "“unbreakable” leaves the text block by 10 pt",
        "the field answer leaves the text block by 20 pt",
    ]
    assert {finding.severity for finding in found_here} == {"error"}
    picture = Page(1, "1", SIZE, FRAME, MORE, (Box(30, 100, 300, 200), Box(49.4, 100, 370, 101)))
    [finding] = rules()["overfull"](Document("a.pdf", (picture,)), LIMITS)
    assert finding.message == "a picture or a rule leaves the text block by 20 pt"


def test_a_page_is_blank_where_nothing_is_on_it_not_even_a_drawing():
    drawing = Page(3, "3", SIZE, FRAME, (), (Box(100, 100, 200, 200),))
    pages = Document("a.pdf", (Page(1, "1", SIZE, FRAME, MORE), Page(2, "2", SIZE, FRAME), drawing))
    [finding] = rules()["blank-page"](pages, LIMITS)
    assert str(finding).startswith("a.pdf, page 2: warning: nothing is on this page [blank-page]")


@pytest.mark.parametrize("rule", sorted(rules()))
def test_a_rule_about_pages_has_nothing_to_say_of_no_pages_and_of_good_ones(rule):
    good = (heading("When it rains", 500), paragraph("It is good", "to sit down."), field())
    assert not found(rule)
    assert not found(rule, good, good)
