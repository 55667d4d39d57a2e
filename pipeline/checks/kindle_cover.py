"""A cover that Kindle Direct Publishing refuses, or would rather have larger."""

from collections.abc import Iterator

from pipeline import model as m
from pipeline.checks._context import Context
from pipeline.errors import Finding, Location

# Kindle Publishing Guidelines, Cover Image Guidelines: pixels of height and width; the best is 2,560 by 1,600.
_LEAST, _MOST, _BEST = (1_000, 625), 10_000, (2_560, 1_600)


def check(book: m.Book, context: Context) -> Iterator[Finding]:
    """Yield an error for a Kindle book's cover of a size that is refused, and a warning for one that shops remark on.

    The theme says how large the cover is.
    """
    if not book.epub.is_for_kindle:
        return
    where = Location("templates/theme.yaml")
    width, height = context.cover
    shown = f"the cover is {width:,} × {height:,} pixels"
    if height < _LEAST[0] or width < _LEAST[1] or max(width, height) > _MOST:
        limits = f"KDP takes {_LEAST[1]:,} × {_LEAST[0]:,} to {_MOST:,} × {_MOST:,}"
        yield Finding(where, "kindle-cover", f"{shown}; {limits}", "Set “cover” to 1600 by 2560.")
    elif height < _BEST[0] or width < _BEST[1]:
        hint = "Set “cover” to 1600 by 2560."
        yield Finding(where, "kindle-cover", f"{shown}; KDP asks for a larger one", hint, "warning")
