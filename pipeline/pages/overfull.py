"""Text, a field or a drawing that leaves the text block: a word without a break, a table too wide, a field too long."""

from collections.abc import Iterator

from pipeline.errors import Finding
from pipeline.pages._page import Block, Box, Document, Field, Limits, Page, quoted

# Rules are as wide as they are, and letters overhang; this is what nobody sees, in points.
_TOLERANCE = 2.0


def check(document: Document, limits: Limits) -> Iterator[Finding]:
    """Yield a finding for each line, field and drawing that leaves its page's text block."""
    for page in document.pages:
        for what, box in _things(page):
            beyond = box.beyond(page.frame)
            if beyond > _TOLERANCE:
                message = f"{what} leaves the text block by {beyond:.0f} pt"
                hint = "Make it narrower or shorter: break a long word, give a table fewer columns."
                yield document.finding(page, "overfull", message, hint, "error")


def _things(page: Page) -> Iterator[tuple[str, Box]]:
    for item in page.items:
        if isinstance(item, Field):
            yield f"the field {item.name}", item.box
        elif isinstance(item, Block):
            yield from ((quoted(line.text), line.box) for line in item.lines)
    yield from (("a picture or a rule", box) for box in page.drawn)
