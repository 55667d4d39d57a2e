"""Leaving: unsubscribing, bounces, complaints, suppression, erasure."""

from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, select, update

from pipeline.series.store import _schema as t
from pipeline.series.store._rows import add_once
from pipeline.series.store.coming import queue_mail
from pipeline.series.store.journal import note
from pipeline.series.store.people import by_id

Reason = Literal["unsubscribed", "hard", "soft", "complaint", "manual", "erased"]
# The state that goes with the reason of a suppression; later ones outlast earlier ones.
_STATES: dict[Reason, str] = {
    "unsubscribed": "unsubscribed",
    "soft": "bounced",
    "hard": "bounced",
    "manual": "suppressed",
    "complaint": "complained",
    "erased": "erased",
}


def leave(
    tx: Connection,
    subscriber_id: int,
    reason: Reason,
    now: datetime,
    address_hash: bytes = b"",
    detail: str = "",
) -> bool:
    """End a subscription to all newsletters, whatever is under way; return whether it had not ended before.

    With the hash of the address, no import brings it back. Done twice it is done once.
    """
    known = by_id(tx, subscriber_id)
    if known is None or known.state == "erased":
        return False
    state = _STATES[reason]
    if address_hash:
        suppress_hash(tx, address_hash, reason, now)
    # A complaint outlasts a bounce, and that an unsubscribing, which outlasts nothing.
    order = list(dict.fromkeys(_STATES.values()))
    if known.state in order and order.index(state) <= order.index(known.state):
        return False
    values = {"state": state, "left_at": now}
    tx.execute(update(t.subscribers).where(t.subscribers.c.id == subscriber_id).values(**values))
    _stop(tx, subscriber_id, now)
    note(tx, now, reason, subscriber_id=subscriber_id, detail=detail)
    return True


def _stop(tx: Connection, subscriber_id: int, now: datetime) -> None:
    e, d = t.enrolments.c, t.deliveries.c
    tx.execute(update(t.enrolments).where(e.subscriber_id == subscriber_id).values(state="stopped", due_at=None))
    # What is claimed stays with its sender, who will be told not to send it.
    waiting = (d.subscriber_id == subscriber_id) & d.state.in_(("due", "deferred"))
    tx.execute(update(t.deliveries).where(waiting).values(state="suppressed", try_at=None, ended_at=now))


def unsubscribe(tx: Connection, subscriber_id: int, now: datetime, address_hash: bytes, detail: str = "") -> bool:
    """Let somebody go who wants to, with a goodbye; return whether they hadn't gone before.

    Who never said yes gets no goodbye: nothing but the question ever goes to them.
    """
    known = by_id(tx, subscriber_id)
    if known is None or not leave(tx, subscriber_id, "unsubscribed", now, address_hash, detail):
        return False
    e = t.enrolments.c
    # The newsletter that began last says goodbye for all.
    begun = (e.subscriber_id == subscriber_id) & e.started_at.is_not(None)
    query = select(e.sequence_id).where(begun).order_by(e.started_at.desc(), e.id.desc())
    sequence_id = tx.execute(query.limit(1)).scalar()
    if known.state == "active" and sequence_id is not None:
        queue_mail(tx, "goodbye", subscriber_id, sequence_id, now)
    return True


def bounce(
    tx: Connection,
    subscriber_id: int,
    kind: Literal["hard", "soft"],
    now: datetime,
    most: int,
    address_hash: bytes = b"",
    detail: str = "",
) -> bool:
    """Count a bounce; return whether it ended the subscription: a hard one does, a soft one when there were `most`."""
    if kind == "soft":
        s = t.subscribers.c
        tx.execute(update(t.subscribers).where(s.id == subscriber_id).values(soft_bounces=s.soft_bounces + 1))
        if (tx.execute(select(s.soft_bounces).where(s.id == subscriber_id)).scalar() or 0) < most:
            return False
    return leave(tx, subscriber_id, kind, now, address_hash, detail)


def suppress_hash(tx: Connection, address_hash: bytes, reason: Reason, now: datetime) -> None:
    """Keep an address from ever being sent to, or added by an import, by its keyed hash."""
    s = t.suppressions
    weight = list(_STATES)
    known = tx.execute(select(s.c.reason).where(s.c.hash == address_hash)).scalar()
    if known is None and add_once(tx, s, {"hash": address_hash, "reason": reason, "at": now}):
        return
    known = known or tx.execute(select(s.c.reason).where(s.c.hash == address_hash)).scalar_one()
    if weight.index(reason) > weight.index(known):
        tx.execute(update(s).where(s.c.hash == address_hash).values(reason=reason, at=now))


def erase(tx: Connection, subscriber_id: int, address_hash: bytes, now: datetime) -> bool:
    """Remove all that is known of a person, except the keyed hash; return whether there was anything.

    Deliveries stay, as numbers: what was sent to them can't be made again. Mails that came back without telling whose
    delivery they were about go as well where the address is in them.
    """
    known = by_id(tx, subscriber_id)
    if known is None or known.state == "erased":
        return False
    mine = update(t.deliveries).where(t.deliveries.c.subscriber_id == subscriber_id)
    tx.execute(mine.values(filled=None, hash=None, reply="", bounce="", message_id=""))
    _stop(tx, subscriber_id, now)
    blank: dict[str, Any] = {
        "identity": None,
        "address": "",
        "name": "",
        "time_zone": "UTC",
        "locale": "",
        "consent_at": None,
    }
    blank |= {"consent_source": "", "consent_text": "", "state": "erased", "left_at": now, "last_sent_at": None}
    blank |= {"confirmed_at": None, "soft_bounces": 0}
    tx.execute(update(t.subscribers).where(t.subscribers.c.id == subscriber_id).values(**blank))
    no_consent = {"consent_at": None, "consent_source": "", "consent_text": "", "confirmed_at": None}
    tx.execute(update(t.enrolments).where(t.enrolments.c.subscriber_id == subscriber_id).values(**no_consent))
    b, a = t.bounces.c, t.audit.c
    tx.execute(update(t.bounces).where(b.subscriber_id == subscriber_id).values(raw=None, diagnostic=""))
    _erase_from_strays(tx, known.address)
    tx.execute(update(t.audit).where(a.subscriber_id == subscriber_id).values(detail=""))
    suppress_hash(tx, address_hash, "erased", now)
    note(tx, now, "erased", subscriber_id=subscriber_id)
    return True


def _erase_from_strays(tx: Connection, address: str) -> None:
    b = t.bounces.c
    strays = b.subscriber_id.is_(None) & ((b.raw.is_not(None)) | (b.diagnostic != ""))
    query = select(b.id, b.raw, b.diagnostic).where(strays).execution_options(yield_per=100)
    wanted = address.lower().encode()
    mine = [row.id for row in tx.execute(query) if any(wanted in words.lower() for words in _words(row))]
    for number in mine:
        tx.execute(update(t.bounces).where(b.id == number).values(raw=None, diagnostic="", kept_until=None))


def _words(row: Any) -> tuple[bytes, bytes]:
    return row.raw or b"", row.diagnostic.encode()
