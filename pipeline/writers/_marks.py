"""Marks: what stands for a placeholder, or for a picture's address, until a letter's styles are inlined.

The inliner reads HTML and writes it anew, references resolved; so, until it has, each placeholder is a mark that
carries the book's own hash, which no text of the book can contain.
"""

import hashlib
import re
from collections.abc import Mapping

from pipeline import model as m
from pipeline.mail.placeholders import PLACEHOLDERS, Slot, in_html

# Styles, and comments for Outlook, hold braces of their own; everywhere else a brace is the author's.
_BRACES = re.compile(r"<style>.*?</style>|<!--.*?-->|[{}]", re.DOTALL)


class Marks:
    """One book's marks: what stands for a placeholder, or for a picture's address, until the styles are inlined."""

    def __init__(self, book: m.Book) -> None:
        self._key = f"quire{hashlib.sha256(m.encode(book)).hexdigest()[:20]}"
        self._mark = re.compile(rf"{self._key}\.([a-z0-9_-]+)\.")
        self.placeholders = {name: self.of(name) for name in PLACEHOLDERS}

    def of(self, name: str) -> str:
        return f"{self._key}.{name}."

    def slot(self, slot: Slot) -> str:
        """Return the mark of a placeholder that an author wrote; its fallback is coded, so that no inliner sees it."""
        return self.of(f"{slot.name}-{slot.fallback.encode().hex()}")

    def resolved(self, marked: str, addresses: Mapping[str, str]) -> str:
        """Return HTML with the author's braces as character references, and marks as addresses and placeholders."""
        safe = _BRACES.sub(lambda match: f"&#{ord(match[0])};" if len(match[0]) == 1 else match[0], marked)
        return self._mark.sub(lambda match: addresses.get(match[0]) or str(_slot(match[1])), safe)


def _slot(coded: str) -> Slot:
    """Return the placeholder that a mark stands for, its fallback as HTML has it."""
    name, _, fallback = coded.partition("-")
    return Slot(name, in_html(bytes.fromhex(fallback).decode()))
