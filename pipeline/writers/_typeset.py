"""HTML and styles in; a PDF and the places of its anchors out: the one place that knows WeasyPrint and PDFium.

Every function here is pure. Fonts come from the design's packages alone, images from the sheet alone: nothing else is
read, and no address is fetched.
"""

import hashlib
import io
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import msgspec
from msgspec import Struct

from pipeline.errors import WriteError
from pipeline.theme import Design

SCHEME = "quire-resource"
_POINTS_PER_PIXEL = 0.75


class Sheet(Struct, frozen=True):
    """What one gathering is typeset from. `resources` are images by the name that `quire-resource:` addresses use."""

    html: str
    css: str
    fonts_digest: str
    resources: tuple[tuple[str, str, bytes], ...] = ()
    tagged: bool = True
    name: str = ""


class Anchor(Struct, frozen=True):
    """A place in a gathering: page counted from 0; x and y in points from the bottom left."""

    name: str
    page: int
    x: float
    y: float


class Gathering(Struct, frozen=True):
    """A typeset piece: its PDF, its number of pages, and its anchors in reading order."""

    pdf: bytes
    pages: int
    anchors: tuple[Anchor, ...]


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
    name: str = "",
) -> Sheet:
    """Return a sheet with the design's fonts; `resources` maps names to media type and bytes."""
    named = tuple((key, kind, content) for key, (kind, content) in sorted((resources or {}).items()))
    return Sheet(html, css, design.fonts_digest, named, tagged, name)


def resource_address(name: str) -> str:
    """Return the address by which a sheet's HTML names one of its resources."""
    return f"{SCHEME}:{name}"


def typeset(sheet: Sheet) -> bytes:
    """Return a sheet's Gathering, encoded. Raises WriteError with everything that WeasyPrint had to say."""
    weasyprint = _load()
    fetcher = _fetcher(sheet.resources)
    with _Complaints(sheet.name) as complaints:
        fonts = _font_configuration()
        styles = _parsed_styles(sheet.css, weasyprint)
        html = weasyprint.HTML(string=sheet.html, url_fetcher=fetcher, media_type="print", base_url=None)
        options: dict[str, Any] = {"pdf_variant": "pdf/ua-1", "pdf_forms": True} if sheet.tagged else {}
        document = html.render(stylesheets=[styles], font_config=fonts, **options)
        pdf = document.write_pdf(**options)
    complaints.raise_any()
    anchors = []
    for number, page in enumerate(document.pages):
        for anchor, place in page.anchors.items():
            x, y = place[0], place[1]
            height = page.height
            points = (round(x * _POINTS_PER_PIXEL, 2), round((height - y) * _POINTS_PER_PIXEL, 2))
            anchors.append(Anchor(anchor, number, *points))
    return msgspec.msgpack.encode(Gathering(pdf, len(document.pages), tuple(anchors)))


def decode(result: bytes) -> Gathering:
    """Return what `typeset` encoded."""
    return msgspec.msgpack.decode(result, type=Gathering)


def rasterize(picture: Picture) -> bytes:
    """Return a PDF's first page as PNG bytes."""
    import pypdfium2

    document = pypdfium2.PdfDocument(picture.pdf)
    page = document[0]
    fill = (255, 255, 255, 0) if picture.transparent else (255, 255, 255, 255)
    scale = picture.width / page.get_width()
    image = page.render(scale=scale, fill_color=fill).to_pil()
    # PDFium rounds a size up where it is a hair above a whole number of pixels.
    image = image.crop((0, 0, picture.width, round(page.get_height() * scale)))
    stream = io.BytesIO()
    image.convert("RGBA" if picture.transparent else "RGB").save(stream, "PNG")
    document.close()
    return stream.getvalue()


# --------------------------------------------------------------------------- fonts, and nothing but ours


def prepare(fonts: tuple[str, ...], folder: str) -> None:
    """Load WeasyPrint with these font files and no others, in this process; `folder` keeps fontconfig's own cache.

    Raises WriteError where WeasyPrint's system libraries are missing.
    """
    folders = sorted({str(Path(font).parent) for font in fonts})
    rows = [f"<dir>{escape(name)}</dir>" for name in folders]
    accepted = "".join(f"<glob>{escape(font)}</glob>" for font in fonts)
    rows.append(f"<cachedir>{escape(str(Path(folder).resolve()))}</cachedir>")
    rows.append(f"<selectfont><acceptfont>{accepted}</acceptfont><rejectfont><glob>*</glob></rejectfont></selectfont>")
    text = '<?xml version="1.0"?>\n<!DOCTYPE fontconfig SYSTEM "fonts.dtd">\n'
    text += f"<fontconfig>{''.join(rows)}</fontconfig>\n"
    path = Path(folder) / f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.conf"
    if not path.exists():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # Several processes prepare at once, and none may read what another has half written.
            draft = path.with_suffix(f".{os.getpid()}")
            draft.write_text(text, encoding="utf-8")
            draft.replace(path)
        except OSError as error:
            raise WriteError(f"{path}: can't be written: {error.strerror}") from error
    os.environ["FONTCONFIG_FILE"] = str(path.resolve())
    _load()


def _load() -> Any:
    try:
        with _no_search_for_libraries():
            import weasyprint
    except OSError as error:
        raise WriteError(
            f"Pango is missing: {str(error).splitlines()[0]}\n"
            "    Debian, Ubuntu: sudo apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0\n"
            "    Fedora: sudo dnf install pango harfbuzz\n"
            "    macOS: brew install pango"
        ) from error
    _mend_line_breaks()
    _leave_field_fonts_to_binding()
    return weasyprint


@lru_cache(maxsize=1)
def _leave_field_fonts_to_binding() -> None:
    """Let WeasyPrint subset the fonts of form fields too: the whole font comes when the book is bound, and once."""
    from weasyprint.pdf.fonts import Font

    Font.used_in_forms = property(lambda self: False, lambda self, value: None)


@contextmanager
def _no_search_for_libraries() -> Iterator[None]:
    """Spare the search that cffi makes, with a compiler and a linker, for names that Linux doesn't use.

    WeasyPrint asks for each library by the names of all systems, and Linux loads it by one of the later ones.
    """
    if sys.platform != "linux":
        yield
        return
    import ctypes.util

    search = ctypes.util.find_library
    ctypes.util.find_library = lambda name: None
    try:
        yield
    finally:
        ctypes.util.find_library = search


@lru_cache(maxsize=1)
def _mend_line_breaks() -> None:
    """Keep WeasyPrint 70 from leaving a word alone on a line.

    Where a text before an inline element fills its line but for the space at its end, `split_first_line` counts that
    space, finds the line too long, and breaks after the first word. The space hangs: such a text is taken whole.
    """
    from weasyprint.layout import inline

    original = inline.split_first_line

    def split_first_line(
        text: str, style: Any, context: Any, max_width: float | None, spacing: Any, *rest: Any, **named: Any
    ) -> Any:
        line = original(text, style, context, max_width, spacing, *rest, **named)
        _, length, resume = line[:3]
        if resume is None or max_width is None or not text.endswith(" ") or style["white_space"] != "normal":
            return line
        if b" " in text.encode()[:length].strip():
            return line
        bare = original(text.rstrip(" "), style, context, max_width, spacing, *rest, **named)
        if bare[2] is not None or bare[3] > max_width:
            return line
        return original(text, style, context, None, spacing, *rest, **named)

    inline.split_first_line = split_first_line


@lru_cache(maxsize=1)
def _font_configuration() -> Any:
    from weasyprint.text.fonts import FontConfiguration

    return FontConfiguration()


@lru_cache(maxsize=8)
def _parsed_styles(css: str, weasyprint: Any) -> Any:
    return weasyprint.CSS(string=css, font_config=_font_configuration(), url_fetcher=_fetcher(()))


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
