"""A Book as read in; a Book with its cross-references, citations and terms resolved out."""

import msgspec

from pipeline.cache import Cache
from pipeline.model import Book
from pipeline.transforms.citations import cite
from pipeline.transforms.select import select
from pipeline.transforms.targets import find_targets, find_terms

__all__ = ["complete", "select"]


def complete(book: Book, cache: Cache) -> Book:
    """Return the book with `targets`, `terms` and `citations` filled; what leads nowhere is left to the checks."""
    return msgspec.structs.replace(
        book, targets=find_targets(book), terms=find_terms(book), citations=cite(book, cache)
    )
