"""A prompt that no page of the workbook holds: its question is on one page, and what one writes in on others."""

from collections.abc import Iterator

from pipeline import model as m
from pipeline.checks._context import Context
from pipeline.errors import Finding

# A question is seldom longer, and may have help below it.
_LINES_OF_QUESTION = 3
# An item of a checklist has room around it.
_ITEM = 1.15


def check(book: m.Book, context: Context) -> Iterator[Finding]:
    """Yield a warning for each prompt whose answer is longer than the workbook's text is high."""
    room = context.height - _LINES_OF_QUESTION * context.text_line
    for chapter in book.chapters:
        for prompt in chapter.prompts:
            count, what, each = _answer(prompt.answer, context)
            if count * each > room:
                message = f"a prompt with {count} {what} is longer than a page: its question would stand alone"
                hint = f"Make two prompts of it, or give it {int(room / each)} at the most."
                yield Finding(prompt.location, "prompt-length", message, hint, "warning")


def _answer(answer: m.Answer, context: Context) -> tuple[int, str, float]:
    """Return how many of what an answer takes, and how high each is, in mm."""
    match answer:
        case m.Lines(count=count) | m.Letter(count=count):
            return count, "lines", context.line
        case m.Grid(rows=rows, row_labels=labels):
            return max(rows, len(labels)), "rows", context.row
        case m.Checklist(items=items):
            return len(items), "items", context.text_line * _ITEM
        case _:
            return 0, "lines", context.line
