"""A book and the look of an edition in; the workbook's interior as one bound PDF out, a gathering at a time."""

from collections.abc import Sequence
from functools import cached_property
from itertools import zip_longest
from typing import Any, TypeAlias

import msgspec
from msgspec import Struct

from pipeline import model as m
from pipeline.cache import Result
from pipeline.errors import WriteError
from pipeline.model import Book
from pipeline.press import Press
from pipeline.theme import Design
from pipeline.transforms import select
from pipeline.writers import _bind, _folios, _typeset
from pipeline.writers._bind import NUMBER_HEIGHT, PrintFile, page_address, place, place_address
from pipeline.writers._cover import balanced, cover_sheet
from pipeline.writers._edition import Look, gutter, print_shop, screen
from pipeline.writers._folios import plain_serif, width
from pipeline.writers._guess import guessed_numbers
from pipeline.writers._html import Markup, Renderer, Templates, label_of, roman
from pipeline.writers._index import Entry, index_entries, initial
from pipeline.writers._motif import motif_svg
from pipeline.writers._numbering import numbers_of, page_labels, ranges
from pipeline.writers._outline import outline
from pipeline.writers._prompts import field_values, image_address, image_resources, ruled_svg

# How many a page holds, about.
_ROWS_OF_CONTENTS, _ROWS_OF_INDEX, _WORKS = 36, 70, 12
_TITLES = {"notes": "Notes", "glossary": "Glossary", "index": "Index"}
_BLANK = "blank"
_FIRST_GUESS = 200
# What a page number takes to settle, and a gutter: each change of either may move the other.
_MOST_ROUNDS = 6


class Piece(Struct, frozen=True):
    """A gathering to be: its name, its sheet, and the running heads of its left and right pages."""

    name: str
    sheet: _typeset.Sheet
    left: str = ""
    right: str = ""


# The names of the gatherings in order, each one's running heads, pages and printed numbers, and where the body begins.
Settled: TypeAlias = tuple[
    list[str], dict[str, tuple[str, str]], dict[str, _typeset.Gathering], dict[str, list[str]], int
]


# The number of each page and the letters on it, by the file of the manuscript that it belongs to, in order. The title
# page and the contents have their own names.
Printed: TypeAlias = dict[str, list[tuple[str, str]]]


def stylesheet(templates: Templates, look: Look) -> str:
    """Return the styles of an edition's pages."""
    return templates.style("workbook.css.j2", look=look, number_height=f"{NUMBER_HEIGHT}em")


def printed(whole: Book, design: Design, press: Press) -> Printed:
    """Return the pages whose numbers a book's EPUB lists, as the workbook is before anything is left out of it.

    They are those of the screen edition or of the print edition, as the book says. They are kept apart from what is
    typeset, so that whoever asks for them again renders nothing.
    """

    def make() -> bytes:
        interior = print_interior if whole.epub.pages == "print" else screen_interior
        order, _, made, numbers, _ = interior(select(whole, "workbook"), design, press).settled()
        # A blank page at the end, which lets the next gathering open on the right, has a number and no letters.
        pages = {name: list(zip_longest(numbers[name], made[name].letters, fillvalue="")) for name in order}
        return msgspec.msgpack.encode(pages)

    depends = (whole, design.digest, design.fonts_digest)
    return msgspec.msgpack.decode(press.kept("printed", depends, make), type=Printed)


def screen_interior(book: Book, design: Design, press: Press) -> "Interior":
    """Return the interior of the screen edition, its pages settled; the formats that ask for it share one."""

    def make() -> Interior:
        interior = Interior(book, screen(design), press)
        interior.settled()
        return interior

    return press.shared("interior", (book, design.digest, design.fonts_digest), make)


def print_interior(book: Book, design: Design, press: Press) -> "Interior":
    """Return the interior of the print edition, set until page numbers and the fold have the room they need.

    The formats that ask for it share one. Raises WriteError where that never ends.
    """

    def make() -> Interior:
        pages, numbers = guessed_numbers(book, print_shop(book.editions, design, _FIRST_GUESS))
        for _ in range(_MOST_ROUNDS):
            interior = Interior(book, print_shop(book.editions, design, pages), press, numbers)
            found_pages, found = interior.found()
            fits = all(interior.has_room(name, number) for name, number in found.items())
            if fits and gutter(found_pages) == gutter(pages):
                return interior
            pages, numbers = found_pages, found
        raise WriteError("the print edition never settles on its pages\n    Please report this book.")

    return press.shared("print interior", (book, design.digest, design.fonts_digest), make)


class Interior:
    """One edition's pages. `numbers` says what stands at a reference to a page until its number is known."""

    def __init__(self, book: Book, look: Look, press: Press, numbers: dict[str, str] | None = None) -> None:
        self.book = book
        self.look = look
        self.design = look.design
        self.press = press
        self.numbers = numbers or {}
        # The places where each work is cited, the first in each file.
        self._cited: dict[str, list[tuple[str, str]]] = {}
        self._settled: Settled | None = None
        # The addresses of the pages that the text refers to, with what stands there.
        self.referred: dict[str, str] = {}
        self.templates = Templates(self.design)
        self.css = stylesheet(self.templates, look)
        line = self.design.theme.writing["line"]
        self.ruled = ruled_svg(self.templates, line)
        self.images = image_resources(book)
        self.renderer: Renderer = Renderer(
            book,
            self.templates,
            place_address,
            ["workbook/blocks.html.j2", "shared/prompts.html.j2", "shared/blocks.html.j2"],
            anchor=lambda identifier: place(self.renderer.owner, identifier),
            image=image_address,
            label_of=label_of,
            page_of=self._page_of,
            cite_anchor=self._cite_anchor,
            **field_values(self.templates, line),
        )

    # ------------------------------------------------------------------ the whole

    def bound(self) -> tuple[Result, int]:
        """Return the bound PDF, in its file, and its number of pages."""
        order, heads, made, numbers, first_of_body = self.settled()
        pages = [self._padded(made[name].pages) for name in order]
        gatherings = [gathering for name in order for gathering in self._with_blank(name, made)]
        binding = _bind.binding(
            gatherings,
            self.book,
            self.design,
            self.book.title,
            outline=() if self.look.is_bound else outline(self.book, self._back_matter()),
            labels=page_labels(pages, first_of_body, 0 if self.look.is_bound else 1),
            folios=self._folios(order, heads, made, numbers),
            look=_folios.style(self.design),
            **self._as_print_file(),
        )
        [pdf] = self.press.results(_bind.bind_in_pieces, [binding])
        return pdf, sum(pages)

    def found(self) -> tuple[int, dict[str, str]]:
        """Return the number of pages, and the printed numbers of those that the text refers to, by the place."""
        order, _, made, numbers, _ = self.settled()
        all_places = self._numbers_of_places(numbers, made)
        pages = sum(self._padded(made[name].pages) for name in order)
        return pages, {name: all_places[name] for name in self.referred}

    def settled(self) -> Settled:
        """Return the names of the gatherings in order, with what `Settled` tells of each, and where the body begins."""
        # No cached_property: until Python 3.12 it holds a lock of all instances, and this passes its turn on.
        if self._settled is not None:
            return self._settled
        before = [self._title(), *(self._matter(matter) for matter in self.book.front)]
        body, after = self._body()
        covers = [] if self.look.is_bound else [self._cover()]
        blanks = [self._blank()] if self.look.is_bound else []
        fixed = [*covers, *before, *body, *after, *blanks]
        made = dict(zip((piece.name for piece in fixed), self._run(fixed), strict=True))
        order = [*(piece.name for piece in (*covers, before[0])), "contents"]
        order += [piece.name for piece in (*before[1:], *body)]
        order += [owner for _, owner in self._back_matter()]
        # The sheets are of no use any more, and they are as large as the book.
        heads = {piece.name: (piece.left, piece.right) for piece in fixed}
        first_of_body = order.index(body[0].name)
        numbers = self._add_numbered(order, heads, made, first_of_body)
        self._settled = (order, heads, made, numbers, first_of_body)
        return self._settled

    def _blank(self) -> Piece:
        return Piece(_BLANK, self._sheet(_BLANK, _BLANK, self.book.title, Markup(""), None))

    def _padded(self, pages: int) -> int:
        """Return a gathering's pages with the blank one at its end that lets the next open on the right."""
        return pages + pages % 2 if self.look.is_bound else pages

    def _with_blank(self, name: str, made: dict[str, _typeset.Gathering]) -> list[_typeset.Gathering]:
        gathering = made[name]
        return [gathering, made[_BLANK]] if self._padded(gathering.pages) > gathering.pages else [gathering]

    def _as_print_file(self) -> dict[str, Any]:
        """Return what a binding needs besides for a print shop."""
        if not self.look.is_bound:
            return {}
        profile = self.book.ink_profiles.get("print", b"")
        inks = "gray" if self.book.editions.print.ink == "gray" else "uncoated"
        return {"print_file": PrintFile(plain_serif(self.design), self.found()[1], inks, profile)}

    @staticmethod
    def _numbers_of_places(numbers: dict[str, list[str]], made: dict[str, _typeset.Gathering]) -> dict[str, str]:
        """Return the printed number of the page where each anchor stands."""
        return {
            anchor.name: numbers[owner][anchor.page]
            for owner, gathering in made.items()
            if owner in numbers
            for anchor in gathering.anchors
        }

    def has_room(self, name: str, number: str) -> bool:
        """Say whether the text left as much room for the number of a place's page as it takes."""
        serif = plain_serif(self.design)
        return abs(width(serif, number) - width(serif, self.referred[name])) < 1e-6

    def _page_of(self, target: m.Target) -> Markup:
        """Return the words that a reference on paper ends with, and nothing on a screen, where it is a link."""
        if not self.look.is_bound:
            return Markup("")
        name = place(target.owner, target.anchor)
        number = self.referred[name] = self.numbers.get(name, "00")
        room = width(plain_serif(self.design), number)
        # A line's end would be a space before what follows.
        return self._page("page-of.html.j2", address=page_address(name), room=f"{room:.3f}em").strip()

    def _has(self, piece: m.Matter | m.Generated) -> bool:
        """Say whether a piece of back matter has anything to show."""
        if isinstance(piece, m.Matter):
            return True
        return {
            "notes": bool(self.book.citations),
            "glossary": bool(self.book.glossary),
            "index": bool(self._index),
        }[piece.kind]

    def _back_matter(self) -> list[tuple[str, str]]:
        """Return the title and the name of each piece of back matter that has anything to show."""
        return [
            (piece.title, piece.id) if isinstance(piece, m.Matter) else (_TITLES[piece.kind], piece.kind)
            for piece in self.book.back
            if self._has(piece)
        ]

    @cached_property
    def _index(self) -> tuple[Entry, ...]:
        return index_entries(self.book.texts())

    def _run(self, pieces: Sequence[Piece], step: str = "workbook") -> list[_typeset.Gathering]:
        results = self.press.results(_typeset.typeset, [piece.sheet for piece in pieces], step)
        return [_typeset.gathering(result) for result in results]

    def _add_numbered(
        self,
        order: Sequence[str],
        heads: dict[str, tuple[str, str]],
        made: dict[str, _typeset.Gathering],
        first_of_body: int,
    ) -> dict[str, list[str]]:
        """Typeset what bears page numbers, contents, notes and index, until their own lengths agree with them.

        Return the printed numbers of each gathering's pages.
        """
        rows = sum(1 + len(entry.subs) for entry in self._index)
        # A guess; where it is wrong, one of them is set twice.
        guesses = {
            "contents": 1 + len(order) // _ROWS_OF_CONTENTS,
            "notes": 1 + len(self.book.citations) // _WORKS,
            "index": 1 + rows // _ROWS_OF_INDEX,
        }
        draw = {"contents": self._contents, "notes": self._notes, "index": self._index_piece}
        lengths = {name: guesses[name] for name in draw if name in order}
        pieces: dict[str, Piece] = {}
        for _ in range(6):
            pages = [self._padded(lengths[name] if name in lengths else made[name].pages) for name in order]
            covers = 0 if self.look.is_bound else 1
            labels = dict(zip(order, numbers_of(pages, first_of_body, covers), strict=True))
            drafts = [draw[name](labels, made) for name in lengths]
            changed = [draft for draft in drafts if pieces.get(draft.name) != draft]
            for draft, gathering in zip(changed, self._run(changed), strict=True):
                pieces[draft.name], made[draft.name] = draft, gathering
                heads[draft.name] = (draft.left, draft.right)
            found = {name: made[name].pages for name in lengths}
            if found == lengths:
                return labels
            lengths = found
        raise WriteError(
            "the contents, the notes and the index never settle on their pages\n    Please report this book."
        )

    # ------------------------------------------------------------------ pieces

    def _sheet(self, name: str, kind: str, title: str, body: Markup, motif: float | None) -> _typeset.Sheet:
        html = self.templates.page("workbook/gathering.html.j2", book=self.book, title=title, kind=kind, body=body)
        resources = {"ruled.svg": ("image/svg+xml", self.ruled)}
        if motif is not None:
            resources["motif.svg"] = ("image/svg+xml", motif_svg(self.templates, motif, is_tight=True))
        resources |= {name: image for name, image in self.images.items() if _typeset.resource_address(name) in html}
        return _typeset.sheet(self.design, html, self.css, resources, fillable=self.look.is_fillable, name=name)

    def _page(self, template: str, **values: Any) -> Markup:
        return self.templates.fragment(f"workbook/{template}", book=self.book, place=place, **values)

    def _cover(self) -> Piece:
        return Piece("cover", cover_sheet(self.book, self.design, *self.look.trim))

    def _title(self) -> Piece:
        body = self._page("title.html.j2", lines=balanced(self.book.title))
        return Piece("title-page", self._sheet("title-page", "front", self.book.title, body, self.book.motif))

    def _matter(self, matter: m.Matter) -> Piece:
        body = self._page("matter.html.j2", matter=matter, text=self.renderer.text(matter.id, matter.text))
        sheet = self._sheet(matter.id, "matter", matter.title, body, matter.motif)
        return Piece(matter.id, sheet, self.book.title, matter.title)

    def _body(self) -> tuple[list[Piece], list[Piece]]:
        """Return parts and chapters, and the back matter that bears no page numbers."""
        body = []
        for part in self.book.parts:
            text = self.renderer.text(part.slug, part.text)
            page = self._page("part.html.j2", part=part, numeral=roman(part.number).upper(), text=text)
            body.append(Piece(part.slug, self._sheet(part.slug, "part", part.title, page, part.motif)))
            body += [self._chapter(chapter, part) for chapter in part.chapters]
        after = []
        for piece in self.book.back:
            if isinstance(piece, m.Matter):
                after.append(self._matter(piece))
            elif piece.kind == "glossary" and self._has(piece):
                self.renderer.start(piece.kind, m.Document(()))
                page = self._page("glossary.html.j2", render=self.renderer)
                sheet = self._sheet("glossary", "matter", "Glossary", page, None)
                after.append(Piece("glossary", sheet, self.book.title, "Glossary"))
        return body, after

    def _chapter(self, chapter: m.Chapter, part: m.Part) -> Piece:
        text = self.renderer.text(chapter.id, chapter.text)
        page = self._page("chapter.html.j2", chapter=chapter, text=text, render=self.renderer)
        sheet = self._sheet(chapter.id, "chapter", chapter.title, page, chapter.motif)
        return Piece(chapter.id, sheet, chapter.title, part.title)

    def _cite_anchor(self, key: str) -> str:
        """Return the anchor of a file's first citation of a work, and nothing for its later ones."""
        where = (self.renderer.owner, f"cite-{key}")
        cited = self._cited.setdefault(key, [])
        if where in cited or where[0] in _TITLES:
            return ""
        cited.append(where)
        return place(*where)

    def _contents(self, labels: dict[str, list[str]], made: dict[str, _typeset.Gathering]) -> Piece:
        def entry(number: str, title: str, owner: str) -> dict[str, str]:
            return {"number": number, "title": title, "href": place_address(owner), "page": labels[owner][0]}

        groups: list[dict[str, Any]] = []
        if self.book.front:
            front = [entry("", matter.title, matter.id) for matter in self.book.front]
            groups.append({"title": "", "href": "", "entries": front})
        for part in self.book.parts:
            title = f"{roman(part.number).upper()} · {part.title}"
            chapters = [entry(str(chapter.number), chapter.title, chapter.id) for chapter in part.chapters]
            groups.append({"title": title, "href": place_address(part.slug), "entries": chapters})
        back = [entry("", title, owner) for title, owner in self._back_matter()]
        groups.append({"title": "", "href": "", "entries": back})
        body = self._page("contents.html.j2", groups=[group for group in groups if group["entries"]])
        return Piece("contents", self._sheet("contents", "front", "Contents", body, None), self.book.title, "Contents")

    def _notes(self, labels: dict[str, list[str]], made: dict[str, _typeset.Gathering]) -> Piece:
        numbers = self._numbers_of_places(labels, made)
        pages = {
            key: ranges([(numbers[place(*where)], place_address(*where)) for where in self._cited.get(key, ())])
            for key in self.book.citations
        }
        self.renderer.start("notes", m.Document(()))
        body = self._page("notes.html.j2", render=self.renderer, pages=pages)
        return Piece("notes", self._sheet("notes", "matter", "Notes", body, None), self.book.title, "Notes")

    def _index_piece(self, labels: dict[str, list[str]], made: dict[str, _typeset.Gathering]) -> Piece:
        pages = self._numbers_of_places(labels, made)

        def shown(entry: Entry) -> dict[str, Any]:
            numbered = [(pages[place(*where)], place_address(*where)) for where in entry.places]
            return {
                "heading": entry.heading,
                "pages": ranges(numbered),
                "see": entry.see,
                "see_also": entry.see_also,
                "subs": [shown(sub) for sub in entry.subs],
            }

        groups: list[dict[str, Any]] = []
        for entry in self._index:
            letter = initial(entry.heading)
            if not groups or groups[-1]["letter"] != letter:
                groups.append({"letter": letter, "entries": []})
            groups[-1]["entries"].append(shown(entry))
        body = self._page("index.html.j2", groups=groups)
        return Piece("index", self._sheet("index", "matter", "Index", body, None), self.book.title, "Index")

    # ------------------------------------------------------------------ around the pages

    def _folios(
        self,
        order: Sequence[str],
        heads: dict[str, tuple[str, str]],
        made: dict[str, _typeset.Gathering],
        numbers: dict[str, list[str]],
    ) -> tuple[_folios.Folio, ...]:
        """Return what each page bears: a folio, and a running head but where a piece opens; a blank page nothing."""
        folios: list[_folios.Folio] = []
        for name in order:
            left, right = heads[name]
            for page, number in enumerate(numbers[name]):
                # The first page of a bound book is a right-hand one; a cover stands before it on a screen.
                is_left = len(folios) % 2 == (1 if self.look.is_bound else 0)
                head = left if is_left else right
                if name in ("cover", "title-page") or not left or page >= made[name].pages:
                    folios.append(_folios.Folio(""))
                else:
                    folios.append(_folios.Folio(number, head if page else ""))
        return tuple(folios)
