"""A text that the form of Kindle Direct Publishing asks for and the manuscript lacks."""

from collections.abc import Iterator

from pipeline import model as m
from pipeline.checks._context import Context
from pipeline.errors import Finding


def check(book: m.Book, context: Context) -> Iterator[Finding]:
    """Yield a warning for each text that a Kindle book's page in the shop would be without."""
    if not book.epub.is_for_kindle:
        return
    texts = book.texts_around
    if not texts.long_description:
        message = "the book is for Kindle and has no long description"
        hint = "Write “long_description” under “texts”: KDP's form asks for it."
        yield Finding(texts.locations["long_description"], "kindle-listing", message, hint, "warning")
    if not texts.keywords:
        message = "the book is for Kindle and has no keywords"
        hint = "Write “keywords” under “texts”: up to seven phrases that a reader would search for."
        yield Finding(texts.locations["keywords"], "kindle-listing", message, hint, "warning")
