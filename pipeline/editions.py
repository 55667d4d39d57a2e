"""What an author may settle of the workbook's editions in book.yaml: trim, type, paper, bleed."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

# A name, or width by height. No unit is the default, so that nobody gets 6 × 9 mm.
Trim = Annotated[
    str,
    Meta(
        pattern=r"^(|a4|a5|letter|\d{1,4}(\.\d{1,3})?(x|×)\d{1,4}(\.\d{1,3})?(mm|in))$",
        description="a4, a5, letter, or width by height with its unit, such as 6x9in or 148x210mm",
    ),
]
Length = Annotated[
    str, Meta(pattern=r"^\d{1,3}(\.\d{1,3})?(mm|in|pt)$", description="a length with its unit, such as 3mm")
]
TypeSize = Annotated[str, Meta(pattern=r"^\d{1,2}(\.\d{1,2})?pt$", description="a type size such as 12pt")]
PaperName = Literal["a4", "letter"]
Stock = Annotated[
    str,
    Meta(
        pattern=r"^([a-z][a-z0-9-]*|\d(\.\d{1,4})?mm)$",
        description="a paper's name such as white, or how thick one page is, such as 0.06mm",
    ),
]
# What one page takes of the spine, in mm; a leaf has two. The first four are what Amazon's print-on-demand states for
# its papers (0.002252, 0.0025, 0.002252 and 0.002347 inches); the last is common paper of 80 g/m² for printers at home.
STOCKS = {
    "white": 0.0572,
    "cream": 0.0635,
    "color": 0.0572,
    "premium-color": 0.0596,
    "office-80gsm": 0.052,
}
_NAMED = {"a4": ("210mm", "297mm"), "a5": ("148mm", "210mm"), "letter": ("8.5in", "11in")}


# A path below `content/`.
ProfilePath = Annotated[
    str, Meta(max_length=200, description="the print shop's ICC profile for four inks: a file's path below content/")
]


class PrintEdition(Struct, frozen=True, forbid_unknown_fields=True):
    """The interior for a print shop. No `trim` is the design's; `paper` decides how wide the spine is.

    `ink` is one black, or four inks: as `profile` says, or else on uncoated paper.
    """

    trim: Trim = ""
    size: TypeSize | None = None
    bleed: Length = "3mm"
    marks: bool = False
    paper: Stock = "white"
    isbn: str = ""
    ink: Literal["gray", "cmyk"] = "gray"
    profile: ProfilePath = ""


class LargeEdition(Struct, frozen=True, forbid_unknown_fields=True):
    """Large print."""

    trim: Trim = "a4"
    size: TypeSize = "18pt"


class BookletEdition(Struct, frozen=True, forbid_unknown_fields=True):
    """The booklet: sheets to fold; a `signature` has so many pages (0: all), and its inner sheets shift by `creep`."""

    paper: PaperName = "a4"
    signature: Annotated[int, Meta(ge=0, le=400, multiple_of=4, description="a multiple of four pages")] = 16
    creep: Length = "0mm"


class WrapEdition(Struct, frozen=True, forbid_unknown_fields=True):
    """The cover that wraps the print edition.

    Its `ink` is that of a screen, or four inks: as `profile` says, or else on coated paper.
    """

    bleed: Length = "3mm"
    marks: bool = True
    ink: Literal["rgb", "cmyk"] = "rgb"
    profile: ProfilePath = ""


class Editions(Struct, frozen=True, forbid_unknown_fields=True, rename={"cover_wrap": "cover-wrap"}):
    """What `editions` of book.yaml may hold, by the edition's name."""

    print: PrintEdition = PrintEdition()
    large: LargeEdition = LargeEdition()
    booklet: BookletEdition = BookletEdition()
    cover_wrap: WrapEdition = WrapEdition()


def trim_size(name: str) -> tuple[str, str]:
    """Return the width and the height of a trim size, as CSS lengths."""
    if name in _NAMED:
        return _NAMED[name]
    unit = name[-2:]
    width, height = name[:-2].replace("×", "x").split("x")
    return f"{width}{unit}", f"{height}{unit}"
