"""Two glossary entries that claim the same word: a link from it could go to either."""

from collections.abc import Iterator

from pipeline import model as m
from pipeline.checks._context import Context
from pipeline.errors import Finding


def check(book: m.Book, context: Context) -> Iterator[Finding]:
    """Yield a finding for each word that an earlier entry has claimed."""
    owners: dict[str, m.GlossaryEntry] = {}
    for entry in sorted(book.glossary, key=lambda entry: entry.location):
        for word in (entry.term, *entry.also):
            owner = owners.setdefault(word.casefold(), entry)
            if owner is not entry:
                message = f"“{word}” stands for “{owner.term}” already, on line {owner.location.line}"
                yield Finding(entry.location, "one-term-two-ways", message, "Let one of the two entries have it.")
