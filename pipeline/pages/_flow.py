"""A document in; the paragraphs that go on over a page out."""

from collections.abc import Iterator

from pipeline.pages._page import Block, Document, Page

_IN_FLOW = ("paragraph", "item")
# What may follow the sign that ends a sentence.
_CLOSING = '”’»")]'
# Two edges nearer than this are the same, in points.
_SAME_EDGE = 1.0
# No word that can't be broken is longer than this, in points.
_RAGGED = 72.0


def paragraphs_over_pages(document: Document) -> Iterator[tuple[Page, Block, Page, Block]]:
    """Yield each paragraph that goes on over a page: its page and lines before the break, and those after it."""
    for page, following in document.pairs():
        flow, rest = page.body, following.body
        if flow and rest:
            last, first = flow[-1], next((item for item in rest if not _is_label(item)), rest[0])
            if isinstance(last, Block) and isinstance(first, Block) and _goes_on(last, first, page, following):
                yield page, last, following, first


def _is_label(item: object) -> bool:
    return isinstance(item, Block) and item.kind == "label"


def _goes_on(last: Block, first: Block, page: Page, following: Page) -> bool:
    """Say whether two blocks are one paragraph: one element, or what its words and edges show to be one.

    WeasyPrint makes two elements of a paragraph that crosses a page. Where words and edges leave it open, it is two.
    """
    if last.element == first.element:
        return True
    if last.kind != first.kind or last.kind not in _IN_FLOW or _has_label(first, following):
        return False
    before, after = last.lines[-1], first.lines[0]
    if abs(before.box.height - after.box.height) > _SAME_EDGE:
        return False
    room = page.frame.right - before.box.right
    is_flush = after.box.left - following.frame.left < _SAME_EDGE
    ends = before.text.rstrip(_CLOSING)[-1:] in ".!?…:;0123456789"
    if room < _SAME_EDGE and is_flush:
        return ends or not after.text[0].isupper()
    # Set ragged, a line of more to come ends where the next word has no room, and hardly ever in a sentence's end.
    is_text = len(last.lines) > 1 or len(first.lines) > 1
    return is_text and room < _RAGGED and not ends and after.text[0].islower()


def _has_label(first: Block, page: Page) -> bool:
    """Say whether a block has a number or bullet before it, so that it begins here."""
    at = page.items.index(first)
    return at > 0 and _is_label(page.items[at - 1])
