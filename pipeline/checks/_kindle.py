"""A book that may be for Kindle in; what Kindle's rules look at out, which is nothing where it isn't."""

from collections.abc import Sequence

from pipeline import model as m
from pipeline.checks._nodes import nodes_of
from pipeline.errors import Location

BOOK_YAML = Location("content/book.yaml")


def figures(book: m.Book) -> Sequence[m.Figure]:
    """Return the figures of a Kindle book in reading order; the newsletter's are no part of it."""
    return [node for node in _nodes(book) if isinstance(node, m.Figure)]


def tables(book: m.Book) -> Sequence[m.Table]:
    """Return the tables of a Kindle book in reading order."""
    return [node for node in _nodes(book) if isinstance(node, m.Table)]


def _nodes(book: m.Book) -> Sequence[object]:
    return [node for file in nodes_of(book).files for node in file.nodes] if book.epub.is_for_kindle else []
