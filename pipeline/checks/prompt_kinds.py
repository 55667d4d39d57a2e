"""A kind of prompt that the book uses less often than book.yaml asks for."""

from collections import Counter
from collections.abc import Iterator

from pipeline import model as m
from pipeline.checks._context import Context
from pipeline.errors import Finding


def check(book: m.Book, context: Context) -> Iterator[Finding]:
    """Yield a warning for each kind of prompt that the chapters use too seldom."""
    least = book.bounds.prompts_of_each_kind
    if least is None:
        return
    used = Counter(m.kind_of(prompt) for chapter in book.chapters for prompt in chapter.prompts)
    for kind in m.PROMPT_KINDS:
        if used[kind] < least:
            message = f"the kind “{kind}” is used {used[kind]} times in the book; it should be at least {least}"
            hint = f"Add {least - used[kind]}, or change “prompts_of_each_kind” under “bounds” in book.yaml."
            yield Finding(book.bounds.location, "prompt-kinds", message, hint, "warning")
