"""The number of pages and the paper in; the width of the spine, and whether it can bear words, out."""

from pipeline.editions import STOCKS
from pipeline.errors import WriteError

# Covers are folded with a tolerance of about 1.5 mm: on a narrower spine, words would slip onto the cover.
FEWEST_PAGES, LEAST_WIDTH = 80, 6.0


def spine_width(pages: int, paper: str | float) -> float:
    """Return the width of the spine in mm, to a hundredth.

    `paper` is one of `editions.STOCKS`, or what one page takes of the spine, in mm. Pages are counted as leaves are:
    an odd number has a blank after it. Raises WriteError for a paper that isn't known.
    """
    thickness = STOCKS.get(paper) if isinstance(paper, str) else paper
    if thickness is None:
        *names, last = STOCKS
        raise WriteError(
            f"“{paper}” is no paper whose thickness is known\n"
            f"    Write {', '.join(names)} or {last}, or the thickness of one page in mm."
        )
    if not 0.01 <= thickness <= 1:
        raise WriteError(
            f"no page of a book is {thickness:g} mm thick\n"
            "    A page is half of a leaf: write 0.05 to 0.07 for common papers."
        )
    return round((pages + pages % 2) * thickness, 2)


def has_spine_text(pages: int, paper: str | float) -> bool:
    """Say whether the spine is wide enough for title and author."""
    return pages >= FEWEST_PAGES and spine_width(pages, paper) >= LEAST_WIDTH
