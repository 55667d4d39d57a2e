"""A chapter with more or fewer prompts than book.yaml asks for."""

from collections.abc import Iterator

from pipeline import model as m
from pipeline.checks._bounds import outside
from pipeline.checks._context import Context
from pipeline.errors import Finding


def check(book: m.Book, context: Context) -> Iterator[Finding]:
    """Yield a warning for each chapter whose number of prompts is outside the bounds."""
    for chapter in book.chapters:
        found = outside("the chapter", len(chapter.prompts), "prompts", book.bounds.chapter_prompts, "chapter_prompts")
        if found:
            yield Finding(chapter.location, "prompt-count", *found, "warning")
