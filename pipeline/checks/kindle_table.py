"""A table that Kindle doesn't support, or that can't be read on one."""

from collections.abc import Iterator

from pipeline import model as m
from pipeline.checks._context import Context
from pipeline.checks._kindle import tables
from pipeline.errors import Finding

# Kindle Publishing Guidelines, Table Guidelines: one with more cells and more characters isn't supported, and one
# should have fewer rows and columns than these.
_CELLS, _CHARACTERS = 1_800, 20_000
_ROWS, _COLUMNS = 100, 10


def check(book: m.Book, context: Context) -> Iterator[Finding]:
    """Yield an error for each table of a Kindle book that is refused, and a warning for each that is too large."""
    for table in tables(book):
        rows = [table.header, *table.rows]
        columns = max(map(len, rows))
        cells = [cell for row in rows for cell in row]
        characters = sum(len(m.words_of(cell.children)) for cell in cells)
        if len(cells) > _CELLS and characters > _CHARACTERS:
            message = f"a table of {len(cells):,} cells and {characters:,} characters, which Kindle doesn't support"
            yield Finding(table.location, "kindle-table", message, "Split it.")
        elif len(rows) >= _ROWS or columns >= _COLUMNS:
            message = f"a table of {len(rows)} rows and {columns} columns is hard to read on a Kindle"
            hint = f"Split it: fewer than {_ROWS} rows and {_COLUMNS} columns."
            yield Finding(table.location, "kindle-table", message, hint, "warning")
