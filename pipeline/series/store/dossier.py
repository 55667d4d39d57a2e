"""A subscriber in; everything that the store knows of that person out."""

from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, select

from pipeline.series.store import _schema as t
from pipeline.series.store import journal
from pipeline.series.store.people import Standing, Subscriber, standings


class Received(Struct, frozen=True):
    """A delivery to somebody; `filled` is what stood in the message of theirs, `reply` what the server said."""

    ref: int
    sequence: str
    issue: str
    subject: str
    state: str
    slot_at: datetime
    ended_at: datetime | None
    attempts: int
    message_id: str
    code: int
    reply: str
    bounce: str
    filled: bytes | None


class Returned(Struct, frozen=True):
    """A mail that came back about somebody; `raw` is the mail, as long as it is kept."""

    kind: str
    at: datetime
    delivery_ref: int | None
    status: str
    diagnostic: str
    raw: bytes | None
    kept_until: datetime | None


class Dossier(Struct, frozen=True):
    """Everything that is known of one person."""

    subscriber: Subscriber
    suppressed: str
    standings: list[Standing]
    deliveries: list[Received]
    bounces: list[Returned]
    log: list[journal.Entry]


def dossier(tx: Connection, known: Subscriber, suppressed: str) -> Dossier:
    """Return everything about a subscriber, each list oldest first; `suppressed` is the reason, or empty."""
    d, b = t.deliveries.c, t.bounces.c
    columns: list[Any] = [t.sequences.c.name.label("sequence") if name == "sequence" else _column(name) for name in _OF]
    query = (
        select(*columns)
        .join_from(t.deliveries, t.sequences, t.sequences.c.id == d.sequence_id)
        .join(t.revisions, t.revisions.c.id == d.revision_id)
        .where(d.subscriber_id == known.id)
        .order_by(d.slot_at, d.ended_at)
    )
    returned = select(*[b[name] for name in Returned.__struct_fields__]).where(b.subscriber_id == known.id)
    return Dossier(
        known,
        suppressed,
        standings(tx, known.id),
        [Received(*row) for row in tx.execute(query)],
        [Returned(*row) for row in tx.execute(returned.order_by(b.id))],
        journal.entries(tx, known.id),
    )


_OF = Received.__struct_fields__


def _column(name: str) -> Any:
    return t.revisions.c.subject if name == "subject" else t.deliveries.c[name]
