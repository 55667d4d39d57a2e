"""A book in; the pages of its EPUB as XHTML, in reading order, out."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import msgspec
from msgspec import Struct

from pipeline import model as m
from pipeline.identifiers import is_right_to_left
from pipeline.writers._epub_contents import REST, REST_TITLE, Item, contents
from pipeline.writers._epub_index import Locator, index_groups
from pipeline.writers._epub_places import anchor_of, back_of, cite_id, is_notes, part_target, places_of
from pipeline.writers._epub_trail import Trail
from pipeline.writers._html import Markup, Renderer, Templates, label_of
from pipeline.writers._motif import motif_words
from pipeline.writers._page_breaks import PrintedPage, identifier, marked, page_break

CONTENTS = "nav.xhtml"
# Printed pages by the file of the manuscript that they belong to.
Printed: TypeAlias = Mapping[str, list[PrintedPage]]

_TITLE_PAGE, _COPYRIGHT = "title.xhtml", "copyright.xhtml"

_MODULES = ("epub/blocks.html.j2", "shared/blocks.html.j2")
# Front and back matter that EPUB and DPUB-ARIA have the same word for, by the name of its file.
_KINDS = ["acknowledgments", "afterword", "appendix", "colophon", "conclusion", "dedication", "epigraph", "epilogue"]
_KINDS += ["foreword", "introduction", "preface", "prologue"]
_KIND_OF = {kind: kind for kind in _KINDS} | {"about": "colophon", "acknowledgements": "acknowledgments"}
# XML 1.0 §2.2 has no place for these, escaped or not.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class Page(Struct, frozen=True):
    """A file of the EPUB: its name, its markup, and the word (EPUB SSV) and title that landmarks have for it."""

    file: str
    title: str
    markup: str
    landmark: str = ""


def pages(
    book: m.Book,
    templates: Templates,
    images: dict[str, str],
    cover: str,
    rest: Sequence[m.Part] | None = None,
    printed: Callable[[], Printed] = dict,
    *,
    has_motifs: bool = True,
) -> list[Page]:
    """Return every page in reading order; `images` gives the EPUB's name of each of the book's images.

    `cover` is the name of the cover's picture, empty where no page shows it. `rest` is what a sample
    lacks: a last page says where it is to be found. `printed` is asked late for the printed pages of each file of the
    manuscript; where each began, a mark is set, and the contents list them. `has_motifs` says whether pieces open with
    a drawing.
    """
    return _Pages(book, templates, images, cover, rest, has_motifs).all(printed)


class _Pages:
    """Makes the pages of one book."""

    def __init__(
        self,
        book: m.Book,
        templates: Templates,
        images: dict[str, str],
        cover: str,
        rest: Sequence[m.Part] | None,
        has_motifs: bool,
    ) -> None:
        self._book = book
        self._templates = templates
        self._cover = cover
        self._rest = rest
        self._has_motifs = has_motifs
        self._places = places_of(book)
        self._trail = Trail()
        self._render = Renderer(
            book,
            templates,
            self._href,
            _MODULES,
            anchor=anchor_of,
            image=images.__getitem__,
            label_of=label_of,
            trail=self._trail,
            words_of=m.words_of,
        )

    def all(self, printed: Callable[[], Printed]) -> list[Page]:
        """Return the pages in reading order, with marks where printed pages began."""
        opening = self._opening()
        front = [self._matter(matter, "frontmatter") for matter in self._book.front]
        body: list[Page] = []
        for part in self._book.parts:
            body.append(self._part(part))
            body += [self._chapter(chapter) for chapter in part.chapters]
        # The notes lead back to every citation, so they are made when all the others are.
        back = [None if is_notes(piece) else self._back_page(piece) for piece in back_of(self._book)]
        body_and_back = [*body, *(page or self._notes() for page in back)]
        if self._rest is not None:
            body_and_back.append(self._page("rest", REST, REST_TITLE, "backmatter", "", {"rest": self._rest}))
        numbers = self._numbers(printed())
        opening, front, body_and_back = (
            [self._numbered(page, numbers) for page in pages] for pages in (opening, front, body_and_back)
        )
        return [*opening, self._contents(opening, front, body_and_back, numbers), *front, *body_and_back]

    def _numbers(self, printed: Printed) -> dict[str, list[PrintedPage]]:
        """Return the printed pages that begin in each file of the EPUB, in reading order."""
        files = {"contents": CONTENTS} | {owner: place.file for owner, place in self._places.items()}
        # The workbook's title page has the copyright on its back.
        titles = printed.get("title-page", [])
        found = {_TITLE_PAGE: titles[:1], _COPYRIGHT: titles[1:]}
        return found | {files[owner]: pages for owner, pages in printed.items() if owner in files}

    def _numbered(self, page: Page, numbers: dict[str, list[PrintedPage]]) -> Page:
        return msgspec.structs.replace(page, markup=marked(page.markup, numbers.get(page.file, ())))

    def _page(
        self,
        template: str,
        file: str,
        title: str,
        division: str,
        landmark: str = "",
        values: dict[str, Any] | None = None,
    ) -> Page:
        markup = self._templates.page(
            f"epub/{template}.xhtml.j2",
            anchor=anchor_of,
            book=self._book,
            division=division,
            has_motifs=self._has_motifs,
            is_right_to_left=is_right_to_left,
            render=self._render,
            title=title,
            **(values or {}),
        )
        return Page(file, title, _NOT_XML.sub("", markup), landmark)

    def _opening(self) -> list[Page]:
        book = self._book
        cover = {"cover": self._cover, "description": cover_words(book)}
        return [
            *([self._page("cover", "cover.xhtml", "Cover", "frontmatter", "cover", cover)] if self._cover else []),
            self._page("title", _TITLE_PAGE, book.title, "frontmatter", "titlepage"),
            self._page("copyright", _COPYRIGHT, "Copyright", "frontmatter", "copyright-page"),
        ]

    def _matter(self, matter: m.Matter, division: str) -> Page:
        kind = _KIND_OF.get(matter.slug, "")
        values = {"kind": kind, "matter": matter, "text": self._text(matter.id, matter.text)}
        return self._page("matter", self._places[matter.id].file, matter.title, division, kind, values)

    def _part(self, part: m.Part) -> Page:
        values = {"label": label_of(part_target(part)), "part": part, "text": self._text(part.slug, part.text)}
        return self._page("part", self._places[part.slug].file, part.title, "bodymatter", "", values)

    def _chapter(self, chapter: m.Chapter) -> Page:
        text = self._text(chapter.id, chapter.text)
        prompts = (self._render(prompt, number=number) for number, prompt in enumerate(chapter.worksheet, start=1))
        site = self._book.website.rstrip("/")
        values = {
            "chapter": chapter,
            "printable": f"{site}/worksheets/{chapter.file_stem}.pdf" if site else "",
            "text": text,
            "worksheet": Markup("").join(prompts),
        }
        return self._page("chapter", self._places[chapter.id].file, chapter.title, "bodymatter", "", values)

    def _back_page(self, piece: m.Matter | m.Generated) -> Page:
        if isinstance(piece, m.Matter):
            return self._matter(piece, "backmatter")
        return self._index_page() if piece.kind == "index" else self._glossary()

    def _glossary(self) -> Page:
        self._start("glossary", m.Document(()))
        return self._page("glossary", self._places["glossary"].file, "Glossary", "backmatter", "glossary")

    def _notes(self) -> Page:
        self._start("notes", m.Document(()))
        cited = {
            key: [Locator(p.label, p.words, f"{p.file}#{cite_id(key)}") for p in map(self._places.__getitem__, owners)]
            for key, owners in self._trail.cited.items()
        }
        values = {"cited": cited}
        return self._page("notes", self._places["notes"].file, "Notes", "backmatter", "bibliography", values)

    def _index_page(self) -> Page:
        values = {"groups": index_groups(self._book, self._places)}
        return self._page("index", self._places["index"].file, "Index", "backmatter", "index", values)

    def _contents(
        self, opening: list[Page], front: list[Page], rest: list[Page], numbers: dict[str, list[PrintedPage]]
    ) -> Page:
        worksheets = [
            Item(0, c.worksheet_title or c.title, f"{self._places[c.id].file}#page.worksheet", str(c.number), "chapter")
            for c in self._book.chapters
            if c.worksheet
        ]
        landmarks = [(page.landmark, page.file, page.title) for page in opening]
        landmarks.append(("toc", f"{CONTENTS}#page.contents", "Contents"))
        landmarks += [(page.landmark, page.file, page.title) for page in front if page.landmark]
        landmarks.append(("bodymatter", rest[0].file, "Start of the text"))
        landmarks += [(page.landmark, page.file, page.title) for page in rest if page.landmark]
        listed = [(page.label, f"{file}#{identifier(page.label)}") for file, pages in numbers.items() for page in pages]
        values = {
            "contents": contents(self._book, self._rest),
            "page_list": listed,
            "own_pages": [page.label for page in numbers.get(CONTENTS, ())],
            "page_break": page_break,
            "landmarks": landmarks,
            "worksheets": worksheets,
        }
        return self._page("nav", CONTENTS, "Contents", "frontmatter", "", values)

    def _text(self, owner: str, text: m.Document) -> Markup:
        """Return a file's blocks, each heading opening a section that holds what is below it."""
        self._start(owner, text)
        pieces: list[Markup] = []
        levels: list[int] = []
        for block in text.blocks:
            if isinstance(block, m.Heading):
                while levels and levels[-1] >= block.level:
                    levels.pop()
                    pieces.append(Markup("</section>\n"))
                levels.append(block.level)
                pieces.append(Markup("<section>\n"))
            pieces.append(self._render(block))
        pieces += [Markup("</section>\n")] * len(levels)
        return Markup("").join(pieces)

    def _start(self, owner: str, text: m.Document) -> None:
        self._render.start(owner, text)
        self._trail.start(owner)

    def _href(self, owner: str, anchor: str) -> str:
        """Return an address in the EPUB, and nothing for back matter that this book doesn't have."""
        place = self._places.get(owner)
        if place is None:
            return ""
        return f"{place.file}#{anchor_of(anchor)}" if anchor else place.file


def cover_words(book: m.Book) -> str:
    """Return the cover's alternative text: the author's, or one made of what stands on it."""
    if book.texts_around.cover_alt:
        return book.texts_around.cover_alt
    lines = [book.title, book.subtitle, *book.authors, motif_words(book.motif)]
    return "Cover: " + " ".join(f"{line}." for line in lines if line)
