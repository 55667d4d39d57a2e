"""What mails that came back report in; marks on deliveries, ended subscriptions, and the mails themselves kept."""

from datetime import datetime, timedelta
from typing import Any, Literal

from msgspec import Struct
from sqlalchemy import Connection, func, literal_column, select, update

from pipeline.series.course import MAIL
from pipeline.series.store import _schema as t
from pipeline.series.store import leaving, recovery

# What hasn't come back for so long has arrived.
ARRIVED_AFTER = timedelta(days=14)
# A delivery is marked with the gravest of what came back about it.
_GRAVITY = ("", "auto_reply", "policy", "soft", "hard", "complaint")

Kind = Literal["hard", "soft", "policy", "complaint", "unsubscribe", "auto_reply", "unknown"]


class Subject(Struct, frozen=True):
    """Whom a mail is about: a subscriber, and the delivery where one is known; `bounce` is what came back before."""

    subscriber_id: int
    address: str
    state: str
    delivery_ref: int | None = None
    issue: str = ""
    bounce: str = ""
    is_doubtful: bool = False


class Returned(Struct, frozen=True):
    """A mail that came back: its own id, hashed, what it reports, and the mail where it is kept."""

    source: bytes
    kind: Kind
    status: str = ""
    diagnostic: str = ""
    raw: bytes | None = None
    kept_until: datetime | None = None


def is_known(tx: Connection, source: bytes) -> bool:
    """Return whether a mail was dealt with before."""
    return tx.execute(select(t.bounces.c.id).where(t.bounces.c.source == source)).first() is not None


def subject_of(tx: Connection, delivery_ref: int | None, subscriber_ref: int | None, message_id: str) -> Subject | None:
    """Return whom a report is about: by a ref that was signed, or by the whole Message-ID of what was sent."""
    d, s = t.deliveries.c, t.subscribers.c
    of_delivery = select(s.id, s.address, s.state, d.ref, d.issue, d.bounce, d.state == "in_doubt").join_from(
        t.deliveries, t.subscribers, s.id == d.subscriber_id
    )
    if delivery_ref is not None:
        row = tx.execute(of_delivery.where(d.ref == delivery_ref)).first()
        if row is not None:
            return Subject(*row)
    if subscriber_ref is not None:
        known = tx.execute(select(s.id, s.address, s.state).where(s.ref == subscriber_ref)).first()
        if known is None:
            return None
        if message_id:
            row = tx.execute(of_delivery.where(d.message_id == message_id, s.id == known.id)).first()
        return Subject(*(row if message_id and row is not None else known))
    if message_id:
        # A restarted series may have sent the same twice to one reader; two readers never have one id.
        # Said once more, and as the index does, so that it is used.
        named = (d.message_id == message_id) & (d.message_id != literal_column("''"))
        rows = tx.execute(of_delivery.where(named).order_by(d.ended_at.desc()).limit(2)).all()
        if rows and {row.id for row in rows} == {rows[0].id}:
            return Subject(*rows[0])
    return None


def keep(tx: Connection, returned: Returned, about: Subject | None, now: datetime) -> None:
    """Write down that a mail came back, so that it is counted once; of who was erased nothing but that is kept."""
    is_erased = about is not None and about.state == "erased"
    row: dict[str, Any] = {"source": returned.source, "kind": returned.kind, "status": returned.status, "at": now}
    row |= {"delivery_ref": about.delivery_ref if about else None, "subscriber_id": about and about.subscriber_id}
    row |= {"diagnostic": "" if is_erased else returned.diagnostic, "raw": None if is_erased else returned.raw}
    tx.execute(t.bounces.insert(), row | {"kept_until": None if row["raw"] is None else returned.kept_until})


def mark(tx: Connection, about: Subject, kind: Kind, status: str, now: datetime) -> bool:
    """Note on a delivery what came back about it; return whether nothing as grave had come back before.

    A message in doubt that comes back has been sent.
    """
    if about.delivery_ref is None:
        return True
    if about.is_doubtful:
        recovery.settle(tx, [about.delivery_ref], "sent", now)
    before = about.bounce.partition(" ")[0]
    if kind not in _GRAVITY or _GRAVITY.index(kind) <= _GRAVITY.index(before if before in _GRAVITY else ""):
        return False
    said = f"{kind} {status}".strip()
    tx.execute(update(t.deliveries).where(t.deliveries.c.ref == about.delivery_ref).values(bounce=said))
    return True


def bounced(
    tx: Connection, about: Subject, kind: Literal["hard", "soft"], status: str, now: datetime, most: int, key: bytes
) -> bool:
    """Count a bounce about a subscriber, whose keyed hash is `key`; return whether it ended the subscription.

    Soft bounces count in a row: the count begins anew where an issue, sent after the last that came back, hasn't come
    back for two weeks.
    """
    if kind == "soft" and _has_arrived_since(tx, about, now):
        s = t.subscribers.c
        tx.execute(update(t.subscribers).where(s.id == about.subscriber_id).values(soft_bounces=0))
    return leaving.bounce(tx, about.subscriber_id, kind, now, most, key, status)


def _has_arrived_since(tx: Connection, about: Subject, now: datetime) -> bool:
    d = t.deliveries.c
    others = (d.subscriber_id == about.subscriber_id) & ~d.issue.startswith(MAIL)
    if about.delivery_ref is not None:
        others &= d.ref != about.delivery_ref
    is_back = d.bounce.startswith("soft") | (d.state == "failed")
    last = tx.execute(select(func.max(d.ended_at)).where(others, is_back)).scalar()
    arrived = others & (d.state == "sent") & (d.bounce == "") & (d.ended_at <= now - ARRIVED_AFTER)
    if last is not None:
        arrived &= d.ended_at > last
    return tx.execute(select(d.ref).where(arrived).limit(1)).first() is not None


def purge(tx: Connection, now: datetime) -> int:
    """Throw away mails that were kept as long as they were to be; return how many. That they came stays known."""
    b = t.bounces.c
    return tx.execute(update(t.bounces).where(b.kept_until <= now).values(raw=None, kept_until=None)).rowcount
