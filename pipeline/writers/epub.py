"""The EPUB 3 book, for phones, readers and shops."""

import io
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from pipeline import model as m
from pipeline.identifiers import is_right_to_left
from pipeline.press import Press
from pipeline.theme import Design
from pipeline.writers import _epub_metadata, _zip
from pipeline.writers._cover import cover_png
from pipeline.writers._epub_pages import CONTENTS, COVER, Page, contents, pages
from pipeline.writers._html import Templates
from pipeline.writers._subset import Face, characters_of, subset

_XHTML = "application/xhtml+xml"
_NCX = "application/x-dtbncx+xml"
_FONT_TYPES = {".ttf": "font/ttf", ".otf": "font/otf"}
_SUFFIXES = {"image/svg+xml": "svg", "image/png": "png", "image/jpeg": "jpg"}
# What EbookLib writes that we mend: it names no language, and declares a prefix that EPUB 3.3 §D.1.4 reserves already.
_PACKAGE = b"<package "
_PREFIX = b' prefix="rendition: http://www.idpf.org/vocab/rendition/#"'


def write(book: m.Book, design: Design, press: Press) -> Sequence[m.Artifact]:
    """Return `book.epub`: EPUB 3.3, with an NCX for readers of EPUB 2."""
    templates = Templates(design)
    images = _images(book)
    made = pages(book, templates, images)
    style = templates.style("epub.css.j2", faces=[(font, f"fonts/{font.path.name}") for font in design.fonts])
    fonts = _fonts(design, press, [*(page.markup for page in made), style])
    files = [(page.file, _XHTML, page.markup.encode()) for page in made]
    files.append(("epub.css", "text/css", style.encode()))
    files += fonts
    files += [(images[path], book.images[path].media_type, book.images[path].content) for path in images]
    files.append(("toc.ncx", _NCX, _ncx(book, templates).encode()))
    return [
        m.Artifact(
            "book.epub",
            "epub",
            "application/epub+zip",
            _packed(book, made, files, cover_png(book, design, press)),
            "the book for phones, tablets and reading devices, and for shops",
            _sources(book, images),
        )
    ]


# --------------------------------------------------------------------------- the files


def _images(book: m.Book) -> dict[str, str]:
    """Return the EPUB's name of each image that a page shows, by its path in the manuscript."""
    texts = [*book.texts(), *(("", m.Document(chapter.worksheet)) for chapter in book.chapters)]
    shown = dict.fromkeys(node.image for _, text in texts for node in m.walk(text) if isinstance(node, m.Figure))
    return {
        path: f"images/figure-{number:02d}.{_SUFFIXES[book.images[path].media_type]}"
        for number, path in enumerate(shown, start=1)
    }


def _fonts(design: Design, press: Press, texts: Sequence[str]) -> list[tuple[str, str, bytes]]:
    characters = characters_of(texts)
    tasks = [Face(font.path.read_bytes(), characters) for font in design.fonts]
    cut = press.run(subset, tasks, "fonts")
    return [
        (f"fonts/{font.path.name}", _FONT_TYPES[font.path.suffix.lower()], content)
        for font, content in zip(design.fonts, cut, strict=True)
    ]


def _ncx(book: m.Book, templates: Templates) -> str:
    items = contents(book)
    depth = 2 if any(item.below for item in items) else 1
    return templates.page("epub/toc.ncx.j2", book=book, contents=items, depth=depth)


def _sources(book: m.Book, images: dict[str, str]) -> tuple[str, ...]:
    """Return the paths of everything in the manuscript that the EPUB came from."""
    matter = [piece for piece in (*book.front, *book.back) if isinstance(piece, m.Matter)]
    found = {piece.location.path for piece in matter}
    found |= {part.location.path for part in book.parts} | {chapter.location.path for chapter in book.chapters}
    found |= {entry.location.path for entry in book.glossary} | {work.location.path for work in book.references}
    found |= {f"content/{path}" for path in images}
    return tuple(sorted(found))


# --------------------------------------------------------------------------- the package


def _packed(book: m.Book, made: Sequence[Page], files: Sequence[tuple[str, str, bytes]], cover: bytes) -> bytes:
    from ebooklib import epub

    package = epub.EpubBook()
    _describe(package, book, _inside(book))
    package.set_cover(COVER, cover, create_page=False)
    # Bytes, and not EbookLib's own kinds of page: those it writes anew, and loses what it doesn't know.
    for name, media_type, content in files:
        identifier = "ncx" if media_type == _NCX else name.replace("/", ".")
        item = epub.EpubItem(identifier, name, media_type, content)
        item.properties = _properties(name, content)
        package.add_item(item)
    package.spine = [page.file for page in made]
    stream = io.BytesIO()
    modified = datetime.fromisoformat(book.date).replace(tzinfo=UTC)
    # Its archive takes the wall clock, so it is unpacked at once and packed again.
    epub.write_epub(stream, package, {"mtime": modified, "compresslevel": 0, "raise_exceptions": True})
    with zipfile.ZipFile(stream) as archive:
        return _zip.pack((name, _mended(name, archive.read(name), book)) for name in archive.namelist())


def _properties(name: str, content: bytes) -> list[str]:
    """Return what the manifest says of a file (EPUB 3.3 §D.5)."""
    if name == CONTENTS:
        return ["nav"]
    return ["svg"] if name.endswith(".xhtml") and b"<svg" in content else []


def _mended(name: str, content: bytes, book: m.Book) -> bytes:
    if not name.endswith(".opf"):
        return content
    language = f'xml:lang="{book.language}" '.encode()
    return content.replace(_PREFIX, b"", 1).replace(_PACKAGE, _PACKAGE + language, 1)


def _describe(package: Any, book: m.Book, inside: _epub_metadata.Contents) -> None:
    """Give the package document everything that the book says of itself (EPUB 3.3 §5.5)."""
    package.reset()
    package.metadata.clear()
    package.set_identifier(book.identifier)
    package.set_language(book.language)
    if is_right_to_left(book.language):
        package.set_direction("rtl")
    for entry in _epub_metadata.entries(book, inside):
        space, _, name = entry.element.rpartition(":")
        package.add_metadata(space.upper() or None, name, entry.text or None, dict(entry.attributes))


def _inside(book: m.Book) -> _epub_metadata.Contents:
    nodes = list(m.walk((book.front, book.parts, book.back)))
    has_index = any(isinstance(node, m.IndexMark) for node in nodes) and m.Generated("index") in book.back
    return _epub_metadata.Contents(any(isinstance(node, m.Figure) for node in nodes), has_index)
