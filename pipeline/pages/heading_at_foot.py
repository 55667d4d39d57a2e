"""A heading at the foot of a page or column: it belongs to the text that one has to turn the page for."""

import itertools
from collections.abc import Iterator, Sequence

from pipeline.errors import Finding
from pipeline.pages._page import Block, Document, Field, Item, Limits, Page, quoted

# How many lines a heading needs below it.
_ENOUGH = 2


def check(document: Document, limits: Limits) -> Iterator[Finding]:
    """Yield a finding for each heading with less than two lines of its text below it, unless its text is no longer."""
    for number, page in enumerate(document.pages):
        after = document.pages[number + 1] if number + 1 < len(document.pages) else None
        body = page.body
        for at, item in enumerate(body):
            # The title of the book or of a part may have its page to itself.
            if (
                isinstance(item, Block)
                and _is_heading(item)
                and item.level > 1
                and _is_parted(item, body[at + 1 :], after)
            ):
                message = f"a heading stands at the foot of the page: {quoted(item.text)}"
                hint = "Keep it with its text: “break-after: avoid” in the design; or change a line before it."
                yield document.finding(page, "heading-at-foot", message, hint)


def _is_parted(heading: Block, rest: Sequence[Item], after: Page | None) -> bool:
    """Say whether a heading has too little below it, given what follows on its page, and the next page."""
    foot = min(line.box.bottom for line in heading.lines)
    baselines: set[float] = set()
    for item in rest:
        if isinstance(item, Field) or item.kind == "figure":
            return False
        # Its text ends here, short as it is.
        if item.kind == "heading" and item.level <= heading.level and baselines:
            return False
        if item.kind == "heading":
            continue
        for line in item.lines:
            # The text goes on at the head of another column of this page.
            if line.box.bottom > foot:
                return not baselines
            baselines.add(round(line.box.bottom))
        if len(baselines) >= _ENOUGH:
            return False
    return after is not None and not _opens(after, heading.level)


def _opens(page: Page, level: int) -> bool:
    """Say whether a page begins something new: with a heading of a level or above, or with the label of a title."""
    lead = list(itertools.takewhile(lambda item: not _is_heading(item), page.body))
    heading = next((item for item in page.blocks if item.kind == "heading"), None)
    if heading is None or len(lead) == len(page.body):
        return not page.body
    is_label = len(lead) == 1 and isinstance(lead[0], Block) and len(lead[0].lines) == 1
    return heading.level == 1 if is_label else not lead and heading.level <= level


def _is_heading(item: Item) -> bool:
    return isinstance(item, Block) and item.kind == "heading"
