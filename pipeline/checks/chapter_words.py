"""A chapter longer or shorter than book.yaml asks for, prompts apart."""

from collections.abc import Iterator

from pipeline import model as m
from pipeline.checks._bounds import outside
from pipeline.checks._context import Context
from pipeline.errors import Finding
from pipeline.prose import word_count


def check(book: m.Book, context: Context) -> Iterator[Finding]:
    """Yield a warning for each chapter whose words are outside the bounds."""
    bounds = book.bounds.chapter_words
    for chapter in book.chapters if bounds else ():
        found = outside("the chapter", word_count(chapter.text), "words", bounds, "chapter_words")
        if found:
            yield Finding(chapter.location, "chapter-words", *found, "warning")
