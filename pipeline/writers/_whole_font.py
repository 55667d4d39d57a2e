"""A font file in; the whole font as a PDF's object out: for form fields, whose text is not known, and for folios."""

import io
import zlib
from functools import lru_cache

import pikepdf
from msgspec import Struct
from pikepdf import Dictionary, Name

# PDF/UA-1 forbids them in a map to Unicode (7.21.7).
_NONCHARACTERS = {0x0000, 0xFEFF, 0xFFFE}


class WholeFont(Struct, frozen=True):
    """What a PDF says of a font: measures in thousandths of an em, glyph ids and advances by character."""

    name: str
    packed: bytes
    length: int
    box: tuple[int, int, int, int]
    ascent: int
    descent: int
    cap_height: int
    advances: tuple[int, ...]
    glyphs: dict[str, int]


@lru_cache(maxsize=2)
def whole_font(content: bytes) -> WholeFont:
    """Return what a PDF says of a TrueType font; kept in the process, since every PDF embeds the same."""
    # fontTools is slow to import, and only a PDF with fields or folios needs it here.
    from fontTools.ttLib import TTFont

    font = TTFont(io.BytesIO(content), lazy=True)
    scale = 1000 / font["head"].unitsPerEm
    head, line, metrics = font["head"], font["hhea"], font["hmtx"]
    return WholeFont(
        name=str(font["name"].getDebugName(6)),
        packed=zlib.compress(content),
        length=len(content),
        box=(round(head.xMin * scale), round(head.yMin * scale), round(head.xMax * scale), round(head.yMax * scale)),
        ascent=round(line.ascent * scale),
        descent=round(line.descent * scale),
        cap_height=round(font["OS/2"].sCapHeight * scale),
        advances=tuple(round(metrics[glyph][0] * scale) for glyph in font.getGlyphOrder()),
        glyphs={chr(code): font.getGlyphID(name) for code, name in font.getBestCmap().items()},
    )


def embed(pdf: pikepdf.Pdf, font: WholeFont) -> pikepdf.Object:
    """Return the font as a Type 0 font of `pdf`, whose codes are glyph ids (ISO 32000-1, 9.7)."""
    name = Name(f"/{font.name}")
    descriptor = Dictionary(
        Type=Name.FontDescriptor,
        FontName=name,
        Flags=4,
        FontBBox=list(font.box),
        ItalicAngle=0,
        Ascent=font.ascent,
        Descent=font.descent,
        CapHeight=font.cap_height,
        StemV=80,
        FontFile2=pdf.make_stream(font.packed, Filter=Name.FlateDecode, Length1=font.length),
    )
    descendant = Dictionary(
        Type=Name.Font,
        Subtype=Name.CIDFontType2,
        BaseFont=name,
        CIDSystemInfo=Dictionary(Registry=b"Adobe", Ordering=b"Identity", Supplement=0),
        FontDescriptor=pdf.make_indirect(descriptor),
        CIDToGIDMap=Name.Identity,
        W=[0, list(font.advances)],
    )
    return pdf.make_indirect(
        Dictionary(
            Type=Name.Font,
            Subtype=Name.Type0,
            BaseFont=name,
            Encoding=Name("/Identity-H"),
            DescendantFonts=[pdf.make_indirect(descendant)],
            ToUnicode=pdf.make_stream(_to_unicode(font)),
        )
    )


@lru_cache(maxsize=2)
def _to_unicode_rows(glyphs: tuple[tuple[str, int], ...]) -> bytes:
    # One character for each glyph, and the first is the most usual.
    first: dict[int, str] = {}
    for character, glyph in glyphs:
        if ord(character) not in _NONCHARACTERS:
            first.setdefault(glyph, character)
    rows = [f"<{glyph:04x}> <{c.encode('utf-16-be').hex()}>" for glyph, c in sorted(first.items())]
    blocks = [
        f"{len(rows[at : at + 100])} beginbfchar\n" + "\n".join(rows[at : at + 100]) + "\nendbfchar"
        for at in range(0, len(rows), 100)
    ]
    return (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapType 2 def\n"
        "/CMapName /Quire-Whole def 1 begincodespacerange <0000> <ffff> endcodespacerange\n"
        + "\n".join(blocks)
        + "\nendcmap CMapName currentdict /CMap defineresource pop end end\n"
    ).encode("ascii")


def _to_unicode(font: WholeFont) -> bytes:
    return _to_unicode_rows(tuple(font.glyphs.items()))
