"""A chapter without a word before its worksheet."""

from collections.abc import Iterator

from pipeline import model as m
from pipeline.checks._context import Context
from pipeline.errors import Finding

NEEDS = ("text",)


def check(book: m.Book, context: Context) -> Iterator[Finding]:
    """Yield a finding for each chapter without prose."""
    for chapter in book.chapters:
        prose = (block for block in chapter.text.blocks if not isinstance(block, m.Heading | m.Prompt))
        if not any(isinstance(node, m.Paragraph) for block in prose for node in m.walk(block)):
            hint = "Write its text, or take it out of book.yaml."
            yield Finding(chapter.location, "empty-chapter", "this chapter has no text before its worksheet", hint)
