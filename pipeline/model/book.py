"""The whole book, its pieces, and a finished file of it."""

from collections.abc import Iterator
from typing import Literal, Protocol

from msgspec import Struct

from pipeline.editions import Editions
from pipeline.errors import Finding, Location
from pipeline.model.around import Bounds, EpubEdition, Series, Texts
from pipeline.model.blocks import Document, Prompt
from pipeline.model.inlines import Inline
from pipeline.model.newsletter import Newsletter, Sender


class Matter(Struct, frozen=True):
    """A piece of front or back matter; `id` is its file's name."""

    id: str
    slug: str
    title: str
    summary: str
    motif: float | None
    text: Document
    location: Location


class Generated(Struct, frozen=True):
    """Back matter that Quire writes itself."""

    kind: Literal["notes", "glossary", "index"]


class Chapter(Struct, frozen=True):
    """A chapter: its text, then the prompts of its worksheet; `prompts` are all of its prompts, in order."""

    number: int
    id: str
    slug: str
    title: str
    summary: str
    takeaway: str
    motif: float
    text: Document
    worksheet_title: str
    worksheet_intro: str
    worksheet: tuple[Prompt, ...]
    prompts: tuple[Prompt, ...]
    location: Location

    @property
    def file_stem(self) -> str:
        """The name of this chapter's files: its number in the book and its slug."""
        return f"{self.number:02d}-{self.slug}"


class Part(Struct, frozen=True):
    number: int
    slug: str
    title: str
    motif: float
    text: Document
    chapters: tuple[Chapter, ...]
    location: Location


class GlossaryEntry(Struct, frozen=True):
    id: str
    term: str
    definition: tuple[Inline, ...]
    also: tuple[str, ...]
    location: Location


class Reference(Struct, frozen=True):
    """A work cited: its CSL-JSON record as text, so that a book stays plain data."""

    key: str
    csl: str
    location: Location


class CitationLabel(Struct, frozen=True):
    """A work as the text names it, and as the notes print it (`entry`, inlines)."""

    names: str
    year: str
    entry: tuple[Inline, ...]


class Image(Struct, frozen=True):
    """An image file, read once; `width` and `height` in CSS pixels."""

    path: str
    media_type: str
    content: bytes
    width: int
    height: int


class Target(Struct, frozen=True):
    """What a cross-reference may point at: `owner` is the id of the file it stands in, `anchor` its id there."""

    kind: Literal["chapter", "matter", "part", "heading", "figure"]
    owner: str
    anchor: str
    title: str
    number: int = 0


class Book(Struct, frozen=True):
    """The whole book. The reader leaves the last three tables and `whole` empty; `transforms` fill them.

    `own_words` and `own_phrases` are the lines of words.txt and cliches.txt. `title_filed` and `authors_filed` are how
    catalogs file them, empty where the author doesn't say. `ink_profiles` are ICC profiles of print shops, by the
    edition. `whole` is the book that a format's own was selected from.
    """

    title: str
    subtitle: str
    authors: tuple[str, ...]
    language: str
    identifier: str
    date: str
    publisher: str
    rights: str
    description: str
    subjects: tuple[str, ...]
    website: str
    motif: float
    front: tuple[Matter, ...]
    parts: tuple[Part, ...]
    back: tuple[Matter | Generated, ...]
    newsletter: Newsletter | None
    sender: Sender | None
    references: tuple[Reference, ...]
    glossary: tuple[GlossaryEntry, ...]
    images: dict[str, Image]
    papers: tuple[str, ...] = ()
    series: Series | None = None
    title_filed: str = ""
    authors_filed: tuple[str, ...] = ()
    epub: EpubEdition = EpubEdition()
    texts_around: Texts = Texts()
    bounds: Bounds = Bounds()
    editions: Editions = Editions()
    editions_at: dict[str, Location] = {}
    ink_profiles: dict[str, bytes] = {}
    own_words: tuple[str, ...] = ()
    own_phrases: tuple[str, ...] = ()
    targets: dict[str, Target] = {}
    citations: dict[str, CitationLabel] = {}
    terms: dict[str, str] = {}
    whole: "Book | None" = None

    @property
    def chapters(self) -> tuple[Chapter, ...]:
        return tuple(chapter for part in self.parts for chapter in part.chapters)

    def texts(self) -> Iterator[tuple[str, Document]]:
        """Yield the text of each file of the book with the file's id, in reading order, issues left out."""
        for matter in self.front:
            yield matter.id, matter.text
        for part in self.parts:
            yield part.slug, part.text
            for chapter in part.chapters:
                yield chapter.id, chapter.text
        for piece in self.back:
            if isinstance(piece, Matter):
                yield piece.id, piece.text


class Kept(Protocol):
    """What a file keeps, to be read whole or piece by piece."""

    def read(self) -> bytes:
        """Return the bytes."""
        ...

    def pieces(self) -> Iterator[bytes]:
        """Yield the bytes, some at a time."""
        ...


class Artifact(Struct, frozen=True):
    """A finished file: its path under `output/`, what made it, and one line on it for a person.

    What may be long is left in a file where it is `kept`, and no `body` is held.

    `edition` is which of its format's editions it belongs to; empty where the format has none. `warnings` are what only
    shows when it is made. `standard` is what the file claims to keep to, where that isn't what all of its kind do.
    """

    path: str
    format: str
    media_type: str
    body: bytes
    summary: str
    sources: tuple[str, ...]
    pages: int | None = None
    edition: str = ""
    warnings: tuple[Finding, ...] = ()
    standard: str = ""
    kept: Kept | None = None

    @property
    def content(self) -> bytes:
        """The bytes of the file."""
        return self.kept.read() if self.kept else self.body

    def pieces(self) -> Iterator[bytes]:
        """Yield the bytes of the file, some at a time."""
        if self.kept:
            yield from self.kept.pieces()
        else:
            yield self.body
