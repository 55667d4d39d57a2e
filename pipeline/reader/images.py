"""The image files that a manuscript names: found inside `content/`, checked, and read once."""

import io
import re
import struct
import warnings
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree

from pipeline.errors import Finding, Location
from pipeline.metadata import suggest
from pipeline.model import Image
from pipeline.project import Project

_Refuse = Callable[[str, str], None]

MAX_IMAGE_BYTES = 20_000_000
MAX_PIXELS = 60_000_000
MAX_SVG_TAGS = 200_000
MAX_SVG_DEPTH = 100
MAX_SVG_SIDE = 100_000.0
_SVG_ACTIVE = {"script", "foreignObject", "iframe", "audio", "video", "handler", "listener", "set", "animate"}
_EMBEDDED = re.compile(r"#|data:image/(png|jpeg|gif|webp);", re.IGNORECASE)
_FETCHING = re.compile(r"url\(\s*['\"]?(?!#)|@import|\\", re.IGNORECASE)
_LENGTH = re.compile(r"\s*(\d{1,9}(?:\.\d{1,9})?)\s*(px|pt|mm|cm|in|)\s*")
_PX = {"px": 1.0, "": 1.0, "pt": 96 / 72, "mm": 96 / 25.4, "cm": 96 / 2.54, "in": 96.0}


class Images:
    """Every image of the book by its path below `content/`; a second mention costs nothing."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self.images: dict[str, Image] = {}

    def resolve(self, source: str, location: Location, findings: list[Finding]) -> str:
        """Return the path below `content/` of the image that a file names; empty after reporting why not."""
        path = self._find(source, location, findings)
        if path is None:
            return ""
        name = path.relative_to(self._project.content).as_posix()
        if name not in self.images:
            image = _read(path, name, location, findings)
            if image is None:
                return ""
            self.images[name] = image
        return name

    def _find(self, source: str, location: Location, findings: list[Finding]) -> Path | None:
        def refuse(code: str, message: str, hint: str) -> None:
            findings.append(Finding(location, code, message, hint))

        if not source:
            refuse("image-missing", "a figure without a file", "Write :::{figure} ../images/name.svg")
            return None
        if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:|//", source):
            hint = "Save it in content/images/; letters carry their pictures inside."
            refuse("image-remote", f"{source} is not a file of the book", hint)
            return None
        here = (self._project.root / location.path).parent
        try:
            path = (here / source).resolve()
            if source.startswith("/") or not path.is_relative_to(self._project.content.resolve()):
                refuse("image-outside", f"{source} is or leads outside content/", "Copy it to content/images/.")
                return None
            if not path.is_file():
                refuse("image-missing", f"there is no {source}", self._hint(path))
                return None
        except (OSError, ValueError, RuntimeError):
            # A name too long, or with NUL in it, or a link that leads to itself.
            refuse(
                "image-missing",
                f"“{source[:40]}” leads to no file".replace("\0", ""),
                "The path is relative to this file.",
            )
            return None
        return path

    def _hint(self, path: Path) -> str:
        beside = tuple(sorted(other.name for other in path.parent.iterdir())) if path.parent.is_dir() else ()
        return suggest(path.name, beside, "The path is relative to this file.")


def _read(path: Path, name: str, location: Location, findings: list[Finding]) -> Image | None:
    def refuse(message: str, hint: str) -> None:
        findings.append(Finding(location, "image-broken", f"{name}: {message}", hint))

    try:
        if path.stat().st_size > MAX_IMAGE_BYTES:
            refuse(f"larger than {MAX_IMAGE_BYTES // 1_000_000} MB", "Scale it down.")
            return None
        content = path.read_bytes()
    except OSError as error:
        refuse(f"can't be read: {error.strerror}", "Check the file.")
        return None
    suffix = path.suffix.lower()
    if suffix == ".svg":
        return _read_svg(content, name, refuse)
    if suffix in (".png", ".jpg", ".jpeg"):
        return _read_bitmap(content, name, refuse)
    refuse("not an SVG, PNG or JPEG", "Convert it.")
    return None


def _read_bitmap(content: bytes, name: str, refuse: _Refuse) -> Image | None:
    from PIL import Image as Pillow

    try:
        with _no_warnings(), Pillow.open(io.BytesIO(content), formats=("PNG", "JPEG")) as picture:
            width, height = picture.size
            if width * height > MAX_PIXELS:
                refuse(f"{width} × {height} pixels", "Scale it down.")
                return None
            picture.load()
            kind = str(picture.format)
    except Pillow.DecompressionBombError:
        refuse(f"more than {MAX_PIXELS // 1_000_000} million pixels", "Scale it down.")
        return None
    except (OSError, ValueError, SyntaxError, struct.error, zlib.error):
        refuse("a broken image", "Export it again.")
        return None
    return Image(name, f"image/{kind.lower()}", content, width, height)


@contextmanager
def _no_warnings() -> Iterator[None]:
    # Pillow warns of what it mends or finds large; the size has a limit of ours.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _read_svg(content: bytes, name: str, refuse: _Refuse) -> Image | None:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        refuse("an SVG that is not UTF-8", "Save it as UTF-8.")
        return None
    if re.search(r"<!(DOCTYPE|ENTITY)|<\?xml-stylesheet", text, re.IGNORECASE):
        refuse("an SVG with a document type or a stylesheet of its own", "Save it as plain SVG.")
        return None
    try:
        root = ElementTree.fromstring(content)
        nodes = list(root.iter())
    except (ElementTree.ParseError, ValueError, LookupError):
        refuse("a broken SVG", "Export it again.")
        return None
    if content.count(b"<") > MAX_SVG_TAGS or _is_deeper(root, MAX_SVG_DEPTH):
        refuse("an SVG with too much in it", "Simplify it, or save it as PNG.")
        return None
    if root.tag != "{http://www.w3.org/2000/svg}svg":
        refuse("not an SVG", 'Its first element is <svg xmlns="http://www.w3.org/2000/svg">.')
        return None
    for node in nodes:
        tag = str(node.tag).rpartition("}")[2]
        if tag in _SVG_ACTIVE or any(key.lower().startswith("on") for key, _ in node.items()):
            refuse(f"an SVG with something active in it: <{tag}>", "Save it as plain SVG.")
            return None
        for key, value in node.items():
            name_of_key = key.rpartition("}")[2]
            if name_of_key in ("href", "src", "base") and not _EMBEDDED.match(value):
                refuse(f"an SVG that fetches {value[:40]}", "Embed what it shows.")
                return None
            if "(" in value and _FETCHING.search(value):
                refuse("an SVG that fetches by url(…)", "Embed what it shows.")
                return None
        if tag == "style" and _FETCHING.search("".join(node.itertext())):
            refuse("an SVG with a stylesheet that fetches", "Save it as plain SVG.")
            return None
    size = _svg_size(root)
    if size is None:
        refuse("an SVG without a size that can be used", "Give it a viewBox from 1 to 100,000 wide and high.")
        return None
    return Image(name, "image/svg+xml", content, *size)


def _svg_size(root: ElementTree.Element) -> tuple[int, int] | None:
    lengths = [_LENGTH.fullmatch(root.get(side, "")) for side in ("width", "height")]
    if all(lengths):
        width, height = (float(match[1]) * _PX[match[2]] for match in lengths if match)
    else:
        try:
            _, _, width, height = (float(value) for value in re.split(r"[\s,]+", root.get("viewBox", "").strip()))
        except ValueError:
            return None
    # Written so that what is not a number fails too.
    fits = 1 <= width <= MAX_SVG_SIDE and 1 <= height <= MAX_SVG_SIDE
    return (round(width), round(height)) if fits else None


def _is_deeper(root: ElementTree.Element, limit: int) -> bool:
    level = [root]
    for _ in range(limit):
        level = [child for node in level for child in node]
    return bool(level)
