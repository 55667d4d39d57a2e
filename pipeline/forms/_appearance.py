"""A text field and its text in; the text in the field, and a drawing of it that every reader shows, out."""

import re
import unicodedata
from typing import Any

import pikepdf
from msgspec import Struct
from pikepdf import Dictionary, Name

from pipeline.writers._whole_font import WholeFont, whole_font

_PADDING = 2.0  # points; what readers leave
_SMALLEST, _STEP = 5.0, 0.5
_LOOK = re.compile(r"/(?P<font>\S+) (?P<size>[\d.]+) Tf")
_COLOR = re.compile(r"(?:[\d.]+ ){3}rg")


class _Setting(Struct, frozen=True):
    """Lines at a size; whether all of them have room."""

    size: float
    lines: tuple[str, ...]
    fits: bool


class Writer:
    """Writes text into the fields of one PDF, in the fonts that it carries for them."""

    def __init__(self, pdf: pikepdf.Pdf) -> None:
        self._pdf = pdf
        self._fonts: dict[str, WholeFont] = {}

    def write(self, field: Any, text: str, *, is_multiline: bool) -> bool:
        """Put text into a field, smaller where it is long, and say whether it has room there."""
        field.V = pikepdf.String(text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r"))
        if "/AP" in field:
            del field.AP
        look = str(field.get("/DA", ""))
        found = _LOOK.search(look)
        if not text or found is None:
            return True
        font = self._font(found["font"])
        if font is None:
            return True
        # Any two opposite corners may stand in a rectangle (ISO 32000-1, 7.9.5).
        left, bottom, right, top = (float(edge) for edge in field.Rect)
        width, height = abs(right - left), abs(top - bottom)
        text = unicodedata.normalize("NFC", text.replace("\t", " "))
        set_text = _fitted(font, text, width, height, float(found["size"]), is_multiline)
        if set_text.fits:
            # A reader that draws the field its own way takes the size from here.
            field.DA = pikepdf.String(_LOOK.sub(f"/{found['font']} {set_text.size:g} Tf", look))
        color = _COLOR.search(look)
        drawn = _drawing(
            font, set_text, width, height, f"{color[0] if color else '0 g'} /{found['font']}", is_multiline
        )
        resources = Dictionary(
            Font=Dictionary({f"/{found['font']}": self._pdf.Root.AcroForm.DR.Font[f"/{found['font']}"]})
        )
        field.AP = Dictionary(
            N=self._pdf.make_stream(
                drawn, Type=Name.XObject, Subtype=Name.Form, BBox=[0, 0, width, height], Resources=resources
            )
        )
        return set_text.fits

    def _font(self, name: str) -> WholeFont | None:
        """Return a font of the form, or None for one that isn't embedded as ours are."""
        if name not in self._fonts:
            try:
                descendant = self._pdf.Root.AcroForm.DR.Font[f"/{name}"].DescendantFonts[0]
                self._fonts[name] = whole_font(descendant.FontDescriptor.FontFile2.read_bytes())
            except (AttributeError, KeyError, IndexError):
                return None
        return self._fonts[name]


def _fitted(font: WholeFont, text: str, width: float, height: float, largest: float, is_multiline: bool) -> _Setting:
    """Return text set as large as fits in a field, up to its own size; at that size where nothing fits."""
    size = largest
    while size >= _SMALLEST:
        lines = _wrapped(font, text, (width - 2 * _PADDING) / size * 1000) if is_multiline else (text,)
        room = height - 2 * _PADDING if is_multiline else max(height, _leading(font, size))
        is_narrow = all(_width(font, line) * size / 1000 <= width - 2 * _PADDING for line in lines)
        if is_narrow and len(lines) * _leading(font, size) <= room + 0.01:
            return _Setting(size, lines, True)
        size -= _STEP
    lines = _wrapped(font, text, (width - 2 * _PADDING) / largest * 1000) if is_multiline else (text,)
    return _Setting(largest, lines, False)


def _leading(font: WholeFont, size: float) -> float:
    return (font.ascent - font.descent) * size / 1000


def _wrapped(font: WholeFont, text: str, width: float) -> tuple[str, ...]:
    """Return text broken into lines at spaces, and within a word that is wider than a line; widths in 1/1000 em."""
    lines = []
    for paragraph in text.splitlines() or [""]:
        line, used = "", 0.0
        for word in re.findall(r"\S+\s*|\s+", paragraph):
            bare, space = word.rstrip(), word[len(word.rstrip()) :]
            if line and used + _width(font, bare) > width:
                lines.append(line.rstrip())
                line, used = "", 0.0
            while (fit := _fitting(font, bare, width)) < len(bare):
                lines.append(bare[:fit])
                bare = bare[fit:]
            line, used = line + bare + space, used + _width(font, bare + space)
        lines.append(line.rstrip())
    return tuple(lines)


def _fitting(font: WholeFont, word: str, width: float) -> int:
    """Return how many characters of a word fit in a width, at least one."""
    used = 0
    for count, character in enumerate(word):
        used += _advance(font, character)
        if used > width:
            return max(count, 1)
    return len(word)


def _glyph(font: WholeFont, character: str) -> int:
    # What the font lacks stands as a question mark in the drawing; the field itself holds the true text.
    return font.glyphs.get(character) or font.glyphs["?"]


def _advance(font: WholeFont, character: str) -> int:
    return font.advances[_glyph(font, character)]


def _width(font: WholeFont, text: str) -> int:
    return sum(_advance(font, character) for character in text)


def _drawing(font: WholeFont, text: _Setting, width: float, height: float, look: str, is_multiline: bool) -> bytes:
    """Return the content of a field's appearance (ISO 32000-1, 12.7.3.3)."""
    leading = _leading(font, text.size)
    top = height - _PADDING if is_multiline else (height + leading) / 2
    first = top - font.ascent * text.size / 1000
    shown = " ".join(f"<{''.join(f'{_glyph(font, c):04x}' for c in line)}> Tj T*" for line in text.lines)
    return (
        f"/Tx BMC q 0 0 {width:.2f} {height:.2f} re W n BT {look} {text.size:g} Tf {leading:.2f} TL "
        f"{_PADDING:g} {first:.2f} Td {shown} ET Q EMC"
    ).encode("ascii")
