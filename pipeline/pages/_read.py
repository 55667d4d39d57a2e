"""A finished PDF's bytes in; its pages as plain values out."""

import ctypes
import io
import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from msgspec import Struct

from pipeline.pages._page import Block, Box, Document, Field, Item, Line, Page
from pipeline.pages._tree import Marked, structure

# Two letters are of one line when their baselines differ by less than this part of their size.
_SAME_LINE = 0.6
# How far the letters of a line reach above its baseline, as part of their size.
_ABOVE = 0.7
# A ground that ends this near to the edge of the page covers it, in points.
_HAIR = 1.0
# PDFium tells the hyphen at a line's end by this.
_HYPHEN = 2
_SPACES = frozenset(map(ord, " \r\n\t"))


class _Letter(Struct, frozen=True):
    character: str
    x: float
    y: float
    advance: float
    size: float
    space: float
    is_after_space: bool


def read(path: str, pdf: bytes, margins: Box, *, is_bound: bool = False) -> Document:
    """Return a PDF's pages; `margins` are the distances between the trim and the text block, in points.

    Where it `is_bound` they are those of right-hand pages, and left-hand ones mirror them. A page whose ground is drawn
    to its edges, such as a cover, has the whole of it for its text block. A PDF without tags has no pages here: it says
    nothing of what its lines are.
    """
    import pikepdf
    import pypdfium2

    with pikepdf.open(io.BytesIO(pdf)) as tagged:
        tree = structure(tagged)
    document = pypdfium2.PdfDocument(pdf)
    mirrored = Box(margins.right, margins.bottom, margins.left, margins.top) if is_bound else margins
    try:
        pages = tuple(
            _page(
                document[number],
                number,
                document.get_page_label(number),
                tree[number],
                mirrored if number % 2 else margins,
            )
            for number in sorted(tree)
        )
    finally:
        document.close()
    return Document(path, pages, is_bound)


def read_sheets(path: str, pdf: bytes, parts: Callable[[Box], Sequence[Box]]) -> Document:
    """Return the sides of sheets that are folded and cut, with or without tags; `parts` divides a side of some size.

    All that is written on a side is one block, a line of which is what was drawn at once, upright or not.
    """
    import pypdfium2

    document = pypdfium2.PdfDocument(pdf)
    try:
        pages = []
        for number in range(len(document)):
            page = document[number]
            trim = Box(*page.get_trimbox())
            size = Box(0, 0, trim.right - trim.left, trim.top - trim.bottom)
            lines = tuple(_runs(page, trim))
            items = (Block("other", 1, lines=lines),) if lines else ()
            pages.append(Page(number + 1, str(number + 1), size, size, items, parts=tuple(parts(size))))
    finally:
        document.close()
    return Document(path, tuple(pages))


def _runs(page: Any, trim: Box) -> Iterator[Line]:
    """Yield what was drawn at once, with the box around its letters."""
    import pypdfium2.raw as pdfium

    edges = [ctypes.c_double() for _ in range(4)]
    text = page.get_textpage()
    drawn: dict[int, tuple[list[str], list[Box]]] = defaultdict(lambda: ([], []))
    for at in range(text.count_chars()):
        code = pdfium.FPDFText_GetUnicode(text, at)
        thing = pdfium.FPDFText_GetTextObject(text, at)
        if thing and code not in _SPACES:
            left, right, bottom, top = edges
            pdfium.FPDFText_GetCharBox(text, at, left, right, bottom, top)
            letters, boxes = drawn[ctypes.addressof(thing.contents)]
            letters.append("-" if code == _HYPHEN else chr(code))
            boxes.append(_moved(Box(left.value, bottom.value, right.value, top.value), trim))
    text.close()
    for letters, boxes in drawn.values():
        box = Box(
            min(b.left for b in boxes),
            min(b.bottom for b in boxes),
            max(b.right for b in boxes),
            max(b.top for b in boxes),
        )
        yield Line("".join(letters), box)


def _page(page: Any, number: int, label: str, entries: Sequence[Marked | Field], margins: Box) -> Page:
    trim = Box(*page.get_trimbox())
    size = Box(0, 0, trim.right - trim.left, trim.top - trim.bottom)
    # What is beyond the trim is cut off, and marks for who cuts are there.
    drawn = tuple(box.within(size) for box in _drawn(page, trim) if not _is_off(box, size))
    frame = Box(
        margins.left,
        margins.bottom,
        trim.right - trim.left - margins.right,
        trim.top - trim.bottom - margins.top,
    )
    if any(size.beyond(box) <= _HAIR for box in drawn):
        frame = size
    items = tuple(_items(entries, _letters(page, trim), trim))
    return Page(number + 1, label or str(number + 1), size, frame, items, drawn)


def _drawn(page: Any, trim: Box) -> Iterator[Box]:
    """Yield the boxes of everything that is no text."""
    import pypdfium2.raw as pdfium

    for thing in page.get_objects(max_depth=1):
        if thing.type != pdfium.FPDF_PAGEOBJ_TEXT:
            yield _moved(Box(*thing.get_bounds()), trim)


def _is_off(box: Box, size: Box) -> bool:
    return box.right <= 0 or box.top <= 0 or box.left >= size.right or box.bottom >= size.top


def _moved(box: Box, trim: Box) -> Box:
    return Box(box.left - trim.left, box.bottom - trim.bottom, box.right - trim.left, box.top - trim.bottom)


def _letters(page: Any, trim: Box) -> dict[int, list[_Letter]]:
    """Return a page's letters by the mark of the content that they are in; spaces are told by the letter after them.

    Where a line is loose, PDFium tells of the gap and not of the space in it.
    """
    import pypdfium2.raw as pdfium

    letters: dict[int, list[_Letter]] = defaultdict(list)
    text = page.get_textpage()
    x, y, space = ctypes.c_double(), ctypes.c_double(), ctypes.c_float()
    matrix, box = pdfium.FS_MATRIX(), pdfium.FS_RECTF()
    is_after_space = False
    for at in range(text.count_chars()):
        code = pdfium.FPDFText_GetUnicode(text, at)
        if code in _SPACES:
            is_after_space = True
            continue
        thing = pdfium.FPDFText_GetTextObject(text, at)
        mark = pdfium.FPDFPageObj_GetMarkedContentID(thing) if thing else -1
        # Running heads and folios have none.
        if mark < 0:
            continue
        pdfium.FPDFText_GetCharOrigin(text, at, x, y)
        pdfium.FPDFText_GetMatrix(text, at, matrix)
        size, scale, font = pdfium.FPDFText_GetFontSize(text, at), abs(matrix.a), pdfium.FPDFTextObj_GetFont(thing)
        # The loose box ends where the next letter would begin.
        pdfium.FPDFText_GetLooseCharBox(text, at, box)
        pdfium.FPDFFont_GetGlyphWidth(font, ord(" "), size, space)
        letters[mark].append(
            _Letter(
                "-" if code == _HYPHEN else chr(code),
                x.value - trim.left,
                y.value - trim.bottom,
                box.right - box.left,
                size * scale,
                space.value * scale,
                is_after_space,
            )
        )
        is_after_space = False
    text.close()
    return letters


def _items(entries: Iterable[Marked | Field], letters: dict[int, list[_Letter]], trim: Box) -> Iterator[Item]:
    """Yield blocks and fields in reading order; a block stands where its first content does."""
    runs: dict[int, list[list[_Letter]]] = defaultdict(list)
    order: dict[int, Marked | Field] = {}
    for at, entry in enumerate(entries):
        if isinstance(entry, Marked):
            order.setdefault(entry.element, entry)
            runs[entry.element].append(letters.get(entry.mark, []))
        else:
            order[-1 - at] = entry
    for element, entry in order.items():
        if isinstance(entry, Field):
            yield Field(entry.name, entry.title, _moved(entry.box, trim), entry.section)
        else:
            lines = tuple(_lines(runs[element]))
            if lines or entry.kind == "figure":
                yield Block(entry.kind, element, entry.section, lines, entry.level)


def _lines(runs: Iterable[Sequence[_Letter]]) -> Iterator[Line]:
    """Yield the lines that a block's runs of letters make."""
    line: list[list[_Letter]] = []
    last: _Letter | None = None
    for run in runs:
        for at, letter in enumerate(run):
            if last is not None and _is_new_line(last, letter):
                yield from _line(line)
                line = []
            if not line or at == 0:
                line.append([])
            line[-1].append(letter)
            last = letter
    yield from _line(line)


def _is_new_line(last: _Letter, letter: _Letter) -> bool:
    size = max(last.size, letter.size)
    return abs(letter.y - last.y) > _SAME_LINE * size or letter.x < last.x - size


def _line(runs: Sequence[Sequence[_Letter]]) -> Iterator[Line]:
    letters = [letter for run in runs for letter in run]
    if not letters:
        return
    right = max(letter.x + letter.advance for letter in letters)
    top = max(letter.y + _ABOVE * letter.size for letter in letters)
    box = Box(letters[0].x, min(letter.y for letter in letters), right, top)
    words = "".join(f" {letter.character}" if letter.is_after_space else letter.character for letter in letters)
    # Between two runs there may be a field.
    spaces = [
        round((after.x - before.x - before.advance) / after.space, 2)
        for run in runs
        for before, after in itertools.pairwise(run)
        if after.is_after_space and after.space > 0
    ]
    yield Line(words.strip(), box, tuple(spaces))
