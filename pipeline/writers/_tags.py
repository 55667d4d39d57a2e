"""WeasyPrint's laid-out boxes in; the structure tree of their HTML, one element for each element, out.

WeasyPrint's own tree has an element for each box, so that a paragraph which crosses a page is two, and an `<em>` is one
that says nothing. Boxes know their HTML element: here all boxes of an element, on whatever page, are one structure
element (ISO 32000-1, 14.7.2). A template may name the type of an element, as in `data-tag="TOC"`.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pipeline.writers._elements import Annotation, Content, Element, Tree

_LAST_GLYPH = re.compile(rb"([0-9a-f]{4})>[^<>]*\] TJ$")


def set_aside(pages: Sequence[Any]) -> None:
    """Have whatever is no content of its own drawn as an artifact (14.8.2.2).

    That is: what stands in margins, the dots of leaders, a table's head where it is repeated, `aria-hidden` and
    pictures with an empty `alt`.
    """
    from weasyprint.formatting_structure import boxes

    heads: set[int] = set()

    def look(box: Any, is_aside: bool) -> None:
        box = getattr(box, "_box", box)
        if isinstance(box, boxes.TableRowGroupBox) and (box.is_header or box.is_footer):
            is_aside = is_aside or id(box.element) in heads
            heads.add(id(box.element))
        elif box.is_leader or isinstance(box, boxes.MarginBox):
            is_aside = True
        elif not is_aside and box.element is not None:
            is_aside = box.element.get("aria-hidden") == "true" or box.element.get("alt") == ""
        if is_aside and isinstance(box, boxes.TextBox | boxes.ReplacedBox):
            box.is_aside = True
        for child in getattr(box, "children", ()):
            look(child, is_aside)

    for page in pages:
        look(page._page_box, False)


def split(original: Any) -> Any:
    """Return WeasyPrint's `split_text_box`, which also notes in a line's box that hyphenation divided a word."""

    def split_text_box(context: Any, box: Any, width: Any, skip: int | None, *rest: Any, **named: Any) -> Any:
        made = original(context, box, width, skip, *rest, **named)
        line, resume = made[:2]
        if line is not None:
            hyphen = box.style["hyphenate_character"]
            is_at_hyphen = resume is not None and line.text.endswith(hyphen)
            line.is_divided = is_at_hyphen and not box.text.encode()[skip:resume].decode().rstrip().endswith(hyphen)
        return made

    return split_text_box


def marked(original: Any) -> Any:
    """Return WeasyPrint's `Stream.marked`, but for what was set aside, and with soft hyphens in divided words."""

    @contextmanager
    def mark(stream: Any, box: Any, tag: str) -> Iterator[None]:
        if hasattr(box, "is_aside"):
            with stream.artifact():
                yield
            return
        with original(stream, box, tag):
            start = len(stream.stream)
            yield
            if getattr(box, "is_divided", False) and stream._tags is not None:
                _soften_hyphen(stream.stream, start)

    return mark


def _soften_hyphen(operations: list[Any], start: int) -> None:
    """Have the last glyph that was drawn read as a soft hyphen, which is none in the word (14.8.2.2.3)."""
    for at in range(len(operations) - 1, start - 1, -1):
        if isinstance(operations[at], bytes) and (last := _LAST_GLYPH.search(operations[at])):
            before, glyph = operations[at][: last.start(1)], last[1]
            operations[at] = before + b">] TJ /Span <</ActualText <FEFF00AD>>> BDC [<" + glyph + b">] TJ EMC"
            return


def read_as_drawn(generate: Callable[..., Any]) -> Callable[..., Any]:
    """Return WeasyPrint's `generate_pdf`, with a tree for `let_go_when_drawn` to read the pages into."""

    def generate_pdf(document: Any, target: Any, zoom: float, **options: Any) -> Any:
        document.tree = Tree(len(document.pages))
        for number, page in enumerate(document.pages):
            page.number, page.tree = number, document.tree
        return generate(document, target, zoom, **options)

    return generate_pdf


def let_go_when_drawn(paint: Callable[..., None], resolve: Callable[..., Any]) -> tuple[Callable[..., None], Any]:
    """Return WeasyPrint's `Page.paint` and `resolve_links`, such that a page's boxes are read and freed when drawn.

    Otherwise the boxes of all pages and the whole PDF would be in memory at once: a long index takes twice the room.
    """

    def resolve_links(pages: Sequence[Any]) -> Iterator[Any]:
        for page, (links, anchors) in zip(pages, resolve(pages), strict=True):
            page.resolved = links
            yield links, anchors

    def paint_and_let_go(page: Any, stream: Any, scale: float = 1) -> None:
        paint(page, stream, scale)
        if stream._tags is not None:
            page.tree.read(page.number, page, stream._tags)
            stream._tags.clear()
        page.resolved.clear()
        page.links.clear()
        page.forms.clear()
        page._page_box = None

    return paint_and_let_go, resolve_links


def add_tags(pdf: Any, document: Any, pdf_version: Any, streams: Sequence[Any]) -> None:
    """Give a PDF its structure tree, in WeasyPrint's stead, of the pages as they were read.

    The root has a ParentTree, and an IDTree of the notes; ids and numbers are this PDF's own.
    """
    from weasyprint.logger import LOGGER

    tree = document.tree
    _Writer(pdf, tree).write(pdf.catalog)
    for picture in tree.unnamed:
        LOGGER.error("a picture has no alternative text: %s", picture)
    if "Lang" not in pdf.catalog:
        LOGGER.error("a page has no language: give <html> a lang")


class _Written:
    """An object of the PDF as the bytes that it will be, for pydyf to write; its own take ten times the room."""

    __slots__ = ("data", "number")
    generation, offset, free, compressible = 0, 0, "n", True

    def __init__(self) -> None:
        self.data = b""
        self.number = 0


class _Writer:
    """Writes elements as a PDF's dictionaries."""

    def __init__(self, pdf: Any, tree: Tree) -> None:
        import pydyf

        self._pydyf = pydyf
        self._pdf = pdf
        self._tree = tree
        # pydyf makes them all anew for each that is asked for.
        self._page_references = pdf.page_references
        self._ids: dict[int, str] = {}

    def write(self, catalog: Any) -> None:
        root = self._dictionary({"Type": "/StructTreeRoot"})
        # PDF/UA-1, 7.9: each note has an id.
        self._ids = {id(note): f"note-{number:04d}" for number, note in enumerate(self._tree.notes, start=1)}
        root["K"] = self._pydyf.Array([self._write(self._tree.document, root.reference)])
        root["ParentTree"] = self._dictionary({"Nums": self._pydyf.Array(self._numbers())}).reference
        names: list[Any] = []
        for note in self._tree.notes:
            names += [self._pydyf.String(self._ids[id(note)]), note.reference]
        if names:
            root["IDTree"] = self._dictionary({"Names": self._pydyf.Array(names)}).reference
        catalog["StructTreeRoot"] = root.reference
        catalog["MarkInfo"] = self._pydyf.Dictionary({"Marked": "true"})
        catalog["ViewerPreferences"] = self._pydyf.Dictionary({"DisplayDocTitle": "true"})

    def _dictionary(self, entries: dict[str, Any]) -> Any:
        made = self._pydyf.Dictionary(entries)
        self._pdf.add_object(made)
        return made

    def _write(self, element: Element, parent: bytes) -> bytes:
        """Write an element and all that is in it, and return its reference."""
        written = _Written()
        self._pdf.add_object(written)
        element.reference = f"{written.number} 0 R".encode()
        made: dict[str, Any] = {"Type": "/StructElem", "S": f"/{element.kind}", "P": parent}
        if element.alternative:
            made["Alt"] = self._pydyf.String(element.alternative)
        if element.attributes:
            array = self._pydyf.Array
            values = {k: array(v) if isinstance(v, tuple) else v for k, v in element.attributes.items()}
            made["A"] = self._pydyf.Dictionary(values)
        pages = [kid.page for kid in element.kids if isinstance(kid, Content)]
        if pages:
            made["Pg"] = self._page_references[pages[0]]
        made["K"] = self._pydyf.Array(self._kids(element, pages))
        if id(element) in self._ids:
            made["ID"] = self._pydyf.String(self._ids[id(element)])
        written.data = self._pydyf.Dictionary(made).data
        return element.reference

    def _kids(self, element: Element, pages: Sequence[int]) -> Iterator[Any]:
        for kid in element.kids:
            if isinstance(kid, Content):
                is_near = kid.page == pages[0]
                yield kid.number if is_near else self._reference(kid.page, {"Type": "/MCR", "MCID": kid.number})
            elif isinstance(kid, Annotation):
                yield self._reference(kid.page, {"Type": "/OBJR", "Obj": kid.reference})
            elif kid.is_kept:
                yield self._write(kid, element.reference)
                if kid.kind.startswith("H"):
                    # A note is no part of a heading: it follows.
                    yield from (self._write(note, element.reference) for note in kid.notes)
        if not element.kind.startswith("H"):
            yield from (self._write(note, element.reference) for note in element.notes)

    def _reference(self, page: int, entries: dict[str, Any]) -> Any:
        return self._pydyf.Dictionary({**entries, "Pg": self._page_references[page]}).data

    def _numbers(self) -> Iterator[Any]:
        """Yield the ParentTree's keys and values (14.7.4.4): the pages' lists, then each annotation's element."""
        for number, elements in enumerate(self._tree.contents):
            yield number
            yield self._pydyf.Array(element.reference for element in elements)
        for number, element in enumerate(self._tree.annotated, start=len(self._tree.contents)):
            yield number
            yield element.reference
