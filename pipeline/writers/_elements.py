"""WeasyPrint's laid-out boxes in; structure elements to be, one for each element of their HTML, out.

Boxes know their HTML element: all boxes of an element, on whatever page, are one structure element. A template may name
the type of an element, as in `data-tag="TOC"`.
"""

from typing import Any, NamedTuple

_KINDS = {f"h{level}": f"H{level}" for level in range(1, 7)}
_KINDS |= {"section": "Sect", "article": "Art", "blockquote": "BlockQuote", "div": "Div", "aside": "Div"}
_KINDS |= {"figure": "Div", "p": "P", "pre": "P", "label": "P", "a": "Link", "code": "Code"}
_KINDS |= {"ul": "L", "ol": "L", "dl": "L", "li": "LI", "dt": "Lbl", "dd": "LBody"}
_KINDS |= {"table": "Table", "thead": "THead", "tbody": "TBody", "tfoot": "TFoot", "tr": "TR", "th": "TH", "td": "TD"}
_KINDS |= {"caption": "Caption", "figcaption": "Caption"}
# What boxes that CSS makes are; any other is part of its element.
_KINDS_OF_PSEUDO = {"marker": "Lbl", "footnote-call": "Reference", "footnote-marker": "Lbl"}
# What holds paragraphs, and no words of its own (14.8.4.2).
_GROUPING = {"Document", "Sect", "Art", "Div", "BlockQuote"}
_INLINE = {"Link", "Code", "Reference", "Span", ""}
_CELLS = {"TH", "TD"}
_NUMBERING = {"disc": "Disc", "circle": "Circle", "square": "Square"}
_NUMBERING |= {"decimal": "Decimal", "decimal-leading-zero": "Decimal"}
_NUMBERING |= {"lower-roman": "LowerRoman", "lower-alpha": "LowerAlpha", "lower-latin": "LowerAlpha"}
_NUMBERING |= {"upper-roman": "UpperRoman", "upper-alpha": "UpperAlpha", "upper-latin": "UpperAlpha"}
_POINTS_PER_PIXEL = 0.75


class Element:
    """A structure element to be: its kids are elements, marked content of a page, and annotations of a page."""

    __slots__ = ("alternative", "attributes", "is_ours", "kids", "kind", "notes", "parent", "reference")

    def __init__(self, kind: str, parent: "Element | None", *, is_first: bool = False, is_ours: bool = False) -> None:
        self.kind = kind
        self.parent = parent
        self.is_ours = is_ours
        self.kids: list[Any] = []
        self.notes: list[Element] = []
        self.attributes: dict[str, Any] = {}
        self.alternative = ""
        self.reference = b""
        if parent is not None:
            parent.kids.insert(0 if is_first else len(parent.kids), self)

    @property
    def is_kept(self) -> bool:
        """Say whether there is anything in it; a cell counts in its table even where it is empty."""
        return self.kind in _CELLS or any(not isinstance(kid, Element) or kid.is_kept for kid in self.kids)


class Content(NamedTuple):
    """Marked content: its page, counted from 0, and its number there."""

    page: int
    number: int


class Annotation(NamedTuple):
    """A link's or a field's annotation: its page, counted from 0, and the reference to its dictionary."""

    page: int
    reference: bytes


class Tree:
    """Reads the boxes of pages, in order, into elements.

    `contents` are the elements of each page's marked content, in the order of its numbers, `annotated` those of
    annotations; `unnamed` are pictures without alternative text. Nothing here holds on to a box.
    """

    def __init__(self, pages: int) -> None:
        self.document = Element("Document", None)
        self.notes: list[Element] = []
        self.contents: list[list[Element]] = []
        self.annotated: list[Element] = []
        self.unnamed: list[str] = []
        self._elements: dict[tuple[int, str], Element] = {}
        self._callers: dict[int, Element] = {}
        self._pages = pages
        self._page = 0
        self._height = 0.0
        self._tags: dict[Any, dict[str, Any]] = {}

    def read(self, number: int, page: Any, tags: dict[Any, dict[str, Any]]) -> None:
        """Read one page; `tags` are the boxes whose content was marked as the page was drawn."""
        self._page, self._height, self._tags = number, page.height, tags
        self.contents.append([self.document] * len(tags))
        self._read(page._page_box, self.document)
        lost = [box for box in tags if not hasattr(box, "is_read")]
        assert not lost, f"drawn and never read: {lost}"
        self._tags = {}

    def _read(self, box: Any, parent: Element) -> None:
        box = getattr(box, "_box", box)
        current = parent if box.element is None else self._element_of(box, parent)
        if box.link_annotation is not None:
            while current.kind != "Link" and current.parent is not None and current.kind in _INLINE:
                current = current.parent
            if current.kind != "Link":
                current = Element("Link", _home(current, "Link"))
            self._annotate(current, box.link_annotation)
        if box.widget_annotation is not None:
            self._annotate(Element("Form", _home(current, "Form")), box.widget_annotation)
        if box in self._tags:
            self._take(box, current)
        for child in getattr(box, "children", ()):
            self._read(child, current)

    def _element_of(self, box: Any, parent: Element) -> Element:
        """Return the element that a box is of: that of an earlier box of its element, a new one, or its parent."""
        tag, _, pseudo = box.element_tag.partition("::")
        key = (id(box.element), pseudo)
        known = self._elements.get(key)
        if known is not None:
            return known
        if pseudo:
            kind = _KINDS_OF_PSEUDO.get(pseudo, "")
        elif id(box.element) in self._callers:
            kind = "Note"
        else:
            kind = box.element.get("data-tag") or _KINDS.get(tag, "")
        if not kind:
            return parent
        if pseudo in ("marker", "footnote-marker"):
            # Wherever its box stands, it is its own element's label.
            owner = self._elements.get((id(box.element), ""), parent)
            made = Element(kind, owner, is_first=True)
            if pseudo == "marker" and owner.parent is not None and owner.parent.kind == "L":
                _number(owner.parent, box)
        elif kind == "Note":
            made = Element(kind, None)
            made.parent = self._callers[key[0]]
            made.parent.notes.append(made)
            self.notes.append(made)
        else:
            made = Element(kind, _home(parent, kind))
            _describe_cell(made, box)
        if pseudo == "footnote-call":
            self._callers[key[0]] = _block(made)
        self._elements[key] = made
        return made

    def _take(self, box: Any, current: Element) -> None:
        """Put marked content, words or a picture, where it belongs."""
        box.is_read = True
        number = self._tags[box]["mcid"]
        if self._tags[box]["tag"] == "Figure":
            current = Element("Figure", _home(current, "Figure"))
            current.alternative = _alternative(box)
            if not current.alternative:
                self.unnamed.append(box.element.get("src", box.element.tag))
            left, top = box.content_box_x(), box.content_box_y()
            corners = (left, self._height - top - box.height, left + box.width, self._height - top)
            current.attributes = {"O": "/Layout", "BBox": tuple(round(c * _POINTS_PER_PIXEL, 2) for c in corners)}
        else:
            current = _home(current, "")
        current.kids.append(Content(self._page, number))
        self.contents[self._page][number] = current

    def _annotate(self, element: Element, annotation: Any) -> None:
        # In the ParentTree, annotations come after the pages (14.7.4.4).
        annotation["StructParent"] = self._pages + len(self.annotated)
        element.kids.append(Annotation(self._page, annotation.reference))
        self.annotated.append(element)
        for key, value in annotation.items():
            # A link's rectangle and address take ten times the room as pydyf's objects. A group's button changes yet.
            if annotation["Subtype"] == "/Link" and hasattr(value, "data"):
                annotation[key] = value.data


def _home(parent: Element, kind: str) -> Element:
    """Return the element, `parent` or a new one in it, that a kid of this kind belongs in; no kind is words."""
    match parent.kind:
        case "LI" if kind not in ("Lbl", "LBody"):
            return _last(parent, "LBody")
        case "TOCI" if kind in _INLINE - {"Reference"}:
            return _last(parent, "Reference")
        case "L" if kind == "Lbl":
            return Element("LI", parent)
        case "L" if kind == "LBody":
            return _last(parent, "LI")
        case grouping if grouping in _GROUPING and kind in _INLINE:
            return _last(parent, "P", is_ours=True)
    return parent


def _last(parent: Element, kind: str, *, is_ours: bool = False) -> Element:
    """Return the last kid of a kind or a new one; `is_ours` takes only such as no element of the HTML made."""
    for kid in reversed(parent.kids):
        if isinstance(kid, Element) and kid.kind == kind and (not is_ours or kid.is_ours):
            return kid
        if is_ours:
            break
    return Element(kind, parent, is_ours=True)


def _block(element: Element) -> Element:
    """Return the paragraph, cell or other block that an inline element stands in."""
    while element.kind in _INLINE and element.parent is not None:
        element = element.parent
    return element


def _number(items: Element, marker: Any) -> None:
    """Say how a list is numbered (table 347), by one of its markers."""
    style = marker.style["list_style_type"]
    # A string of the stylesheet's own is a bullet.
    numbering = _NUMBERING.get(style) if isinstance(style, str) else "Disc"
    if numbering:
        items.attributes = {"O": "/List", "ListNumbering": f"/{numbering}"}


def _describe_cell(cell: Element, box: Any) -> None:
    """Give a cell what it spans, and a head what it heads (PDF/UA-1, 7.5)."""
    if cell.kind not in _CELLS:
        return
    cell.attributes = {"O": "/Table"}
    if cell.kind == "TH":
        cell.attributes["Scope"] = "/Row" if box.element.get("scope") in ("row", "rowgroup") else "/Column"
    spans = {"ColSpan": getattr(box, "colspan", 1), "RowSpan": getattr(box, "rowspan", 1)}
    cell.attributes |= {name: count for name, count in spans.items() if count != 1}


def _alternative(box: Any) -> str:
    """Return a picture's words: a drawing's title, or `alt`; empty where it has none."""
    return str(box.element.findtext("{http://www.w3.org/2000/svg}title") or box.element.get("alt") or "")
