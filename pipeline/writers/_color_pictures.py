"""A book in; a warning for each picture in color that an edition prints in gray out."""

import base64
import binascii
import io
import re
from collections.abc import Iterator
from xml.etree import ElementTree

from pipeline import model as m
from pipeline.errors import Finding

# What a scanner or JPEG makes of gray differs by less than this between red, green and blue, of 255.
_LEAST = 16
# Color shows in a picture of this many pixels a side as well, and is found sooner.
_SIDE = 256
_GRAY_MODES = {"1", "L", "LA", "I", "I;16", "F"}
_EMBEDDED = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,(.*)", re.DOTALL)
_ADDRESS = re.compile(r"url\([^)]*\)")
_FUNCTION = re.compile(r"(rgb|hsl)a?\(([^)]*)\)")
_HEX = re.compile(r"#([0-9a-f]{8}|[0-9a-f]{6}|[0-9a-f]{3,4})\b")
_WORD = re.compile(r"(?<![\w#.-])[a-z]{3,}(?![\w(-])")
_PAINTS = ("fill", "stroke", "color", "stop-color", "flood-color", "lighting-color", "style")


def color_pictures(book: m.Book) -> Iterator[Finding]:
    """Yield a warning for each figure of a book whose picture has color, for an edition of one ink."""
    if not book.images:
        return
    colored = {path for path, image in book.images.items() if has_color(image)}
    for node in m.walk(book):
        if isinstance(node, m.Figure) and node.image in colored:
            message = f"{node.image} is in color, and the print edition has it in gray"
            hint = "See whether it can still be read, or make a gray picture of it."
            yield Finding(node.location, "color-picture", message, hint, "warning")


def has_color(image: m.Image) -> bool:
    """Say whether there is a color in a picture that is no gray."""
    is_drawing = image.media_type == "image/svg+xml"
    return _drawing_has_color(image.content) if is_drawing else _bitmap_has_color(image.content)


def _bitmap_has_color(content: bytes) -> bool:
    from PIL import Image, ImageChops

    with Image.open(io.BytesIO(content)) as picture:
        if picture.mode in _GRAY_MODES:
            return False
        picture.draft("RGB", (_SIDE, _SIDE))
        small = picture.convert("RGBA").convert("RGB")
    small.thumbnail((_SIDE, _SIDE))
    red, green, blue = small.split()
    return any(_highest(ImageChops.difference(a, b).getextrema()) >= _LEAST for a, b in ((red, green), (green, blue)))


def _highest(extrema: object) -> float:
    return float(extrema[1]) if isinstance(extrema, tuple) else 0.0


def _drawing_has_color(content: bytes) -> bool:
    for node in ElementTree.fromstring(content).iter():
        if str(node.tag).endswith("}style") and _says_color("".join(node.itertext())):
            return True
        for key, value in node.items():
            name = key.rpartition("}")[2]
            if name in _PAINTS and _says_color(value):
                return True
            embedded = _EMBEDDED.match(value) if name == "href" else None
            if embedded and _embedded_has_color(embedded[1]):
                return True
    return False


def _embedded_has_color(text: str) -> bool:
    try:
        return _bitmap_has_color(base64.b64decode(text))
    except (binascii.Error, OSError, ValueError):
        # A picture that can't be read is not drawn.
        return False


def _says_color(styles: str) -> bool:
    """Say whether a value or a stylesheet names a color that is no gray (CSS Color 4)."""
    from PIL import ImageColor

    lower = _ADDRESS.sub("", styles.lower())
    for digits in _HEX.findall(lower):
        parts = [int(digit * 2, 16) for digit in digits[:3]] if len(digits) < 6 else list(bytes.fromhex(digits[:6]))
        if max(parts) - min(parts) >= _LEAST:
            return True
    for kind, inside in _FUNCTION.findall(lower):
        numbers = [float(n) * (2.55 if sign else 1) for n, sign in re.findall(r"(\d+(?:\.\d+)?)(%?)", inside)[:3]]
        if len(numbers) == 3 and (numbers[1] if kind == "hsl" else max(numbers) - min(numbers)) >= _LEAST:
            return True
    named = (ImageColor.colormap.get(word) for word in _WORD.findall(lower))
    return any(isinstance(color, str) and _says_color(color) for color in named)
