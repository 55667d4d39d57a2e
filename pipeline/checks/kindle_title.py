"""A title that is too long for Kindle Direct Publishing."""

from collections.abc import Iterator

from pipeline import model as m
from pipeline.checks._context import Context
from pipeline.checks._kindle import BOOK_YAML
from pipeline.errors import Finding

# KDP, Metadata Guidelines for Books: title and subtitle together have fewer than 200 characters.
_MOST = 199


def check(book: m.Book, context: Context) -> Iterator[Finding]:
    """Yield an error where a Kindle book's title and subtitle have more characters than KDP's form takes."""
    length = len(book.title) + len(book.subtitle)
    if book.epub.is_for_kindle and length > _MOST:
        message = f"title and subtitle have {length} characters; KDP takes {_MOST}"
        yield Finding(BOOK_YAML, "kindle-title", message, f"Cut {length - _MOST}.")
