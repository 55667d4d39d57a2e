"""A label to which no cross-reference leads."""

from collections.abc import Iterator

from pipeline import model as m
from pipeline.checks._context import Context
from pipeline.checks._nodes import every
from pipeline.errors import Finding


def check(book: m.Book, context: Context) -> Iterator[Finding]:
    """Yield a warning for each label that nothing names."""
    used = {ref.target for ref in every(book, m.Ref)}
    for _, text in book.texts():
        for node in m.walk(text.blocks) if text.labels else ():
            if isinstance(node, m.Heading | m.Figure) and node.id in text.labels and node.id not in used:
                message, hint = f"nothing refers to “{node.id}”", f"Write {{ref}}`{node.id}`, or delete the label."
                yield Finding(node.location, "unused-label", message, hint, "warning")
