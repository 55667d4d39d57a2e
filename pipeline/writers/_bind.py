"""Gatherings in, and what goes around their pages; the description of one PDF, and the PDF itself, out."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from pipeline.model import Book
from pipeline.theme import Design
from pipeline.writers._folios import Folio, Style, plain_sans
from pipeline.writers._typeset import Gathering

SCHEME = "quire-place"
PAGE_SCHEME = "quire-page"
# The room for a page's number is as high as this, in ems of its type, and stands on the line.
NUMBER_HEIGHT = 0.7


class Bookmark(Struct, frozen=True):
    """An entry of the outline: its words, the place it leads to, and the entries below it."""

    title: str
    place: str
    children: "tuple[Bookmark, ...]" = ()


class PageLabels(Struct, frozen=True):
    """How pages are numbered from `first` (counted from 0): `style` is D, r, or empty for the prefix alone.

    The first of them has the number `start`.
    """

    first: int
    style: str
    prefix: str = ""
    start: int = 1


def place(owner: str, anchor: str = "") -> str:
    """Return the name, unique in the book, of a place in the file `owner`."""
    return f"{owner}--{anchor or 'top'}"


def place_address(owner: str, anchor: str = "") -> str:
    """Return the address of a place, for a link that binding makes one within the book."""
    return f"{SCHEME}:{place(owner, anchor)}"


def page_address(name: str) -> str:
    """Return the address of the room for the number of the page where a place is, which binding writes there."""
    return f"{PAGE_SCHEME}:{name}"


class PageNumbers(Struct, frozen=True):
    """What stands where the text refers to a page: `numbers` by the place's name, their font file, and their color."""

    serif: bytes
    color: tuple[float, float, float]
    numbers: dict[str, str]


class PrintFile(Struct, frozen=True):
    """What makes a binding a file for a print shop.

    `inks` are `gray`, or the paper that four inks are printed on: `coated` or `uncoated`; a `profile` says more exactly
    how these are printed.
    """

    inks: str = "gray"
    profile: bytes = b""


class Binding(Struct, frozen=True):
    """What one PDF is bound from: its gatherings, its metadata, and what goes around their pages.

    `sans` is the font file of fields and folios; `folios` has one for each page, or none at all.
    """

    gatherings: tuple[Gathering, ...]
    sans: bytes
    title: str
    authors: tuple[str, ...]
    language: str
    date: str
    description: str
    outline: tuple[Bookmark, ...] = ()
    labels: tuple[PageLabels, ...] = ()
    folios: tuple[Folio, ...] = ()
    look: Style | None = None
    numbers: PageNumbers | None = None
    print_file: PrintFile | None = None


def binding(gatherings: Sequence[Gathering], book: Book, design: Design, title: str, **around: Any) -> Binding:
    """Return a binding with the book's metadata; `around` are the fields after them."""
    about = (title, book.authors, book.language, book.date, book.description)
    # The letters on pages are of no use here, and they are as much as the text.
    bare = tuple(msgspec.structs.replace(gathering, letters=()) for gathering in gatherings)
    return Binding(bare, plain_sans(design), *about, **around)


def bind(task: Binding) -> bytes:
    """Return what `bind_in_pieces` yields, together."""
    return b"".join(bind_in_pieces(task))


def bind_in_pieces(task: Binding) -> Iterator[bytes]:
    """Yield one PDF/UA-1 document, or a PDF/X-4 for a print shop, the same bytes each time; work for the press.

    Raises WriteError for a link to a place that is not in the book, and for two form fields of one name.
    """
    # pikepdf takes a tenth of a second to import, and whoever only describes a binding needs none of it.
    from pipeline.writers._sewing import sew

    yield from sew(task)
