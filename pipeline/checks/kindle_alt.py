"""A picture's description that is longer than Kindle asks for."""

from collections.abc import Iterator

from pipeline import model as m
from pipeline.checks._context import Context
from pipeline.checks._kindle import figures
from pipeline.errors import Finding

# Kindle Publishing Guidelines, Image Guidelines for reflowable books: fewer than 140.
_MOST = 139


def check(book: m.Book, context: Context) -> Iterator[Finding]:
    """Yield a warning for each figure of a Kindle book whose description is too long to be heard at once."""
    for figure in figures(book):
        if len(figure.alt) > _MOST:
            message = f"the description of {figure.image} has {len(figure.alt)} characters; Kindle takes {_MOST}"
            hint = "Say what the picture shows, and tell the rest in the text or the caption."
            yield Finding(figure.location, "kindle-alt", message, hint, "warning")
