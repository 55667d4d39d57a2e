"""A book and its number of pages in; the cover that goes around it, back, spine and front, on one page, out."""

from msgspec import Struct
from msgspec.structs import replace

from pipeline.errors import Location, WriteError
from pipeline.model import Book
from pipeline.theme import Design, points
from pipeline.writers import _barcode, _typeset
from pipeline.writers._cover import balanced
from pipeline.writers._html import Templates, join_names
from pipeline.writers._impose import MILLIMETER
from pipeline.writers._motif import motif_svg
from pipeline.writers._spine import has_spine_text, spine_width

# Smaller words on a spine can't be read, so that none are better.
_SMALLEST = 7.0
_START, _END, _LIMIT = "back-text", "back-text-end", "back-text-limit"
# How the back's sizes follow a cover that is not as wide as theme.yaml has it.
_LEAST_GROWTH, _MOST_GROWTH = 0.85, 1.3


class Mark(Struct, frozen=True):
    """A hairline for whoever cuts or folds: its place from the trimmed corner in mm, its width and height in CSS."""

    left: float
    top: float
    width: str
    height: str


def cover_wrap_sheet(
    book: Book,
    design: Design,
    *,
    pages: int,
    trim: tuple[str, str],
    paper: str | float,
    bleed: float,
    marks: bool,
    isbn: str = "",
) -> _typeset.Sheet:
    """Return the cover around a book of `pages` pages and a trim size of two CSS lengths, as one page to typeset.

    The page is trimmed to back, spine and front; `bleed`, in mm, goes beyond it on all sides, and so do crop and fold
    marks where there are `marks`. `paper` is a name or a thickness, as `_spine.spine_width` has it. The spine is bare
    where `spine_text_size` is 0. Pass what is typeset to `finished_wrap`. Raises WriteError for an unknown paper and
    for an ISBN that is none.
    """
    templates = Templates(design)
    tokens = {name: _millimeters(length) for name, length in design.theme.wrap.items()}
    width, height = (_millimeters(length) for length in trim)
    spine = spine_width(pages, paper)
    size, author_size = spine_text_size(book, design, pages=pages, height=height, paper=paper)
    growth = max(_LEAST_GROWTH, min(_MOST_GROWTH, width / tokens["width"]))
    base = round(points(design.theme.base["back"]) * growth, 2)
    label = round(base * design.theme.scale["label"] / MILLIMETER, 3)
    foot = round(tokens["foot"] * growth, 3)
    # At the foot stand the motif and the publisher on the left, and the barcode on the right.
    foot_height = tokens["motif"] + 2 * label
    resources = {
        "motif.svg": ("image/svg+xml", motif_svg(templates, book.motif)),
        "small-motif.svg": ("image/svg+xml", motif_svg(templates, book.motif, is_tight=True)),
    }
    if isbn:
        resources["barcode.svg"] = ("image/svg+xml", _barcode_of(isbn, templates))
        tiny = points(templates.tokens.size("tiny", "back")) / MILLIMETER
        foot_height = max(foot_height, _barcode.HEIGHT + tiny + 3 * tokens["pad"])
    html = templates.page(
        "cover/wrap.html.j2",
        book=book,
        lines=balanced(book.title),
        isbn=_shown_isbn(isbn),
        spine_size=size,
        marks=_marks(width, height, spine, bleed, design) if marks else (),
    )
    css = templates.style(
        "cover-wrap.css.j2",
        width=width,
        height=height,
        spine=spine,
        bleed=bleed,
        reach=bleed + (tokens["slug"] if marks else 0),
        spine_size=size,
        spine_author_size=author_size,
        base=base,
        label=label,
        top=round(tokens["top"] * growth, 3),
        side=round(tokens["side"] * growth, 3),
        foot=foot,
        text_limit=round(height - foot - foot_height - base / MILLIMETER, 3),
        isbn=isbn,
        barcode_width=round(_barcode.WIDTH, 2),
        barcode_height=_barcode.HEIGHT,
    )
    return _typeset.sheet(design, html, css, resources, name="cover-wrap")


def finished_wrap(book: Book, gathering: _typeset.Gathering, bleed: float) -> _typeset.Gathering:
    """Return a typeset cover wrap with its bleed box where its bleed of `bleed` mm ends.

    Raises WriteError where the text of the back cover doesn't fit, and says by how much.
    """
    # Importing pikepdf takes a tenth of a second, which only this edition needs.
    from pipeline.writers._press_sheet import with_bleed_box

    places = {anchor.name: anchor.y for anchor in gathering.anchors}
    over = (places[_LIMIT] - places[_END]) / MILLIMETER
    paragraphs = book.texts_around.back_cover
    if over > 0 and paragraphs:
        location = book.texts_around.locations.get("back_cover", Location("content/book.yaml"))
        length = (places[_START] - places[_END]) / MILLIMETER
        words = sum(len(paragraph.split()) for paragraph in paragraphs)
        surplus = max(1, round(words * over / length))
        raise WriteError(
            f"{location}: texts.back_cover is {max(over, 0.1):.1f} mm too long for the back cover\n"
            f"    Shorten it by about {surplus} of its {words} words, or choose a larger trim size."
        )
    return replace(gathering, pdf=with_bleed_box(gathering.pdf, bleed))


def spine_text_size(
    book: Book, design: Design, *, pages: int, height: float, paper: str | float
) -> tuple[float, float]:
    """Return the sizes, in points, of title and author on a spine `height` mm long; 0 and 0 for a bare one.

    The words keep away from both folds and from each other, and are as large as on the front's subtitle at the most.
    """
    if not has_spine_text(pages, paper):
        return 0.0, 0.0
    theme = design.theme
    room = (spine_width(pages, paper) - 2 * _millimeters(theme.wrap["fold"])) * MILLIMETER
    size = min(points(theme.base["cover"]) * theme.scale["lead"], room / theme.leading["tight"])
    ratio = theme.scale["label"] / theme.scale["lead"]
    author = join_names(book.authors).upper()
    tracking = float(theme.tracking["label"].removesuffix("em")) * len(author)
    ems = _ems(book.title, "serif", design) + 1 + (_ems(author, "sans", design) + tracking) * ratio
    length = (height - 2 * _millimeters(theme.wrap["ends"])) * MILLIMETER
    size = min(size, length / ems)
    return (round(size, 2), round(size * ratio, 2)) if size >= _SMALLEST else (0.0, 0.0)


def _ems(text: str, family: str, design: Design) -> float:
    """Return how wide a line is in a family's regular style, for a size of 1."""
    from pipeline.writers._whole_font import whole_font

    name = design.theme.families[family].name
    path = next(font.path for font in design.fonts if font.family == name and font.style == "regular")
    font = whole_font(path.read_bytes())
    return sum(font.advances[font.glyphs.get(c, 0)] for c in text) / 1000


def _barcode_of(isbn: str, templates: Templates) -> bytes:
    try:
        return _barcode.barcode_svg(isbn, templates.tokens.sans)
    except ValueError as error:
        raise WriteError(
            f"content/book.yaml: {error}\n    Write the ISBN as the agency gave it, with or without hyphens."
        ) from None


def _shown_isbn(isbn: str) -> str:
    """Return an ISBN as the author hyphenates it where it has thirteen digits; else its thirteen digits."""
    plain = isbn.upper().removeprefix("ISBN").lstrip(" :")
    return plain if sum(c.isdigit() for c in plain) == 13 else _barcode.isbn13(isbn) if isbn else ""


def _marks(width: float, height: float, spine: float, bleed: float, design: Design) -> tuple[Mark, ...]:
    """Return crop marks at the corners and fold marks at the spine, outside the bleed."""
    theme = design.theme
    length, stroke = theme.wrap["mark"], theme.stroke["hair"]
    half = points(stroke) / MILLIMETER / 2
    right = 2 * width + spine
    # A millimeter more than the bleed, so that no mark is left on what is cut.
    away = bleed + 1
    long = _millimeters(length)
    upright = [
        Mark(round(x - half, 3), y, stroke, length)
        for x in (0, width, width + spine, right)
        for y in (-away - long, height + away)
    ]
    level = [Mark(x, round(y - half, 3), length, stroke) for x in (-away - long, right + away) for y in (0, height)]
    return (*upright, *level)


def _millimeters(length: str) -> float:
    return round(points(length) / MILLIMETER, 4)
