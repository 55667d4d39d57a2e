"""A newsletter issue longer or shorter than book.yaml asks for, prompts apart."""

from collections.abc import Iterator

from pipeline import model as m
from pipeline.checks._bounds import outside
from pipeline.checks._context import Context
from pipeline.errors import Finding
from pipeline.prose import word_count


def check(book: m.Book, context: Context) -> Iterator[Finding]:
    """Yield a warning for each issue whose words are outside the bounds."""
    bounds = book.bounds.issue_words
    for issue in book.newsletter.issues if book.newsletter and bounds else ():
        found = outside("the issue", word_count(issue.text), "words", bounds, "issue_words")
        if found:
            yield Finding(issue.location, "issue-words", *found, "warning")
