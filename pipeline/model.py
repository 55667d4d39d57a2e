"""The book as values: what a reader makes, transforms complete, and writers set.

Everything is frozen. `Block` and `Inline` are tagged unions; the tag, in the field `type`, names the template that
renders the node.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from operator import attrgetter
from typing import Literal, TypeAlias, get_args

import msgspec
from msgspec import Struct

from pipeline.editions import Editions
from pipeline.errors import Finding, Location

# --------------------------------------------------------------------------- inlines


class Text(Struct, frozen=True, tag="text"):
    text: str


class Emphasis(Struct, frozen=True, tag="emphasis"):
    children: "tuple[Inline, ...]"


class Strong(Struct, frozen=True, tag="strong"):
    children: "tuple[Inline, ...]"


class Code(Struct, frozen=True, tag="code"):
    text: str


class Link(Struct, frozen=True, tag="link"):
    """A link to a web or mail address."""

    href: str
    children: "tuple[Inline, ...]"
    location: Location


class LineBreak(Struct, frozen=True, tag="line_break"):
    pass


class Cite(Struct, frozen=True, tag="cite"):
    """A citation of works by key; `narrative` puts the names in the sentence."""

    keys: tuple[str, ...]
    narrative: bool
    location: Location


class Term(Struct, frozen=True, tag="term"):
    """Words linked to the glossary; `target` is the word as written, resolved by `Book.terms`."""

    target: str
    children: "tuple[Inline, ...]"
    location: Location


class Ref(Struct, frozen=True, tag="ref"):
    """A cross-reference; without children the format writes the target's own label."""

    target: str
    children: "tuple[Inline, ...]"
    location: Location


class IndexMark(Struct, frozen=True, tag="index_mark"):
    """An index entry at this place: `entry` is the heading and its sub-headings; see-entries name another."""

    id: str
    entry: tuple[str, ...]
    children: "tuple[Inline, ...]"
    location: Location
    see: str = ""
    see_also: str = ""


class FootnoteRef(Struct, frozen=True, tag="footnote_ref"):
    number: int
    location: Location


class WorksheetLink(Struct, frozen=True, tag="worksheet_link"):
    """A link to the printable worksheet of the chapter that an issue belongs to."""

    children: "tuple[Inline, ...]"
    location: Location


class ConfirmLink(Struct, frozen=True, tag="confirm_link"):
    """A link by which a reader confirms that the newsletter was asked for."""

    children: "tuple[Inline, ...]"
    location: Location


class Placeholder(Struct, frozen=True, tag="placeholder"):
    """What delivery fills in for each reader, by its name in `mail.placeholders`; `fallback` where it has nothing."""

    name: str
    fallback: str
    location: Location


class Blank(Struct, frozen=True, tag="blank"):
    """A gap to write in, `width` underscores wide in the manuscript."""

    width: int


Inline: TypeAlias = (
    Text
    | Emphasis
    | Strong
    | Code
    | Link
    | LineBreak
    | Cite
    | Term
    | Ref
    | IndexMark
    | FootnoteRef
    | WorksheetLink
    | ConfirmLink
    | Placeholder
    | Blank
)

# --------------------------------------------------------------------------- blocks


class Paragraph(Struct, frozen=True, tag="paragraph"):
    children: tuple[Inline, ...]
    location: Location


class Heading(Struct, frozen=True, tag="heading"):
    """A section's heading; `level` is 2 or deeper, since a file's title is its level one."""

    level: int
    id: str
    children: tuple[Inline, ...]
    location: Location


class ListItem(Struct, frozen=True):
    blocks: "tuple[Block, ...]"


class List(Struct, frozen=True, tag="list"):
    ordered: bool
    start: int
    items: tuple[ListItem, ...]
    location: Location


class Quote(Struct, frozen=True, tag="quote"):
    blocks: "tuple[Block, ...]"
    location: Location


class CodeBlock(Struct, frozen=True, tag="code_block"):
    text: str
    location: Location


class SceneBreak(Struct, frozen=True, tag="scene_break"):
    location: Location


Align = Literal["left", "center", "right", ""]


class Cell(Struct, frozen=True):
    children: tuple[Inline, ...]
    align: Align = ""


class Table(Struct, frozen=True, tag="table"):
    header: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]
    location: Location


class Figure(Struct, frozen=True, tag="figure"):
    """An image by its path in `content/`, with its alternative text and a caption that may be empty."""

    image: str
    alt: str
    id: str
    caption: tuple[Inline, ...]
    location: Location


class Definition(Struct, frozen=True):
    term: tuple[Inline, ...]
    blocks: "tuple[Block, ...]"


class DefinitionList(Struct, frozen=True, tag="definition_list"):
    items: tuple[Definition, ...]
    location: Location


class Admonition(Struct, frozen=True, tag="admonition"):
    """A box by its MyST name; `title` is the author's, or the kind's own."""

    kind: str
    title: tuple[Inline, ...]
    blocks: "tuple[Block, ...]"
    location: Location


class Research(Struct, frozen=True, tag="research"):
    """The box *What the research does and doesn't say*."""

    blocks: "tuple[Block, ...]"
    location: Location


class Exercise(Struct, frozen=True, tag="exercise"):
    title: tuple[Inline, ...]
    blocks: "tuple[Block, ...]"
    location: Location


class Only(Struct, frozen=True, tag="only"):
    """A passage for the named formats; `transforms.select` leaves it out of, or opens it in, a format."""

    formats: tuple[str, ...]
    blocks: "tuple[Block, ...]"
    location: Location


class Takeaways(Struct, frozen=True, tag="takeaways"):
    """The takeaway of every chapter, gathered."""

    location: Location


# --------------------------------------------------------------------------- prompts


class Lines(Struct, frozen=True, tag="lines"):
    count: int = 5


class Scale(Struct, frozen=True, tag="scale"):
    first: int = 1
    last: int = 10
    low: str = ""
    high: str = ""


class Checklist(Struct, frozen=True, tag="checklist"):
    items: tuple[tuple[Inline, ...], ...]


class Grid(Struct, frozen=True, tag="grid"):
    """A table to fill: headings, and either a number of empty rows or a label for each row."""

    columns: tuple[str, ...]
    rows: int
    row_labels: tuple[str, ...] = ()


class Plan(Struct, frozen=True, tag="plan"):
    """Sentences with blanks, a tuple of inlines for each paragraph."""

    paragraphs: tuple[tuple[Inline, ...], ...]


class Letter(Struct, frozen=True, tag="letter"):
    count: int = 14
    salutation: tuple[Inline, ...] = ()
    closing: tuple[Inline, ...] = ()


Answer: TypeAlias = Lines | Scale | Checklist | Grid | Plan | Letter


class Prompt(Struct, frozen=True, tag="prompt"):
    """A question to write under. `name` is unique in the book and stable: it names the form fields."""

    name: str
    question: tuple[Inline, ...]
    help: "tuple[Block, ...]"
    answer: Answer
    location: Location


PROMPT_KINDS = ("lines", "scale", "checklist", "table", "plan", "letter")


def kind_of(prompt: Prompt) -> str:
    """Return a prompt's kind, as the manuscript spells it."""
    return "table" if isinstance(prompt.answer, Grid) else tag_of(prompt.answer)


Block: TypeAlias = (
    Paragraph
    | Heading
    | List
    | Quote
    | CodeBlock
    | SceneBreak
    | Table
    | Figure
    | DefinitionList
    | Admonition
    | Research
    | Exercise
    | Only
    | Takeaways
    | Prompt
)

# --------------------------------------------------------------------------- the book


class Footnote(Struct, frozen=True):
    number: int
    blocks: tuple[Block, ...]


class Document(Struct, frozen=True):
    """The text of one file."""

    blocks: tuple[Block, ...]
    footnotes: tuple[Footnote, ...] = ()
    labels: tuple[str, ...] = ()


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


class Issue(Struct, frozen=True):
    """A newsletter issue; `chapter` is the id of the chapter whose worksheet it links to."""

    number: int
    id: str
    slug: str
    subject: str
    preheader: str
    chapter: str
    text: Document
    location: Location

    @property
    def file_stem(self) -> str:
        return f"{self.number:02d}-{self.slug}"


MailKind = Literal["confirmation", "welcome", "progress", "goodbye"]
MAIL_KINDS: tuple[MailKind, ...] = get_args(MailKind)


class Mail(Struct, frozen=True):
    """A mail that answers the reader, and is no issue: it has no number and belongs to no chapter."""

    kind: MailKind
    subject: str
    preheader: str
    text: Document
    location: Location


class Greeting(Struct, frozen=True):
    """How letters begin: `with_name` holds `{{ name }}`, `without_name` is for readers who gave none."""

    with_name: str = "Dear {{ name }},"
    without_name: str = "Hello,"


class Newsletter(Struct, frozen=True):
    """The newsletter: its issues in order, and its mails, one of a kind at most; `greeting` begins what greets."""

    id: str
    title: str
    issues: tuple[Issue, ...]
    mails: tuple[Mail, ...] = ()
    greeting: Greeting = Greeting()

    def mail(self, kind: MailKind) -> Mail | None:
        """Return the mail of a kind, if there is one."""
        return next((mail for mail in self.mails if mail.kind == kind), None)

    @property
    def letters(self) -> "tuple[Issue | Mail, ...]":
        """All that comes with a subject and a preheader: the issues, then the mails."""
        return (*self.issues, *self.mails)


class Sender(Struct, frozen=True):
    name: str
    address: str
    postal_address: str


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
    """What concerns the EPUB alone; `isbn` is 13 digits, or empty. A book `is_for_kindle` if it is to be sold there."""

    isbn: str = ""
    has_fonts: bool = True
    conformance: Conformance | None = None
    is_for_kindle: bool = False


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


class Artifact(Struct, frozen=True):
    """A finished file: its path under `output/`, what made it, and one line on it for a person.

    `edition` is which of its format's editions it belongs to; empty where the format has none. `warnings` are what only
    shows when it is made. `standard` is what the file claims to keep to, where that isn't what all of its kind do.
    """

    path: str
    format: str
    media_type: str
    content: bytes
    summary: str
    sources: tuple[str, ...]
    pages: int | None = None
    edition: str = ""
    warnings: tuple[Finding, ...] = ()
    standard: str = ""


def words_of(children: tuple[Inline, ...]) -> str:
    """Return the text of inlines without its markup, as for an outline or an alternative text."""
    parts: list[str] = []
    for child in children:
        match child:
            case Text(text=text) | Code(text=text):
                parts.append(text)
            case LineBreak():
                parts.append(" ")
            case Blank(width=width):
                parts.append("_" * width)
            case Placeholder(fallback=fallback):
                parts.append(fallback or "…")
            case Cite() | FootnoteRef():
                pass
            case _:
                parts.append(words_of(child.children))
    return "".join(parts)


def walk(node: object) -> Iterator[Struct]:
    """Yield every node below `node`, itself included, in reading order; places are no nodes."""
    # A stack and not a recursion: a book has a hundred thousand nodes, and every rule and format walks them.
    pending = [node]
    while pending:
        current = pending.pop()
        if isinstance(current, tuple):
            pending.extend(reversed(current))
        elif isinstance(current, Struct):
            yield current
            pending.extend(_below(type(current))(current))


@cache
def _below(kind: type[Struct]) -> Callable[[Struct], Iterable[object]]:
    """Return what gives the fields of a struct that may hold nodes, last first."""
    plain = (str, int, float, bool, Location)
    names = [field.name for field in reversed(msgspec.structs.fields(kind)) if field.type not in plain]
    if len(names) > 1:
        return attrgetter(*names)
    return (lambda node: (getattr(node, names[0]),)) if names else (lambda node: ())


def tag_of(node: Struct) -> str:
    """Return a node's tag: the name of the template that renders it."""
    tag = node.__struct_config__.tag
    if not isinstance(tag, str):
        raise TypeError(f"{type(node).__name__} is not a tagged node")
    return tag


def tags() -> tuple[str, ...]:
    """Return the tags of all inlines, blocks and answers: what each format must have a template for."""
    kinds = (*get_args(Inline), *get_args(Block), *get_args(Answer))
    return tuple(str(kind.__struct_config__.tag) for kind in kinds)


encode = msgspec.msgpack.encode
