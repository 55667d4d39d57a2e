"""What delivery fills in for each reader: a closed set of names, and how they stand in HTML and in text.

A placeholder is `{{ name }}`. Nothing that the author wrote is ever one: in HTML the author's braces are character
references, in text they are kept apart, `{ {`. The inliner reads HTML and writes it anew, references resolved; so,
until it has, each placeholder is a mark that carries the book's own hash, which no text of the book can contain.
"""

import hashlib
import re
from collections.abc import Callable, Mapping

from pipeline import model as m

PLACEHOLDERS = (
    "greeting",
    "name",
    "unsubscribe_url",
    "preferences_url",
    "archive_url",
    "worksheet_url",
    "confirm_url",
    "postal_address",
)
_PLACEHOLDER = re.compile(r"\{\{ (" + "|".join(PLACEHOLDERS) + r") \}\}")
# Styles, and comments for Outlook, hold braces of their own; everywhere else a brace is the author's.
_BRACES = re.compile(r"<style>.*?</style>|<!--.*?-->|[{}]", re.DOTALL)


def fill(template: str, values: Mapping[str, str], escape: Callable[[str], str] = str) -> str:
    """Return a template with its placeholders filled in one pass: what stands in a value is never filled again."""
    return _PLACEHOLDER.sub(lambda match: escape(values[match[1]]), template)


def placeholders_in(*templates: str) -> tuple[str, ...]:
    """Return the names of the placeholders in templates, in the order of the closed set."""
    used = {name for template in templates for name in _PLACEHOLDER.findall(template)}
    return tuple(name for name in PLACEHOLDERS if name in used)


class Marks:
    """One book's marks: what stands for a placeholder, or for a picture's address, until the styles are inlined."""

    def __init__(self, book: m.Book) -> None:
        self._key = f"quire{hashlib.sha256(m.encode(book)).hexdigest()[:20]}"
        self._mark = re.compile(rf"{self._key}\.([a-z0-9_-]+)\.")
        self.placeholders = {name: self.of(name) for name in PLACEHOLDERS}

    def of(self, name: str) -> str:
        return f"{self._key}.{name}."

    def resolved(self, marked: str, addresses: Mapping[str, str]) -> str:
        """Return HTML with the author's braces as character references, and marks as addresses and placeholders."""
        safe = _BRACES.sub(lambda match: f"&#{ord(match[0])};" if len(match[0]) == 1 else match[0], marked)
        return self._mark.sub(lambda match: addresses.get(match[0]) or f"{{{{ {match[1]} }}}}", safe)
