"""A book's settings and a design in; how each edition of the workbook is set, out: one table of variants."""

import msgspec
from msgspec import Struct

from pipeline.editions import Editions, trim_size
from pipeline.errors import ContentError, Finding, Location
from pipeline.theme import Design, Margins, PageTokens, page_size, points
from pipeline.writers._impose import MILLIMETER
from pipeline.writers._inks import gray_of

EDITIONS = {
    "screen": "to read on a screen and to fill in; tagged for screen readers",
    "print": "the interior for a print shop: PDF/X-4, no fields, every piece opening on a right-hand page",
    "large": "large print, tagged, ragged right",
    "booklet": "the print edition's pages, two to a sheet, to fold into a booklet",
    "cover-wrap": "the print edition's cover, front, spine, and back in one",
}
_WIDTH_LEAST, _HEIGHT_LEAST = 60.0, 90.0
# How much stronger the lines of large print are.
_STRONGER = 1.6
# Nothing in large print is smaller than this, in points: with less, it is none.
_LEAST_OF_LARGE = 16.0
# Colors of small type and of thin lines, beside the text's own.
_FINE = ("muted", "rule", "ink-line")
# From here on, steps of the type scale are titles, and distances are rooms around them.
_TITLES, _ROOMS = 2.0, 3.0
# What the fold of a bound book takes, by its number of pages. The text moves away from it, and keeps its measure as
# long as there is room for a thumb at the outside; then it is narrower.
_GUTTERS = ((150, 0.0), (300, 3.0), (500, 6.0), (700, 9.0))
_WIDEST_GUTTER = 12.0
_LEAST_OUTSIDE = 11.0


class Look(Struct, frozen=True):
    """How an edition's pages are set. Lengths are CSS lengths; `design` has its type, its trim and its margins.

    Where it `opens_right`, pages are numbered as if each piece opened on a right-hand page, as it does where it
    `is_bound`: what would be blank has a number elsewhere too, and is left out.
    """

    design: Design
    is_fillable: bool = True
    is_ragged: bool = False
    is_bound: bool = False
    opens_right: bool = False
    bleed: str = ""
    marks: bool = False

    @property
    def trim(self) -> tuple[str, str]:
        """The width and the height of a page."""
        return page_size(self.design.theme.page.size)


def screen(editions: Editions, design: Design) -> Look:
    """Return the look of the edition for screens: the design as it is.

    It is numbered as the print edition is, if it may be: what stands on a page of one stands there in the other.
    """
    return Look(design, opens_right=has_pages_of_print(editions, design))


def large(editions: Editions, design: Design) -> Look:
    """Return the look of large print: its own type size, lines of uneven length, lines drawn stronger."""
    settings = editions.large
    usual = page_size(design.theme.page.size)
    wider = points(trim_size(settings.trim)[0]) / points(usual[0]) if settings.trim else 1.0
    return Look(_on_pages(_enlarged(design, settings.size, wider), settings.trim, "large"), is_ragged=True)


def _enlarged(design: Design, size: str, wider: float) -> Design:
    """Return a design in large type, for pages `wider` times as wide as its own.

    What was fine is stronger, and what was small is as large as large print is at the least. Titles and the rooms
    around them, large before, grow no more than the page does; so do the cover, and what one writes and ticks in.
    """
    theme = design.theme
    base, page = points(size), max(1.0, wider)
    least = min(1.0, _LEAST_OF_LARGE / base)
    display = min(1.0, page / (base / points(theme.base["page"])))
    return Design(
        msgspec.structs.replace(
            theme,
            base={**theme.base, "page": size, "cover": _times(theme.base["cover"], page)},
            scale={step: max(least, by if by < _TITLES else by * display) for step, by in theme.scale.items()},
            space={step: by if by < _ROOMS else by * display for step, by in theme.space.items()},
            stroke={name: _times(width, _STRONGER) for name, width in theme.stroke.items()},
            writing={name: _times(length, page) for name, length in theme.writing.items()},
        ),
        design.folders,
    )


def _times(length: str, factor: float) -> str:
    number = length.rstrip("abcdefghijklmnopqrstuvwxyz")
    return f"{float(number) * factor:.3g}{length.removeprefix(number)}"


def print_shop(editions: Editions, design: Design, pages: int) -> Look:
    """Return the look of the interior for a print shop, whose gutter is right for `pages`."""
    settings = editions.print
    sized = in_black(_with_type(design, settings.size) if settings.size else design)
    look = _on_pages(sized, settings.trim, "print", gutter(pages))
    return Look(look, is_fillable=False, is_bound=True, opens_right=True, bleed=settings.bleed, marks=settings.marks)


def has_pages_of_print(editions: Editions, design: Design, pages: int = 1) -> bool:
    """Say whether the screen edition's lines and pages break where those of the print edition do, which has `pages`.

    They do where both have one measure: what else differs moves no line, and a test compares them.
    """
    try:
        return _measure(Look(design)) == _measure(print_shop(editions, design, pages))
    except ContentError:
        # No page fits, which is told where the print edition is asked for.
        return False


def _measure(look: Look) -> tuple[str, float, float]:
    """Return the type size, and width and height of what the margins leave in points, whose hundredths are rounding."""
    theme, (width, height) = look.design.theme, map(points, look.trim)
    margin = theme.page.margin
    sides, ends = (margin.inside, margin.outside), (margin.top, margin.bottom)
    return theme.base["page"], round(width - sum(map(points, sides)), 1), round(height - sum(map(points, ends)), 1)


def gutter(pages: int) -> float:
    """Return how many millimeters the inside margin of a bound book is wider than the outside one."""
    return next((width for most, width in _GUTTERS if pages <= most), _WIDEST_GUTTER)


def in_black(design: Design) -> Design:
    """Return a design whose text is of black ink alone, and what else is fine of gray alone.

    Small type in gray is printed as dots, and fine lines in several inks get colored edges.
    """
    colors = design.theme.colors
    light = {**colors.light, "text": "#000000"}
    for name in _FINE:
        parts = [int(light[name][at : at + 2], 16) / 255 for at in (1, 3, 5)]
        light[name] = "#" + f"{round(float(gray_of(parts)) * 255):02x}" * 3
    return Design(
        msgspec.structs.replace(design.theme, colors=msgspec.structs.replace(colors, light=light)), design.folders
    )


def _with_type(design: Design, size: str) -> Design:
    return Design(msgspec.structs.replace(design.theme, base={**design.theme.base, "page": size}), design.folders)


def _on_pages(design: Design, trim: str, edition: str, gutter: float = 0.0) -> Design:
    """Return a design on pages of another trim size, its margins in proportion.

    Large print needs the height more than the rest for the eye. Raises ContentError where the margins leave too little
    of the page.
    """
    page = design.theme.page
    usual = page_size(page.size)
    width, height = trim_size(trim) if trim else usual
    wide, high = points(width) / points(usual[0]), points(height) / points(usual[1])
    edges = {name: points(getattr(page.margin, name)) / MILLIMETER for name in ("top", "outside", "bottom", "inside")}
    # A wider page has wider margins, and a narrower one keeps them: a hand holds either.
    across, down = max(1.0, wide), 1.0 if edition == "large" else max(1.0, high)
    sides = {"outside": across, "inside": across, "top": down, "bottom": down}
    margins = {name: length * sides[name] for name, length in edges.items()}
    margins["inside"] += gutter
    margins["outside"] -= min(gutter, max(0.0, margins["outside"] - _LEAST_OUTSIDE))
    left = points(width) / MILLIMETER - margins["inside"] - margins["outside"]
    above = points(height) / MILLIMETER - margins["top"] - margins["bottom"]
    if left < _WIDTH_LEAST or above < _HEIGHT_LEAST:
        message = (
            f"editions, {edition}: on a page of {width} by {height} the margins leave {left:.0f} by {above:.0f} mm"
        )
        hint = f"Choose a larger “trim”; text needs {_WIDTH_LEAST:.0f} by {_HEIGHT_LEAST:.0f} mm."
        raise ContentError([Finding(Location("content/book.yaml"), "trim", message, hint)])
    margin = Margins(**{name: f"{length:.4g}mm" for name, length in margins.items()})
    return Design(
        msgspec.structs.replace(design.theme, page=PageTokens(f"{width} {height}", margin, page.line)), design.folders
    )
