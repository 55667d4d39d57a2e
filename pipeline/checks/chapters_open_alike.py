"""Chapters that begin alike: read one after the other, they sound like one mold."""

from collections.abc import Iterator

from pipeline import model as m
from pipeline.checks._context import Context
from pipeline.errors import Finding
from pipeline.prose import sentences, words

_ANYWHERE = 3
_NEIGHBORS = 2


def check(book: m.Book, context: Context) -> Iterator[Finding]:
    """Yield a warning for each chapter that opens like an earlier one: by its first words, or by a question again."""
    first: dict[tuple[str, ...], m.Chapter] = {}
    last: tuple[str, tuple[str, ...]] = ("", ())
    for chapter in book.chapters:
        sentence = _opening(chapter)
        opening = tuple(word.lower() for word in words(sentence))
        earlier = first.setdefault(opening[:_ANYWHERE], chapter) if opening else chapter
        if earlier is not chapter:
            yield _finding(chapter, f"it opens with “{_shown(sentence, _ANYWHERE)}”, as chapter {earlier.number} does")
        elif len(opening) >= _NEIGHBORS and opening[:_NEIGHBORS] == last[1][:_NEIGHBORS]:
            yield _finding(chapter, f"it opens with “{_shown(sentence, _NEIGHBORS)}”, as the chapter before it does")
        if _asks(sentence) and _asks(last[0]):
            yield _finding(chapter, "it opens with a question, as the chapter before it does")
        last = (sentence, opening)


def _opening(chapter: m.Chapter) -> str:
    """Return a chapter's first sentence, headings and boxes left out."""
    for block in chapter.text.blocks:
        if isinstance(block, m.Paragraph) and (found := sentences(m.words_of(block.children))):
            return found[0]
    return ""


def _asks(sentence: str) -> bool:
    return "?" in sentence


def _shown(sentence: str, count: int) -> str:
    return " ".join(words(sentence)[:count])


def _finding(chapter: m.Chapter, message: str) -> Finding:
    return Finding(chapter.location, "chapters-open-alike", message, "Begin with something else.", "warning")
