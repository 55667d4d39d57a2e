"""Folios in; the same, drawn on finished pages as artifacts, so that no screen reader reads them, out."""

import pikepdf

from pipeline.writers._folios import Folio, Style
from pipeline.writers._whole_font import WholeFont


class Stamp:
    """Draws folios on the pages of one PDF, in a font that is in it."""

    def __init__(self, pdf: pikepdf.Pdf, look: Style, font: WholeFont, embedded: pikepdf.Object) -> None:
        self._pdf = pdf
        self._look = look
        self._font = font
        self._embedded = embedded

    def draw(self, page: pikepdf.Page, folio: Folio) -> None:
        """Draw a page's folio and running head in the middle of its margins."""
        left, bottom, right, top = (float(edge) for edge in page.trimbox)
        pieces = []
        for text, y in (
            (folio.head, top - self._look.head_from_top),
            (folio.number, bottom + self._look.foot_from_bottom),
        ):
            if text:
                x = (left + right - self._width(text)) / 2 + folio.aside
                pieces.append(f"1 0 0 1 {x:.2f} {y:.2f} Tm <{self._hex(text)}> Tj")
        if not pieces:
            return
        page.obj.Resources.Font[pikepdf.Name("/QuireFolio")] = self._embedded
        color = " ".join(f"{part:.3f}" for part in self._look.color)
        drawn = " ".join(pieces)
        ops = f"/Artifact <</Type /Pagination>> BDC BT /QuireFolio {self._look.size:.2f} Tf {color} rg {drawn} ET EMC"
        # The page's own content may leave its coordinates changed.
        page.contents_add(self._pdf.make_stream(b"q\n"), prepend=True)
        page.contents_add(self._pdf.make_stream(b"\nQ\nq " + ops.encode("ascii") + b" Q\n"))

    def _hex(self, text: str) -> str:
        return "".join(f"{self._font.glyphs.get(c, 0):04x}" for c in text)

    def _width(self, text: str) -> float:
        return sum(self._font.advances[self._font.glyphs.get(c, 0)] for c in text) * self._look.size / 1000
