"""A passage kept for a format that does not exist: it would be in none."""

from collections.abc import Iterator

from pipeline import model as m
from pipeline.checks._context import Context
from pipeline.checks._nodes import every
from pipeline.errors import Finding
from pipeline.metadata import suggest


def check(book: m.Book, context: Context) -> Iterator[Finding]:
    """Yield a finding for each unknown name in an `{only}`."""
    for only in every(book, m.Only):
        for name in only.formats:
            if name not in context.formats:
                hint = suggest(name, context.formats, f"Formats: {', '.join(context.formats)}.")
                yield Finding(only.location, "unknown-format", f"no format is called “{name}”", hint)
