"""Text, a field or a drawing that leaves the text block: a word without a break, a table too wide, a field too long."""

from collections.abc import Iterator

from pipeline.errors import Finding
from pipeline.pages._page import Block, Box, Document, Field, Limits, Page, quoted

_ON_PAGES = "Make it narrower or shorter: break a long word, give a table fewer columns."
_ON_SHEETS = "It would be cut or folded: shorten it, choose a larger trim or paper, or less “creep”."
# Rules are as wide as they are, and letters overhang; this is what nobody sees, in points.
_TOLERANCE = 2.0
# So many of a page are told one by one.
_FEW = 3


def check(document: Document, limits: Limits) -> Iterator[Finding]:
    """Yield a finding for each line, field and drawing that leaves its page's text block."""
    for page in document.pages:
        place = "its part of the sheet" if page.parts else "the text block"
        hint = _ON_SHEETS if page.parts else _ON_PAGES
        out = [(beyond, what) for what, beyond in _beyond(page) if beyond > _TOLERANCE]
        if len(out) > _FEW:
            # One table that is too wide has many words.
            beyond, what = max(out)
            out, place = [(beyond, what)], f"{place}, as {len(out) - 1} others here do,"
        for beyond, what in out:
            yield document.finding(page, "overfull", f"{what} leaves {place} by {beyond:.0f} pt", hint, "error")


def _beyond(page: Page) -> Iterator[tuple[str, float]]:
    """Yield everything on a page with how far it leaves where it should be."""
    for what, box in _things(page):
        yield what, min(box.beyond(frame) for frame in page.parts or (page.frame,))


def _things(page: Page) -> Iterator[tuple[str, Box]]:
    for item in page.items:
        if isinstance(item, Field):
            yield f"the field {item.name}", item.box
        elif isinstance(item, Block):
            yield from ((quoted(line.text), line.box) for line in item.lines)
    yield from (("a picture or a rule", box) for box in page.drawn)
