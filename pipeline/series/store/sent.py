"""A reader in; what they were sent, with all that it takes to make it again, and how far they have come, out."""

from datetime import datetime

from msgspec import Struct
from sqlalchemy import Connection, func, select

from pipeline.series.course import MAIL
from pipeline.series.store import _schema as t
from pipeline.series.store.courses import course
from pipeline.series.store.people import had


class Sent(Struct, frozen=True):
    """A message that was sent: its letter, encoded, what stood in it of its reader, and the hash of its bytes.

    Of one whose reader was erased, or whose sender died over it, the last two are not known.
    """

    issue: str
    message_id: str
    content: bytes
    filled: bytes | None
    hash: bytes | None


class Progress(Struct, frozen=True):
    """How many issues a reader has had and is still to get, and the subject of the next, with its placeholders."""

    sent: int
    left: int
    next_subject: str


class Doubt(Struct, frozen=True):
    """A message that may have gone out or not, since the line or its sender ended before the server's reply."""

    ref: int
    address: str
    issue: str
    sending_at: datetime | None
    revision_id: int


def doubtful(tx: Connection) -> list[Doubt]:
    """Return the messages in doubt, oldest first."""
    d, s = t.deliveries.c, t.subscribers.c
    query = (
        select(d.ref, s.address, d.issue, d.sending_at, d.revision_id)
        .join_from(t.deliveries, t.subscribers, s.id == d.subscriber_id)
        .where(d.state == "in_doubt")
        .order_by(d.sending_at, d.ref)
    )
    return [Doubt(*row) for row in tx.execute(query)]


def sent_message(tx: Connection, sequence_id: int, subscriber_id: int, letter: str) -> Sent | None:
    """Return the last message that a reader was sent of a letter, or None. One in doubt may have been sent."""
    d, r = t.deliveries.c, t.revisions.c
    # A mail's delivery is named for its day, and an issue's of a series begun anew has a mark.
    anew = d.issue.startswith(f"{letter}@", autoescape=True) | d.issue.startswith(f"{letter}/", autoescape=True)
    query = (
        select(d.issue, d.message_id, r.content, d.filled, d.hash)
        .join_from(t.deliveries, t.revisions, r.id == d.revision_id)
        .where(d.subscriber_id == subscriber_id, d.sequence_id == sequence_id, (d.issue == letter) | anew)
        .where(d.state.in_(("sent", "in_doubt")))
        .order_by(d.ended_at.desc())
        .limit(1)
    )
    row = tx.execute(query).first()
    return Sent(*row) if row else None


def progress(tx: Connection, sequence_id: int, subscriber_id: int) -> Progress:
    """Return how far a reader has come."""
    one = course(tx, sequence_id)
    d, e, r = t.deliveries.c, t.enrolments.c, t.revisions.c
    mine = (d.sequence_id == sequence_id) & (d.subscriber_id == subscriber_id) & (d.state == "sent")
    query = select(func.count()).select_from(t.deliveries).where(mine, ~d.issue.startswith(MAIL))
    sent = tx.execute(query).scalar_one()
    row = tx.execute(
        select(e.reached, e.owed).where(e.sequence_id == sequence_id, e.subscriber_id == subscriber_id)
    ).first()
    reached, owed = (row.reached, row.owed.split()) if row else ("", [])
    left, gotten = [], had(tx, sequence_id, subscriber_id)
    while (place := one.next(reached, owed, gotten)) is not None:
        left.append(place)
        gotten |= {place.issue}
    subject = ""
    if left:
        subject = tx.execute(select(r.subject).where(r.id == left[0].revision_id)).scalar_one()
    return Progress(sent, len(left), subject)
