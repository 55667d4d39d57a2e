"""The values that the templates of fillable prompts ask for, shared by the workbook and the worksheets."""

from typing import Any

from pipeline import model as m
from pipeline.writers._html import Templates
from pipeline.writers._typeset import resource_address


def field_values(templates: Templates, line: str, row: str = "") -> dict[str, Any]:
    """Return what `shared/prompts.html.j2` needs: `line` from ruled line to line, in mm, and a table's empty `row`."""
    millimetres = float(line.removesuffix("mm"))
    return {
        "lines_height": lambda count: f"{millimetres * count:g}mm",
        "row_height": row or templates.tokens.writing["row"],
        "blank_width": lambda width: f"{min(width, 30) * 0.52 + 1:.2f}em",
    }


def ruled_svg(templates: Templates, line: str) -> bytes:
    """Return one ruled line as SVG, to repeat behind a field."""
    height = float(line.removesuffix("mm"))
    return templates.page("shared/ruled.svg.j2", height=height).encode()


def image_resources(book: m.Book) -> dict[str, tuple[str, bytes]]:
    """Return the book's images as a sheet's resources."""
    return {f"image/{path}": (image.media_type, image.content) for path, image in book.images.items()}


def image_address(path: str) -> str:
    """Return the address of one of the book's images in a sheet."""
    return resource_address(f"image/{path}")
