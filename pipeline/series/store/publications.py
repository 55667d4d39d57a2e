"""Publishing: built letters in; frozen revisions and an order out, and readers who are to get more for it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, func, select, update

from pipeline.delivery import Schedule
from pipeline.errors import StoreError
from pipeline.series.course import MAIL, Course
from pipeline.series.store import _schema as t
from pipeline.series.store import moving
from pipeline.series.store._changes import Group as Group
from pipeline.series.store._changes import Letter as Letter
from pipeline.series.store._changes import Plan as Plan
from pipeline.series.store._changes import order_after, passed_over
from pipeline.series.store._changes import plan as plan
from pipeline.series.store._rows import inserted
from pipeline.series.store.courses import course, sequence_id_of
from pipeline.series.store.journal import note
from pipeline.series.store.recovery import look_again


def publish(
    tx: Connection,
    name: str,
    title: str,
    head: bytes,
    letters: Sequence[Letter],
    schedule: Schedule,
    now: datetime,
    *,
    catch_up: bool = False,
    in_portions: bool = False,
) -> Plan:
    """Publish letters and return what that changed. Raises StoreError where two letters have one name.

    With `in_portions`, readers may be left to be given their times by another schedule; `moving.move_some` does that.
    """
    names = [letter.issue for letter in letters]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise StoreError(f"two letters are named “{twice[0]}”\n    Give each a file name of its own, and build again.")
    made = plan(tx, name, letters, schedule, catch_up=catch_up)
    known = sequence_id_of(tx, name)
    if known is not None and made.is_empty and (in_portions or not made.is_unfinished):
        return made
    before = course(tx, known) if known is not None else None
    sequence_id = _write_sequence(tx, name, title, head, schedule, made.version, now)
    revisions = {letter.issue: _revision(tx, sequence_id, letter, now) for letter in letters}
    after = order_after(before, letters, revisions)
    _write_places(tx, sequence_id, after, revisions, before)
    _renew(tx, sequence_id, revisions)
    look_again(tx, sequence_id, now)
    tx.execute(update(t.sequences).where(t.sequences.c.id == sequence_id).values(version=made.version))
    if before is not None and made.catches_up:
        _owe(tx, sequence_id, before, after)
    everybody = made.is_rescheduled or made.is_unfinished
    if before is not None and in_portions and everybody and moving.can_be_portioned(before.schedule, schedule):
        moving.begin_portions(tx, sequence_id)
    elif before is not None:
        moving.move_all(tx, course(tx, sequence_id), now, everybody=everybody or schedule.kind == "calendar")
    note(tx, now, "published", detail=f"{name} {made.version}")
    for pace, readers in (moving.lost_paces(tx, sequence_id, schedule) if made.lost_paces else {}).items():
        for subscriber_id in readers:
            note(tx, now, "pace-lost", subscriber_id=subscriber_id, detail=pace.decode())
    return made


# --------------------------------------------------------------------------- writing


def _write_sequence(
    tx: Connection, name: str, title: str, head: bytes, schedule: Schedule, version: int, now: datetime
) -> int:
    values = {"title": title, "head": head, "schedule": msgspec.json.encode(schedule), "published_at": now}
    number = sequence_id_of(tx, name)
    if number is None:
        done = tx.execute(t.sequences.insert(), values | {"name": name, "version": version})
        return inserted(done)
    tx.execute(update(t.sequences).where(t.sequences.c.id == number).values(**values))
    return number


def _revision(tx: Connection, sequence_id: int, letter: Letter, now: datetime) -> int:
    """Return the id of a letter's revision; the same content is one revision, however often it is published."""
    r = t.revisions.c
    same = (r.sequence_id == sequence_id) & (r.issue == letter.issue) & (r.hash == letter.hash)
    number = tx.execute(select(r.id).where(same)).scalar()
    if number is not None:
        # One that was damaged in the store is whole again.
        tx.execute(
            update(t.revisions).where(r.id == number, r.content != letter.content).values(content=letter.content)
        )
        return int(number)
    row: dict[str, Any] = {"sequence_id": sequence_id, "issue": letter.issue, "hash": letter.hash}
    row |= {"subject": letter.subject, "content": letter.content, "published_at": now}
    return inserted(tx.execute(t.revisions.insert(), row))


def _write_places(
    tx: Connection, sequence_id: int, after: Course, revisions: Mapping[str, int], before: Course | None
) -> None:
    tx.execute(t.places.delete().where(t.places.c.sequence_id == sequence_id))
    rows = [
        {"sequence_id": sequence_id, "issue": place.issue, "rank": rank, "revision_id": place.revision_id}
        | {"is_live": place.is_live}
        for rank, place in enumerate(after.places)
    ]
    rows += [
        {"sequence_id": sequence_id, "issue": f"{MAIL}{kind}", "rank": None, "revision_id": number, "is_live": True}
        for kind, number in after.mails.items()
    ]
    if rows:
        tx.execute(t.places.insert(), rows)


def _renew(tx: Connection, sequence_id: int, revisions: Mapping[str, int]) -> None:
    """Let what waits to be sent, or to be tried again, go out as it is published now."""
    d, r = t.deliveries.c, t.revisions.c
    waiting = select(d.revision_id).where(d.try_at.is_not(None), d.sequence_id == sequence_id).distinct()
    query = select(r.id, r.issue).where(r.id.in_(waiting))
    for number, issue in tx.execute(query).all():
        newest = revisions.get(issue, number)
        if newest != number:
            which = d.try_at.is_not(None) & (d.revision_id == number)
            tx.execute(update(t.deliveries).where(which).values(revision_id=newest))


def _owe(tx: Connection, sequence_id: int, before: Course, after: Course) -> None:
    """Let readers get what they would pass over, before they go on."""
    e = t.enrolments.c
    for reached in [place.issue for place in after.places]:
        if issues := passed_over(before, after, reached):
            which = (e.sequence_id == sequence_id) & (e.reached == reached) & (e.state != "stopped")
            tx.execute(update(t.enrolments).where(which).values(owed=func.trim(e.owed + f" {' '.join(issues)}")))
