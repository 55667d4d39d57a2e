"""Text in; lines of plain text out: wrapped, hung, underlined, boxed, in columns."""

import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import zip_longest

from pipeline.writers._text_columns import broken, columns, is_wide, padded

WIDTH = 72
# A line of text may be broken where Markdown said so; this stands for it until the paragraph is wrapped.
BREAK = "\n"
# Lines are never wrapped to less, so a column isn't narrower.
LEAST_COLUMN = 8
GAP = 2


def wrapped(text: str, width: int) -> list[str]:
    """Return text as lines of at most `width` columns; a longer word keeps a line of its own, whole."""
    lines: list[str] = []
    for passage in text.split(BREAK):
        if is_wide(passage):
            lines += broken(passage, max(width, LEAST_COLUMN))
        else:
            lines += textwrap.wrap(passage, max(width, LEAST_COLUMN), break_long_words=False, break_on_hyphens=False)
    return lines


def spaced(pieces: Iterable[Sequence[str]]) -> list[str]:
    """Return pieces one below the other, parted by an empty line; empty pieces are left out."""
    lines: list[str] = []
    for piece in pieces:
        if piece:
            lines += ["", *piece] if lines else piece
    return lines


def prefixed(lines: Iterable[str], prefix: str) -> list[str]:
    """Return lines with a prefix each, and no space at a line's end."""
    return [f"{prefix}{line}".rstrip() for line in lines]


def hung(mark: str, lines: Sequence[str]) -> list[str]:
    """Return lines that hang from a mark, as in a list."""
    return prefixed(lines[:1] or [""], mark) + prefixed(lines[1:], " " * len(mark))


def underlined(text: str, rule: str, width: int = WIDTH) -> list[str]:
    """Return a heading over a rule as long as its longest line."""
    lines = wrapped(text, width)
    return [*lines, rule * max(map(columns, lines), default=0)]


def ruled(count: int, width: int) -> list[str]:
    """Return lines to write on, with room above each."""
    return spaced(["_" * width] for _ in range(count))


def table(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    width: int,
    is_open: Callable[[str], object],
) -> list[str]:
    """Return a table in columns of text or, where its columns would be too narrow to read, as a list of rows.

    It is such a list too where a cell `is_open`, so that its length isn't known yet, and others stand behind it.
    """
    cells = [header, *rows]
    is_unsteady = any(is_open(cell) for row in cells for cell in row[:-1])
    widths = [] if is_unsteady else _column_widths(cells, width)
    if not widths:
        entries = ([_entry(*cell, width) for cell in zip_longest(header, row, fillvalue="")] for row in rows)
        return spaced([line for entry in row for line in entry] for row in entries)
    rule = (" " * GAP).join("-" * column for column in widths)
    lines = [*row_of(header, widths), rule]
    # Rows that take several lines are told apart by an empty one.
    drawn = [row_of(row, widths) for row in rows]
    return lines + (spaced(drawn) if any(len(row) > 1 for row in drawn) else [line for row in drawn for line in row])


def _column_widths(cells: Sequence[Sequence[str]], width: int) -> list[int]:
    """Return a width for each column, the widest made narrower until they fit; nothing where they can't.

    No column is narrower than a word in it, which would push the columns behind it out of line.
    """
    texts = [list(column) for column in zip_longest(*cells, fillvalue="")]
    widths = [max(*map(columns, column), 1) for column in texts]
    least = [max(map(_least_width, column)) for column in texts]
    room = width - GAP * (len(widths) - 1)
    while sum(widths) > room:
        place = max(range(len(widths)), key=lambda one: widths[one] if widths[one] > least[one] else 0)
        if widths[place] <= least[place]:
            return []
        widths[place] -= 1
    return widths


def _least_width(text: str) -> int:
    return max([LEAST_COLUMN, *map(columns, wrapped(text, LEAST_COLUMN))])


def row_of(cells: Sequence[str], widths: Sequence[int]) -> list[str]:
    """Return a row of a table, each cell wrapped in its column."""
    wrapped_cells = [wrapped(cell, width) for cell, width in zip(cells, widths, strict=False)]
    rows: Iterator[tuple[str, ...]] = zip_longest(*wrapped_cells, fillvalue="")
    gap = " " * GAP
    return [gap.join(padded(cell, width) for cell, width in zip(row, widths, strict=False)).rstrip() for row in rows]


def _entry(name: str, cell: str, width: int) -> list[str]:
    lines = wrapped(f"{name}: {cell}", width - 2)
    return lines[:1] + prefixed(lines[1:], "  ")
