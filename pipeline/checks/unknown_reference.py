"""A cross-reference that leads nowhere."""

from collections.abc import Iterator

from pipeline import model as m
from pipeline.checks._context import Context
from pipeline.checks._nodes import every
from pipeline.errors import Finding
from pipeline.metadata import suggest

NEEDS = ("text",)


def check(book: m.Book, context: Context) -> Iterator[Finding]:
    """Yield a finding for each cross-reference without a target."""
    for ref in every(book, m.Ref):
        if ref.target not in book.targets:
            hint = suggest(ref.target, book.targets, "Name a file, a slug, or a label: (name)= before a heading.")
            yield Finding(ref.location, "unknown-reference", f"“{ref.target}” leads nowhere", hint)
