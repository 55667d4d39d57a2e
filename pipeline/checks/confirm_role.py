"""A link that confirms, in another place than the mail that asks for it; or that mail without the link."""

from collections.abc import Iterator

from pipeline import model as m
from pipeline.checks._context import Context
from pipeline.checks._nodes import every
from pipeline.errors import Finding

NEEDS = ("text",)


def check(book: m.Book, context: Context) -> Iterator[Finding]:
    """Yield a finding for each link that confirms nothing, and for a confirmation that can't be answered."""
    mail = book.newsletter.mail("confirmation") if book.newsletter else None
    in_place = {node for node in m.walk(mail.text) if isinstance(node, m.ConfirmLink)} if mail else set()
    if mail and not in_place:
        message, hint = "this mail has no link to confirm by", "Write {confirm}`Yes, send me the letters`."
        yield Finding(mail.location, "confirm-role", message, hint)
    for node in every(book, m.ConfirmLink):
        if node not in in_place:
            message, hint = "{confirm} outside the confirmation", "Delete it."
            yield Finding(node.location, "confirm-role", message, hint)
