"""A newsletter that was published anew in; its readers' next times by it out, all at once or a portion at a time.

Each portion is a transaction of its own, so that others can send and write between two, and the sequence keeps how far
it has come (`moving_after`), so that it goes on wherever it was cut off. Meanwhile nobody is sent anything twice or
passed over: what is sent is found by the reader's place, and counted from its slot by the schedule of now; and to give
somebody their time again changes nothing. That holds for evergreens. A calendar passes over what is too late for its
date, and a time by other dates may be that: its readers are moved all at once, with the publication.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from pipeline.delivery import Schedule
from pipeline.series import schedule as times
from pipeline.series.course import Course
from pipeline.series.store import _schema as t
from pipeline.series.store.courses import course, own_schedule_of, schedule_for, sequence_id_of
from pipeline.series.store.people import had_by

# How many readers are moved in one statement, and how many in a portion; how many times of theirs are kept in mind.
_BATCH = 1000
_PORTION = 20_000
_MOST_SLOTS = 100_000


def can_be_portioned(before: Schedule, after: Schedule) -> bool:
    """Return whether readers may go by either of two schedules until they are moved."""
    return before.kind == after.kind == "evergreen"


def is_unfinished(tx: Connection, name: str) -> bool:
    """Return whether some readers of a sequence have yet to get their times by the schedule of now."""
    s = t.sequences.c
    return tx.execute(select(s.moving_after).where(s.name == name)).scalar() is not None


def begin_portions(tx: Connection, sequence_id: int) -> None:
    """Let all readers of a sequence be moved from here on, by `move_some`."""
    tx.execute(update(t.sequences).where(t.sequences.c.id == sequence_id).values(moving_after=0))


def move_some(tx: Connection, name: str, now: datetime, most: int = _PORTION) -> bool:
    """Give the next readers of a sequence their times by its schedule; return whether there may be more.

    Several may do so at once: each takes up where the one before has left off.
    """
    s = t.sequences.c
    sequence_id = sequence_id_of(tx, name)
    after = tx.execute(select(s.moving_after).where(s.id == sequence_id)).scalar()
    if sequence_id is None or after is None:
        return False
    last = _move(tx, course(tx, sequence_id), now, after, most, everybody=True)
    tx.execute(update(t.sequences).where(s.id == sequence_id).values(moving_after=last))
    return last is not None


def move_all(tx: Connection, one: Course, now: datetime, *, everybody: bool) -> None:
    """Give times to readers who had finished and have more to come, and to everybody where the dates have changed."""
    _move(tx, one, now, 0, None, everybody=everybody)
    if everybody:
        tx.execute(update(t.sequences).where(t.sequences.c.id == one.sequence_id).values(moving_after=None))


def _move(tx: Connection, one: Course, now: datetime, after: int, most: int | None, *, everybody: bool) -> int | None:
    """Move readers behind one, `most` or a few more; return who was the last, or None where there is nobody behind.

    What is under way is not touched: its reader has no due time until it has ended.
    """
    e, s = t.enrolments.c, t.subscribers.c
    states = (e.state == "finished") | ((e.state == "active") & e.due_at.is_not(None) if everybody else False)
    batch = min(_BATCH, most or _BATCH)
    query = (
        select(e.id, e.subscriber_id, e.state, e.reached, e.owed, e.slot_at, e.pace, s.time_zone)
        .join_from(t.enrolments, t.subscribers, s.id == e.subscriber_id)
        .where(e.sequence_id == one.sequence_id, states, s.state == "active")
        .order_by(e.subscriber_id)
        .limit(batch)
    )
    slots = _Slots(one, now, everybody=everybody)
    looked_at = 0
    while rows := tx.execute(query.where(e.subscriber_id > after)).all():
        after = rows[-1].subscriber_id
        had = had_by(tx, [(one.sequence_id, row.subscriber_id) for row in rows])
        moved = []
        for row in rows:
            place = one.next(row.reached, row.owed.split(), had.get((one.sequence_id, row.subscriber_id), ()))
            if place is not None:
                slot = slots.of(row, place.issue)
                moved.append({"b_id": row.id, "state": "active", "slot_at": slot, "due_at": slot})
        if moved:
            tx.execute(update(t.enrolments).where(e.id == bindparam("b_id")), moved)
        looked_at += len(rows)
        if most is not None and looked_at >= most:
            return after
    return None


class _Slots:
    """The times of readers by another schedule; those who have the same are reckoned once."""

    def __init__(self, one: Course, now: datetime, *, everybody: bool) -> None:
        self._one, self._now, self._everybody = one, now, everybody
        self._known: dict[tuple[object, ...], datetime] = {}

    def of(self, row: Any, issue: str) -> datetime:
        alike = (row.state, issue, row.slot_at, row.pace, row.time_zone)
        if alike not in self._known:
            if len(self._known) > _MOST_SLOTS:
                self._known.clear()
            self._known[alike] = self._reckoned(row, issue)
        return self._known[alike]

    def _reckoned(self, row: Any, issue: str) -> datetime:
        one, now = self._one, self._now
        schedule, slot = schedule_for(one, row.pace), row.slot_at
        if schedule.kind == "calendar" or slot is None:
            return one.first_slot(issue, now, row.time_zone, schedule)
        if row.state == "finished":
            slot = one.slot_after(slot, issue, max(slot, now), row.time_zone, schedule)
        return _on_grid(schedule, now, slot, row.time_zone) if self._everybody or slot <= now else slot


def _on_grid(schedule: Schedule, now: datetime, slot: datetime, zone: str) -> datetime:
    """Return the time that a reader has by a schedule instead of the old one.

    What is due stays so where it isn't too late.
    """
    fitted = times.refitted(schedule, slot, zone)
    return times.slot_at_or_after(schedule, now, zone, fitted) if times.is_too_late(schedule, fitted, now) else fitted


def lost_paces(tx: Connection, sequence_id: int, schedule: Schedule) -> dict[bytes, list[int]]:
    """Return the paces that a schedule makes impossible, each with the readers who have it."""
    e = t.enrolments.c
    own = (e.sequence_id == sequence_id) & e.pace.is_not(None)
    paces = tx.execute(select(e.pace).where(own).distinct()).scalars().all()
    lost = [pace for pace in paces if own_schedule_of(schedule, pace) is None]
    query = select(e.subscriber_id).where(own, e.state != "stopped").order_by(e.subscriber_id)
    return {pace: list(tx.execute(query.where(e.pace == pace)).scalars()) for pace in lost}
