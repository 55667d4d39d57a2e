"""A built newsletter in; the letters to publish, each frozen whole, out."""

from collections.abc import Sequence

from msgspec import Struct

from pipeline.delivery import Schedule
from pipeline.series.message import Head, LetterContent, Outgoing, frozen
from pipeline.series.store.publications import Letter


class Edition(Struct, frozen=True):
    """A newsletter ready to be published."""

    head: Head
    letters: tuple[Letter, ...]
    schedule: Schedule


def edition(head: Head, letters: Sequence[LetterContent], schedule: Schedule) -> Edition:
    """Return a built newsletter as it is published: what is said of it is frozen with each letter.

    So a new postal address or another greeting makes every letter another one, as their readers see. Raises WriteError
    where a letter can't be made into messages.
    """
    for letter in letters:
        # What fails for each reader should fail here, for none.
        Outgoing(head, letter)
    return Edition(head, tuple(Letter(one.name, one.subject, frozen(head, one)) for one in letters), schedule)
