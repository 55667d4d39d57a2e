"""A picture that Kindle shows wrong or not at all."""

import io
import re
from collections.abc import Iterator

from pipeline import model as m
from pipeline.checks._context import Context
from pipeline.checks._kindle import figures
from pipeline.errors import Finding

# Kindle Publishing Guidelines, Image Guidelines for reflowable books.
_BYTES = 5_000_000
_DRAWINGS = 25
_SVG_TEXT = re.compile(rb"<(\w+:)?(text|textPath)[\s>/]")
_SVG_FRAME = re.compile(rb"""<(\w+:)?svg\b[^>]*\sviewBox=["']\s*0[\s,]+0[\s,]+\d+[\s,]+\d+\s*["']""")


def check(book: m.Book, context: Context) -> Iterator[Finding]:
    """Yield a warning for each picture of a Kindle book that has what Kindle can't show, once for each file."""
    shown = {figure.image: figure for figure in reversed(figures(book)) if figure.image in book.images}
    drawings = 0
    for name, figure in sorted(shown.items(), key=lambda item: item[1].location):
        image = book.images[name]
        drawings += image.media_type == "image/svg+xml"
        for message, hint in _faults(image, context.cover[0]):
            yield Finding(figure.location, "kindle-picture", f"{name} {message}", hint, "warning")
        if image.media_type == "image/svg+xml" and drawings == _DRAWINGS + 1:
            message = f"{name} is the book's {drawings}th drawing; Kindle shows {_DRAWINGS} in one book"
            yield Finding(figure.location, "kindle-picture", message, "Export some as PNG.", "warning")


def _faults(image: m.Image, scaled_from: int) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a picture, and what to do; one wider or higher than `scaled_from` is made smaller."""
    if image.media_type == "image/svg+xml":
        if _SVG_TEXT.search(image.content):
            yield (
                "has text as text, which Kindle doesn't show",
                "Turn the text into paths, or export the drawing as PNG.",
            )
        if not _SVG_FRAME.search(image.content):
            yield "has no viewBox of whole numbers from 0 0, which Kindle needs", "Write one, or export it as PNG."
        return
    if len(image.content) > _BYTES and max(image.width, image.height) <= scaled_from:
        size = len(image.content) / 1_000_000
        yield f"has {size:.1f} MB; Kindle takes {_BYTES // 1_000_000}", "Save it as JPEG, or with fewer pixels."
    if image.media_type == "image/png" and _is_transparent(image.content):
        yield "has transparent parts, which Kindle doesn't show as such", "Give it a white ground."


def _is_transparent(png: bytes) -> bool:
    from PIL import Image as Pillow

    with Pillow.open(io.BytesIO(png)) as picture:
        if picture.mode not in ("LA", "PA", "RGBA") and "transparency" not in picture.info:
            return False
        low, _ = picture.convert("RGBA").getchannel("A").getextrema()
        return low != 255
