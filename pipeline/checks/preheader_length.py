"""A preheader that inboxes would cut off, or fill up with the letter's first words."""

from collections.abc import Iterator

from pipeline import model as m
from pipeline.checks._bounds import outside
from pipeline.checks._context import Context
from pipeline.errors import Finding


def check(book: m.Book, context: Context) -> Iterator[Finding]:
    """Yield a warning for each preheader whose length is outside the bounds."""
    bounds = book.bounds.preheader_characters
    if book.newsletter is None or bounds is None:
        return
    for letter in book.newsletter.letters:
        found = outside("the preheader", len(letter.preheader), "characters", bounds, "preheader_characters")
        if found:
            yield Finding(letter.location, "preheader-length", *found, "warning")
