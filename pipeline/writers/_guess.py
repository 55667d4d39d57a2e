"""A book and its look in; about how long its pieces are, and on which page each file begins, out.

So references leave the right room at once, and what bears page numbers is set once. A wrong guess costs time alone.
"""

from collections.abc import Sequence
from math import prod

from pipeline import model as m
from pipeline.model import Book
from pipeline.theme import points
from pipeline.writers._bind import place
from pipeline.writers._edition import Look
from pipeline.writers._html import roman
from pipeline.writers._index import Entry

# The ground that things take, in squares of the type size: a character, headings and indents shared out; a work of the
# notes, and each place where one is cited; a row of the index, and each place that one names.
_CHARACTER, _WORK, _CITED, _ROW, _NAMED = 0.96, 115.0, 1.2, 16.2, 2.6
# The height of a row of the contents, titles of parts shared out, in type sizes.
_CONTENTS_ROW = 1.33
_PROMPTS_A_PAGE = 2.0
_TITLE_AND_COPYRIGHT = 2


def guessed_pages(book: Book, look: Look) -> int:
    """Return about how many pages an edition has."""
    return _guessed(book, look)[0]


def guessed_numbers(book: Book, look: Look) -> dict[str, str]:
    """Return about which number the page of each place in an edition has, by the place's name.

    How many digits a number has is what matters.
    """
    return _guessed(book, look)[1]


def pages_of_contents(rows: int, look: Look) -> int:
    """Return about how many pages the contents have."""
    return 1 + int(rows * _CONTENTS_ROW / _page(look)[1])


def pages_of_notes(works: int, places: int, look: Look) -> int:
    """Return about how many pages the notes have, where the works are cited at so many places."""
    return 1 + int((works * _WORK + places * _CITED) / prod(_page(look)))


def pages_of_index(entries: Sequence[Entry], look: Look) -> int:
    """Return about how many pages an index has."""
    every = [one for entry in entries for one in (entry, *entry.subs)]
    ground = len(every) * _ROW + sum(len(entry.places) for entry in every) * _NAMED
    return 1 + int(ground / prod(_page(look)))


def _page(look: Look) -> tuple[float, float]:
    """Return width and height of a page's text in type sizes."""
    margin, size = look.design.theme.page.margin, points(look.design.theme.base["page"])
    width, height = map(points, look.trim)
    return (
        (width - points(margin.inside) - points(margin.outside)) / size,
        (height - points(margin.top) - points(margin.bottom)) / size,
    )


def _guessed(book: Book, look: Look) -> tuple[int, dict[str, str]]:
    a_page = prod(_page(look)) / _CHARACTER
    texts = list(book.texts())
    worksheets = {chapter.id: len(chapter.worksheet) for chapter in book.chapters}
    front = {matter.id for matter in book.front}
    found: dict[str, str] = {}

    def padded(pages: int) -> int:
        return pages + pages % 2 if look.opens_right else pages

    at, body = _TITLE_AND_COPYRIGHT + padded(pages_of_contents(len(texts), look)), 0
    for owner, text in texts:
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
