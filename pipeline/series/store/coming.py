"""Coming: asking somebody whether an address is theirs, and beginning when they say yes (double opt-in)."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, select, update

from pipeline.series.course import MAIL
from pipeline.series.store import _schema as t
from pipeline.series.store._rows import add_once, inserted, new_refs
from pipeline.series.store.courses import course
from pipeline.series.store.journal import note
from pipeline.series.store.people import Added, Consent, Person, State, Subscriber, by_id, by_identity, suppressed
from pipeline.series.store.standing import begin_course

# Who was made to leave is not asked, whatever has become of the suppression.
_ASKABLE = ("pending", "active", "unsubscribed")


def ask(tx: Connection, person: Person, sequence_id: int, now: datetime, consent: Consent) -> Added:
    """Add somebody who has yet to confirm, and let the question be sent; ask those anew who have left themselves.

    Who is suppressed for a complaint, a bounce, an erasure or by hand is not asked. Who has been asked and hasn't
    answered is asked again at the most once a day, so that nobody can fill another's inbox. Who reads another
    newsletter is asked about this one, and nothing else changes for them: anybody may have typed their address.
    """
    known = by_identity(tx, person.identity)
    reason = suppressed(tx, [person.hash]).get(person.hash, "")
    if reason not in ("", "unsubscribed") or (known is not None and known.state not in _ASKABLE):
        return "suppressed"
    if known is not None and known.state == "active":
        _ask_reader(tx, known, sequence_id, now, consent)
        return "known"
    if known is None:
        number = _insert(tx, person, "pending", now, consent)
    else:
        number = known.id
        tx.execute(
            update(t.subscribers)
            .where(t.subscribers.c.id == number)
            .values(state="pending", **_consent(consent), **_given(person, known))
        )
    _enrol_waiting(tx, number, sequence_id, consent)
    if queue_mail(tx, "confirmation", number, sequence_id, now):
        note(tx, now, "asked", subscriber_id=number, detail=consent.source)
    return "known" if known else "added"


def _ask_reader(tx: Connection, known: Subscriber, sequence_id: int, now: datetime, consent: Consent) -> None:
    """Let a subscriber be asked about a newsletter that they don't get."""
    if not _enrol_waiting(tx, known.id, sequence_id, consent):
        return
    if queue_mail(tx, "confirmation", known.id, sequence_id, now):
        note(tx, now, "asked", subscriber_id=known.id, detail=consent.source)


def is_asked(tx: Connection, subscriber_id: int, sequence_id: int) -> bool:
    """Return whether somebody is to say yes or no to a newsletter."""
    e = t.enrolments.c
    query = select(e.state).where(e.subscriber_id == subscriber_id, e.sequence_id == sequence_id)
    return tx.execute(query).scalar() == "waiting"


def _insert(tx: Connection, person: Person, state: State, now: datetime, consent: Consent) -> int:
    row = {"ref": new_refs(1)[0], "identity": person.identity, "address": person.address, "name": person.name}
    row |= {"time_zone": person.time_zone, "locale": person.locale, "state": state, "created_at": now}
    done = tx.execute(t.subscribers.insert(), row | _consent(consent))
    return inserted(done)


def _consent(consent: Consent) -> dict[str, Any]:
    return {"consent_at": consent.at, "consent_source": consent.source, "consent_text": consent.text}


def _given(person: Person, known: Subscriber) -> dict[str, str]:
    """Return what somebody tells of themselves this time; what they leave out stays."""
    return {"address": person.address, "name": person.name or known.name} | {
        "time_zone": person.time_zone if person.time_zone != "UTC" else known.time_zone
    }


def _enrol_waiting(tx: Connection, subscriber_id: int, sequence_id: int, consent: Consent) -> bool:
    """Let a newsletter wait for somebody's yes; return whether it waits, and isn't theirs already."""
    e = t.enrolments.c
    query = select(e.id, e.state).where(e.subscriber_id == subscriber_id, e.sequence_id == sequence_id)
    row = tx.execute(query).first()
    if row is None:
        values = {"sequence_id": sequence_id, "subscriber_id": subscriber_id, "state": "waiting"}
        tx.execute(t.enrolments.insert(), values | _consent(consent))
    elif row.state in ("stopped", "waiting"):
        tx.execute(update(t.enrolments).where(e.id == row.id).values(state="waiting", **_consent(consent)))
    return row is None or row.state in ("stopped", "waiting")


def confirm(tx: Connection, subscriber_id: int, address_hash: bytes, now: datetime) -> bool:
    """Let each newsletter begin that somebody was asked about and says yes to; return whether there was any.

    Who comes back goes on behind the last issue that they had.
    """
    known = by_id(tx, subscriber_id)
    e = t.enrolments.c
    asked = tx.execute(select(t.enrolments).where(e.subscriber_id == subscriber_id, e.state == "waiting")).all()
    if known is None or known.state not in ("pending", "active") or not asked:
        return False
    if known.state == "pending":
        suppression = t.suppressions.c
        tx.execute(delete(t.suppressions).where(suppression.hash == address_hash, suppression.reason == "unsubscribed"))
        values = {"state": "active", "confirmed_at": now, "soft_bounces": 0, "left_at": None}
        tx.execute(update(t.subscribers).where(t.subscribers.c.id == subscriber_id).values(**values))
    note(tx, now, "confirmed", subscriber_id=subscriber_id)
    tx.execute(update(t.enrolments).where(e.id.in_([row.id for row in asked])).values(confirmed_at=now))
    for row in asked:
        begin_course(tx, row, course(tx, row.sequence_id), known.time_zone, now)
        queue_mail(tx, "welcome", subscriber_id, row.sequence_id, now)
    return True


def come_back(tx: Connection, subscriber_id: int, address_hash: bytes, now: datetime, consent: Consent) -> bool:
    """Let somebody who had unsubscribed go on reading what they read; return whether they had.

    Whoever bounced, complained, or was suppressed stays so, whatever link they follow.
    """
    known = by_id(tx, subscriber_id)
    reason = suppressed(tx, [address_hash]).get(address_hash, "unsubscribed")
    if known is None or known.state != "unsubscribed" or reason != "unsubscribed":
        return False
    s, e = t.subscribers.c, t.enrolments.c
    tx.execute(update(t.subscribers).where(s.id == subscriber_id).values(state="pending", **_consent(consent)))
    # What they were asked about and never said yes to doesn't come back with the rest.
    stopped = (e.subscriber_id == subscriber_id) & (e.state == "stopped")
    read = stopped & e.confirmed_at.is_not(None)
    which = read if tx.execute(select(e.id).where(read).limit(1)).first() else stopped
    tx.execute(update(t.enrolments).where(which).values(state="waiting", **_consent(consent)))
    return confirm(tx, subscriber_id, address_hash, now)


# --------------------------------------------------------------------------- mails


def queue_mail(tx: Connection, kind: str, subscriber_id: int, sequence_id: int, now: datetime) -> bool:
    """Let a mail be sent to a subscriber as soon as may be; return whether there is one, and none of today's.

    A mail of a kind is sent once a day at the most: its delivery is named for the kind and the day.
    """
    revision = course(tx, sequence_id).mails.get(kind)
    if revision is None:
        return False
    issue = f"{MAIL}{kind}/{now.date().isoformat()}"
    row = {"ref": new_refs(1)[0], "sequence_id": sequence_id, "issue": issue, "subscriber_id": subscriber_id}
    row |= {"revision_id": revision, "state": "due", "slot_at": now, "try_at": now}
    return add_once(tx, t.deliveries, row)
