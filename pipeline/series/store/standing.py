"""Where readers stand: beginning, pausing, resuming, skipping, and a pace of their own."""

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, delete, func, select, update

from pipeline.delivery import Schedule
from pipeline.series import schedule as times
from pipeline.series.course import MAIL, Course
from pipeline.series.store import _schema as t
from pipeline.series.store._rows import new_refs
from pipeline.series.store.courses import course, schedule_for
from pipeline.series.store.journal import note
from pipeline.series.store.people import by_id, had


def begin_course(tx: Connection, row: Any, one: Course, zone: str, now: datetime) -> None:
    """Let a reader's issues begin, or go on, from now. What was kept from them when they left comes after all."""
    d = t.deliveries.c
    mine = (d.subscriber_id == row.subscriber_id) & (d.sequence_id == row.sequence_id) & ~d.issue.startswith(MAIL)
    _make_way(tx, mine & (d.state == "suppressed"), now)
    values: dict[str, Any] = {"started_at": now} | _times_from(tx, row, one, zone, now)
    tx.execute(update(t.enrolments).where(t.enrolments.c.id == row.id).values(**values))


def _times_from(tx: Connection, row: Any, one: Course, zone: str, now: datetime) -> dict[str, Any]:
    """Return an enrolment's state and times where the next issue is to come by the schedule, counted from now."""
    if _is_under_way(tx, row):
        # Its end gives the next its time; until then the reader isn't due, or would get the same or another beside it.
        return {"state": "active", "due_at": None}
    schedule = schedule_for(one, row.pace)
    got = had(tx, row.sequence_id, row.subscriber_id)
    place = one.next(row.reached, row.owed.split(), got)
    if place is None:
        return {"state": "finished", "due_at": None}
    slot = one.first_slot(place.issue, now, zone, schedule)
    return {"state": "active", "slot_at": slot, "due_at": slot}


def _is_under_way(tx: Connection, row: Any) -> bool:
    """Return whether an issue waits to be sent to a reader, or is being sent."""
    d = t.deliveries.c
    mine = (d.subscriber_id == row.subscriber_id) & (d.sequence_id == row.sequence_id) & ~d.issue.startswith(MAIL)
    states = d.state.in_(("due", "claimed", "sending", "deferred"))
    return tx.execute(select(d.ref).where(mine, states).limit(1)).first() is not None


def pause(tx: Connection, subscriber_id: int, now: datetime) -> bool:
    """Stop a reader's issues until they are resumed; return whether any were coming."""
    e, d = t.enrolments.c, t.deliveries.c
    which = (e.subscriber_id == subscriber_id) & (e.state == "active")
    if not tx.execute(select(e.id).where(which)).first():
        return False
    tx.execute(update(t.enrolments).where(which).values(state="paused", due_at=None))
    # What waits isn't sent; the reader gets it after resuming, as if it had never come up.
    waiting = (d.subscriber_id == subscriber_id) & d.state.in_(("due", "deferred")) & ~d.issue.startswith(MAIL)
    tx.execute(delete(t.deliveries).where(waiting))
    note(tx, now, "paused", subscriber_id=subscriber_id)
    return True


def resume(tx: Connection, subscriber_id: int, now: datetime) -> bool:
    """Let a paused reader's issues come again, from the next time of the schedule; return whether any were paused."""
    known = by_id(tx, subscriber_id)
    e = t.enrolments.c
    rows = tx.execute(select(t.enrolments).where(e.subscriber_id == subscriber_id, e.state == "paused")).all()
    if known is None or known.state != "active" or not rows:
        return False
    for row in rows:
        values = _resumed(tx, row, course(tx, row.sequence_id), known.time_zone, now)
        tx.execute(update(t.enrolments).where(e.id == row.id).values(**values))
    note(tx, now, "resumed", subscriber_id=subscriber_id)
    return True


def _resumed(tx: Connection, row: Any, one: Course, zone: str, now: datetime) -> dict[str, Any]:
    values = _times_from(tx, row, one, zone, now)
    schedule = schedule_for(one, row.pace)
    if values["due_at"] is not None and schedule.kind == "evergreen" and row.slot_at is not None:
        slot = times.resume_slot(schedule, now, row.slot_at, zone)
        values |= {"slot_at": slot, "due_at": slot}
    return values


def skip(tx: Connection, subscriber_id: int, sequence_id: int, now: datetime) -> str:
    """Pass over a reader's next issue, and return its name; the one behind it takes its time. Empty at the end."""
    e = t.enrolments.c
    row = tx.execute(select(t.enrolments).where(e.subscriber_id == subscriber_id, e.sequence_id == sequence_id)).first()
    if row is None or row.state not in ("active", "paused"):
        return ""
    one, got = course(tx, sequence_id), had(tx, sequence_id, subscriber_id)
    place = one.next(row.reached, row.owed.split(), got)
    if place is None:
        return ""
    delivery = {"ref": new_refs(1)[0], "sequence_id": sequence_id, "issue": place.issue}
    delivery |= {"subscriber_id": subscriber_id, "revision_id": place.revision_id, "state": "skipped"}
    tx.execute(t.deliveries.insert(), delivery | {"slot_at": row.slot_at or now, "ended_at": now})
    reached = one.further(row.reached, place.issue)
    owed = " ".join(name for name in row.owed.split() if name != place.issue)
    values: dict[str, Any] = {"reached": reached, "owed": owed}
    if one.next(reached, owed.split(), got | {place.issue}) is None:
        values |= {"state": "finished", "due_at": None}
    tx.execute(update(t.enrolments).where(e.id == row.id).values(**values))
    note(tx, now, "skipped", subscriber_id=subscriber_id, detail=place.issue)
    return place.issue


def restart(tx: Connection, subscriber_id: int, sequence_id: int, now: datetime) -> bool:
    """Let a reader begin again with the first issue; what was sent before is kept in the log and no more in the ledger.

    Returns whether the reader has such an enrolment and may have it.
    """
    known = by_id(tx, subscriber_id)
    e, d = t.enrolments.c, t.deliveries.c
    row = tx.execute(select(t.enrolments).where(e.subscriber_id == subscriber_id, e.sequence_id == sequence_id)).first()
    # Who has left a newsletter, or has yet to say yes, is not brought in this way.
    if known is None or known.state != "active" or row is None or row.state in ("waiting", "stopped"):
        return False
    mine = (d.subscriber_id == subscriber_id) & (d.sequence_id == sequence_id) & ~d.issue.startswith(MAIL)
    if tx.execute(select(d.ref).where(mine, d.state.in_(("claimed", "sending")))).first():
        return False
    tx.execute(update(t.deliveries).where(mine, d.state.in_(("due", "deferred"))).values(state="skipped", try_at=None))
    _make_way(tx, mine, now)
    tx.execute(update(t.enrolments).where(e.id == row.id).values(reached="", owed=""))
    begin_course(
        tx, tx.execute(select(t.enrolments).where(e.id == row.id)).one(), course(tx, sequence_id), known.time_zone, now
    )
    note(tx, now, "restarted", subscriber_id=subscriber_id)
    return True


def _make_way(tx: Connection, which: ColumnElement[bool], now: datetime) -> None:
    """Give deliveries a name of their own, since one is a row for good, and its issue may come again."""
    d = t.deliveries.c
    tx.execute(
        update(t.deliveries).where(which, ~d.issue.contains("@")).values(issue=d.issue + f"@{t.microseconds(now)}")
    )


def set_pace(tx: Connection, subscriber_id: int, sequence_id: int, pace: dict[str, Any], now: datetime) -> bool:
    """Give a reader a pace of their own, or with an empty one the sequence's; return whether there is such a reader.

    `pace` holds keys of the schedule: every, on, at, time_zone. Raises ScheduleError where it can't be kept.
    """
    known = by_id(tx, subscriber_id)
    e = t.enrolments.c
    row = tx.execute(select(t.enrolments).where(e.subscriber_id == subscriber_id, e.sequence_id == sequence_id)).first()
    if known is None or row is None:
        return False
    one = course(tx, sequence_id)
    schedule = times.own_schedule(one.schedule, pace)
    values: dict[str, Any] = {"pace": msgspec.json.encode(pace) if pace else None}
    if row.state == "active" and row.due_at is not None and row.slot_at is not None:
        slot = _slot_at_pace(tx, row, one, known.time_zone, schedule, now)
        values |= {"slot_at": slot, "due_at": slot}
    tx.execute(update(t.enrolments).where(e.id == row.id).values(**values))
    note(tx, now, "pace", subscriber_id=subscriber_id, detail=msgspec.json.encode(pace).decode())
    return True


def _slot_at_pace(tx: Connection, row: Any, one: Course, zone: str, schedule: Schedule, now: datetime) -> datetime:
    """Return when a reader's next issue comes by another pace: counted from the last, or by the calendar."""
    place = one.next(row.reached, row.owed.split(), had(tx, one.sequence_id, row.subscriber_id))
    if schedule.kind == "calendar" and place is not None:
        return one.first_slot(place.issue, now, zone, schedule)
    d = t.deliveries.c
    sent = (d.subscriber_id == row.subscriber_id) & (d.sequence_id == one.sequence_id) & (d.state == "sent")
    issues = ~d.issue.startswith(MAIL) & ~d.issue.contains("@")
    last = tx.execute(select(func.max(d.ended_at)).where(sent, issues)).scalar()
    first = times.first_slot(schedule, row.started_at or now, zone)
    slot = times.next_slot(schedule, last, zone) if last else first
    return times.slot_at_or_after(schedule, now, zone, slot)
