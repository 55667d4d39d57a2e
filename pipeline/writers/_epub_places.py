"""A book in; where each of its files stands in the EPUB, and the ids of what is linked to there, out."""

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from pipeline import model as m
from pipeline.writers import _index
from pipeline.writers._html import label_of

GENERATED = {"notes": "Notes", "glossary": "Glossary", "index": "Index"}


class Place(Struct, frozen=True):
    """Where a file of the manuscript stands in the EPUB, and how notes and index name it, in full and in short."""

    file: str
    words: str
    label: str


def places_of(book: m.Book) -> dict[str, Place]:
    """Return the place of each file by its id, in reading order; names of files are ASCII and never meet."""
    places: dict[str, Place] = {}
    for number, matter in enumerate(book.front, start=1):
        places[matter.id] = Place(f"front-{matter.slug or number}.xhtml", matter.title, matter.title)
    for part in book.parts:
        label = label_of(part_target(part))
        places[part.slug] = Place(f"part-{part.number}.xhtml", label, label)
        for chapter in part.chapters:
            words = f"Chapter {chapter.number}"
            places[chapter.id] = Place(f"chapter-{chapter.file_stem}.xhtml", words, str(chapter.number))
    for number, piece in enumerate(back_of(book), start=1):
        if isinstance(piece, m.Matter):
            places[piece.id] = Place(f"back-{piece.slug or number}.xhtml", piece.title, piece.title)
        else:
            title = GENERATED[piece.kind]
            places[piece.kind] = Place(f"{piece.kind}.xhtml", title, title)
    return places


def back_of(book: m.Book) -> Iterator[m.Matter | m.Generated]:
    """Yield the back matter, generated pieces only where they have something in them."""
    for piece in book.back:
        match piece:
            case m.Generated(kind="notes"):
                is_shown = bool(book.citations)
            case m.Generated(kind="glossary"):
                is_shown = bool(book.glossary)
            case m.Generated():
                is_shown = any(isinstance(node, m.IndexMark) for _, text in index_texts(book) for node in m.walk(text))
            case _:
                is_shown = True
        if is_shown:
            yield piece


def is_notes(piece: m.Matter | m.Generated) -> bool:
    return isinstance(piece, m.Generated) and piece.kind == "notes"


def part_target(part: m.Part) -> m.Target:
    return m.Target("part", part.slug, "", part.title, part.number)


def index_texts(book: m.Book) -> list[tuple[str, m.Document]]:
    """Return the text of each file with its worksheet, which the text itself leaves out."""
    worksheets = {chapter.id: chapter.worksheet for chapter in book.chapters}
    return [
        (owner, m.Document(text.blocks + worksheets.get(owner, ()), text.footnotes)) for owner, text in book.texts()
    ]


def entry_ids(entries: Sequence[_index.Entry]) -> dict[tuple[str, ...], str]:
    """Return the id of each heading of the index by the words that see-entries may use for it."""
    ids: dict[tuple[str, ...], str] = {}
    for entry in entries:
        for path in ((entry.heading,), *((entry.heading, sub.heading) for sub in entry.subs)):
            ids.setdefault(key_of(path), f"entry.{len(ids) + 1}")
    return ids


def key_of(path: Sequence[str]) -> tuple[str, ...]:
    return tuple(" ".join(words.split()).casefold() for words in path)


def anchor_of(name: str) -> str:
    """Return the id that a name has in its page: ASCII, no two names the same.

    Our own ids have a full stop in them, which no heading's or figure's has.
    """
    return re.sub(r"[^A-Za-z0-9-]", lambda match: f"_{ord(match[0]):x}_", name)


def cite_id(key: str) -> str:
    return f"cite.{anchor_of(key)}"


def mark_id(mark: str) -> str:
    return f"mark.{anchor_of(mark)}"
