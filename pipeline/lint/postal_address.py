"""A letter that doesn't say where its sender can be reached by post."""

import re
from collections.abc import Iterator

from pipeline.errors import Finding
from pipeline.lint._mail import Html, Limits, Mail, Text, found, is_filled_later

# A postal code, or a street's or a box's number beside a word, near the end of a letter.
_LOOKS_LIKE_ONE = re.compile(
    r"\b[A-Z]{1,2}-?\d{4,5}\b|\b\d{4,6}\b|\b[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b|\b[A-Z]\d[A-Z] ?\d[A-Z]\d\b|"
    r"\bP\.? ?O\.? Box \d+|\bPostfach \d+|〒|\b\d{1,4}[A-Za-z]?,? (?:[A-Z]\w+\.? ){1,3}[A-Z]\w+"
)
_COPYRIGHT = re.compile(r"(?:©|\(c\)|copyright)\s*(?:\d{4}\s*[-–,]?\s*)+", re.IGNORECASE)
_FOOT = 1_200
_HINT = "Write it at the foot; laws on advertising ask for it (CAN-SPAM, 15 U.S.C. §7704)."


def check(mail: Mail, limits: Limits) -> Iterator[Finding]:
    """Yield a finding for each part of a bulk mail without a postal address: an error where the address is known."""
    if not mail.is_bulk:
        return
    parts: list[tuple[Html | Text, str, str]] = []
    if mail.html.elements:
        parts.append((mail.html, "the HTML", mail.html.text(mail.html.elements[0])))
    if mail.text is not None:
        parts.append((mail.text, "the text part", mail.text.text))
    for part, name, text in parts:
        if is_filled_later(text[-_FOOT:]):
            continue
        if mail.postal_address and _squeezed(mail.postal_address) not in _squeezed(text):
            yield found(part, 1, "postal-address", f"{name} lacks the sender's postal address", _HINT)
        elif not mail.postal_address and not _LOOKS_LIKE_ONE.search(_COPYRIGHT.sub("", text[-_FOOT:])):
            yield found(part, 1, "postal-address", f"{name} seems to have no postal address", _HINT, "warning")


def _squeezed(text: str) -> str:
    return re.sub(r"\W+", "", text).casefold()
