"""A book and its look in; about which page each file begins on out, so that references leave the right room at once."""

from pipeline import model as m
from pipeline.model import Book
from pipeline.theme import points
from pipeline.writers._bind import place
from pipeline.writers._edition import Look
from pipeline.writers._html import roman

# The ground that a character takes, in squares of the type size, headings and indents shared out.
_GROUND = 0.96
_PROMPTS_A_PAGE = 2.0
# Title and copyright, contents.
_BEFORE = (2, 1)


def guessed_pages(book: Book, look: Look) -> int:
    """Return about how many pages an edition has."""
    return _guessed(book, look)[0]


def guessed_numbers(book: Book, look: Look) -> dict[str, str]:
    """Return about which number the page of each place in an edition has, by the place's name.

    How many digits a number has is what matters.
    """
    return _guessed(book, look)[1]


def _guessed(book: Book, look: Look) -> tuple[int, dict[str, str]]:
    margin = look.design.theme.page.margin
    width, height = map(points, look.trim)
    ground = (width - points(margin.inside) - points(margin.outside)) * (
        height - points(margin.top) - points(margin.bottom)
    )
    a_page = ground / (points(look.design.theme.base["page"]) ** 2 * _GROUND)
    worksheets = {chapter.id: len(chapter.worksheet) for chapter in book.chapters}
    front = {matter.id for matter in book.front}
    found: dict[str, str] = {}

    def padded(pages: int) -> int:
        return pages + pages % 2 if look.opens_right else pages

    at, body = sum(map(padded, _BEFORE)), 0
    for owner, text in book.texts():
        if owner not in front and not body:
            body = at
        letters = 0
        places = [("", 0)]
        for node in m.walk(text):
            if isinstance(node, m.Text):
                letters += len(node.text)
            elif isinstance(node, m.Heading | m.Figure):
                places.append((node.id, letters))
        for anchor, before in places:
            page = at + int(before / a_page)
            found[place(owner, anchor)] = roman(page + 1) if owner in front else str(page - body + 1)
        pages = 1 + int(letters / a_page) + round(worksheets.get(owner, 0) / _PROMPTS_A_PAGE)
        at += padded(pages)
    return at, found
