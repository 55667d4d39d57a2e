"""A prompt whose question is on another page than the room to answer it."""

from collections.abc import Iterator, Sequence

from pipeline.errors import Finding
from pipeline.pages._page import Block, Document, Field, Item, Limits, quoted


def check(document: Document, limits: Limits) -> Iterator[Finding]:
    """Yield a finding for each prompt whose first field is on the page after its question."""
    for page, following in document.pairs():
        question = _unanswered(page.body)
        if question is not None and _answers(question, following.body):
            message = f"a question is on another page than its first field: {quoted(question.text)}"
            hint = "Keep a prompt together: “break-inside: avoid” in the design; or give it fewer lines."
            yield document.finding(page, "prompt-parted", message, hint)


def _unanswered(body: Sequence[Item]) -> Block | None:
    """Return the first block of the section that a page ends in, where that section has no field so far."""
    section = [item for item in body if item.section == body[-1].section]
    if not section or any(isinstance(item, Field) for item in section):
        return None
    return next((item for item in section if isinstance(item, Block) and item.kind == "paragraph"), None)


def _answers(question: Block, body: Sequence[Item]) -> bool:
    """Say whether a page begins with the section, or the rest of the section, that a question opened."""
    section = [item for item in body if item.section == body[0].section]
    first = next((item for item in section if isinstance(item, Field)), None)
    if first is None:
        return False
    if first.section == question.section or section[0] is first:
        return True
    # WeasyPrint makes two sections of one that crosses a page; a field is described by its question.
    return _letters(first.title).startswith(_letters(question.text).lstrip("0123456789"))


def _letters(text: str) -> str:
    return "".join(letter for letter in text if letter.isalnum()).casefold()
