"""An index entry that says "see" and names an entry that the index does not have."""

from collections.abc import Iterator

from pipeline import model as m
from pipeline.checks._context import Context
from pipeline.checks._nodes import every
from pipeline.errors import Finding
from pipeline.metadata import suggest

NEEDS = ("text",)


def check(book: m.Book, context: Context) -> Iterator[Finding]:
    """Yield a finding for each “see” and “see also” that leads nowhere."""
    marks = every(book, m.IndexMark)
    entries = [mark.entry for mark in marks if not mark.see and not mark.see_also]
    known = list(dict.fromkeys(word for entry in entries for word in (entry[0], "; ".join(entry))))
    for mark in marks:
        other = mark.see or mark.see_also
        if other and other not in known:
            hint = suggest(other, known, "Mark a place for it: {index}`…`.")
            message = f"“{mark.entry[0]}, see {other}”, but the index has no “{other}”"
            yield Finding(mark.location, "see-without-entry", message, hint)
