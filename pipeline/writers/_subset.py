"""A font and the characters that a book uses in; a font of those characters alone out."""

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
    # HarfBuzz does in milliseconds what fontTools takes a tenth of a second for.
    import uharfbuzz

    wanted = uharfbuzz.SubsetInput()
    wanted.unicode_set.set({ord(character) for character in face.characters})
    wanted.layout_feature_tag_set.set({int.from_bytes(name.encode(), "big") for name in _FEATURES})
    wanted.name_id_set.update(range(1000))
    wanted.flags = uharfbuzz.SubsetFlags.NO_HINTING | uharfbuzz.SubsetFlags.NOTDEF_OUTLINE
    part: bytes = wanted.subset(uharfbuzz.Face(face.font)).blob.data
    return part
