"""A Book in; its files and their nodes by type out. All rules share one pass."""

from collections import defaultdict
from collections.abc import Sequence
from typing import TypeVar, cast

from msgspec import Struct

from pipeline import model as m
from pipeline.errors import Location
from pipeline.mail.placeholders import as_for_nobody

Node = TypeVar("Node", bound=Struct)


class File(Struct, frozen=True):
    """One file of the book: its id, the texts of its metadata, and every node of its text, in reading order."""

    id: str
    location: Location
    titles: tuple[str, ...]
    nodes: tuple[Struct, ...]


class Nodes(Struct, frozen=True):
    """Every file of the book; the newsletter's issues, and then its mails; every entry of the glossary."""

    files: tuple[File, ...]
    issues: tuple[File, ...]
    glossary: tuple[File, ...]
    by_type: dict[type, list[Struct]]


_last: list[tuple[m.Book, Nodes]] = []


def nodes_of(book: m.Book) -> Nodes:
    """Return the book's nodes; the walk over the last book asked for is kept, since every rule asks."""
    if not _last or _last[0][0] is not book:
        _last[:] = [(book, _gather(book))]
    return _last[0][1]


def every(book: m.Book, kind: type[Node]) -> Sequence[Node]:
    """Return every node of a type: those of the book, then of the issues, then of the glossary."""
    return cast(Sequence[Node], nodes_of(book).by_type[kind])


def _gather(book: m.Book) -> Nodes:
    files: list[File] = [_matter(matter) for matter in book.front]
    for part in book.parts:
        files.append(File(part.slug, part.location, (part.title,), tuple(m.walk(part.text))))
        files.extend(map(_chapter, part.chapters))
    files.extend(_matter(piece) for piece in book.back if isinstance(piece, m.Matter))
    issues = [
        File(
            issue.kind if isinstance(issue, m.Mail) else issue.id,
            issue.location,
            (as_for_nobody(issue.subject), as_for_nobody(issue.preheader)),
            tuple(m.walk(issue.text)),
        )
        for issue in (book.newsletter.letters if book.newsletter else ())
    ]
    glossary = [File(e.id, e.location, (e.term, *e.also), tuple(m.walk(e.definition))) for e in book.glossary]
    by_type: dict[type, list[Struct]] = defaultdict(list)
    for file in (*files, *issues, *glossary):
        for node in file.nodes:
            by_type[type(node)].append(node)
    return Nodes(tuple(files), tuple(issues), tuple(glossary), by_type)


def _matter(matter: m.Matter) -> File:
    return File(matter.id, matter.location, (matter.title, matter.summary), tuple(m.walk(matter.text)))


def _chapter(chapter: m.Chapter) -> File:
    titles = (chapter.title, chapter.summary, chapter.takeaway, chapter.worksheet_title, chapter.worksheet_intro)
    return File(chapter.id, chapter.location, titles, (*m.walk(chapter.text), *m.walk(chapter.worksheet)))
