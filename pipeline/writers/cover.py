"""The front cover, as PDF and as the PNG that shops ask for."""

from collections.abc import Sequence

from pipeline.model import Artifact, Book
from pipeline.press import Press
from pipeline.theme import Design
from pipeline.writers import _bind, _typeset
from pipeline.writers._cover import cover_pdf, cover_png


def write(book: Book, design: Design, press: Press) -> Sequence[Artifact]:
    """Return the cover as a PDF of one page and as PNG."""
    sources = ("content/book.yaml",)
    size = design.theme.cover
    page = _typeset.Gathering(cover_pdf(book, design, press), 1, ())
    [pdf] = press.results(_bind.bind_in_pieces, [_bind.binding([page], book, design, f"{book.title}: cover")])
    words = f"the front cover, {size['width']} × {size['height']} pixels, for shops"
    return (
        Artifact(
            "cover.pdf", "cover", "application/pdf", b"", "the front cover, for printing", sources, pages=1, kept=pdf
        ),
        Artifact("cover.png", "cover", "image/png", cover_png(book, design, press), words, sources),
    )
