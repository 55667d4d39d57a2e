"""The path of a table somebody saved in; its encoding, its delimiter, and its rows, each with its line, out.

Nothing is kept of a file but the row at hand. What can't be read as a row is told as one that is bad.
"""

import codecs
import csv
import io
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from pipeline.errors import ContentError, Finding, Location

DELIMITERS = (",", ";", "\t")
# A quotation mark that isn't closed makes one row of many lines; nobody's own text has so many.
MOST_LINES = 50
# What spreadsheets take for the beginning of a formula, also in the wide signs of East Asian keyboards.
_GUARDED = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_CODE = "table"


class Row(Struct, frozen=True):
    """A row and the line that it begins in; `fault` says why it can't be read, if it can't."""

    line: int
    cells: list[str]
    fault: str = ""


class Table(Struct, frozen=True):
    """A file as it is to be read; `head` is its first row."""

    path: Path
    encoding: str
    delimiter: str
    head: list[str]
    bytes: int


def open_table(path: Path, shown: str, encoding: str = "") -> Table:
    """Return how a file is to be read. Raises ContentError where it can't be, with the line."""
    try:
        encoding = encoding or _encoding(path, shown)
        with path.open(encoding=encoding, newline="") as file:
            start = file.readline(100_000)
            # A name of a column may be of several lines.
            while start.count('"') % 2 and start.count("\n") < MOST_LINES and (more := file.readline(100_000)):
                start += more
        size = path.stat().st_size
    except OSError as error:
        raise _refusal(shown, 1, f"can't be read: {error.strerror}", "Name a file that you may read.") from error
    except (LookupError, UnicodeError) as error:
        raise _refusal(shown, 1, f"is not text in {encoding}", "Name its encoding: --encoding utf-8.") from error
    heads = {mark: next(csv.reader(io.StringIO(start, newline=""), delimiter=mark), []) for mark in DELIMITERS}
    delimiter = max(DELIMITERS, key=lambda mark: len(heads[mark]))
    head = [unguarded(cell.strip()) for cell in heads[delimiter]]
    if not any(head):
        raise _refusal(shown, 1, "has no names of columns", "Its first line names them: address,name.")
    return Table(path, encoding, delimiter, head, size)


def rows(table: Table, shown: str) -> Iterator[tuple[Row, int]]:
    """Yield the rows below the head, each with how many bytes of the file were read.

    Raises ContentError where bytes are none of the encoding.
    """
    with table.path.open("rb") as file:
        text = io.TextIOWrapper(file, encoding=table.encoding, newline="")
        reader = csv.reader(text, delimiter=table.delimiter, strict=True)
        next(reader, None)
        while True:
            line = reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                cells, fault = [], _broken(str(error), line, reader.line_num)
            except UnicodeDecodeError as error:
                raise _refusal(
                    shown, line, f"here or soon after is no {table.encoding}", "Save the file as UTF-8."
                ) from error
            else:
                many = reader.line_num - line >= MOST_LINES
                fault = _broken("a quotation mark isn't closed", line, reader.line_num) if many else ""
            if fault or any(cells):
                yield Row(line, cells, fault), file.tell()


def _broken(reason: str, first: int, last: int) -> str:
    if "unexpected end" in reason or "field limit" in reason:
        reason = "a quotation mark isn't closed"
    return f"lines {first} to {last} are one row: {reason}" if last > first else f"is no row of a table: {reason}"


def guarded(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula; `unguarded` takes back what that adds."""
    return f"'{cell}" if cell.startswith(_GUARDED) else cell


def unguarded(cell: str) -> str:
    """Return a cell as it was before it was guarded."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_GUARDED) else cell


def _encoding(path: Path, shown: str) -> str:
    """Return UTF-8 where all of a file is that, else Windows-1252 where no line is UTF-8 that could be told."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        start = file.read(4)
        if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise _refusal(shown, 1, "is text in UTF-16", "Save it as CSV in UTF-8, or name it: --encoding utf-16.")
        file.seek(0)
        try:
            while chunk := file.read(1 << 20):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            file.seek(0)
            return _older(file, shown)
    return "utf-8-sig"


def _older(lines: Iterator[bytes], shown: str) -> str:
    broken, is_mixed = 0, False
    for number, line in enumerate(lines, start=1):
        if line.isascii():
            continue
        try:
            line.decode()
            is_mixed = True
        except UnicodeDecodeError:
            broken = broken or number
            try:
                line.decode("cp1252")
            except UnicodeDecodeError as error:
                raise _refusal(
                    shown, number, "is neither UTF-8 nor Windows-1252", "Save it as UTF-8, or name --encoding."
                ) from error
    if is_mixed:
        raise _refusal(shown, broken, "is not UTF-8, as other lines are", "Mend the line, or say --encoding cp1252.")
    return "cp1252"


def _refusal(shown: str, line: int, message: str, hint: str) -> ContentError:
    return ContentError([Finding(Location(shown, line), _CODE, message, hint)])
