"""WeasyPrint's laid-out boxes in; the structure tree of their HTML, one element for each element, out.

WeasyPrint's own tree has an element for each box, so that a paragraph which crosses a page is two, and an `<em>` is one
that says nothing. Boxes know their HTML element: here all boxes of an element, on whatever page, are one structure
element (ISO 32000-1, 14.7.2). A template may name the type of an element, as in `data-tag="TOC"`.
"""

import re
from collections.abc import Iterator, Sequence
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


def add_tags(pdf: Any, document: Any, pdf_version: Any, streams: Sequence[Any]) -> None:
    """Give a PDF its structure tree, in WeasyPrint's stead.

    The root has a ParentTree, and an IDTree of the notes; ids and numbers are this PDF's own.
    """
    from weasyprint.logger import LOGGER

    tree = Tree()
    for number, (page, stream) in enumerate(zip(document.pages, streams, strict=True)):
        tree.read(number, page, stream._tags)
    _Writer(pdf, tree).write(pdf.catalog)
    for picture in tree.unnamed:
        LOGGER.error("a picture has no alternative text: %s", picture)
    if "Lang" not in pdf.catalog:
        LOGGER.error("a page has no language: give <html> a lang")


class _Writer:
    """Writes elements as a PDF's dictionaries."""

    def __init__(self, pdf: Any, tree: Tree) -> None:
        import pydyf

        self._pydyf = pydyf
        self._pdf = pdf
        self._tree = tree

    def write(self, catalog: Any) -> None:
        root = self._dictionary({"Type": "/StructTreeRoot"})
        document = self._write(self._tree.document, root)
        root["K"] = self._pydyf.Array([document.reference])
        root["ParentTree"] = self._dictionary({"Nums": self._pydyf.Array(self._numbers())}).reference
        names: list[Any] = []
        for number, note in enumerate(self._tree.notes, start=1):
            # PDF/UA-1, 7.9: each note has an id.
            note.made["ID"] = name = self._pydyf.String(f"note-{number:04d}")
            names += [name, note.made.reference]
        if names:
            root["IDTree"] = self._dictionary({"Names": self._pydyf.Array(names)}).reference
        catalog["StructTreeRoot"] = root.reference
        catalog["MarkInfo"] = self._pydyf.Dictionary({"Marked": "true"})
        catalog["ViewerPreferences"] = self._pydyf.Dictionary({"DisplayDocTitle": "true"})

    def _dictionary(self, entries: dict[str, Any]) -> Any:
        made = self._pydyf.Dictionary(entries)
        self._pdf.add_object(made)
        return made

    def _write(self, element: Element, parent: Any) -> Any:
        entries = {"Type": "/StructElem", "S": f"/{element.kind}", "P": parent.reference}
        element.made = made = self._dictionary(entries)
        if element.alternative:
            made["Alt"] = self._pydyf.String(element.alternative)
        if element.attributes:
            array = self._pydyf.Array
            values = {k: array(v) if isinstance(v, tuple) else v for k, v in element.attributes.items()}
            made["A"] = self._pydyf.Dictionary(values)
        pages = [kid.page for kid in element.kids if isinstance(kid, Content)]
        if pages:
            made["Pg"] = self._pdf.page_references[pages[0]]
        made["K"] = self._pydyf.Array(self._kids(element, made, pages))
        return made

    def _kids(self, element: Element, made: Any, pages: Sequence[int]) -> Iterator[Any]:
        for kid in element.kids:
            if isinstance(kid, Content):
                is_near = kid.page == pages[0]
                yield kid.number if is_near else self._reference(kid.page, {"Type": "/MCR", "MCID": kid.number})
            elif isinstance(kid, Annotation):
                yield self._reference(kid.page, {"Type": "/OBJR", "Obj": kid.dictionary.reference})
            elif kid.is_kept:
                yield self._write(kid, made).reference
                if kid.kind.startswith("H"):
                    # A note is no part of a heading: it follows.
                    yield from (self._write(note, made).reference for note in kid.notes)
        if not element.kind.startswith("H"):
            yield from (self._write(note, made).reference for note in element.notes)

    def _reference(self, page: int, entries: dict[str, Any]) -> Any:
        return self._pydyf.Dictionary({**entries, "Pg": self._pdf.page_references[page]}).data

    def _numbers(self) -> Iterator[Any]:
        """Yield the ParentTree's keys and values (14.7.4.4): the pages' lists, then each annotation's element."""
        for number, elements in enumerate(self._tree.contents):
            yield number
            yield self._pydyf.Array(element.made.reference for element in elements)
        start = len(self._tree.contents)
        for number, (element, annotation) in enumerate(self._tree.annotations, start=start):
            yield number
            yield element.made.reference
            annotation["StructParent"] = number
