"""A subject that inboxes would cut off."""

from collections.abc import Iterator

from pipeline import model as m
from pipeline.checks._context import Context
from pipeline.errors import Finding
from pipeline.mail.placeholders import as_for_nobody


def check(book: m.Book, context: Context) -> Iterator[Finding]:
    """Yield a warning for each subject longer than book.yaml allows."""
    most = book.bounds.subject_characters
    if book.newsletter is None or most is None:
        return
    for letter in book.newsletter.letters:
        length = len(as_for_nobody(letter.subject))
        if length > most:
            message = f"the subject has {length} characters; it should have at most {most}"
            hint = f"Cut {length - most}, or change “subject_characters” under “bounds” in book.yaml."
            yield Finding(letter.at("subject"), "subject-length", message, hint, "warning")
