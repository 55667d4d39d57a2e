"""The same question asked twice, or nearly: a reader has answered it already."""

import difflib
from collections.abc import Iterator

from msgspec import Struct

from pipeline import model as m
from pipeline.checks._content_words import content_words
from pipeline.checks._context import Context
from pipeline.checks._nodes import every
from pipeline.errors import Finding, Location
from pipeline.prose import words

# Questions that ask for other things stay below 0.5 on both; a question reworded comes out above these.
_LIKE_IN_ORDER = 0.8
_LIKE_IN_CONTENT = 0.75
_LEAST_CONTENT = 3


class _Question(Struct, frozen=True):
    text: str
    words: tuple[str, ...]
    content: frozenset[str]
    location: Location


def check(book: m.Book, context: Context) -> Iterator[Finding]:
    """Yield a warning for each prompt whose question an earlier prompt of the book or an issue asks."""
    asked: list[_Question] = []
    for prompt in every(book, m.Prompt):
        text = m.words_of(prompt.question)
        question = _Question(
            text,
            tuple(word.lower() for word in words(text)),
            content_words(text, book.language),
            prompt.location,
        )
        earlier = next((other for other in asked if _are_alike(other, question)), None)
        if earlier is not None:
            message = f"“{text}” is asked already, on {earlier.location}: “{earlier.text}”"
            yield Finding(prompt.location, "repeated-prompt", message, "Ask for something else.", "warning")
        asked.append(question)


def _are_alike(one: _Question, other: _Question) -> bool:
    shared = one.content & other.content
    if len(shared) >= _LEAST_CONTENT and len(shared) >= _LIKE_IN_CONTENT * len(one.content | other.content):
        return True
    # Comparing in order is slow, and can't succeed where the content differs.
    if len(shared) * 2 < max(len(one.content), len(other.content)):
        return False
    return difflib.SequenceMatcher(None, one.words, other.words, autojunk=False).ratio() >= _LIKE_IN_ORDER
