"""What rules know beside the book: the formats there are, and the fonts and the page they are set in."""

from collections.abc import Callable, Iterator
from pathlib import Path

from msgspec import Struct

from pipeline.cache import Cache
from pipeline.errors import Finding
from pipeline.model import Book


class Context(Struct, frozen=True):
    """The names of all formats; the theme's font files, and their digest under which `cache` keeps what they hold.

    `measure` is how wide the workbook's text is, in inches; `cover` is how wide and high the ebook's cover, in pixels.
    In millimeters are the text's `height`, and how high a ruled line is, an empty row of a table, and a line of text.
    """

    formats: tuple[str, ...]
    fonts: tuple[Path, ...] = ()
    fonts_digest: str = ""
    cache: Cache | None = None
    measure: float = 4.5
    cover: tuple[int, int] = (1_600, 2_560)
    height: float = 169.0
    line: float = 7.4
    row: float = 13.0
    text_line: float = 5.5


Rule = Callable[[Book, Context], Iterator[Finding]]
