"""A preheader that inboxes would cut off, or fill up with the letter's first words."""

from collections.abc import Iterator

from pipeline import model as m
from pipeline.checks._bounds import outside
from pipeline.checks._context import Context
from pipeline.errors import Finding
from pipeline.mail.placeholders import as_for_nobody


def check(book: m.Book, context: Context) -> Iterator[Finding]:
    """Yield a warning for each preheader whose length is outside the bounds, or more than the letter's own."""
    bounds = book.bounds.preheader_characters
    for letter in book.newsletter.letters if book.newsletter else ():
        preheader = as_for_nobody(letter.preheader)
        said = sum(len(node.text) for node in m.walk(letter.text) if isinstance(node, m.Text))
        if len(preheader) > said > 0:
            message = "the preheader is longer than the letter that it leads into"
            hint = "Shorten it, or write the letter."
            yield Finding(letter.at("preheader"), "preheader-length", message, hint, "warning")
        found = outside("the preheader", len(preheader), "characters", bounds, "preheader_characters")
        if found:
            yield Finding(letter.at("preheader"), "preheader-length", *found, "warning")
