"""A book in; its front cover out, as a sheet to typeset on a page of any size, and as PNG."""

from pipeline.model import Book
from pipeline.press import Press
from pipeline.theme import Design
from pipeline.writers import _typeset
from pipeline.writers._html import Templates
from pipeline.writers._motif import motif_svg


def cover_sheet(book: Book, design: Design, width: str, height: str) -> _typeset.Sheet:
    """Return the front cover on a page of `width` by `height`, CSS lengths."""
    templates = Templates(design)
    html = templates.page("cover/cover.html.j2", book=book, lines=balanced(book.title))
    css = templates.style("cover.css.j2", width=width, height=height)
    motif = motif_svg(templates, book.motif)
    return _typeset.sheet(design, html, css, {"motif.svg": ("image/svg+xml", motif)}, name="cover")


def ebook_cover_sheet(book: Book, design: Design) -> _typeset.Sheet:
    """Return the front cover in the proportions that shops ask of an ebook's."""
    size = design.theme.cover
    # A tenth of a millimetre a pixel: a page of handsome size whose proportions are the pixels'.
    return cover_sheet(book, design, f"{size['width'] / 10}mm", f"{size['height'] / 10}mm")


def cover_pdf(book: Book, design: Design, press: Press) -> bytes:
    """Return the ebook's cover as a PDF of one page."""
    [result] = press.run(_typeset.typeset, [ebook_cover_sheet(book, design)], "cover")
    return _typeset.decode(result).pdf


def cover_png(book: Book, design: Design, press: Press) -> bytes:
    """Return the ebook's cover as PNG, in the theme's size."""
    picture = _typeset.Picture(cover_pdf(book, design, press), design.theme.cover["width"])
    [png] = press.run(_typeset.rasterize, [picture], "cover")
    return png


def balanced(title: str, width: int = 14) -> tuple[str, ...]:
    """Return a title as lines of like length, as few as keep to `width` characters where words allow."""
    words = title.split()
    count = min(len(words), -(-len(title) // width))
    lines: list[str] = []
    while words:
        target = len(" ".join(words)) / max(1, count - len(lines))
        line = [words.pop(0)]
        while (
            words
            and len(lines) < count - 1
            and abs(len(" ".join([*line, words[0]])) - target) <= abs(len(" ".join(line)) - target)
        ):
            line.append(words.pop(0))
        if len(lines) == count - 1:
            line, words = line + words, []
        lines.append(" ".join(line))
    return tuple(lines)
