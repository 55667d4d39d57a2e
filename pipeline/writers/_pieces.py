"""A book and the look of an edition in; the sheet of each piece of its workbook, in the order of the book, out."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, partial
from typing import Any, TypeAlias

from msgspec import Struct

from pipeline import model as m
from pipeline.model import Book
from pipeline.writers import _typeset
from pipeline.writers._bind import NUMBER_HEIGHT, page_address, place, place_address
from pipeline.writers._cover import balanced, cover_sheet
from pipeline.writers._edition import Look
from pipeline.writers._folios import plain_serif, width
from pipeline.writers._guess import pages_of_contents, pages_of_index, pages_of_notes
from pipeline.writers._html import Markup, Renderer, Templates, label_of, roman
from pipeline.writers._index import Entry, index_entries, initial
from pipeline.writers._motif import motif_svg
from pipeline.writers._numbering import ranges
from pipeline.writers._prompts import field_values, image_address, image_resources, ruled_svg

BLANK = "blank"
_TITLES = {"notes": "Notes", "glossary": "Glossary", "index": "Index"}
_NO_NUMBER = "00"
# Printed numbers by what bears them: those of each piece's pages, and that of each place's page.
Labels: TypeAlias = Mapping[str, Sequence[str]]
Numbers: TypeAlias = Mapping[str, str]


class Piece(Struct, frozen=True):
    """A gathering to be: its name, its sheet, and the running heads of its left and right pages.

    `rooms` are the places whose page numbers its text left room for, each with the number that fits there.
    """

    name: str
    sheet: _typeset.Sheet
    left: str = ""
    right: str = ""
    rooms: dict[str, str] = {}


def stylesheet(templates: Templates, look: Look) -> str:
    """Return the styles of an edition's pages."""
    return templates.style("workbook.css.j2", look=look, number_height=f"{NUMBER_HEIGHT}em")


class Pieces:
    """Draws the pieces of one edition.

    `fixed` are the names of those that bear no page numbers but in references. `order` has them all, but for a blank
    page.
    """

    def __init__(self, book: Book, look: Look) -> None:
        self.book = book
        self.look = look
        self.design = look.design
        self.serif = plain_serif(self.design)
        self.templates = Templates(self.design)
        self.css = stylesheet(self.templates, look)
        # The places where each work is cited, the first in each file.
        self._cited: dict[str, dict[str, tuple[str, str]]] = {}
        self._cited_here: set[str] = set()
        self._numbers: Numbers = {}
        self._rooms: dict[str, str] = {}
        line = self.design.theme.writing["line"]
        self._ruled = ruled_svg(self.templates, line)
        self._images = image_resources(book)
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
        self._draw: dict[str, Callable[[], Piece]] = dict(self._ways_to_draw())
        self.fixed = list(self._draw)
        self.order = self._in_order()

    @property
    def first_of_body(self) -> int:
        """The place in `order` of the first part."""
        return self.order.index(self.book.parts[0].slug)

    def back_matter(self) -> list[tuple[str, str]]:
        """Return the title and the name of each piece of back matter that has anything to show."""
        return [
            (piece.title, piece.id) if isinstance(piece, m.Matter) else (_TITLES[piece.kind], piece.kind)
            for piece in self.book.back
            if self._has(piece)
        ]

    def numbered(self) -> dict[str, int]:
        """Return the names of contents, notes and index, each with a guess at its number of pages.

        All other pieces have been drawn.
        """
        cited = sum(map(len, self._cited.values()))
        guesses = {
            "contents": pages_of_contents(len(self._draw), self.look),
            "notes": pages_of_notes(len(self.book.citations), cited, self.look),
            "index": pages_of_index(self._index, self.look),
        }
        return {name: guess for name, guess in guesses.items() if name in self.order}

    def draw(self, name: str, numbers: Numbers) -> Piece:
        """Return one of the `fixed` pieces; `numbers` are those that it leaves room for where it refers to a page."""
        self._numbers, self._rooms = numbers, {}
        self._cited_here = set()
        return self._draw[name]()

    def draw_numbered(self, name: str, labels: Labels, numbers: Numbers) -> Piece:
        """Return one of the `numbered` pieces, with the printed numbers that it bears."""
        self._numbers, self._rooms = numbers, {}
        if name == "contents":
            return self._contents(labels)
        return self._notes(numbers) if name == "notes" else self._index_piece(numbers)

    def has_room(self, rooms: Mapping[str, str], numbers: Numbers) -> bool:
        """Say whether a piece left as much room for each number as it takes."""
        return all(
            numbers[name] == number or abs(width(self.serif, numbers[name]) - width(self.serif, number)) < 1e-6
            for name, number in rooms.items()
        )

    # ------------------------------------------------------------------ which there are

    def _ways_to_draw(self) -> dict[str, Callable[[], Piece]]:
        """Return what draws each piece that bears no page numbers, by its name, in the order of the book."""
        ways: dict[str, Callable[[], Piece]] = {}
        if not self.look.is_bound:
            ways["cover"] = self._cover
        ways["title-page"] = self._title
        ways |= {matter.id: partial(self._matter, matter) for matter in self.book.front}
        for part in self.book.parts:
            ways[part.slug] = partial(self._part, part)
            ways |= {chapter.id: partial(self._chapter, chapter, part) for chapter in part.chapters}
        for piece in self.book.back:
            if isinstance(piece, m.Matter):
                ways[piece.id] = partial(self._matter, piece)
            elif piece.kind == "glossary" and self._has(piece):
                ways["glossary"] = self._glossary
        if self.look.is_bound:
            ways[BLANK] = self._blank
        return ways

    def _in_order(self) -> list[str]:
        back = [name for _, name in self.back_matter()]
        before = [name for name in ("cover", "title-page") if name in self._draw]
        text = [name for name in self._draw if name not in {*before, *back, BLANK}]
        return [*before, "contents", *text, *back]

    def _has(self, piece: m.Matter | m.Generated) -> bool:
        """Say whether a piece of back matter has anything to show."""
        if isinstance(piece, m.Matter):
            return True
        return {
            "notes": bool(self.book.citations),
            "glossary": bool(self.book.glossary),
            "index": bool(self._index),
        }[piece.kind]

    @cached_property
    def _index(self) -> tuple[Entry, ...]:
        return index_entries(self.book.texts())

    # ------------------------------------------------------------------ references

    def _page_of(self, target: m.Target) -> Markup:
        """Return the words that a reference ends with: the page of its target, whose number binding writes."""
        name = place(target.owner, target.anchor)
        number = self._rooms[name] = self._numbers.get(name, _NO_NUMBER)
        room = width(self.serif, number)
        # A line's end would be a space before what follows.
        return self._page("page-of.html.j2", address=page_address(name), room=f"{room:.3f}em").strip()

    def _cite_anchor(self, key: str) -> str:
        """Return the anchor of a file's first citation of a work, and nothing for its later ones."""
        owner = self.renderer.owner
        if key in self._cited_here or owner in _TITLES:
            return ""
        self._cited_here.add(key)
        where = self._cited.setdefault(key, {})[owner] = (owner, f"cite-{key}")
        return place(*where)

    # ------------------------------------------------------------------ pieces

    def _piece(self, name: str, sheet: _typeset.Sheet, left: str = "", right: str = "") -> Piece:
        return Piece(name, sheet, left, right, self._rooms)

    def _sheet(self, name: str, kind: str, title: str, body: Markup, motif: float | None) -> _typeset.Sheet:
        html = self.templates.page("workbook/gathering.html.j2", book=self.book, title=title, kind=kind, body=body)
        resources = {"ruled.svg": ("image/svg+xml", self._ruled)}
        if motif is not None:
            resources["motif.svg"] = ("image/svg+xml", motif_svg(self.templates, motif, is_tight=True))
        resources |= {name: image for name, image in self._images.items() if _typeset.resource_address(name) in html}
        return _typeset.sheet(self.design, html, self.css, resources, fillable=self.look.is_fillable, name=name)

    def _page(self, template: str, **values: Any) -> Markup:
        return self.templates.fragment(f"workbook/{template}", book=self.book, place=place, **values)

    def _blank(self) -> Piece:
        return Piece(BLANK, self._sheet(BLANK, BLANK, self.book.title, Markup(""), None))

    def _cover(self) -> Piece:
        return Piece("cover", cover_sheet(self.book, self.design, *self.look.trim))

    def _title(self) -> Piece:
        body = self._page("title.html.j2", lines=balanced(self.book.title))
        return Piece("title-page", self._sheet("title-page", "front", self.book.title, body, self.book.motif))

    def _matter(self, matter: m.Matter) -> Piece:
        body = self._page("matter.html.j2", matter=matter, text=self.renderer.text(matter.id, matter.text))
        sheet = self._sheet(matter.id, "matter", matter.title, body, matter.motif)
        return self._piece(matter.id, sheet, self.book.title, matter.title)

    def _part(self, part: m.Part) -> Piece:
        text = self.renderer.text(part.slug, part.text)
        page = self._page("part.html.j2", part=part, numeral=roman(part.number).upper(), text=text)
        return self._piece(part.slug, self._sheet(part.slug, "part", part.title, page, part.motif))

    def _chapter(self, chapter: m.Chapter, part: m.Part) -> Piece:
        text = self.renderer.text(chapter.id, chapter.text)
        page = self._page("chapter.html.j2", chapter=chapter, text=text, render=self.renderer)
        sheet = self._sheet(chapter.id, "chapter", chapter.title, page, chapter.motif)
        return self._piece(chapter.id, sheet, chapter.title, part.title)

    def _glossary(self) -> Piece:
        self.renderer.start("glossary", m.Document(()))
        page = self._page("glossary.html.j2", render=self.renderer)
        return self._generated("glossary", page)

    def _generated(self, kind: str, body: Markup) -> Piece:
        sheet = self._sheet(kind, "matter", _TITLES[kind], body, None)
        return self._piece(kind, sheet, self.book.title, _TITLES[kind])

    # ------------------------------------------------------------------ pieces that bear page numbers

    def _contents(self, labels: Labels) -> Piece:
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
        back = [entry("", title, owner) for title, owner in self.back_matter()]
        groups.append({"title": "", "href": "", "entries": back})
        body = self._page("contents.html.j2", groups=[group for group in groups if group["entries"]])
        return Piece("contents", self._sheet("contents", "front", "Contents", body, None), self.book.title, "Contents")

    def _notes(self, numbers: Numbers) -> Piece:
        cited = {key: self._cited.get(key, {}).values() for key in self.book.citations}
        pages = {key: ranges(_numbered(places, numbers)) for key, places in cited.items()}
        self.renderer.start("notes", m.Document(()))
        return self._generated("notes", self._page("notes.html.j2", render=self.renderer, pages=pages))

    def _index_piece(self, numbers: Numbers) -> Piece:
        def shown(entry: Entry) -> dict[str, Any]:
            return {
                "heading": entry.heading,
                "pages": ranges(_numbered(entry.places, numbers)),
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
        return self._generated("index", self._page("index.html.j2", groups=groups))


def _numbered(places: Iterable[tuple[str, str]], numbers: Numbers) -> list[tuple[str, str]]:
    """Return the number of each place's page, and the place's address."""
    return [(numbers[place(*where)], place_address(*where)) for where in places]
