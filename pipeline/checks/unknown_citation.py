"""A citation of a work that references.yaml does not have."""

from collections.abc import Iterator

from pipeline import model as m
from pipeline.checks._context import Context
from pipeline.checks._nodes import every
from pipeline.errors import Finding
from pipeline.metadata import suggest

NEEDS = ("references",)


def check(book: m.Book, context: Context) -> Iterator[Finding]:
    """Yield a finding for each key cited that no work has."""
    known = {reference.key: reference for reference in book.references}
    for cite in every(book, m.Cite):
        for key in cite.keys:
            if key not in known:
                hint = suggest(key, known, "Add the work to content/references.yaml.")
                yield Finding(cite.location, "unknown-citation", f"no work has the key “{key}”", hint)
