"""Running heads and folios, drawn on finished pages as artifacts, so that no screen reader reads them out.

They are drawn when a book is bound and not when it is typeset: a chapter that grows by a page changes no other
gathering.
"""

import io
from functools import lru_cache

from msgspec import Struct

from pipeline.theme import Design, points


class Folio(Struct, frozen=True):
    """What one page bears: its folio at the foot, and a running head or nothing at its head.

    Both are `aside` points to the right of the page's middle.
    """

    number: str
    head: str = ""
    aside: float = 0.0


class Style(Struct, frozen=True):
    """How folios look: sizes and places in points, color as red, green, blue from 0 to 1."""

    size: float
    color: tuple[float, float, float]
    head_from_top: float
    foot_from_bottom: float


def style(design: Design) -> Style:
    """Return the look of folios in a design: small, muted, in the sans, in the middle of the margins."""
    theme = design.theme
    size = points(theme.base["page"]) * theme.scale["label"]
    top, bottom = points(theme.page.margin.top), points(theme.page.margin.bottom)
    return Style(size, color_of(design, "muted"), top * 0.6, bottom * 0.5)


def middle_of_text(design: Design) -> float:
    """Return how many points to the right of the middle of a right-hand page that of its text is."""
    margin = design.theme.page.margin
    return round((points(margin.inside) - points(margin.outside)) / 2, 2)


def color_of(design: Design, name: str) -> tuple[float, float, float]:
    """Return a color of a design as red, green and blue from 0 to 1."""
    color = design.theme.colors.light[name]
    red, green, blue = (int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def plain_sans(design: Design) -> bytes:
    """Return the font file of folios and form fields."""
    return _plain(design, "sans")


def plain_serif(design: Design) -> bytes:
    """Return the font file of the text."""
    return _plain(design, "serif")


def _plain(design: Design, family: str) -> bytes:
    name = design.theme.families[family].name
    font = next(font for font in design.fonts if font.family == name and font.style == "regular")
    return font.path.read_bytes()


@lru_cache(maxsize=256)
def width(font: bytes, text: str) -> float:
    """Return how wide a text is in a font, in ems, without kerning."""
    from fontTools.ttLib import TTFont

    face = TTFont(io.BytesIO(font), lazy=True)
    glyphs, advances = face.getBestCmap(), face["hmtx"]
    units: int = face["head"].unitsPerEm
    total: int = sum(advances[glyphs[ord(character)]][0] for character in text)
    return total / units
