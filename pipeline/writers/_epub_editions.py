"""A book in; the editions that its EPUB comes in, and the book as its sample has it, out."""

import uuid

import msgspec
from msgspec import Struct

from pipeline import model as m

CHAPTERS_OF_A_SAMPLE = 2


class Edition(Struct, frozen=True):
    """How an edition's package differs from another's.

    Kindle shows the cover by itself, so a page for it would show it twice; it takes a JPEG; its styles are simple; and
    it counts pages of its own.
    """

    file: str
    summary: str
    is_for_kindle: bool = False
    is_sample: bool = False
    has_page_list: bool = True


EDITIONS = {
    "ebook": Edition("book.epub", "the book for phones, tablets and reading devices, and for shops"),
    "kindle": Edition(
        "book-kindle.epub", "the book for Kindle, to upload to KDP", is_for_kindle=True, has_page_list=False
    ),
    "sample": Edition("book-sample.epub", "the book's beginning, to give away", is_sample=True),
}


def sample_of(book: m.Book) -> tuple[m.Book, tuple[m.Part, ...]]:
    """Return the front matter and the first chapters as a book of its own, and the parts with what is missing from it.

    Its identifier is made from the book's, so that a reader may keep both; it has no ISBN, since nobody sells it.
    """
    left = CHAPTERS_OF_A_SAMPLE
    kept, rest = [], []
    for part in book.parts:
        here, there = part.chapters[:left], part.chapters[left:]
        left -= len(here)
        if here:
            kept.append(msgspec.structs.replace(part, chapters=here))
        if there:
            rest.append(msgspec.structs.replace(part, chapters=there))
    identifier = uuid.uuid5(uuid.NAMESPACE_URL, f"{book.identifier}#sample").urn
    epub = msgspec.structs.replace(book.epub, isbn="", conformance=None)
    sample = msgspec.structs.replace(book, identifier=identifier, parts=tuple(kept), back=(), epub=epub)
    return sample, tuple(rest)
