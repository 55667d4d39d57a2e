"""A heading that skips a level: a screen reader's outline has a hole there, and PDF/UA fails."""

from collections.abc import Iterator

from pipeline import model as m
from pipeline.checks._context import Context
from pipeline.checks._nodes import nodes_of
from pipeline.errors import Finding


def check(book: m.Book, context: Context) -> Iterator[Finding]:
    """Yield a finding for each heading more than one level below the one before it."""
    nodes = nodes_of(book)
    for file in (*nodes.files, *nodes.issues):
        last = 1
        for node in file.nodes:
            if isinstance(node, m.Heading):
                if node.level > last + 1:
                    message = f"“{m.words_of(node.children)}” skips from level {last} to level {node.level}"
                    yield Finding(node.location, "heading-order", message, f"Write {'#' * (last + 1)} here.")
                last = node.level
