"""Pages of the EPUB, and the words that each printed page begins with, in; the pages with a mark where each began out.

Both have the same words in the same order, but for what a page repeats or leaves out. So a printed page is found by
its letters alone: where lines are broken, how a word is hyphenated and which numbers stand beside it doesn't matter.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise

from msgspec import Struct

from pipeline.writers._html import Markup
from pipeline.writers._page_letters import letters

# Letters compared at once. Fewer are found by chance, and more are broken up by what one side has and the other lacks.
_ENOUGH, _AT_LEAST = 28, 8
# A page may begin with what the EPUB lacks, such as the headings of a table that goes on.
_STEPS = range(0, 240, 12)
_TOKEN = re.compile(r"<svg\b.*?</svg>|<[^>]*>|[^<]+", re.DOTALL)
_ENTITY = re.compile(r"&[^;\s]+;")
_RUN = re.compile(r"&[^;\s]+;|[A-Za-z]+|[^\x00-\x7f]")
_BODY = re.compile(r"<body[^>]*>\s*(<section[^>]*>)?")
# A mark in one of these would be read as part of a name, or lie within a link: it stands before them.
_BEFORE = re.compile(r"<(a|em|strong|span|cite|dfn|code|h[1-6])\b[^>]*>\s*$")


class PrintedPage(Struct, frozen=True):
    """A page as printed: its number, and the letters on it, as `_page_letters` returns them."""

    label: str
    letters: str


def marked(markup: str, printed: Sequence[PrintedPage]) -> str:
    """Return a page of the EPUB with a mark where each of its printed pages began, all of them and in order.

    A page on which nothing is found, such as one of empty lines, begins where the next one does.
    """
    if not printed:
        return markup
    body = _BODY.search(markup)
    start = body.end() if body else 0
    text = _Text(markup, start)
    breaks = [(start, printed[0])]
    found = _found(text, printed)
    end = markup.rindex("</section>") if "</section>" in markup else len(markup)
    at = end
    later: list[tuple[int, PrintedPage]] = []
    for page, index in reversed(list(zip(printed[1:], found, strict=True))):
        at = at if index is None else min(at, _outside(markup, text.place(index), start))
        later.append((at, page))
    breaks += reversed(later)
    pieces = [markup[: breaks[0][0]]]
    for (here, page), (there, _) in pairwise([*breaks, (len(markup), printed[0])]):
        pieces += [page_break(page.label, "div" if page is printed[0] else "span"), markup[here:there]]
    return "".join(pieces)


def identifier(label: str) -> str:
    """Return the id of the mark of a printed page."""
    return f"page.{label}"


def page_break(label: str, element: str = "div") -> Markup:
    """Return the mark of a printed page's beginning."""
    return Markup(
        f'<{element} class="page-break" epub:type="pagebreak" role="doc-pagebreak" id="{identifier(label)}" '
        f'aria-label="{label}"></{element}>'
    )


class _Text:
    """The letters of a page's text as one stream, and the place in the markup of each."""

    def __init__(self, markup: str, start: int) -> None:
        self._markup = markup
        # Where the letters of each piece between two tags begin in the stream, and the piece in the markup.
        self._starts: list[int] = []
        self._pieces: list[tuple[int, int]] = []
        found: list[str] = []
        count = 0
        for token in _TOKEN.finditer(markup, start):
            text = token[0]
            if text[0] == "<" or text.isspace():
                continue
            self._starts.append(count)
            self._pieces.append(token.span())
            found.append(letters(_ENTITY.sub(" ", text)))
            count += len(found[-1])
        self.stream = "".join(found)

    def place(self, index: int) -> int:
        """Return the place in the markup of a letter of the stream."""
        piece = bisect_right(self._starts, index) - 1
        left = index - self._starts[piece]
        start, end = self._pieces[piece]
        for run in _RUN.finditer(self._markup, start, end):
            if run[0][0] == "&":
                continue
            length = len(letters(run[0]))
            if left < length:
                # A ligature is several letters in one place.
                return run.start() + (left if run[0].isascii() else 0)
            left -= length
        return start


def _found(text: _Text, printed: Sequence[PrintedPage]) -> list[int | None]:
    """Return where in a text's stream each page but the first begins, in ascending order."""
    found: list[int | None] = []
    stream = text.stream
    last, expected = 0, 0
    for before, page in pairwise(printed):
        expected += len(before.letters)
        index, missed = _nearest(stream, page.letters, last, expected)
        if index is not None:
            # The page begins some letters before those that were found, if with what the EPUB has too.
            began = index
            while missed and began > last and stream[began - 1] == page.letters[missed - 1]:
                began, missed = began - 1, missed - 1
            # One or two of them may be like by chance, the end of another word.
            while began < index and text.place(began) == text.place(began - 1) + 1:
                began += 1
            last = expected = index = began
        found.append(index)
    return found


def _nearest(stream: str, wanted: str, start: int, expected: int) -> tuple[int | None, int]:
    """Return where some of the first wanted letters stand in the stream, and how many come before these.

    Of several places it is the one nearest to where they are expected.
    """
    for step in _STEPS:
        probe = wanted[step : step + _ENOUGH]
        if len(probe) < (_ENOUGH if step else _AT_LEAST):
            break
        indexes = []
        index = stream.find(probe, start)
        while index >= 0:
            indexes.append(index)
            index = stream.find(probe, index + 1)
        if indexes:
            return min(indexes, key=lambda index: abs(index - expected)), step
    return None, 0


def _outside(markup: str, place: int, start: int) -> int:
    """Return the place before the word at `place`, and before the inline elements and the heading that begin there."""
    while place > start and markup[place - 1].isalpha():
        place -= 1
    while match := _BEFORE.search(markup, max(start, markup.rfind("<", start, place)), place):
        place = match.start()
    return place
