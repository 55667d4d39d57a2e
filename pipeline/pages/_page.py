"""The plain model of a finished page, which every rule here reads: its blocks with their lines, fields and marks.

Distances are points from the bottom left of the page as it is trimmed.
"""

import itertools
from collections.abc import Callable, Iterator
from typing import Literal

from msgspec import Struct

from pipeline.errors import Finding, PageLocation, Severity

Kind = Literal["heading", "paragraph", "item", "label", "cell", "figure", "note", "other"]
# How many words of a line stand in a message.
_WORDS = 7


class Box(Struct, frozen=True):
    """A rectangle by its edges."""

    left: float
    bottom: float
    right: float
    top: float

    @property
    def height(self) -> float:
        return self.top - self.bottom

    def inset(self, by: float) -> "Box":
        """Return the rectangle that lies within this one at a distance."""
        return Box(self.left + by, self.bottom + by, self.right - by, self.top - by)

    def within(self, frame: "Box") -> "Box":
        """Return as much of this as lies in a frame that it touches."""
        return Box(
            max(self.left, frame.left),
            max(self.bottom, frame.bottom),
            min(self.right, frame.right),
            min(self.top, frame.top),
        )

    def beyond(self, frame: "Box") -> float:
        """Return by how much this leaves a frame, at the edge where it leaves it most; 0 or less inside."""
        return max(frame.left - self.left, self.right - frame.right, frame.bottom - self.bottom, self.top - frame.top)


class Line(Struct, frozen=True):
    """A line of text. Its box stands on the baseline; `spaces` are its word spaces as multiples of the font's own."""

    text: str
    box: Box
    spaces: tuple[float, ...] = ()


class Block(Struct, frozen=True):
    """What one element of the structure tree has on a page; `section` is the element of the section around it."""

    kind: Kind
    element: int
    section: int = 0
    lines: tuple[Line, ...] = ()
    level: int = 0

    @property
    def text(self) -> str:
        return " ".join(line.text for line in self.lines)


class Field(Struct, frozen=True):
    """A form field, or one button of a group: its name, what describes it, its box, and the section around it."""

    name: str
    title: str
    box: Box
    section: int = 0


Item = Block | Field


class Page(Struct, frozen=True):
    """A page: its number in the file, its printed number, its text block (`frame`), and what is on it.

    `items` are in reading order, without running heads and folios. `drawn` are pictures, rules and grounds, as far as
    they are on the page. `parts` are the parts of a sheet that nothing may cross, such as the halves beside a fold;
    there is no text block where there are any.
    """

    number: int
    label: str
    size: Box
    frame: Box
    items: tuple[Item, ...] = ()
    drawn: tuple[Box, ...] = ()
    parts: tuple[Box, ...] = ()

    @property
    def blocks(self) -> Iterator[Block]:
        return (item for item in self.items if isinstance(item, Block))

    @property
    def body(self) -> tuple[Item, ...]:
        """Return the items without the notes at the foot."""
        return tuple(item for item in self.items if isinstance(item, Field) or item.kind != "note")


class Document(Struct, frozen=True):
    """A finished PDF by its path below the project, with its pages; in one that `is_bound` a left page may be blank."""

    path: str
    pages: tuple[Page, ...]
    is_bound: bool = False

    def pairs(self) -> Iterator[tuple[Page, Page]]:
        """Yield each page with the next."""
        return itertools.pairwise(self.pages)

    def finding(self, page: Page, code: str, message: str, hint: str, severity: Severity = "warning") -> Finding:
        """Return a finding on one of the pages."""
        return Finding(PageLocation(self.path, page=page.number, label=page.label), code, message, hint, severity)


class Limits(Struct, frozen=True):
    """What book.yaml sets: how wide a word space may be, as a multiple of the font's own."""

    word_space: float = 2.8


Rule = Callable[[Document, Limits], Iterator[Finding]]


def quoted(text: str) -> str:
    """Return the first words of a text in quotation marks, as messages show a place on a page."""
    words = text.split()
    return f"“{' '.join(words[:_WORDS])}{'…' if len(words) > _WORDS else ''}”"
