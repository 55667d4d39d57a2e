"""A page with nothing on it but its folio: who turns to it looks for what is missing.

In a bound book the back of a leaf is blank where the next piece opens on the right, and so may sides of a booklet be.
"""

from collections.abc import Iterator

from pipeline.errors import Finding
from pipeline.pages._page import Document, Limits


def check(document: Document, limits: Limits) -> Iterator[Finding]:
    """Yield a finding for each page without text, fields and drawings."""
    for page in document.pages:
        may_be_blank = page.parts or (document.is_bound and page.number % 2 == 0)
        if not page.items and not page.drawn and not may_be_blank:
            hint = "Look at the page before: what ends there may be too tall by a hair, or break twice."
            yield document.finding(page, "blank-page", "nothing is on this page", hint)
