"""Text and a language in; the direction that each is read in, and text kept apart from that of the other, out."""

import re
import unicodedata
from typing import Literal

from pipeline.identifiers import is_right_to_left

Direction = Literal["ltr", "rtl"]

# Marks, embeddings, overrides and isolates: one without its end would turn the letter around (UAX #9).
_BIDI_CONTROLS = re.compile(r"[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_STRONG: dict[str, Direction] = {"L": "ltr", "R": "rtl", "AL": "rtl"}
_FIRST_STRONG_ISOLATE, _POP_ISOLATE = "\u2068", "\u2069"


def direction_of(language: str) -> Direction:
    """Return the direction that a language, by its BCP 47 tag, is written in."""
    return "rtl" if is_right_to_left(language) else "ltr"


def leaning(text: str, otherwise: Direction = "ltr") -> Direction:
    """Return the direction of a text's first letter (UAX #9, P2); `otherwise` where it has none."""
    if text.isascii():
        # Most text is, and not all of it has letters.
        return "ltr" if any(map(str.isalpha, text)) else otherwise
    strong = (_STRONG.get(unicodedata.bidirectional(character)) for character in text)
    return next(filter(None, strong), otherwise)


def isolated(value: str, direction: Direction = "ltr") -> str:
    """Return text between isolates where it holds letters of the other direction; its own bidi controls are gone."""
    value = _BIDI_CONTROLS.sub("", value)
    other = "rtl" if direction == "ltr" else "ltr"
    if any(_STRONG.get(unicodedata.bidirectional(character)) == other for character in value):
        return f"{_FIRST_STRONG_ISOLATE}{value}{_POP_ISOLATE}"
    return value
