"""A bound PDF in; the same pages two on each side of a sheet, to be printed on both sides, folded and stapled, out."""

import re

from msgspec import Struct

from pipeline.errors import WriteError

MILLIMETER = 72 / 25.4
_PAPERS = {"a4": (297.0, 210.0), "letter": (279.4, 215.9)}
_WIDTH_AND_HEIGHT = re.compile(r"(\d+(?:\.\d+)?)\s*[x×]\s*(\d+(?:\.\d+)?)\s*mm")


class Imposition(Struct, frozen=True):
    """What a booklet is imposed from.

    `paper` is a4, letter, or a size such as 320x225mm; it lies on its long side. `signature` is the pages of one
    signature, a multiple of 4; 0 makes one signature of the whole. `creep` is how far, in mm, each sheet's pages move
    toward the spine beyond those of the sheet around it. `title` takes the place of the PDF's own where there is one;
    author, language and dates are kept. `marks` adds marks for folding and cutting.
    """

    pdf: bytes
    paper: str = "a4"
    signature: int = 0
    creep: float = 0.0
    title: str = ""
    marks: bool = False


def impose(task: Imposition) -> bytes:
    """Return the sheets as a PDF, front and back in turn, the same bytes each time; work for the press.

    Print on both sides and flip on the short edge. Pages are scaled to their half of the sheet, never enlarged, and
    lie against the fold, in the middle of its height. Fields, links and tags stay behind: this is for a printer.
    Raises WriteError for a signature that can't be folded and for a paper that isn't known.
    """
    # pikepdf takes a tenth of a second to import, and whoever only describes a booklet needs none of it.
    from pipeline.writers._press_sheet import press_sheets

    return press_sheets(task)


def order(pages: int, signature: int = 0) -> list[tuple[int | None, int | None]]:
    """Return which pages, counted from 1, stand left and right on each side, fronts and backs in turn.

    The outer sheet of a signature comes first. None is a blank, of which there are as many as fill the last signature.
    Raises WriteError where `signature` is no multiple of 4.
    """
    if signature < 0 or signature % 4:
        lower = max(4, signature - signature % 4)
        raise WriteError(
            f"a signature of {signature} pages can't be folded: each sheet holds four\n"
            f"    Make it a multiple of 4, such as {lower} or {lower + 4}, or 0 for all pages in one."
        )
    length = _length(pages, signature)
    sides: list[tuple[int | None, int | None]] = []
    for start in range(0, pages, length or 4):
        numbers = [number if number <= pages else None for number in range(start + 1, start + length + 1)]
        while numbers:
            first, second, *inner, last_but_one, last = numbers
            sides += [(last, first), (second, last_but_one)]
            numbers = inner
    return sides


def sheet_of_side(side: int, pages: int, signature: int = 0) -> int:
    """Return how many sheets of its signature lie around that of a side; sides are counted from 0, as in `order`."""
    return side // 2 % sheets_of_signature(pages, signature)


def sheets_of_signature(pages: int, signature: int = 0) -> int:
    """Return how many sheets lie in one another in the largest signature."""
    return _length(pages, signature) // 4


def _length(pages: int, signature: int) -> int:
    """Return the pages of a signature: no more than all there are, filled up to whole sheets."""
    whole = -(-pages // 4) * 4
    return min(signature, whole) if signature else whole


def paper_size(paper: str) -> tuple[float, float]:
    """Return width and height of a paper in mm, the long side first. Raises WriteError where it isn't known."""
    name = paper.strip().lower()
    if name in _PAPERS:
        return _PAPERS[name]
    match = _WIDTH_AND_HEIGHT.fullmatch(name)
    sides = sorted((float(match[1]), float(match[2]))) if match else [0.0, 0.0]
    if not sides[0]:
        raise WriteError(
            f"“{paper}” is no paper to print a booklet on\n"
            "    Write a4, letter, or width and height, such as 320x225mm."
        )
    return sides[1], sides[0]


def scale(width: float, height: float, paper: str) -> float:
    """Return how many times its size a page of `width` by `height` mm has on its half of a paper: 1 at the most."""
    long, short = paper_size(paper)
    # A5 is half of A4 but for what is lost in rounding to points, which makes no page smaller.
    factor = min(long / 2 / width, short / height)
    return 1.0 if factor > 0.995 else factor
