"""The book's images in; their names in the EPUB, and the images at a size that a screen can show, out."""

import io

from msgspec import Struct

from pipeline import model as m
from pipeline.press import Press

_SUFFIXES = {"image/svg+xml": "svg", "image/png": "png", "image/jpeg": "jpg"}
_QUALITY = 85


class Bitmap(Struct, frozen=True):
    """A PNG or JPEG to bring to a width and height of at most `side` pixels, as `media_type`."""

    content: bytes
    media_type: str
    side: int


def names_of(book: m.Book) -> dict[str, str]:
    """Return the EPUB's name of each image that a page shows, by its path in the manuscript."""
    texts = [*book.texts(), *(("", m.Document(chapter.worksheet)) for chapter in book.chapters)]
    shown = dict.fromkeys(node.image for _, text in texts for node in m.walk(text) if isinstance(node, m.Figure))
    return {
        path: f"images/figure-{number:02d}.{_SUFFIXES[book.images[path].media_type]}"
        for number, path in enumerate(shown, start=1)
    }


def files_of(book: m.Book, names: dict[str, str], press: Press, side: int) -> list[tuple[str, str, bytes]]:
    """Return the name, media type and bytes of each image; bitmaps wider or higher than `side` pixels are scaled."""
    images = {path: book.images[path] for path in names}
    large = [image for image in images.values() if max(image.width, image.height) > side and _is_bitmap(image)]
    tasks = [Bitmap(image.content, image.media_type, side) for image in large]
    fitting = dict(zip((image.path for image in large), press.run(fitted, tasks), strict=True)) if tasks else {}
    return [(names[path], image.media_type, fitting.get(path, image.content)) for path, image in images.items()]


def as_jpeg(png: bytes, press: Press, side: int) -> bytes:
    """Return a PNG as JPEG."""
    [jpeg] = press.run(fitted, [Bitmap(png, "image/jpeg", side)], "cover")
    return jpeg


def _is_bitmap(image: m.Image) -> bool:
    return image.media_type != "image/svg+xml"


def fitted(bitmap: Bitmap) -> bytes:
    """Return the bitmap scaled where it is too large, without what a camera wrote beside it; work for the press."""
    from PIL import Image as Pillow
    from PIL import ImageOps

    with Pillow.open(io.BytesIO(bitmap.content)) as opened:
        # A camera turns the picture by a note beside it, which is lost here.
        picture: Pillow.Image = ImageOps.exif_transpose(opened)
        if max(picture.size) > bitmap.side:
            if picture.mode == "P":
                picture = picture.convert("RGBA" if "transparency" in picture.info else "RGB")
            picture.thumbnail((bitmap.side, bitmap.side), Pillow.Resampling.LANCZOS)
        stream = io.BytesIO()
        if bitmap.media_type == "image/jpeg":
            is_gray = picture.mode in ("L", "1")
            picture.convert("L" if is_gray else "RGB").save(stream, "JPEG", quality=_QUALITY, optimize=True)
        else:
            picture.save(stream, "PNG", optimize=True)
    return stream.getvalue()
