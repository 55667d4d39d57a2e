"""What book.yaml says around the text: for shops, for the EPUB alone, and what the author holds the text to."""

from typing import Literal, TypeAlias

from msgspec import Struct

from pipeline.errors import Location


class Subject(Struct, frozen=True):
    """A subject by which shops shelve a book: its code in a list, and the list's words for it."""

    code: str
    words: str


class Texts(Struct, frozen=True):
    """The texts around the book, each empty where there is none.

    `back_cover` and `long_description` are paragraphs. `locations` says where in book.yaml each field stands.
    """

    back_cover: tuple[str, ...] = ()
    short_description: str = ""
    long_description: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    bisac: tuple[Subject, ...] = ()
    thema: tuple[Subject, ...] = ()
    cover_alt: str = ""
    locations: dict[str, Location] = {}


class Series(Struct, frozen=True):
    """A series that the book belongs to; `number` is its place there, if it has one."""

    title: str
    number: int | None = None


class Conformance(Struct, frozen=True):
    """Who says that the EPUB conforms to EPUB Accessibility 1.1, and to which version and level of WCAG."""

    certified_by: str
    wcag: str
    level: str
    credential: str = ""
    report: str = ""


class EpubEdition(Struct, frozen=True):
    """What concerns the EPUB alone; `isbn` is 13 digits, or empty. A book `is_for_kindle` if it is to be sold there.

    `pages` says whose page numbers are listed: those of the screen edition, or of the print edition.
    """

    isbn: str = ""
    has_fonts: bool = True
    conformance: Conformance | None = None
    is_for_kindle: bool = False
    pages: Literal["workbook", "print"] = "workbook"


Range: TypeAlias = tuple[int, int]


class Bounds(Struct, frozen=True):
    """What the author holds the text to, as least and most; None where nothing is asked.

    `location` is where book.yaml says so.
    """

    chapter_words: Range | None = None
    chapter_prompts: Range | None = None
    prompts_of_each_kind: int | None = None
    issue_words: Range | None = None
    subject_characters: int | None = None
    preheader_characters: Range | None = None
    reading_grade: Range | None = None
    word_space: float | None = None
    location: Location = Location("content/book.yaml")
