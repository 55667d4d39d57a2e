"""A book and the look of an edition in; the workbook's interior as one bound PDF out, a gathering at a time."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import TypeAlias

import msgspec
from msgspec import Struct

from pipeline.cache import Result
from pipeline.errors import WriteError
from pipeline.model import Book
from pipeline.press import Press
from pipeline.theme import Design
from pipeline.transforms import select
from pipeline.writers import _bind, _folios, _typeset
from pipeline.writers._bind import PageNumbers, PrintFile
from pipeline.writers._edition import Look, gutter, has_pages_of_print, print_shop, screen
from pipeline.writers._guess import guessed_numbers, guessed_pages
from pipeline.writers._numbering import numbers_of, page_labels
from pipeline.writers._outline import outline
from pipeline.writers._pieces import BLANK, Piece, Pieces

# What a page number takes to settle, and a gutter: each change of either may move the other.
_MOST_ROUNDS = 6
_FIRST_GUESS = 200
_BARE = ("cover", "title-page")


class Settled(Struct, frozen=True):
    """An interior whose pages stay as they are: the names of its gatherings in order, and by name what each is.

    `heads` are the running heads of left and right pages, `made` what was typeset, and `labels` the printed numbers of
    its pages. `rooms` are the places whose page numbers its text left room for, each with the number that fits there.
    """

    order: Sequence[str]
    heads: dict[str, tuple[str, str]]
    made: dict[str, _typeset.Gathering]
    labels: dict[str, list[str]]
    rooms: dict[str, dict[str, str]]


# The number of each page and the letters on it, by the file of the manuscript that it belongs to, in order. The title
# page and the contents have their own names.
Printed: TypeAlias = dict[str, list[tuple[str, str]]]


def printed(whole: Book, design: Design, press: Press) -> Printed:
    """Return the pages whose numbers a book's EPUB lists, as the workbook is before anything is left out of it.

    They are those of the print edition, which the screen edition has too where it may, or those of the screen edition,
    as the book says. They are kept apart from what is typeset, so that whoever asks for them again renders nothing.
    """

    def make() -> bytes:
        settled = _counted(select(whole, "workbook"), design, press).settled()
        # A blank page at the end, which lets the next gathering open on the right, has a number and no letters.
        pages = {
            name: list(zip_longest(settled.labels[name], settled.made[name].letters, fillvalue=""))
            for name in settled.order
        }
        return msgspec.msgpack.encode(pages)

    depends = (whole, design.digest, design.fonts_digest)
    return msgspec.msgpack.decode(press.kept("printed", depends, make), type=Printed)


def _counted(book: Book, design: Design, press: Press) -> "Interior":
    """Return the interior whose pages an EPUB lists."""
    if book.epub.pages == "print" and not has_pages_of_print(book.editions, design):
        return print_interior(book, design, press)
    interior = screen_interior(book, design, press)
    if book.epub.pages == "print" and not has_pages_of_print(book.editions, design, interior.pages()):
        return print_interior(book, design, press)
    return interior


def screen_interior(book: Book, design: Design, press: Press) -> "Interior":
    """Return the interior of the screen edition, its pages settled; the formats that ask for it share one."""

    def make() -> Interior:
        interior = Interior(book, screen(book.editions, design), press)
        interior.settled()
        return interior

    return press.shared("interior", (book, design.digest, design.fonts_digest), make)


def print_interior(book: Book, design: Design, press: Press) -> "Interior":
    """Return the interior of the print edition, its pages settled, set until the fold has the room it needs.

    The formats that ask for it share one. Raises WriteError where that never ends.
    """

    def make() -> Interior:
        pages = guessed_pages(book, print_shop(book.editions, design, _FIRST_GUESS))
        for _ in range(_MOST_ROUNDS):
            interior = Interior(book, print_shop(book.editions, design, pages), press)
            if gutter(interior.pages()) == gutter(pages):
                return interior
            pages = interior.pages()
        raise WriteError("the print edition never settles on its pages\n    Please report this book.")

    return press.shared("print interior", (book, design.digest, design.fonts_digest), make)


class Interior:
    """One edition's pages."""

    def __init__(self, book: Book, look: Look, press: Press) -> None:
        self.book = book
        self.look = look
        self.press = press
        self._pieces = Pieces(book, look)
        self._covers = 0 if look.is_bound else 1
        self._settled: Settled | None = None

    def bound(self) -> tuple[Result, int]:
        """Return the bound PDF, in its file, and its number of pages."""
        settled, design, is_bound = self.settled(), self.look.design, self.look.is_bound
        gatherings = list(self._gatherings(settled))
        taken, there = self._counts(settled, {}), [settled.made[name].pages for name in settled.order]
        referred = {name for rooms in settled.rooms.values() for name in rooms}
        numbers = {name: number for name, number in _numbers_of_places(settled).items() if name in referred}
        inks = "gray" if self.book.editions.print.ink == "gray" else "uncoated"
        binding = _bind.binding(
            gatherings,
            self.book,
            design,
            self.book.title,
            outline=() if is_bound else outline(self.book, self._pieces.back_matter()),
            labels=page_labels(taken, taken if is_bound else there, self._pieces.first_of_body, self._covers),
            folios=tuple(self._folios(settled)),
            look=_folios.style(design),
            numbers=PageNumbers(self._pieces.serif, _folios.color_of(design, "text"), numbers),
            print_file=PrintFile(inks, self.book.ink_profiles.get("print", b"")) if is_bound else None,
        )
        [pdf] = self.press.results(_bind.bind_in_pieces, [binding])
        return pdf, sum(gathering.pages for gathering in gatherings)

    def pages(self) -> int:
        """Return the number of pages, with those that are blank in a bound book."""
        return sum(map(len, self.settled().labels.values()))

    def settled(self) -> Settled:
        """Return what was typeset, once every number that its text refers to has the room that it takes."""
        # No cached_property: until Python 3.12 it holds a lock of all instances, and this passes its turn on.
        if self._settled is None:
            self._settled = self._settle()
        return self._settled

    def _settle(self) -> Settled:
        pieces = self._pieces
        now = Settled(pieces.order, {}, {}, {}, {})
        guesses = guessed_numbers(self.book, self.look)
        self._take(now, [pieces.draw(name, guesses) for name in pieces.fixed])
        for _ in range(_MOST_ROUNDS):
            self._add_numbered(now)
            numbers = _numbers_of_places(now)
            if lost := sorted({name for rooms in now.rooms.values() for name in rooms} - numbers.keys()):
                raise WriteError(f"a reference leads to {lost[0]}, which is not in the book")
            # A number that needs another room than it was given is rare: it has another number of digits.
            narrow = [name for name in pieces.fixed if not pieces.has_room(now.rooms[name], numbers)]
            if not narrow:
                return now
            self._take(now, [pieces.draw(name, numbers) for name in narrow])
        raise WriteError("the pages that the text refers to never settle\n    Please report this book.")

    def _add_numbered(self, now: Settled) -> None:
        """Typeset what bears page numbers, contents, notes and index, until their own lengths agree with them."""
        pieces = self._pieces
        guesses = pieces.numbered()
        lengths = {name: now.made[name].pages if name in now.made else guess for name, guess in guesses.items()}
        drafts: dict[str, Piece] = {}
        for _ in range(_MOST_ROUNDS):
            printed = numbers_of(self._counts(now, lengths), pieces.first_of_body, self._covers)
            now.labels.update(zip(now.order, printed, strict=True))
            numbers = _numbers_of_places(now)
            drawn = [pieces.draw_numbered(name, now.labels, numbers) for name in lengths]
            self._take(now, [piece for piece in drawn if drafts.get(piece.name) != piece])
            drafts = {piece.name: piece for piece in drawn}
            found = {name: now.made[name].pages for name in lengths}
            if found == lengths:
                return
            lengths = found
        raise WriteError(
            "the contents, the notes and the index never settle on their pages\n    Please report this book."
        )

    def _take(self, now: Settled, drawn: Sequence[Piece]) -> None:
        """Typeset pieces, and take them in. Their sheets are of no use any more, and they are as large as the book."""
        results = self.press.results(_typeset.typeset, [piece.sheet for piece in drawn], "workbook")
        for piece, result in zip(drawn, results, strict=True):
            now.made[piece.name] = _typeset.gathering(result)
            now.heads[piece.name] = (piece.left, piece.right)
            now.rooms[piece.name] = piece.rooms

    # ------------------------------------------------------------------ around the pages

    def _counts(self, now: Settled, lengths: Mapping[str, int]) -> list[int]:
        """Return how many numbers each gathering takes, with that of the blank page that lets the next open right."""
        counts = [lengths[name] if name in lengths else now.made[name].pages for name in now.order]
        if not self.look.opens_right:
            return counts
        return [*counts[: self._covers], *(count + count % 2 for count in counts[self._covers :])]

    def _gatherings(self, settled: Settled) -> Iterator[_typeset.Gathering]:
        """Yield what is bound; on a screen, nothing is blank."""
        for name in settled.order:
            yield settled.made[name]
            if self.look.is_bound and settled.made[name].pages < len(settled.labels[name]):
                yield settled.made[BLANK]

    def _folios(self, settled: Settled) -> Iterator[_folios.Folio]:
        """Yield what each page bears: a folio, and a running head but where a piece opens; a blank page nothing."""
        # The first page but a cover is a right-hand one.
        at = -self._covers
        aside = _folios.middle_of_text(self.look.design) if self.look.is_bound else 0.0
        for name in settled.order:
            left, right = settled.heads[name]
            for page, number in enumerate(settled.labels[name]):
                head, middle = (left, -aside) if at % 2 else (right, aside)
                is_blank = page >= settled.made[name].pages
                if not (is_blank or name in _BARE) and left:
                    yield _folios.Folio(number, head if page else "", middle)
                elif not is_blank or self.look.is_bound:
                    yield _folios.Folio("")
                at += 1


def _numbers_of_places(settled: Settled) -> dict[str, str]:
    """Return the printed number of the page where each anchor stands: the first, where what bears it crosses pages."""
    numbers: dict[str, str] = {}
    for owner, labels in settled.labels.items():
        if owner in settled.made:
            for anchor in settled.made[owner].anchors:
                numbers.setdefault(anchor.name, labels[anchor.page])
    return numbers
