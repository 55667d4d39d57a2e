"""A character that is printed and that no font of the theme has: each machine would set it in another, or as a box.

Letters are set in the fonts of those who read them, and every character is theirs to show.
"""

import unicodedata
from collections.abc import Iterator
from pathlib import Path

from pipeline import model as m
from pipeline.checks._context import Context
from pipeline.checks._nodes import File, nodes_of
from pipeline.errors import Finding, Location

# Spaces, joiners and line ends take no glyph of their own.
_INVISIBLE = {"Cc", "Cf", "Zs", "Zl", "Zp"}


def check(book: m.Book, context: Context) -> Iterator[Finding]:
    """Yield a finding for each file and character that no font has, at its first place."""
    if not context.fonts:
        return
    known = _characters(context)
    nodes = nodes_of(book)
    for file in (*nodes.files, *nodes.glossary):
        missing = set("".join(text for text, _ in _shown(file))) - known
        missing = {character for character in missing if unicodedata.category(character) not in _INVISIBLE}
        for character in sorted(missing):
            where = next(location for text, location in _shown(file) if character in text)
            name = unicodedata.name(character, "a character without a name").lower()
            message = f"no font of the theme has {character} (U+{ord(character):04X}, {name})"
            yield Finding(where, "glyph-missing", message, "Write it another way, or add a font to theme.yaml.")


def _shown(file: File) -> Iterator[tuple[str, Location]]:
    """Yield the texts of a file that readers see, each with the nearest place before it."""
    place = file.location
    for title in file.titles:
        yield title, place
    for node in file.nodes:
        place = getattr(node, "location", place)
        match node:
            case m.Text(text=text) | m.Code(text=text) | m.CodeBlock(text=text):
                yield text, place
            case m.Figure(alt=alt):
                yield alt, place
            case m.Scale(low=low, high=high):
                yield low + high, place
            case m.Grid(columns=columns, row_labels=labels):
                yield "".join(columns + labels), place


def _characters(context: Context) -> frozenset[str]:
    """Return every character that a font of the theme has; kept, since opening the fonts takes long."""
    key = context.cache.key("characters", context.fonts_digest) if context.cache else ""
    kept = context.cache.get(key) if context.cache else None
    if kept is not None:
        return frozenset(kept.decode("utf-8", "surrogatepass"))
    characters = frozenset(character for path in context.fonts for character in _read(path))
    if context.cache:
        context.cache.put(key, "".join(sorted(characters)).encode("utf-8", "surrogatepass"))
    return characters


def _read(path: Path) -> Iterator[str]:
    from fontTools.ttLib import TTFont

    with TTFont(path, lazy=True) as font:
        yield from map(chr, font.getBestCmap())
