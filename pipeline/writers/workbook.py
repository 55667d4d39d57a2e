"""The workbook: one fillable PDF, typeset a chapter at a time and bound."""

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

from msgspec import Struct

from pipeline import model as m
from pipeline.errors import WriteError
from pipeline.model import Artifact, Book
from pipeline.press import Press
from pipeline.theme import Design
from pipeline.writers import _bind, _folios, _typeset
from pipeline.writers._bind import Bookmark, PageLabels, place, place_address
from pipeline.writers._cover import balanced, cover_sheet
from pipeline.writers._html import Markup, Renderer, Templates, label_of, roman
from pipeline.writers._index import Entry, index_entries, initial
from pipeline.writers._motif import motif_svg
from pipeline.writers._prompts import field_values, image_address, image_resources, ruled_svg

# The press has most to do for it, so a build begins here.
IS_TYPESET = True
_PAPER = {"A5": ("148mm", "210mm"), "A4": ("210mm", "297mm"), "Letter": ("8.5in", "11in")}
# How many a page holds, about.
_ROWS_OF_CONTENTS, _ROWS_OF_INDEX = 36, 70
_TITLES = {"notes": "Notes", "glossary": "Glossary", "index": "Index"}


class Piece(Struct, frozen=True):
    """A gathering to be: its name, its sheet, and the running heads of its left and right pages."""

    name: str
    sheet: _typeset.Sheet
    left: str = ""
    right: str = ""


def write(book: Book, design: Design, press: Press) -> Sequence[Artifact]:
    """Return the workbook as one PDF/UA-1 file."""
    pdf, pages = _Workbook(book, design, press).bound()
    sources = ("content/book.yaml", *sorted(_sources(book)))
    summary = "the workbook: read it on screen and fill it in, or print it"
    return (Artifact("workbook.pdf", "workbook", "application/pdf", pdf, summary, sources, pages),)


def printed(book: Book, design: Design, press: Press) -> dict[str, list[tuple[str, str]]]:
    """Return the number and the text of each printed page by the file of the manuscript that it belongs to.

    The title page and the contents have their own names. A page is as it was typeset, without running head and folio.
    """
    order, _, made, first_of_body = _Workbook(book, design, press).settled()
    gatherings = [made[name] for name in order]
    labels = _labels_by_name(order, [gathering.pages for gathering in gatherings], first_of_body)
    texts = map(_typeset.decode_texts, press.run(_typeset.page_texts, gatherings))
    return {name: list(zip(labels[name], text, strict=True)) for name, text in zip(order, texts, strict=True)}


def _sources(book: Book) -> Iterable[str]:
    for matter in (*book.front, *book.parts, *book.chapters, *book.back):
        if not isinstance(matter, m.Generated) and matter.location.path != "content/book.yaml":
            yield matter.location.path
    for kept in (book.references, book.glossary):
        if kept:
            yield kept[0].location.path
    yield from (f"content/{path}" for path in book.images)


class _Workbook:
    def __init__(self, book: Book, design: Design, press: Press) -> None:
        self.book = book
        self.design = design
        self.press = press
        self.templates = Templates(design)
        self.css = self.templates.style("workbook.css.j2")
        line = design.theme.writing["line"]
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
            **field_values(self.templates, line),
        )

    # ------------------------------------------------------------------ the whole

    def bound(self) -> tuple[bytes, int]:
        """Return the bound PDF and its number of pages."""
        order, pieces, made, first_of_body = self.settled()
        gatherings = [made[name] for name in order]
        starts = _starts(gatherings)
        labels = _page_labels(starts, first_of_body)
        folios = self._folios(order, pieces, gatherings, starts[first_of_body])
        binding = _bind.binding(
            gatherings,
            self.book,
            self.design,
            self.book.title,
            outline=self._outline(),
            labels=labels,
            folios=folios,
            look=_folios.style(self.design),
        )
        [pdf] = self.press.run(_bind.bind, [binding])
        return pdf, sum(gathering.pages for gathering in gatherings)

    def settled(self) -> tuple[list[str], dict[str, Piece], dict[str, _typeset.Gathering], int]:
        """Return the names of the gatherings in order, each one's piece and pages, and where the body begins."""
        before = [self._title(), *(self._matter(matter) for matter in self.book.front)]
        body, after = self._body()
        fixed = [self._cover(), *before, *body, *after]
        made = dict(zip((piece.name for piece in fixed), self._run(fixed), strict=True))
        order = ["cover", before[0].name, "contents", *(piece.name for piece in (*before[1:], *body))]
        order += [p.kind if isinstance(p, m.Generated) else p.id for p in self.book.back if self._has(p)]
        pieces = {piece.name: piece for piece in fixed}
        first_of_body = order.index(body[0].name)
        self._add_numbered(order, pieces, made, first_of_body)
        return order, pieces, made, first_of_body

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

    def _run(self, pieces: Sequence[Piece], step: str = "workbook") -> list[_typeset.Gathering]:
        results = self.press.run(_typeset.typeset, [piece.sheet for piece in pieces], step)
        return [_typeset.decode(result) for result in results]

    def _add_numbered(
        self,
        order: Sequence[str],
        pieces: dict[str, Piece],
        made: dict[str, _typeset.Gathering],
        first_of_body: int,
    ) -> None:
        """Typeset what bears page numbers, contents and index, until their own lengths agree with them."""
        wanted = [name for name in ("contents", "index") if name in order]
        # A guess; where it is wrong, one of them is set twice.
        rows = sum(1 + len(entry.subs) for entry in self._index)
        guesses = {"contents": 1 + len(order) // _ROWS_OF_CONTENTS, "index": 1 + rows // _ROWS_OF_INDEX}
        lengths = {name: guesses[name] for name in wanted}
        for _ in range(6):
            pages = [lengths[name] if name in lengths else made[name].pages for name in order]
            labels = _labels_by_name(order, pages, first_of_body)
            drafts = [self._contents(labels) if n == "contents" else self._index_piece(labels, made) for n in wanted]
            changed = [draft for draft in drafts if pieces.get(draft.name) != draft]
            for draft, gathering in zip(changed, self._run(changed), strict=True):
                pieces[draft.name], made[draft.name] = draft, gathering
            found = {name: made[name].pages for name in wanted}
            if found == lengths:
                return
            lengths = found
        raise WriteError("the contents and the index never settle on their pages\n    Please report this book.")

    # ------------------------------------------------------------------ pieces

    def _sheet(self, name: str, kind: str, title: str, body: Markup, motif: float | None) -> _typeset.Sheet:
        html = self.templates.page("workbook/gathering.html.j2", book=self.book, title=title, kind=kind, body=body)
        resources = {"ruled.svg": ("image/svg+xml", self.ruled)}
        if motif is not None:
            resources["motif.svg"] = ("image/svg+xml", motif_svg(self.templates, motif, is_tight=True))
        resources |= {name: image for name, image in self.images.items() if _typeset.resource_address(name) in html}
        return _typeset.sheet(self.design, html, self.css, resources, name=name)

    def _page(self, template: str, **values: Any) -> Markup:
        return self.templates.fragment(f"workbook/{template}", book=self.book, place=place, **values)

    def _cover(self) -> Piece:
        return Piece("cover", cover_sheet(self.book, self.design, *_PAPER[self.design.theme.page.size]))

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
            elif piece.kind != "index" and self._has(piece):
                self.renderer.start(piece.kind, m.Document(()))
                page = self._page(f"{piece.kind}.html.j2", render=self.renderer)
                title = _TITLES[piece.kind]
                sheet = self._sheet(piece.kind, "matter", title, page, None)
                after.append(Piece(piece.kind, sheet, self.book.title, title))
        return body, after

    def _chapter(self, chapter: m.Chapter, part: m.Part) -> Piece:
        text = self.renderer.text(chapter.id, chapter.text)
        page = self._page("chapter.html.j2", chapter=chapter, text=text, render=self.renderer)
        sheet = self._sheet(chapter.id, "chapter", chapter.title, page, chapter.motif)
        return Piece(chapter.id, sheet, chapter.title, part.title)

    def _contents(self, labels: dict[str, list[str]]) -> Piece:
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
        back = [
            entry("", piece.title if isinstance(piece, m.Matter) else _TITLES[piece.kind], _owner(piece))
            for piece in self.book.back
            if self._has(piece)
        ]
        groups.append({"title": "", "href": "", "entries": back})
        body = self._page("contents.html.j2", groups=[group for group in groups if group["entries"]])
        return Piece("contents", self._sheet("contents", "front", "Contents", body, None), self.book.title, "Contents")

    def _index_piece(self, labels: dict[str, list[str]], made: dict[str, _typeset.Gathering]) -> Piece:
        pages = {
            anchor.name: labels[owner][anchor.page]
            for owner, gathering in made.items()
            if owner in labels
            for anchor in gathering.anchors
        }

        def shown(entry: Entry) -> dict[str, Any]:
            numbered = [(pages[place(*where)], place_address(*where)) for where in entry.places]
            return {
                "heading": entry.heading,
                "pages": _ranges(numbered),
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
        pieces: dict[str, Piece],
        gatherings: Sequence[_typeset.Gathering],
        body_start: int,
    ) -> tuple[_folios.Folio, ...]:
        folios: list[_folios.Folio] = []
        for name, gathering in zip(order, gatherings, strict=True):
            piece = pieces[name]
            for page in range(gathering.pages):
                at = len(folios)
                number = str(at - body_start + 1) if at >= body_start else roman(at)
                head = piece.left if at % 2 == 0 else piece.right
                if name == "cover" or name == "title-page" or not piece.left:
                    folios.append(_folios.Folio(""))
                else:
                    folios.append(_folios.Folio(number, head if page else ""))
        return tuple(folios)

    def _outline(self) -> tuple[Bookmark, ...]:
        bookmarks = [Bookmark(self.book.title, place("title-page")), Bookmark("Contents", place("contents"))]
        bookmarks += [Bookmark(matter.title, place(matter.id)) for matter in self.book.front]
        for part in self.book.parts:
            chapters = tuple(self._chapter_bookmark(chapter) for chapter in part.chapters)
            title = f"Part {roman(part.number).upper()}: {part.title}"
            bookmarks.append(Bookmark(title, place(part.slug), chapters))
        for piece in self.book.back:
            if self._has(piece):
                title = piece.title if isinstance(piece, m.Matter) else _TITLES[piece.kind]
                bookmarks.append(Bookmark(title, place(_owner(piece))))
        return tuple(bookmarks)

    @staticmethod
    def _chapter_bookmark(chapter: m.Chapter) -> Bookmark:
        sections = [
            Bookmark(m.words_of(block.children), place(chapter.id, block.id))
            for block in chapter.text.blocks
            if isinstance(block, m.Heading) and block.level == 2
        ]
        if chapter.worksheet:
            sections.append(Bookmark("Worksheet", place(chapter.id, "worksheet")))
        return Bookmark(f"{chapter.number}. {chapter.title}", place(chapter.id), tuple(sections))


def _owner(piece: m.Matter | m.Generated) -> str:
    return piece.id if isinstance(piece, m.Matter) else piece.kind


def _starts(gatherings: Sequence[_typeset.Gathering]) -> list[int]:
    starts, total = [], 0
    for gathering in gatherings:
        starts.append(total)
        total += gathering.pages
    return starts


def _page_labels(starts: Sequence[int], first_of_body: int) -> tuple[PageLabels, ...]:
    """Return labels: the cover by its name, front matter in roman from i, the body in arabic from 1."""
    return (PageLabels(0, "", "Cover"), PageLabels(1, "r"), PageLabels(starts[first_of_body], "D"))


def _labels_by_name(order: Sequence[str], pages: Sequence[int], first_of_body: int) -> dict[str, list[str]]:
    """Return the printed numbers of each gathering's pages."""
    body_start = sum(pages[:first_of_body])
    labels: dict[str, list[str]] = {}
    at = 0
    for name, count in zip(order, pages, strict=True):
        numbers = range(at, at + count)
        labels[name] = [str(n - body_start + 1) if n >= body_start else roman(n) for n in numbers]
        at += count
    return labels


def _ranges(numbered: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return pages without doubles, runs of three or more as a range, each with the address of its first mark."""
    pages = list(dict(reversed(numbered)).items())[::-1]
    shown: list[tuple[str, str]] = []
    run: list[tuple[str, str]] = []
    for page in [*pages, ("", "")]:
        if run and page[0].isdigit() and run[-1][0].isdigit() and int(page[0]) == int(run[-1][0]) + 1:
            run.append(page)
            continue
        if len(run) > 2:
            shown.append((f"{run[0][0]}–{run[-1][0]}", run[0][1]))
        else:
            shown += run
        run = [page] if page[0] else []
    return shown
