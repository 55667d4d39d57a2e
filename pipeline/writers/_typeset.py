"""HTML and styles in; a PDF and the places of its anchors out.

Every function here is pure. Fonts come from the design's packages alone, images from the sheet alone: nothing else is
read, and no address is fetched.
"""

import gc
import io
import logging
import zlib
from functools import lru_cache
from typing import Any

import msgspec
from msgspec import Struct

from pipeline.cache import Result
from pipeline.errors import WriteError
from pipeline.processes import apart, let_go
from pipeline.theme import Design
from pipeline.writers import _tags, _weasyprint
from pipeline.writers._page_letters import letters_of_pages

SCHEME = "quire-resource"
_POINTS_PER_PIXEL = 0.75
_QUICKLY = 1
# A chapter makes half of these, and the index of a book of 200 chapters twice as many.
_OBJECTS_OF_A_LONG_PIECE = 55_000
# Of HTML: a chapter has half as many, and that index four times as many.
_LETTERS_OF_A_LONG_PIECE = 38_000


class Sheet(Struct, frozen=True):
    """What one gathering is typeset from. `resources` are images by the name that `quire-resource:` addresses use.

    The HTML is `packed`, since the sheets of a whole book wait for their turn at once. `fillable` says whether what one
    writes in is a form's field or only drawn; a field needs the tags.
    """

    packed: bytes
    css: str
    fonts_digest: str
    resources: tuple[tuple[str, str, bytes], ...] = ()
    tagged: bool = True
    name: str = ""
    fillable: bool = True

    @property
    def html(self) -> str:
        """The page."""
        return zlib.decompress(self.packed).decode()


class Anchor(Struct, frozen=True):
    """A place in a gathering: page counted from 0; x and y in points from the bottom left."""

    name: str
    page: int
    x: float
    y: float


class Gathering(Struct, frozen=True):
    """A typeset piece: its PDF, its number of pages, its anchors in reading order, and the letters on each page.

    Running heads and folios are not yet on its pages. Where a file keeps the piece, its PDF is left in there: `pdf_of`
    reads it.
    """

    pdf: bytes
    pages: int
    anchors: tuple[Anchor, ...]
    letters: tuple[str, ...] = ()
    kept: Result | None = None


class Picture(Struct, frozen=True):
    """A PDF's first page to draw as PNG, `width` pixels wide; a white ground unless `transparent`."""

    pdf: bytes
    width: int
    transparent: bool = False


def sheet(
    design: Design,
    html: str,
    css: str,
    resources: dict[str, tuple[str, bytes]] | None = None,
    *,
    tagged: bool = True,
    fillable: bool = True,
    name: str = "",
) -> Sheet:
    """Return a sheet with the design's fonts; `resources` maps names to media type and bytes."""
    named = tuple((key, kind, content) for key, (kind, content) in sorted((resources or {}).items()))
    return Sheet(zlib.compress(html.encode(), _QUICKLY), css, design.fonts_digest, named, tagged, name, fillable)


def resource_address(name: str) -> str:
    """Return the address by which a sheet's HTML names one of its resources."""
    return f"{SCHEME}:{name}"


def typeset(sheet: Sheet) -> bytes:
    """Return a sheet's Gathering, encoded. Raises WriteError with everything that WeasyPrint had to say."""
    if len(sheet.html) <= _LETTERS_OF_A_LONG_PIECE:
        return _typeset(sheet)
    # What the pieces before it left behind is not to stand below it, and what it leaves not below those after it.
    let_go()
    return apart(_typeset, sheet)


def _typeset(sheet: Sheet) -> bytes:
    with _Complaints(sheet.name) as complaints:
        fonts = _font_configuration()
        styles = _parsed_styles(sheet.css)
        html = _weasyprint.parsed(sheet.html, _fetcher(sheet.resources))
        options: dict[str, Any] = {"pdf_variant": "pdf/ua-1", "pdf_forms": sheet.fillable} if sheet.tagged else {}
        document = html.render(stylesheets=[styles], font_config=fonts, **options)
        if sheet.tagged:
            _tags.set_aside(document.pages)
        letters = letters_of_pages(document.pages)
        is_long = gc.get_count()[0] > _OBJECTS_OF_A_LONG_PIECE
        if is_long:
            # Laying it out left as much behind as its pages take, and drawing them takes as much again.
            let_go()
        pdf = document.write_pdf(**options)
    complaints.raise_any()
    anchors = []
    for number, page in enumerate(document.pages):
        for anchor, place in page.anchors.items():
            x, y = place[0], place[1]
            height = page.height
            points = (round(x * _POINTS_PER_PIXEL, 2), round((height - y) * _POINTS_PER_PIXEL, 2))
            anchors.append(Anchor(anchor, number, *points))
    made = Gathering(pdf, len(document.pages), tuple(anchors), letters)
    if is_long:
        # What comes next, as the binding of the book, is not to stand on top of it.
        del document, page, html
        let_go()
    return msgspec.msgpack.encode(made)


def decode(result: bytes) -> Gathering:
    """Return what `typeset` encoded."""
    return msgspec.msgpack.decode(result, type=Gathering)


def gathering(result: Result) -> Gathering:
    """Return what `typeset` made, its PDF left in the file that keeps it."""
    whole = decode(result.read())
    return msgspec.structs.replace(whole, pdf=b"", kept=result) if result.path else whole


def pdf_of(gathering: Gathering) -> bytes:
    """Return a gathering's PDF, wherever it is."""
    return decode(gathering.kept.read()).pdf if gathering.kept else gathering.pdf


def rasterize(picture: Picture) -> bytes:
    """Return a PDF's first page as PNG bytes."""
    import pypdfium2

    document = pypdfium2.PdfDocument(picture.pdf)
    page = document[0]
    fill = (255, 255, 255, 0) if picture.transparent else (255, 255, 255, 255)
    scale = picture.width / page.get_width()
    image = page.render(scale=scale, fill_color=fill).to_pil()
    # PDFium rounds a size up where it is a hair above a whole number of pixels.
    size = (picture.width, round(page.get_height() * scale))
    if image.size != size:
        image = image.crop((0, 0, *size))
    mode = "RGBA" if picture.transparent else "RGB"
    stream = io.BytesIO()
    # These are even areas, for which the short way of zlib's is as good.
    (image if image.mode == mode else image.convert(mode)).save(stream, "PNG", compress_type=zlib.Z_RLE)
    document.close()
    return stream.getvalue()


@lru_cache(maxsize=1)
def _font_configuration() -> Any:
    from weasyprint.text.fonts import FontConfiguration

    return FontConfiguration()


@lru_cache(maxsize=8)
def _parsed_styles(css: str) -> Any:
    return _weasyprint.load().CSS(string=css, font_config=_font_configuration(), url_fetcher=_fetcher(()))


def _fetcher(resources: tuple[tuple[str, str, bytes], ...]) -> Any:
    """Return a fetcher that knows the sheet's own resources and refuses everything else."""
    from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

    known = {f"{SCHEME}:{name}": (kind, content) for name, kind, content in resources}

    class OwnResources(URLFetcher):
        def fetch(self, url: str, headers: Any = None) -> Any:
            if url.startswith("data:"):
                return super().fetch(url, headers)
            if url not in known:
                raise FatalURLFetchingError(f"{url[:200]} is not part of the sheet")
            kind, content = known[url]
            return URLFetcherResponse(url, content, {"Content-Type": kind})

    return OwnResources(allowed_protocols=(SCHEME, "data"), allow_redirects=False, fail_on_errors=True)


class _Complaints(logging.Handler):
    """Collects what WeasyPrint logs where it should fail."""

    def __init__(self, name: str) -> None:
        super().__init__(logging.WARNING)
        self._name = name
        self._messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self._messages.append(record.getMessage())

    def __enter__(self) -> "_Complaints":
        from weasyprint.logger import LOGGER

        self._kept = LOGGER.handlers[:]
        LOGGER.handlers[:] = [self]
        return self

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        from weasyprint.logger import LOGGER
        from weasyprint.urls import FatalURLFetchingError

        LOGGER.handlers[:] = self._kept
        if isinstance(error, FatalURLFetchingError):
            raise WriteError(f"{self._name}: {error}") from error

    def raise_any(self) -> None:
        if self._messages:
            raise WriteError("\n".join(f"{self._name}: {message}" for message in dict.fromkeys(self._messages)))
