"""A work that no citation names: a reader of the notes would look for it in vain."""

from collections.abc import Iterator

from pipeline import model as m
from pipeline.checks._context import Context
from pipeline.checks._nodes import every
from pipeline.errors import Finding


def check(book: m.Book, context: Context) -> Iterator[Finding]:
    """Yield a warning for each work that is not cited."""
    used = {key for cite in every(book, m.Cite) for key in cite.keys}
    for reference in book.references:
        if reference.key not in used:
            message, hint = f"no text cites “{reference.key}”", "Cite it, or delete it."
            yield Finding(reference.location, "unused-reference", message, hint, "warning")
