"""The EPUB 3 book, for phones, readers and shops."""

import io
import zipfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeAlias

from pipeline import model as m
from pipeline import packing
from pipeline.identifiers import is_right_to_left, isbn13
from pipeline.press import Press
from pipeline.theme import Design, Font
from pipeline.writers import _epub_editions, _epub_images, _epub_metadata
from pipeline.writers._cover import cover_png
from pipeline.writers._epub_contents import contents
from pipeline.writers._epub_editions import Edition
from pipeline.writers._epub_pages import CONTENTS, Page, Printed, pages
from pipeline.writers._html import Templates
from pipeline.writers._interior import printed
from pipeline.writers._page_breaks import PrintedPage
from pipeline.writers._subset import Face, characters_of, subset

# What `quire build --edition` knows of this format; the first is built where none is named.
EDITIONS = {name: edition.summary for name, edition in _epub_editions.EDITIONS.items()}
# The edition of the workbook that is typeset for the page numbers, by the name of the pages.
_PAGES = {"workbook": "screen", "print": "print"}
# The name, the media type and the bytes of a file.
_File: TypeAlias = tuple[str, str, bytes]
_XHTML = "application/xhtml+xml"
_NCX = "application/x-dtbncx+xml"
_FONT_TYPES = {".ttf": "font/ttf", ".otf": "font/otf"}
# What EbookLib writes that we mend: it names no language, and declares a prefix that EPUB 3.3 §D.1.4 reserves already.
_PACKAGE = b"<package "
_PREFIX = b' prefix="rendition: http://www.idpf.org/vocab/rendition/#"'


def pages_of(edition: str, pages: str) -> frozenset[tuple[str, str]]:
    """Return the format and the edition whose pages an edition asks for, where `pages` are those that it lists."""
    return frozenset({("workbook", _PAGES[pages])} if _epub_editions.EDITIONS[edition].has_page_list else ())


def write(book: m.Book, design: Design, press: Press, editions: Sequence[str] = ("ebook",)) -> Sequence[m.Artifact]:
    """Return the editions named, each EPUB 3.3 with an NCX for readers of EPUB 2; the first edition if none is."""
    chosen = [name for name in EDITIONS if name in editions] or list(EDITIONS)[:1]
    return [_artifact(book, design, press, name, _epub_editions.EDITIONS[name]) for name in chosen]


def _artifact(book: m.Book, design: Design, press: Press, name: str, edition: Edition) -> m.Artifact:
    whole, rest = book, None
    if edition.is_sample:
        book, rest = _epub_editions.sample_of(book)
    templates = Templates(design)
    names = _epub_images.names_of(book)
    cover = f"cover.{'jpg' if edition.is_for_kindle else 'png'}"
    shown = "" if edition.is_for_kindle else cover
    numbers = partial(_printed, whole, design, press) if edition.has_page_list else dict

    def draw() -> bytes:
        picture = cover_png(whole, design, press)
        return _epub_images.as_jpeg(picture, press, design.theme.cover["height"]) if edition.is_for_kindle else picture

    def write_files() -> tuple[list[Page], list[_File]]:
        made = pages(book, templates, names, shown, rest, numbers, has_motifs=not edition.is_for_kindle)
        fonts = design.fonts if book.epub.has_fonts else ()
        faces = [(font, f"fonts/{font.path.name}") for font in fonts]
        is_rtl = is_right_to_left(book.language)
        style = templates.style("epub.css.j2", faces=faces, is_for_kindle=edition.is_for_kindle, is_rtl=is_rtl)
        files = [(page.file, _XHTML, page.markup.encode()) for page in made]
        files.append(("epub.css", "text/css", style.encode()))
        files += _fonts(fonts, press, [*(page.markup for page in made), style])
        files += _epub_images.files_of(book, names, press, design.theme.cover["width"])
        return made, [*files, ("toc.ncx", _NCX, _ncx(book, templates, rest).encode())]

    # Another process draws the cover meanwhile.
    makers: list[Callable[[], Any]] = [draw, write_files]
    picture, (made, files) = press.together(makers)
    inside = _epub_metadata.Contents(
        _has_figures(book),
        _has_index(book),
        pages_of=_source_of_pages(whole, design) if edition.has_page_list else "",
        whole=whole.identifier if edition.is_sample else "",
    )
    content = _packed(book, made, files, (cover, picture), inside)
    sources = _sources(book, names)
    return m.Artifact(edition.file, "epub", "application/epub+zip", content, edition.summary, sources, edition=name)


def _source_of_pages(book: m.Book, design: Design) -> str:
    """Return what the page numbers are those of: the printed book's ISBN, or a description of it."""
    settings = book.editions.print
    if book.epub.pages == "print" and settings.isbn:
        return f"urn:isbn:{isbn13(settings.isbn)}"
    size = settings.trim if book.epub.pages == "print" and settings.trim else design.theme.page.size
    return f"{book.title}, printed, {size}"


def _printed(book: m.Book, design: Design, press: Press) -> Printed:
    """Return the pages of the workbook, which are what the EPUB's page numbers are those of."""
    found = printed(book.whole or book, design, press)
    return {owner: [PrintedPage(*page) for page in pages] for owner, pages in found.items()}


# --------------------------------------------------------------------------- the files


def _fonts(fonts: Sequence[Font], press: Press, texts: Sequence[str]) -> list[_File]:
    if not fonts:
        return []
    characters = characters_of(texts)
    tasks = [Face(font.path.read_bytes(), characters) for font in fonts]
    cut = press.run(subset, tasks, "fonts", is_light=True)
    return [
        (f"fonts/{font.path.name}", _FONT_TYPES[font.path.suffix.lower()], content)
        for font, content in zip(fonts, cut, strict=True)
    ]


def _ncx(book: m.Book, templates: Templates, rest: Sequence[m.Part] | None) -> str:
    items = contents(book, rest)
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


def _packed(
    book: m.Book,
    made: Sequence[Page],
    files: Sequence[_File],
    cover: tuple[str, bytes],
    inside: _epub_metadata.Contents,
) -> bytes:
    from ebooklib import epub

    package = epub.EpubBook()
    _describe(package, book, inside)
    package.set_cover(*cover, create_page=False)
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
        return packing.pack((name, _mended(name, archive.read(name), book)) for name in archive.namelist())


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


def _has_figures(book: m.Book) -> bool:
    return any(isinstance(node, m.Figure) for node in m.walk((book.front, book.parts, book.back)))


def _has_index(book: m.Book) -> bool:
    is_marked = any(isinstance(node, m.IndexMark) for node in m.walk((book.front, book.parts, book.back)))
    return is_marked and m.Generated("index") in book.back
