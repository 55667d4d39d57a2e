"""A glossary entry that nothing but its own definition names."""

from collections.abc import Iterator

from pipeline import model as m
from pipeline.checks._context import Context
from pipeline.checks._nodes import nodes_of
from pipeline.errors import Finding


def check(book: m.Book, context: Context) -> Iterator[Finding]:
    """Yield a warning for each entry that no text uses."""
    nodes = nodes_of(book)
    used: set[str] = set()
    for file in (*nodes.files, *nodes.issues, *nodes.glossary):
        named = {book.terms.get(node.target.casefold(), "") for node in file.nodes if isinstance(node, m.Term)}
        # The files of the glossary are its entries, each under the entry's id.
        used |= named - {file.id}
    for entry in book.glossary:
        if entry.id not in used:
            message, hint = f"no text uses the term “{entry.term}”", f"Write {{term}}`{entry.term}`, or delete it."
            yield Finding(entry.location, "unused-term", message, hint, "warning")
