"""A Book in; the passages of each file out, as readers see them, each with its place. All rules on prose share them."""

import re
import sys
from collections.abc import Iterable, Iterator
from typing import Literal

from msgspec import Struct

from pipeline import model as m
from pipeline.errors import Location
from pipeline.mail.placeholders import as_for_nobody

# What stands for something that is no prose, and is read all the same: code, an address, the names in a citation.
OBJECT = "\ufffc"

Kind = Literal["title", "heading", "text", "cell", "prompt"]
_ADDRESS = re.compile(
    r"(?:https?://|www\.)\S*[\w/]|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|\b[\w-]+(?:\.[a-z0-9-]{2,})*\.[a-z]{2,}\b"
)
_PAIR = re.compile(r'"([^"]*)"')
_WORD = re.compile(r"(?<!\w)[^\W\d_]+(?:['’][^\W\d_]+)*(?!\w)")


class Passage(Struct, frozen=True):
    """A paragraph, heading, cell or label without its markup.

    `cited` says that it, or the box it stands in, cites a work. `marks` are places in the text whose line is known.
    """

    text: str
    kind: Kind
    cited: bool
    location: Location
    marks: tuple[tuple[int, int], ...] = ()

    def at(self, offset: int) -> Location:
        """Return the place of an offset in the text: its line, as near as the manuscript's nodes tell."""
        line = max((line for start, line in self.marks if start <= offset), default=self.location.line)
        return Location(self.location.path, line)


class Prose(Struct, frozen=True):
    """The passages of one file, and every word in them as it is written, each once."""

    id: str
    location: Location
    passages: tuple[Passage, ...]
    words: tuple[str, ...]

    def find(self, pattern: re.Pattern[str], needs: Iterable[str] = ()) -> Iterator[tuple[re.Match[str], Passage]]:
        """Yield every match in every passage; a passage without any of the characters in `needs` has none."""
        for passage in self.passages:
            if not needs or any(sign in passage.text for sign in needs):
                for match in pattern.finditer(passage.text):
                    yield match, passage

    def first(self, word: str) -> Location:
        """Return the first place of one of `words`."""
        for passage in self.passages:
            if word in passage.text:
                for match in _WORD.finditer(passage.text):
                    if match[0] == word:
                        return passage.at(match.start())
        raise KeyError(word)


_last: list[tuple[m.Book, tuple[Prose, ...]]] = []


def prose_of(book: m.Book) -> tuple[Prose, ...]:
    """Return what every file says: the book's, the newsletter's, the glossary's, and the texts around the book."""
    if not _last or _last[0][0] is not book:
        _last[:] = [(book, tuple(_gather(book)))]
    return _last[0][1]


def is_english(book: m.Book) -> bool:
    """Return whether a book is in English, in which most of these rules are written."""
    return book.language.lower().partition("-")[0] == "en"


def _gather(book: m.Book) -> Iterator[Prose]:
    for matter in book.front:
        yield _file(matter.id, matter.location, (matter.title, matter.summary), matter.text)
    for part in book.parts:
        yield _file(part.slug, part.location, (part.title,), part.text)
        for chapter in part.chapters:
            titles = (
                chapter.title,
                chapter.summary,
                chapter.takeaway,
                chapter.worksheet_title,
                chapter.worksheet_intro,
            )
            yield _file(chapter.id, chapter.location, titles, chapter.text, chapter.worksheet)
    for piece in book.back:
        if isinstance(piece, m.Matter):
            yield _file(piece.id, piece.location, (piece.title, piece.summary), piece.text)
    for letter in book.newsletter.letters if book.newsletter else ():
        heads = (as_for_nobody(letter.subject), as_for_nobody(letter.preheader))
        yield _file(letter.subject, letter.location, heads, letter.text)
    for entry in book.glossary:
        definition = _inlines(entry.definition, "text", entry.location)
        yield _prose(entry.id, entry.location, [*_titles((entry.term,), entry.location), definition])
    yield _around(book)


def _around(book: m.Book) -> Prose:
    texts = book.texts_around
    start = Location("content/book.yaml")
    passages = list(_titles((book.title, book.subtitle, book.description), start))
    for field in ("back_cover", "short_description", "long_description", "keywords", "cover_alt"):
        value = getattr(texts, field)
        passages.extend(_titles((value,) if isinstance(value, str) else value, texts.locations.get(field, start)))
    return _prose("book", start, passages)


def _file(
    name: str, location: Location, titles: Iterable[str], text: m.Document, worksheet: tuple[m.Prompt, ...] = ()
) -> Prose:
    notes = frozenset(note.number for note in text.footnotes if _cites(note.blocks))
    passages = [*_titles(titles, location), *_blocks(text.blocks, "text", location, notes)]
    for note in text.footnotes:
        passages.extend(_blocks(note.blocks, "text", location, notes, cited=note.number in notes))
    passages.extend(_blocks(worksheet, "text", location, notes))
    return _prose(name, location, passages)


def _prose(name: str, location: Location, passages: Iterable[Passage]) -> Prose:
    kept = tuple(passage for passage in passages if passage.text.strip())
    words = {word for passage in kept for word in _WORD.findall(passage.text)}
    # Most words are in most files: each is held once for all of them, and a set would take four times the room.
    return Prose(name, location, kept, tuple(map(sys.intern, sorted(words))))


def _titles(texts: Iterable[str], location: Location) -> Iterator[Passage]:
    for text in texts:
        # Some of these are plain text, whose quotation marks stay as they were typed.
        paired = _PAIR.sub(r"“\1”", text) if '"' in text else text
        yield Passage(_without_addresses(paired), "title", False, location)


def _cites(blocks: object) -> bool:
    return any(isinstance(node, m.Cite) for node in m.walk(blocks))


def _blocks(
    blocks: Iterable[m.Block], kind: Kind, place: Location, notes: frozenset[int], *, cited: bool = False
) -> Iterator[Passage]:
    """Yield the passages of blocks; `notes` are the footnotes that cite."""
    for block in blocks:
        place = block.location
        match block:
            case m.Paragraph(children=children):
                yield _inlines(children, kind, place, notes, cited=cited)
            case m.Heading(children=children):
                yield _inlines(children, "heading", place)
            case m.List(items=items):
                for item in items:
                    yield from _blocks(item.blocks, kind, place, notes, cited=cited)
            case m.Research(blocks=inner):
                yield from _blocks(inner, kind, place, notes, cited=cited or _cites(inner))
            case m.Admonition(title=title, blocks=inner) | m.Exercise(title=title, blocks=inner):
                yield _inlines(title, "heading", place)
                yield from _blocks(inner, kind, place, notes, cited=cited)
            case m.Quote(blocks=inner) | m.Only(blocks=inner):
                yield from _blocks(inner, kind, place, notes, cited=cited)
            case m.DefinitionList(items=definitions):
                for definition in definitions:
                    yield _inlines(definition.term, "heading", place)
                    yield from _blocks(definition.blocks, kind, place, notes, cited=cited)
            case m.Table(header=header, rows=rows):
                for cell in (*header, *(cell for row in rows for cell in row)):
                    yield _inlines(cell.children, "cell", place, notes, cited=cited)
            case m.Figure(alt=alt, caption=caption):
                yield from _titles((alt,), place)
                yield _inlines(caption, kind, place, notes, cited=cited)
            case m.Prompt():
                yield from _prompt(block, notes)


def _prompt(prompt: m.Prompt, notes: frozenset[int]) -> Iterator[Passage]:
    place = prompt.location
    yield _inlines(prompt.question, "prompt", place, notes)
    yield from _blocks(prompt.help, "prompt", place, notes)
    match prompt.answer:
        case m.Checklist(items=runs) | m.Plan(paragraphs=runs):
            for run in runs:
                yield _inlines(run, "prompt", place, notes)
        case m.Scale(low=low, high=high):
            yield from _titles((low, high), place)
        case m.Grid(columns=columns, row_labels=labels):
            yield from _titles((*columns, *labels), place)
        case m.Letter(salutation=salutation, closing=closing):
            yield _inlines(salutation, "prompt", place)
            yield _inlines(closing, "prompt", place)


def _inlines(
    children: tuple[m.Inline, ...],
    kind: Kind,
    place: Location,
    notes: frozenset[int] = frozenset(),
    *,
    cited: bool = False,
) -> Passage:
    run = _Run(notes)
    run.add(children)
    return Passage(run.text, kind, cited or run.cited, place, tuple(run.marks))


class _Run:
    """Inlines put together as plain text, with the lines on the way and whether one of them cites."""

    def __init__(self, notes: frozenset[int]) -> None:
        self.text = ""
        self.cited = False
        self.marks: list[tuple[int, int]] = []
        self._notes = notes

    def add(self, children: tuple[m.Inline, ...]) -> None:
        for child in children:
            location = getattr(child, "location", None)
            if location is not None:
                self.marks.append((len(self.text), location.line))
            match child:
                case m.Text(text=text):
                    self.text += _without_addresses(text)
                case m.LineBreak():
                    self.text += " "
                case m.Blank():
                    self.text += "___"
                case m.Placeholder(fallback=fallback):
                    self.text += fallback or OBJECT
                case m.Code() | m.Ref(children=()):
                    self.text += OBJECT
                case m.Cite(narrative=narrative):
                    self.cited = True
                    # The parenthesis is no part of the sentence, and neither is the space before it.
                    self.text = self.text + OBJECT if narrative else self.text.rstrip()
                case m.FootnoteRef(number=number):
                    self.cited |= number in self._notes
                case _:
                    self.add(child.children)


def _without_addresses(text: str) -> str:
    return _ADDRESS.sub(OBJECT, text) if "." in text or "@" in text else text
