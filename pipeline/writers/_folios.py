"""Running heads and folios, drawn on finished pages as artifacts, so that no screen reader reads them out.

They are drawn when a book is bound and not when it is typeset: a chapter that grows by a page changes no other
gathering.
"""

import io
from collections.abc import Sequence
from typing import Any

import pikepdf
from msgspec import Struct

from pipeline.theme import Design

_POINTS = {"mm": 72 / 25.4, "cm": 72 / 2.54, "in": 72.0, "pt": 1.0, "px": 0.75}


class Folio(Struct, frozen=True):
    """What one page bears: its folio at the foot, and a running head or nothing at its head."""

    number: str
    head: str = ""


class Style(Struct, frozen=True):
    """How folios look: font file, sizes and places in points, color as red, green, blue from 0 to 1."""

    font: bytes
    size: float
    color: tuple[float, float, float]
    head_from_top: float
    foot_from_bottom: float


def style(design: Design) -> Style:
    """Return the look of folios in a design: small, muted, in the sans, in the middle of the margins."""
    theme = design.theme
    sans = next(font for font in design.fonts if font.family == theme.families["sans"].name and font.style == "regular")
    color = theme.colors.light["muted"]
    red, green, blue = (int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
    size = points(theme.base["page"]) * theme.scale["label"]
    top, bottom = points(theme.page.margin.top), points(theme.page.margin.bottom)
    return Style(sans.path.read_bytes(), size, (red, green, blue), top * 0.6, bottom * 0.5)


def points(length: str) -> float:
    """Return a CSS length in points."""
    unit = length.lstrip("0123456789.")
    return float(length.removesuffix(unit)) * _POINTS[unit]


class Stamp:
    """Draws folios on the pages of one PDF; the font is embedded once."""

    def __init__(self, pdf: pikepdf.Pdf, look: Style, folios: Sequence[Folio]) -> None:
        # fontTools is slow to import, and only a PDF with folios needs it here.
        from fontTools.ttLib import TTFont

        self._pdf = pdf
        self._look = look
        font = TTFont(io.BytesIO(look.font), lazy=True)
        self._units = font["head"].unitsPerEm
        characters = sorted({c for folio in folios for c in folio.number + folio.head})
        names, widths = font.getBestCmap(), font["hmtx"]
        self._glyphs = {c: font.getGlyphID(names[ord(c)]) for c in characters if ord(c) in names}
        self._widths = {c: widths[names[ord(c)]][0] * 1000 / self._units for c in self._glyphs}
        self._font = self._embed(font)

    def draw(self, page: pikepdf.Page, folio: Folio) -> None:
        """Draw a page's folio and running head in the middle of its margins."""
        left, bottom, right, top = (float(edge) for edge in page.trimbox)
        pieces = []
        for text, y in (
            (folio.head, top - self._look.head_from_top),
            (folio.number, bottom + self._look.foot_from_bottom),
        ):
            if text:
                x = (left + right - self._width(text)) / 2
                pieces.append(f"1 0 0 1 {x:.2f} {y:.2f} Tm <{self._hex(text)}> Tj")
        if not pieces:
            return
        page.obj.Resources.Font[pikepdf.Name("/QuireFolio")] = self._font
        color = " ".join(f"{part:.3f}" for part in self._look.color)
        drawn = " ".join(pieces)
        ops = f"/Artifact <</Type /Pagination>> BDC BT /QuireFolio {self._look.size:.2f} Tf {color} rg {drawn} ET EMC"
        # The page's own content may leave its coordinates changed.
        page.contents_add(self._pdf.make_stream(b"q\n"), prepend=True)
        page.contents_add(self._pdf.make_stream(b"\nQ\nq " + ops.encode("ascii") + b" Q\n"))

    def _hex(self, text: str) -> str:
        return "".join(f"{self._glyphs.get(c, 0):04x}" for c in text)

    def _width(self, text: str) -> float:
        return float(sum(self._widths.get(c, 0) for c in text) * self._look.size / 1000)

    def _embed(self, font: Any) -> pikepdf.Object:
        """Return the font as a Type 0 font whose codes are glyph ids (ISO 32000-1, 9.7)."""
        name = pikepdf.Name("/" + str(font["name"].getDebugName(6)))
        scale = 1000 / self._units
        head, line = font["head"], font["hhea"]
        descriptor = pikepdf.Dictionary(
            Type=pikepdf.Name.FontDescriptor,
            FontName=name,
            Flags=4,
            FontBBox=[round(edge * scale) for edge in (head.xMin, head.yMin, head.xMax, head.yMax)],
            ItalicAngle=0,
            Ascent=round(line.ascent * scale),
            Descent=round(line.descent * scale),
            CapHeight=round(font["OS/2"].sCapHeight * scale),
            StemV=80,
            FontFile2=self._pdf.make_stream(self._look.font, Length1=len(self._look.font)),
        )
        widths: list[Any] = []
        for character, glyph in sorted(self._glyphs.items(), key=lambda item: item[1]):
            widths += [glyph, [round(self._widths[character])]]
        descendant = pikepdf.Dictionary(
            Type=pikepdf.Name.Font,
            Subtype=pikepdf.Name.CIDFontType2,
            BaseFont=name,
            CIDSystemInfo=pikepdf.Dictionary(Registry=b"Adobe", Ordering=b"Identity", Supplement=0),
            FontDescriptor=self._pdf.make_indirect(descriptor),
            CIDToGIDMap=pikepdf.Name.Identity,
            W=widths,
        )
        return self._pdf.make_indirect(
            pikepdf.Dictionary(
                Type=pikepdf.Name.Font,
                Subtype=pikepdf.Name.Type0,
                BaseFont=name,
                Encoding=pikepdf.Name("/Identity-H"),
                DescendantFonts=[self._pdf.make_indirect(descendant)],
                ToUnicode=self._pdf.make_stream(self._to_unicode()),
            )
        )

    def _to_unicode(self) -> bytes:
        rows = [f"<{glyph:04x}> <{c.encode('utf-16-be').hex()}>" for c, glyph in self._glyphs.items()]
        blocks = [
            f"{len(rows[at : at + 100])} beginbfchar\n" + "\n".join(rows[at : at + 100]) + "\nendbfchar"
            for at in range(0, len(rows), 100)
        ]
        return (
            "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapType 2 def\n"
            "/CMapName /Quire-Folio def 1 begincodespacerange <0000> <ffff> endcodespacerange\n"
            + "\n".join(blocks)
            + "\nendcmap CMapName currentdict /CMap defineresource pop end end\n"
        ).encode("ascii")
