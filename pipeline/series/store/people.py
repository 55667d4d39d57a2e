"""Subscribers: who they are, what they agreed to, and where each stands in a sequence.

What is addressed is a `hash` of the address, keyed (see `links`), so that the store can refuse somebody who was erased
without knowing who it was.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any, Literal

from msgspec import Struct
from sqlalchemy import Connection, func, select, update

from pipeline.series.store import _schema as t
from pipeline.series.store.courses import course
from pipeline.series.store.journal import note

State = Literal["pending", "active", "unsubscribed", "bounced", "complained", "suppressed", "erased"]


class Consent(Struct, frozen=True):
    """When and where somebody agreed, and the words that they were shown."""

    at: datetime
    source: str
    text: str = ""


class Person(Struct, frozen=True):
    """Somebody who is to be added; `hash` is the keyed hash of `identity`, the normalised address."""

    address: str
    identity: str
    hash: bytes
    name: str = ""
    time_zone: str = "UTC"
    locale: str = ""


class Subscriber(Struct, frozen=True):
    """A subscriber as the store knows them."""

    id: int
    ref: int
    address: str
    identity: str | None
    name: str
    time_zone: str
    locale: str
    state: str
    created_at: datetime
    confirmed_at: datetime | None
    consent_at: datetime | None
    consent_source: str
    consent_text: str
    soft_bounces: int
    last_sent_at: datetime | None
    left_at: datetime | None


class Standing(Struct, frozen=True):
    """Where a subscriber stands in a sequence, and what they agreed to of it."""

    sequence: str
    state: str
    started_at: datetime | None
    reached: str
    next_issue: str
    slot_at: datetime | None
    due_at: datetime | None
    consent_at: datetime | None
    consent_source: str
    consent_text: str
    confirmed_at: datetime | None


Added = Literal["added", "known", "suppressed"]


# --------------------------------------------------------------------------- finding


_COLUMNS = [t.subscribers.c[name] for name in Subscriber.__struct_fields__]


def by_identity(tx: Connection, identity: str) -> Subscriber | None:
    """Return the subscriber with a normalised address."""
    return _one(tx, t.subscribers.c.identity == identity)


def by_ref(tx: Connection, ref: int) -> Subscriber | None:
    """Return the subscriber that a link names."""
    return _one(tx, t.subscribers.c.ref == ref)


def by_id(tx: Connection, number: int) -> Subscriber | None:
    """Return the subscriber with an id of the store's own."""
    return _one(tx, t.subscribers.c.id == number)


def _one(tx: Connection, which: Any) -> Subscriber | None:
    row = tx.execute(select(*_COLUMNS).where(which)).first()
    return Subscriber(*row) if row else None


def standings(tx: Connection, subscriber_id: int) -> list[Standing]:
    """Return where a subscriber stands in each sequence."""
    found = []
    for row in tx.execute(select(t.enrolments).where(t.enrolments.c.subscriber_id == subscriber_id)):
        one = course(tx, row.sequence_id)
        place = one.next(row.reached, row.owed.split(), had(tx, row.sequence_id, subscriber_id))
        issue = place.issue if place else ""
        stands = (one.name, row.state, row.started_at, row.reached, issue, row.slot_at, row.due_at)
        found.append(Standing(*stands, row.consent_at, row.consent_source, row.consent_text, row.confirmed_at))
    return found


def had(tx: Connection, sequence_id: int, subscriber_id: int) -> frozenset[str]:
    """Return the issues of a sequence that a subscriber has a delivery of, whatever became of it."""
    d = t.deliveries.c
    query = select(d.issue).where(d.sequence_id == sequence_id, d.subscriber_id == subscriber_id)
    return frozenset(tx.execute(query).scalars())


def had_by(tx: Connection, readers: Collection[tuple[int, int]]) -> dict[tuple[int, int], frozenset[str]]:
    """Return the issues that readers, each a sequence and a subscriber, have a delivery of; those with any."""
    d = t.deliveries.c
    found: dict[tuple[int, int], set[str]] = {}
    for sequence_id, subscribers in by_sequence(readers):
        query = select(d.subscriber_id, d.issue)
        for number, issue in tx.execute(query.where(d.sequence_id == sequence_id, d.subscriber_id.in_(subscribers))):
            found.setdefault((sequence_id, number), set()).add(issue)
    return {reader: frozenset(issues) for reader, issues in found.items()}


def by_sequence(readers: Collection[tuple[int, int]]) -> list[tuple[int, list[int]]]:
    """Return readers by their sequences, since SQLite looks for pairs by reading all there are."""
    found: dict[int, list[int]] = {}
    for sequence_id, subscriber_id in readers:
        found.setdefault(sequence_id, []).append(subscriber_id)
    return list(found.items())


def rename(tx: Connection, known: Subscriber, name: str | None, time_zone: str | None, now: datetime) -> bool:
    """Change a subscriber's name or time zone, None being neither; return whether anything is other than before.

    The time zone holds from the issue after the next, whose time is set.
    """
    values = {"name": known.name if name is None else name, "time_zone": time_zone or known.time_zone}
    if values == {"name": known.name, "time_zone": known.time_zone}:
        return False
    tx.execute(update(t.subscribers).where(t.subscribers.c.id == known.id).values(**values))
    note(tx, now, "preferences", subscriber_id=known.id)
    return True


def everyone(tx: Connection) -> Iterator[Subscriber]:
    """Yield all subscribers that weren't erased, in the order in which they came, a few at a time."""
    query = select(*_COLUMNS).where(t.subscribers.c.state != "erased").order_by(t.subscribers.c.id)
    for row in tx.execute(query.execution_options(yield_per=1000)):
        yield Subscriber(*row)


def counts(tx: Connection) -> dict[str, int]:
    """Return how many subscribers there are in each state."""
    s = t.subscribers.c
    return {row[0]: row[1] for row in tx.execute(select(s.state, func.count()).group_by(s.state))}


def count_beyond_ascii(tx: Connection) -> int:
    """Return how many active subscribers have an address that takes a server with SMTPUTF8 (RFC 6531)."""
    s = t.subscribers.c
    which = (s.state == "active") & s.address.regexp_match(r"[^\x01-\x7f]")
    return tx.execute(select(func.count()).select_from(t.subscribers).where(which)).scalar_one()


def enrolled(tx: Connection) -> dict[str, dict[str, int]]:
    """Return how many readers there are in each state, by sequence."""
    e, found = t.enrolments.c, dict[str, dict[str, int]]()
    query = select(t.sequences.c.name, e.state, func.count()).join_from(t.enrolments, t.sequences)
    for name, state, count in tx.execute(query.group_by(t.sequences.c.name, e.state)):
        found.setdefault(name, {})[state] = count
    return found


def has_suppressions(tx: Connection) -> bool:
    """Return whether anybody is suppressed, so that the key of the hashes must not be another."""
    return tx.execute(select(t.suppressions.c.at).limit(1)).first() is not None


def suppressed(tx: Connection, hashes: Sequence[bytes]) -> dict[bytes, str]:
    """Return the reasons why addresses are suppressed, by their hashes; those that aren't are left out."""
    query = select(t.suppressions.c.hash, t.suppressions.c.reason).where(t.suppressions.c.hash.in_(list(hashes)))
    return {row.hash: row.reason for row in tx.execute(query)}
