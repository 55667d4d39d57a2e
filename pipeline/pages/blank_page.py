"""A page with nothing on it but its folio: who turns to it looks for what is missing."""

from collections.abc import Iterator

from pipeline.errors import Finding
from pipeline.pages._page import Document, Limits


def check(document: Document, limits: Limits) -> Iterator[Finding]:
    """Yield a finding for each page without text, fields and drawings."""
    for page in document.pages:
        if not page.items and not page.drawn:
            hint = "Look at the page before: what ends there may be too tall by a hair, or break twice."
            yield document.finding(page, "blank-page", "nothing is on this page", hint)
