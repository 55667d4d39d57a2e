"""Laid-out pages, or any text, in; their letters out, as what is printed is found again elsewhere by."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

_LETTERS = re.compile(r"[a-z]+|[^\x00-\x7f]")


def letters(text: str) -> str:
    """Return the letters of a text, all small and without ligatures."""
    return "".join(run if run.isascii() else _plain(run) for run in _LETTERS.findall(text.lower()))


@lru_cache(maxsize=1_000)
def _plain(character: str) -> str:
    return "".join(part for part in unicodedata.normalize("NFKC", character).casefold() if part.isalpha())


def letters_of_pages(pages: Sequence[Any]) -> tuple[str, ...]:
    """Return the letters on each of WeasyPrint's pages, in the order of its boxes, without what stands in margins."""
    from weasyprint.formatting_structure import boxes

    def texts(box: Any) -> Iterator[str]:
        # Only pages have references to pages.
        if box.element is not None and box.element.get("class") == "page-of":
            return
        # An absolutely placed box has its true one within.
        box = getattr(box, "_box", box)
        if isinstance(box, boxes.TextBox):
            if not hasattr(box, "is_aside"):
                yield box.text
        elif not isinstance(box, boxes.MarginBox):
            for child in getattr(box, "children", ()):
                yield from texts(child)

    return tuple(letters(" ".join(texts(page._page_box))) for page in pages)
