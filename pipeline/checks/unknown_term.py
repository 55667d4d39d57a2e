"""A term that the glossary does not explain."""

from collections.abc import Iterator

from pipeline import model as m
from pipeline.checks._context import Context
from pipeline.checks._nodes import every
from pipeline.errors import Finding
from pipeline.metadata import suggest

NEEDS = ("glossary",)


def check(book: m.Book, context: Context) -> Iterator[Finding]:
    """Yield a finding for each term without an entry."""
    for term in every(book, m.Term):
        if term.target.casefold() not in book.terms:
            hint = suggest(term.target.casefold(), book.terms, "Add it, or an “also:”, to content/glossary.yaml.")
            yield Finding(term.location, "unknown-term", f"the glossary has no “{term.target}”", hint)
