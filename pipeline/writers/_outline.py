"""A book in; the outline of its workbook, which readers show beside the pages, out."""

from collections.abc import Sequence

from pipeline import model as m
from pipeline.writers._bind import Bookmark, place
from pipeline.writers._html import roman


def outline(book: m.Book, back: Sequence[tuple[str, str]]) -> tuple[Bookmark, ...]:
    """Return the outline: front matter, parts with their chapters and these with their sections, then `back`.

    `back` has the title and the name of each piece of back matter.
    """
    bookmarks = [Bookmark(book.title, place("title-page")), Bookmark("Contents", place("contents"))]
    bookmarks += [Bookmark(matter.title, place(matter.id)) for matter in book.front]
    for part in book.parts:
        title = f"Part {roman(part.number).upper()}: {part.title}"
        bookmarks.append(Bookmark(title, place(part.slug), tuple(map(_chapter, part.chapters))))
    return (*bookmarks, *(Bookmark(title, place(name)) for title, name in back))


def _chapter(chapter: m.Chapter) -> Bookmark:
    sections = [
        Bookmark(m.words_of(block.children), place(chapter.id, block.id))
        for block in chapter.text.blocks
        if isinstance(block, m.Heading) and block.level == 2
    ]
    if chapter.worksheet:
        sections.append(Bookmark("Worksheet", place(chapter.id, "worksheet")))
    return Bookmark(f"{chapter.number}. {chapter.title}", place(chapter.id), tuple(sections))
