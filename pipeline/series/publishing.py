"""A built newsletter in; the letters to publish, each frozen whole, out, and the store brought to them."""

from collections.abc import Callable, Sequence
from datetime import datetime

from msgspec import Struct

from pipeline.delivery import Schedule
from pipeline.series.message import Head, LetterContent, Outgoing, frozen
from pipeline.series.store import moving, publications
from pipeline.series.store.engine import Store
from pipeline.series.store.publications import Letter, Plan

# Between two portions of readers, in seconds: as long as SQLite lets a process wait before it looks again whether it
# may write, so that whoever waits gets in.
PAUSE = 0.1


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


def plan(store: Store, one: Edition, *, catch_up: bool = False) -> Plan:
    """Return what publishing would change; nothing is."""
    with store.reading() as tx:
        return publications.plan(tx, one.head.id, one.letters, one.schedule, catch_up=catch_up)


def publish(
    store: Store, one: Edition, now: datetime, wait: Callable[[float], None], *, catch_up: bool = False
) -> None:
    """Publish a newsletter, and give its readers their times by it; goes on where another time was cut off.

    Where that are many, they get them a portion at a time, and others can send and write between two. `wait` waits for
    so many seconds.
    """
    name = one.head.id
    with store.transaction() as tx:
        title = one.head.title
        publications.publish(tx, name, title, b"", one.letters, one.schedule, now, catch_up=catch_up, in_portions=True)
    while True:
        with store.transaction() as tx:
            if not moving.move_some(tx, name, now):
                return
        wait(PAUSE)
