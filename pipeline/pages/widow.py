"""A paragraph's last line alone at the head of a page."""

from collections.abc import Iterator

from pipeline.errors import Finding
from pipeline.pages._flow import paragraphs_over_pages
from pipeline.pages._page import Document, Limits, quoted


def check(document: Document, limits: Limits) -> Iterator[Finding]:
    """Yield a finding for each paragraph with less than two lines after a page's end."""
    for _, _, page, first in paragraphs_over_pages(document):
        if len(first.lines) < 2:
            message = f"a paragraph's last line stands alone at the head: {quoted(first.text)}"
            yield document.finding(page, "widow", message, "Ask for more: “widows: 2” in the design.")
