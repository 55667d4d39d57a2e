"""An index entry that says "see", and has places of its own: a reader who finds them would not look further."""

from collections.abc import Iterator

from pipeline import model as m
from pipeline.checks._context import Context
from pipeline.checks._nodes import every
from pipeline.errors import Finding


def check(book: m.Book, context: Context) -> Iterator[Finding]:
    """Yield a warning for each “see” at an entry that leads to places in the text."""
    marks = every(book, m.IndexMark)
    headings = {mark.entry[0]: mark for mark in reversed(marks) if not mark.see and not mark.see_also}
    for mark in marks:
        if mark.see and mark.entry[0] in headings:
            place = headings[mark.entry[0]].location
            message = f"“{mark.entry[0]}, see {mark.see}”, but the entry has places of its own, as {place}"
            yield Finding(mark.location, "see-with-places", message, "Write “seealso:”.", "warning")
