"""A paragraph's first line alone at the foot of a page."""

from collections.abc import Iterator

from pipeline.errors import Finding
from pipeline.pages._flow import paragraphs_over_pages
from pipeline.pages._page import Document, Limits, quoted


def check(document: Document, limits: Limits) -> Iterator[Finding]:
    """Yield a finding for each paragraph with less than two lines before a page's end."""
    for page, last, _, _ in paragraphs_over_pages(document):
        if len(last.lines) < 2:
            message = f"a paragraph's first line stands alone at the foot: {quoted(last.text)}"
            yield document.finding(page, "orphan", message, "Ask for more: “orphans: 2” in the design.")
