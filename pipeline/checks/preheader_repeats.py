"""A preheader that says the subject again: an inbox shows the two side by side."""

from collections.abc import Iterator

from pipeline import model as m
from pipeline.checks._content_words import content_words
from pipeline.checks._context import Context
from pipeline.errors import Finding


def check(book: m.Book, context: Context) -> Iterator[Finding]:
    """Yield a warning for each preheader that has at least half of the words that carry its subject's meaning."""
    for letter in book.newsletter.letters if book.newsletter else ():
        subject = content_words(letter.subject, book.language)
        again = subject & content_words(letter.preheader, book.language)
        if again and len(again) * 2 >= len(subject):
            shown = ", ".join(f"“{word}”" for word in sorted(again))
            message = f"the preheader repeats the subject: {shown}"
            yield Finding(
                letter.at("preheader"), "preheader-repeats", message, "Let it go on where the subject ends.", "warning"
            )
