"""An issue whose `chapter` is no chapter: its worksheet link would lead nowhere."""

from collections.abc import Iterator

from pipeline import model as m
from pipeline.checks._context import Context
from pipeline.errors import Finding
from pipeline.metadata import suggest

NEEDS = ("text",)


def check(book: m.Book, context: Context) -> Iterator[Finding]:
    """Yield a finding for each issue that names no chapter."""
    known = [chapter.id for chapter in book.chapters]
    for issue in book.newsletter.issues if book.newsletter else ():
        if issue.chapter not in known:
            hint = suggest(issue.chapter, known, "Write the name of a file in chapters/, without .md.")
            message = f"“chapter”: there is no chapter “{issue.chapter}”"
            yield Finding(issue.at("chapter"), "issue-chapter", message, hint)
