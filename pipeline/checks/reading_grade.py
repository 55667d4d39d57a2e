"""A chapter, an issue or a mail that reads too hard, or too much like a primer."""

from collections.abc import Iterator

import msgspec

from pipeline import model as m
from pipeline.cache import Cache
from pipeline.checks._context import Context
from pipeline.checks._prose import is_english
from pipeline.errors import Finding, Location
from pipeline.prose import Measure, measure

IS_ADVICE = True

# Grades that nobody needs to set: below is a reader for six-year-olds, above a paper for a journal.
USUAL = (4, 12)
# A grade is a mean, and swings widely in a short text.
_LEAST_WORDS = 150


def check(book: m.Book, context: Context) -> Iterator[Finding]:
    """Yield a warning for each text whose Flesch-Kincaid grade is outside the bounds; English only."""
    if not is_english(book):
        return
    least, most = book.bounds.reading_grade or USUAL
    for what, text, location in _texts(book):
        measured = _kept(text, context.cache)
        if measured.words < _LEAST_WORDS or least <= measured.grade <= most:
            continue
        mean = measured.words / measured.sentences
        message = f"the {what} reads at grade {measured.grade:.1f}, with {mean:.0f} words a sentence"
        message += f"; it should be {least} to {most}"
        hint = "Shorten its longest sentences and words" if measured.grade > most else "Join some of its sentences"
        hint += ", or change “reading_grade” under “bounds” in book.yaml."
        yield Finding(location, "reading-grade", message, hint, "warning")


def _texts(book: m.Book) -> Iterator[tuple[str, m.Document, Location]]:
    for chapter in book.chapters:
        yield "chapter", chapter.text, chapter.location
    for issue in book.newsletter.issues if book.newsletter else ():
        yield "issue", issue.text, issue.location
    for mail in book.newsletter.mails if book.newsletter else ():
        yield "mail", mail.text, mail.location


def _kept(text: m.Document, cache: Cache | None) -> Measure:
    """Return a text's measure; kept, since counting syllables takes longer than all other rules together."""
    key = cache.key("reading grade", m.encode(text)) if cache else ""
    kept = cache.get(key) if cache else None
    if kept is not None:
        return msgspec.msgpack.decode(kept, type=Measure)
    measured = measure(text)
    if cache:
        cache.put(key, m.encode(measured))
    return measured
