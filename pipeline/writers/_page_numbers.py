"""A gathering whose text left room for the numbers of pages in; the same with the numbers written there, out.

A chapter knows neither its own pages nor another's while it is typeset. So a reference to a page ends with an empty
link of the right width, and what stands there is written when the book is bound, as words of the text.
"""

import io
from collections.abc import Callable, Mapping
from urllib.parse import unquote

import msgspec
from pikepdf import Array, Dictionary, Name, Object, Page, Pdf

from pipeline.writers._bind import NUMBER_HEIGHT, PAGE_SCHEME
from pipeline.writers._subset import Face, subset
from pipeline.writers._whole_font import WholeFont, whole_font

_FIGURES = "0123456789ivxlcdm"


def figures(serif: bytes) -> WholeFont:
    """Return the font of page numbers in the text: those figures of the text's font that stand in text."""
    return _old_style(subset(Face(serif, _FIGURES)))


def write_numbers(
    pdf: Pdf,
    numbers: Mapping[str, str],
    color: tuple[float, float, float],
    font: WholeFont,
    embedded: Callable[[], Object],
) -> None:
    """Write the numbers, by the name of the place, into the room for them; `embedded` puts the font into the PDF."""
    root = pdf.Root.get("/StructTreeRoot")
    tree = _ParentTree(root.ParentTree) if root is not None else None
    ink = " ".join(f"{part:.3f}" for part in color)
    for page in pdf.pages:
        rooms = [link for link in page.obj.get("/Annots", ()) if _place_of(link)]
        if not rooms:
            continue
        drawn = []
        for room in rooms:
            text = _drawn(room, numbers[_place_of(room)], font)
            drawn.append(f"/Span <</MCID {tree.take_in(room, page)}>> BDC {text} EMC" if tree is not None else text)
        page.obj.Annots = Array([link for link in page.obj.Annots if not _place_of(link)])
        page.obj.Resources.Font[Name("/QuireNumber")] = embedded()
        page.contents_add(pdf.make_stream(b"q\n"), prepend=True)
        page.contents_add(pdf.make_stream(f"\nQ q {ink} rg {' '.join(drawn)} Q\n".encode("ascii")))
    if tree is not None:
        tree.write()


def _place_of(link: Object) -> str:
    """Return the name of the place whose page number belongs where a link is; nothing for every other link."""
    address = str(link.get("/A", Dictionary()).get("/URI", ""))
    return unquote(address.removeprefix(f"{PAGE_SCHEME}:")) if address.startswith(f"{PAGE_SCHEME}:") else ""


def _drawn(room: Object, number: str, font: WholeFont) -> str:
    left, first, _, second = (float(edge) for edge in room.Rect)
    bottom, height = min(first, second), abs(first - second)
    codes = "".join(f"{font.glyphs[character]:04x}" for character in number)
    return f"BT /QuireNumber {height / NUMBER_HEIGHT:.3f} Tf 1 0 0 1 {left:.3f} {bottom:.3f} Tm <{codes}> Tj ET"


class _ParentTree:
    """The parent tree of a gathering (ISO 32000-1, 14.7.4.4): a page's content, and annotations, to their elements."""

    def __init__(self, tree: Object) -> None:
        self._tree = tree
        numbers = list(tree.Nums)
        self._entries = dict(zip(map(int, numbers[::2]), numbers[1::2], strict=True))

    def take_in(self, room: Object, page: Page) -> int:
        """Make the element of an empty link one of words on its page; return the number of their marked content."""
        element = self._entries.pop(int(room.StructParent))
        contents = self._entries[int(page.obj.StructParents)]
        number = len(contents)
        contents.append(element)
        element.S, element.Pg, element.K = Name.Span, page.obj, Array([number])
        return number

    def write(self) -> None:
        self._tree.Nums = Array([part for entry in self._entries.items() for part in entry])


def _old_style(content: bytes) -> WholeFont:
    """Return a font whose figures are those that stand in text, where it has them (OpenType `onum`)."""
    from fontTools.ttLib import TTFont

    font = whole_font(content)
    face = TTFont(io.BytesIO(content), lazy=True)
    if "GSUB" not in face:
        return font
    table = face["GSUB"].table
    lookups = {
        at for r in table.FeatureList.FeatureRecord if r.FeatureTag == "onum" for at in r.Feature.LookupListIndex
    }
    others: dict[str, str] = {}
    for at in sorted(lookups):
        for part in table.LookupList.Lookup[at].SubTable:
            others |= getattr(getattr(part, "ExtSubTable", part), "mapping", {})
    plain = face.getBestCmap()
    names = {character: others.get(plain[ord(character)], plain[ord(character)]) for character in _FIGURES}
    return msgspec.structs.replace(font, glyphs={character: face.getGlyphID(name) for character, name in names.items()})
