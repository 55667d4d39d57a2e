"""A font and the characters that a book uses in; a font of those characters alone out."""

import io
from collections.abc import Iterable

from msgspec import Struct

# What sets text: kerning, ligatures, marks, small capitals and the four kinds of figures.
_FEATURES = ["ccmp", "locl", "kern", "mark", "mkmk", "liga", "clig", "calt", "rlig"]
_FEATURES += ["smcp", "c2sc", "lnum", "onum", "pnum", "tnum"]


class Face(Struct, frozen=True):
    """A font file, and the characters to keep of it, each once and in order."""

    font: bytes
    characters: str


def characters_of(texts: Iterable[str]) -> str:
    """Return the characters of texts, each once and in order; what is not seen on a page is left out."""
    used: set[str] = set()
    for text in texts:
        used.update(text)
    return "".join(sorted(character for character in used if character.isprintable()))


def subset(face: Face) -> bytes:
    """Return the font with the glyphs and features that set the face's characters, and its names and licence."""
    from fontTools import subset as subsetting
    from fontTools.ttLib import TTFont

    options = subsetting.Options()
    options.layout_features = _FEATURES
    options.name_IDs = ["*"]
    options.notdef_outline = True
    options.hinting = False
    # Its own date, not today's.
    options.recalc_timestamp = False
    font = TTFont(io.BytesIO(face.font), recalcTimestamp=False, lazy=True)
    subsetter = subsetting.Subsetter(options)
    subsetter.populate(text=face.characters)
    subsetter.subset(font)
    stream = io.BytesIO()
    font.save(stream)
    return stream.getvalue()
