"""A tagged PDF in; what its structure tree says of each page out: which block each piece of content is of, and fields.

Pieces of content are found by their marks (ISO 32000-1, 14.7.4). An element that crosses a page may be one element, or
one for each page; both are read.
"""

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from pipeline.pages._page import Box, Field, Kind

_KINDS: dict[str, Kind] = {
    **{f"/H{level}": "heading" for level in range(1, 7)},
    **dict.fromkeys(("/P", "/TOCI", "/BlockQuote"), "paragraph"),
    **dict.fromkeys(("/LBody", "/LI"), "item"),
    **dict.fromkeys(("/TH", "/TD"), "cell"),
    "/Lbl": "label",
    "/Figure": "figure",
    "/Caption": "paragraph",
    "/Note": "note",
}
_INLINE = {"/Span", "/Link", "/Form", "/Reference", "/Quote", "/Em", "/Strong", "/Code", "/Annot"}


class Marked(Struct, frozen=True):
    """A piece of content by its mark on the page, and the block that it is of."""

    mark: int
    kind: Kind
    element: int
    section: int
    level: int


class _Place(Struct, frozen=True):
    """Where in the tree a kid stands."""

    kind: Kind | None = None
    element: int = 0
    section: int = 0
    level: int = 0
    page: tuple[int, int] = (0, 0)
    is_inline: bool = False


def structure(pdf: Any) -> dict[int, list[Marked | Field]]:
    """Return for each page, counted from 0, its marked content and its fields in reading order; empty without tags."""
    root = pdf.Root.get("/StructTreeRoot")
    if root is None:
        return {}
    numbers = {page.obj.objgen: number for number, page in enumerate(pdf.pages)}
    found: dict[int, list[Marked | Field]] = {number: [] for number in numbers.values()}
    pending: list[tuple[Any, _Place]] = [(kid, _Place()) for kid in _kids(root)[::-1]]
    while pending:
        kid, place = pending.pop()
        if isinstance(kid, int):
            found[numbers[place.page]].append(_marked(kid, place))
        elif "/S" in kid:
            below = _below(kid, place)
            pending.extend((inner, below) for inner in _kids(kid)[::-1])
        else:
            number = numbers[kid.Pg.objgen if "/Pg" in kid else place.page]
            if "/MCID" in kid:
                found[number].append(_marked(int(kid.MCID), place))
            elif "/Obj" in kid and kid.Obj.get("/Subtype") == "/Widget":
                found[number].append(_field(kid.Obj, place.section))
    return found


def _kids(element: Any) -> list[Any]:
    kids = element.get("/K")
    if kids is None:
        return []
    return list(kids) if not isinstance(kids, int) and kids._type_name == "array" else [kids]


def _below(element: Any, place: _Place) -> _Place:
    """Return the place of an element's kids: the nearest block, the nearest section, and the page last named."""
    name = str(element.S)
    own: int = element.objgen[0]
    page = element.Pg.objgen if "/Pg" in element else place.page
    if name == "/Sect":
        return _Place(None, own, own, 0, page)
    # A note stays one, whatever is in it.
    if place.kind != "note" and name in _KINDS:
        level = int(name[2]) if name[1] == "H" else 0
        return _Place(_KINDS[name], own, place.section, level, page)
    # Where no element says what it is, the innermost that isn't part of a line stands for a block.
    is_inline = place.is_inline or name in _INLINE
    element = place.element if is_inline or place.kind else own
    return _Place(place.kind, element, place.section, place.level, page, is_inline)


def _marked(mark: int, place: _Place) -> Marked:
    # WeasyPrint leaves the notes at the foot of a page outside of every section.
    kind: Kind = place.kind or ("other" if place.section else "note")
    return Marked(mark, kind, place.element, place.section, place.level)


def _field(widget: Any, section: int) -> Field:
    group = widget.get("/Parent", widget)
    left, bottom, right, top = (float(edge) for edge in widget.Rect)
    name, title = (next(_texts(key, widget, group), "") for key in ("/T", "/TU"))
    return Field(name, title, Box(left, bottom, right, top), section)


def _texts(key: str, *holders: Any) -> Iterator[str]:
    return (str(holder[key]) for holder in holders if key in holder)
