"""A link to "this week's worksheet" outside an issue, where no chapter is this week's."""

from collections.abc import Iterator

from pipeline import model as m
from pipeline.checks._context import Context
from pipeline.checks._nodes import nodes_of
from pipeline.errors import Finding


def check(book: m.Book, context: Context) -> Iterator[Finding]:
    """Yield a finding for each worksheet link outside an issue."""
    nodes = nodes_of(book)
    mails = {mail.location for mail in book.newsletter.mails} if book.newsletter else set()
    for file in (*nodes.files, *nodes.glossary, *(file for file in nodes.issues if file.location in mails)):
        for node in file.nodes:
            if isinstance(node, m.WorksheetLink):
                message, hint = "{worksheet} outside an issue", "Write {ref}`…` with the name of the chapter."
                yield Finding(node.location, "worksheet-role", message, hint)
