"""Text in; how many columns of a text window it takes, and where it may be broken, out."""

import re
import unicodedata
from collections.abc import Iterator

# Marks, joiners and selectors stand on what is before them.
_NO_WIDTH = frozenset({"Mn", "Me", "Cf"})
_JOINER = "\u200d"
_SKIN_TONES = range(0x1F3FB, 0x1F400)
# What may not begin a line of Chinese, Japanese or Korean, and what may not end one (UAX #14, CL, NS and OP).
_NEVER_FIRST = frozenset("、。，．！？：；）］｝」』】〉》〕〗〙〛・ーゝゞヽヾ々〜～…‥％")
_NEVER_FIRST |= frozenset("ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ")
_NEVER_LAST = frozenset("（［｛「『【〈《〔〖〘〚￥＄￡")
# A placeholder, while a paragraph is wrapped, is one piece whatever its fallback.
_PIECE = re.compile("[ \t\n\r\f\v]+|\x02[^\x03]*\x03|[^ \t\n\r\f\v\x02]+|\x02")


def columns(text: str) -> int:
    """Return how many columns a text takes where every character has one or two (UAX #11), or none of its own."""
    if text.isascii():
        return len(text)
    count, last = 0, ""
    for character in text:
        is_joined = last == _JOINER or ord(character) in _SKIN_TONES
        if not is_joined and unicodedata.category(character) not in _NO_WIDTH:
            count += 2 if unicodedata.east_asian_width(character) in "WF" else 1
        last = character
    return count


def padded(text: str, width: int) -> str:
    """Return text with spaces after it, up to a width in columns."""
    return text + " " * (width - columns(text))


def is_wide(text: str) -> bool:
    """Return whether a text holds characters whose columns aren't one each."""
    return not text.isascii() and columns(text) != len(text)


def broken(text: str, width: int) -> list[str]:
    """Return a passage as lines of at most so many columns, broken at spaces and between characters of East Asia."""
    lines: list[str] = []
    line, room, gap = "", width, ""
    for piece in _pieces(text):
        if piece.isspace():
            gap = piece if line else ""
            continue
        wanted = columns(gap) + columns(piece)
        if line and wanted > room:
            lines.append(line)
            line, room, gap = "", width, ""
            wanted = columns(piece)
        line, room, gap = line + gap + piece, room - wanted, ""
    return [*lines, line] if line else lines


def _pieces(text: str) -> Iterator[str]:
    """Yield what a line may be broken around: runs of spaces, words, and single characters of East Asia."""
    for match in _PIECE.finditer(text):
        word = match[0]
        if word.isspace() or word.startswith("\x02") or not is_wide(word):
            yield word
            continue
        start = 0
        for place in range(1, len(word)):
            if _may_part(word[place - 1], word[place]):
                yield word[start:place]
                start = place
        yield word[start:]


def _may_part(before: str, after: str) -> bool:
    """Return whether a line may end between two characters of a word: beside an East Asian letter (UAX #14)."""
    if after in _NEVER_FIRST or before in _NEVER_LAST or unicodedata.category(after) in _NO_WIDTH or before == _JOINER:
        return False
    return any(_is_of_east_asia(one) for one in (before, after))


def _is_of_east_asia(character: str) -> bool:
    # Hangul is wide too, and has spaces between its words.
    if "\uac00" <= character <= "\ud7a3" or unicodedata.east_asian_width(character) not in "WF":
        return False
    return unicodedata.category(character) in ("Lo", "Lm", "Po", "Ps", "Pe")
