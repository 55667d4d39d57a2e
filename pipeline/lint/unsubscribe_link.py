"""A letter that nobody can stop."""

from collections.abc import Iterator

from pipeline.errors import Finding
from pipeline.lint._mail import Limits, Mail, found
from pipeline.lint._words import ADDRESS, UNSUBSCRIBE


def check(mail: Mail, limits: Limits) -> Iterator[Finding]:
    """Yield an error for each part of a bulk mail without a link by which to leave."""
    if not mail.is_bulk:
        return
    hint = "Add a link that says “Unsubscribe” to its foot. Laws ask for one, and Gmail and Yahoo do."
    html = mail.html
    if html.elements:
        links = [one for one in html.links if UNSUBSCRIBE.search(f"{one.text} {one.href}")]
        if not links:
            yield found(html, 1, "unsubscribe-link", "the HTML has no link to unsubscribe", hint)
    if mail.text is not None and not (UNSUBSCRIBE.search(mail.text.text) and ADDRESS.search(mail.text.text)):
        yield found(mail.text, 1, "unsubscribe-link", "the text part has no link to unsubscribe", hint)
