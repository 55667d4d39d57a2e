"""The workbook: for screens, for print shops, in large print, as a booklet, with a cover to wrap it."""

import itertools
from collections.abc import Iterable, Sequence
from functools import partial

from pipeline import model as m
from pipeline.cache import Result
from pipeline.editions import Editions
from pipeline.errors import Finding, Location
from pipeline.model import Artifact, Book
from pipeline.press import Press
from pipeline.theme import Design, PageTokens, points
from pipeline.writers import _bind, _edition, _typeset
from pipeline.writers._color_pictures import color_pictures
from pipeline.writers._cover_wrap import cover_wrap_sheet, finished_wrap
from pipeline.writers._edition import EDITIONS as EDITIONS
from pipeline.writers._impose import MILLIMETER, Imposition, impose, order, sheets_of_signature
from pipeline.writers._interior import Interior, print_interior, printed, screen_interior
from pipeline.writers._spine import has_spine_text

# The press has most to do for it, so a build begins here.
IS_TYPESET = True
_SUMMARIES = {
    "screen": "the workbook: read it on screen and fill it in, or print it",
    "print": "the workbook's pages for a print shop (PDF/X-4)",
    "large": "the workbook in large print",
    "booklet": "the workbook as sheets to print on both sides and fold",
    "cover-wrap": "the printed workbook's cover: front, spine, and back in one",
}
_FILES = {name: f"workbook-{name}.pdf" for name in EDITIONS} | {
    "screen": "workbook.pdf",
    "cover-wrap": "cover-wrap.pdf",
}
_OF_PRINT = ("print", "booklet", "cover-wrap")
PDF_X = "PDF/X-4"
# What a staple goes through, and what still lies flat when it is folded, of paper of 80 g/m².
_MOST_SHEETS = 16


def write(book: Book, design: Design, press: Press, editions: Sequence[str] = ("screen",)) -> Sequence[Artifact]:
    """Return a PDF for each edition, in the order of `EDITIONS`."""
    made = _Editions(book, design, press)
    wanted = [edition for edition in EDITIONS if edition in editions]
    # What is made of the print edition waits for it, and begins first; the others needn't wait.
    alone = [[edition] for edition in wanted if edition not in _OF_PRINT]
    groups = [[edition for edition in wanted if edition in _OF_PRINT], *alone]
    done = press.together([partial(made.artifacts, group) for group in groups if group])
    return tuple(sorted(itertools.chain(*done), key=lambda artifact: wanted.index(artifact.edition)))


def page_of(edition: str, editions: Editions, design: Design, pages: int = 1) -> PageTokens:
    """Return the trim size and the margins of an edition that has `pages`.

    Of the booklet and the cover wrap they are those of the print edition, which these are made of.
    """
    if edition == "large":
        return _edition.large(editions, design).design.theme.page
    if edition in _OF_PRINT:
        return _edition.print_shop(editions, design, pages).design.theme.page
    return design.theme.page


def pages_listed(pages: str, editions: Editions, design: Design) -> str:
    """Return which pages have the numbers that an EPUB lists, where book.yaml asks for `pages`: `workbook` or `print`.

    The screen edition's serve for those of the print edition where it is numbered as that is.
    """
    return "print" if pages == "print" and not _edition.has_pages_of_print(editions, design) else "workbook"


def _thick_signature(pages: int, signature: int) -> Iterable[Finding]:
    """Yield a warning where a signature has more sheets than can be folded at once."""
    sheets = sheets_of_signature(pages, signature)
    if sheets > _MOST_SHEETS:
        message = f"a signature of the booklet has {sheets} sheets, and more than {_MOST_SHEETS} can't be folded well"
        hint = "Set “signature” under editions, booklet, to 16 or 32, and sew or glue the signatures together."
        yield Finding(Location("content/book.yaml"), "thick-signature", message, hint, "warning")


def _sources(book: Book) -> Iterable[str]:
    for matter in (*book.front, *book.parts, *book.chapters, *book.back):
        if not isinstance(matter, m.Generated) and matter.location.path != "content/book.yaml":
            yield matter.location.path
    for kept in (book.references, book.glossary):
        if kept:
            yield kept[0].location.path
    yield from (f"content/{path}" for path in book.images)


class _Editions:
    """The editions of one book; those that are made of the print edition share it."""

    def __init__(self, book: Book, design: Design, press: Press) -> None:
        self.book = book
        self.design = design
        self.press = press
        self._print_file: tuple[Result, int] | None = None

    def artifacts(self, editions: Sequence[str]) -> list[Artifact]:
        """Return some editions' files, in order."""
        return [self._artifact(edition) for edition in editions]

    def _artifact(self, edition: str) -> Artifact:
        """Return one edition's file."""
        pdf, pages = {
            "screen": self._screen,
            "print": self._printed,
            "large": self._large,
            "booklet": self._booklet,
            "cover-wrap": self._wrap,
        }[edition]()
        sources = ("content/book.yaml", *sorted(_sources(self.book)))
        summary = _SUMMARIES[edition]
        if edition == "cover-wrap" and not has_spine_text(self._printed()[1], _stock(self.book.editions.print.paper)):
            summary += "; the spine is bare, since so few pages leave no room for words"
        warnings = tuple(self._warnings(edition))
        path, kind = _FILES[edition], "application/pdf"
        is_for_shop = edition == "print" or (edition == "cover-wrap" and self._wrap_is_separated)
        standard = PDF_X if is_for_shop else ""
        return Artifact(path, "workbook", kind, b"", summary, sources, pages, edition, warnings, standard, pdf)

    def _warnings(self, edition: str) -> Iterable[Finding]:
        """Return what only shows now that an edition is made."""
        if edition in ("print", "booklet") and self.book.editions.print.ink == "gray":
            yield from color_pictures(self.book)
        if edition == "booklet":
            yield from _thick_signature(self._printed()[1], self.book.editions.booklet.signature)

    def _screen(self) -> tuple[Result, int]:
        bound = screen_interior(self.book, self.design, self.press).bound()
        self._keep_numbers("workbook")
        return bound

    def _keep_numbers(self, pages: str) -> None:
        """Keep what an EPUB that is made later asks for, where its page numbers are those of these pages."""
        whole = self.book.whole or self.book
        if pages_listed(whole.epub.pages, self.book.editions, self.design) == pages:
            printed(whole, self.design, self.press)

    def _large(self) -> tuple[Result, int]:
        return Interior(self.book, _edition.large(self.book.editions, self.design), self.press).bound()

    def _printed(self) -> tuple[Result, int]:
        if self._print_file is None:
            self._print_file = print_interior(self.book, self.design, self.press).bound()
            self._keep_numbers("print")
        return self._print_file

    def _booklet(self) -> tuple[Result, int]:
        settings = self.book.editions.booklet
        pdf, pages = self._printed()
        creep = points(settings.creep) / MILLIMETER
        title = f"{self.book.title}: booklet"
        task = Imposition(pdf.read(), settings.paper, settings.signature, creep, title)
        [sheets] = self.press.results(impose, [task])
        return sheets, len(order(pages, settings.signature))

    @property
    def _wrap_is_separated(self) -> bool:
        return self.book.editions.cover_wrap.ink == "cmyk"

    def _wrap(self) -> tuple[Result, int]:
        printed, settings = self.book.editions.print, self.book.editions.cover_wrap
        _, pages = self._printed()
        bleed = points(settings.bleed) / MILLIMETER
        design = _edition.in_black(self.design) if self._wrap_is_separated else self.design
        sheet = cover_wrap_sheet(
            self.book,
            design,
            pages=pages,
            trim=_edition.print_shop(self.book.editions, self.design, pages).trim,
            paper=_stock(printed.paper),
            bleed=bleed,
            marks=settings.marks,
            isbn=printed.isbn,
        )
        [result] = self.press.run(_typeset.typeset, [sheet], "workbook")
        wrap = finished_wrap(self.book, _typeset.decode(result), bleed)
        profile = self.book.ink_profiles.get("cover-wrap", b"")
        print_file = _bind.PrintFile("coated", profile) if self._wrap_is_separated else None
        binding = _bind.binding([wrap], self.book, design, f"{self.book.title}: cover", print_file=print_file)
        [pdf] = self.press.results(_bind.bind_in_pieces, [binding])
        return pdf, 1


def _stock(paper: str) -> str | float:
    """Return a paper's name, or how thick one of its pages is in mm."""
    return float(paper.removesuffix("mm")) if paper[0].isdigit() else paper
