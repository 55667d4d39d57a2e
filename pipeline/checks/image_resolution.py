"""A picture of too few pixels for paper: its edges would be seen as steps."""

from collections.abc import Iterator

from pipeline import model as m
from pipeline.checks._context import Context
from pipeline.checks._nodes import every
from pipeline.errors import Finding

# Print shops ask for 300 dots an inch and refuse less than this.
_LEAST = 150
# What a pixel is on a page that says nothing of it (CSS Values 4, 5.2).
_PIXELS_AN_INCH = 96


def check(book: m.Book, context: Context) -> Iterator[Finding]:
    """Yield a warning for each figure whose picture would be printed with too few dots an inch; drawings have none."""
    for figure in every(book, m.Figure):
        image = book.images.get(figure.image)
        if image is None or image.media_type == "image/svg+xml":
            continue
        dots = image.width / min(context.measure, image.width / _PIXELS_AN_INCH)
        if dots < _LEAST:
            message = f"{figure.image} is {image.width} pixels wide, which prints at {dots:.0f} dots an inch"
            hint = f"Export it {_LEAST * context.measure:.0f} pixels wide at the least, or draw it as SVG."
            yield Finding(figure.location, "image-resolution", message, hint, "warning")
