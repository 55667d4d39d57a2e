"""Publishing: built letters in; frozen revisions and an order out, with what that changes for whom.

Nobody is sent an issue that comes before where they stand, unless it is asked for; and an issue keeps its name wherever
it moves, so that nobody gets it twice.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, bindparam, func, select, update

from pipeline.delivery import Schedule
from pipeline.errors import StoreError
from pipeline.series import schedule as times
from pipeline.series.course import MAIL, Course, Place
from pipeline.series.store import _schema as t
from pipeline.series.store._rows import inserted
from pipeline.series.store.courses import course, own_schedule_of, schedule_for, sequence_id_of
from pipeline.series.store.journal import note
from pipeline.series.store.people import had_by
from pipeline.series.store.recovery import look_again

# How many readers are moved in one statement, and how many times of theirs are kept in mind.
_BATCH = 1000
_MOST_SLOTS = 100_000


class Letter(Struct, frozen=True):
    """A letter to publish: its name (`mail/welcome` for a mail), its subject, and all of it, encoded."""

    issue: str
    subject: str
    content: bytes

    @property
    def hash(self) -> bytes:
        return hashlib.sha256(self.content).digest()


Kind = Literal["new", "rewritten", "moved", "removed", "same"]


class Change(Struct, frozen=True):
    """What publishing does to one letter, and for how many readers: those before it, and those past it."""

    issue: str
    subject: str
    kind: Kind
    number: int | None
    ahead: int = 0
    past: int = 0


class Group(Struct, frozen=True):
    """So many readers stand behind `reached`; `next_before` comes next as things are, `next_after` once published."""

    reached: str
    readers: int
    next_before: str
    next_after: str


class Plan(Struct, frozen=True):
    """What publishing would do: letter by letter, and for whom.

    `catches_up` are new issues for those past them; `lost_paces` is how many readers have a pace of their own that the
    schedule no longer allows, and go by the schedule from here on.
    """

    sequence: str
    version: int
    changes: tuple[Change, ...]
    groups: tuple[Group, ...]
    is_rescheduled: bool
    catches_up: tuple[str, ...] = ()
    lost_paces: int = 0

    @property
    def is_empty(self) -> bool:
        return not self.is_rescheduled and all(change.kind == "same" for change in self.changes)


def plan(tx: Connection, name: str, letters: Sequence[Letter], schedule: Schedule, *, catch_up: bool = False) -> Plan:
    """Return what publishing letters, issues in order and mails anywhere, would change."""
    sequence_id = sequence_id_of(tx, name)
    before = course(tx, sequence_id) if sequence_id is not None else None
    after = _after(before, letters, {})
    standing = _standing(tx, sequence_id)
    changes = _changes(tx, before, after, letters, standing)
    new = [change.issue for change in changes if change.kind == "new" and not change.issue.startswith(MAIL)]
    owed = tuple(new) if catch_up else ()
    groups = tuple(
        Group(reached, readers, _next(before, reached, ()), _next(after, reached, owed))
        for reached, readers in sorted(standing.items(), key=lambda item: after.rank(item[0]))
    )
    version = before.version if before else 0
    rescheduled = before is not None and before.schedule != schedule
    lost = _lost_paces(tx, sequence_id, schedule) if rescheduled and sequence_id is not None else {}
    return Plan(name, version + 1, changes, groups, rescheduled, owed, sum(map(len, lost.values())))


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
) -> Plan:
    """Publish letters and return what that changed. Raises StoreError where two letters have one name."""
    names = [letter.issue for letter in letters]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise StoreError(f"two letters are named “{twice[0]}”\n    Give each a file name of its own, and build again.")
    made = plan(tx, name, letters, schedule, catch_up=catch_up)
    sequence_id = _write_sequence(tx, name, title, head, schedule, made.version, now)
    before = course(tx, sequence_id) if made.version > 1 else None
    revisions = {letter.issue: _revision(tx, sequence_id, letter, now) for letter in letters}
    after = _after(before, letters, revisions)
    _write_places(tx, sequence_id, after, revisions, before)
    _renew(tx, sequence_id, revisions)
    look_again(tx, sequence_id, now)
    tx.execute(update(t.sequences).where(t.sequences.c.id == sequence_id).values(version=made.version))
    if made.catches_up:
        _owe(tx, sequence_id, after, made.catches_up)
    if made.version > 1:
        _move_readers(tx, course(tx, sequence_id), now, everybody=made.is_rescheduled or schedule.kind == "calendar")
    note(tx, now, "published", detail=f"{name} {made.version}")
    for pace, readers in (_lost_paces(tx, sequence_id, schedule) if made.lost_paces else {}).items():
        for subscriber_id in readers:
            note(tx, now, "pace-lost", subscriber_id=subscriber_id, detail=pace.decode())
    return made


# --------------------------------------------------------------------------- the order


def _after(before: Course | None, letters: Sequence[Letter], revisions: Mapping[str, int]) -> Course:
    """Return the course as it will be: the new order, and what was taken out behind what it stood behind."""
    issues = [letter.issue for letter in letters if not letter.issue.startswith(MAIL)]
    places = [Place(issue, revisions.get(issue, 0)) for issue in issues]
    for index, place in enumerate(before.places if before else ()):
        if place.issue not in issues:
            behind = before.places[index - 1].issue if before and index else ""
            at = next((rank + 1 for rank, other in enumerate(places) if other.issue == behind), 0)
            places.insert(at, msgspec.structs.replace(place, is_live=False))
    mails = {
        letter.issue.removeprefix(MAIL): revisions.get(letter.issue, 0)
        for letter in letters
        if letter.issue.startswith(MAIL)
    }
    schedule = before.schedule if before else Schedule()
    return Course(0, before.name if before else "", 0, schedule, tuple(places), mails)


def _next(one: Course | None, reached: str, owed: Sequence[str]) -> str:
    """Return what somebody who stands behind an issue gets next; `owed` issues only where they are past them."""
    if one is None:
        return ""
    rank = one.rank(reached)
    place = one.next(reached, [issue for issue in owed if one.rank(issue) <= rank])
    return place.issue if place else ""


def _standing(tx: Connection, sequence_id: int | None) -> dict[str, int]:
    """Return how many readers stand behind each issue, among those who are to get any more."""
    if sequence_id is None:
        return {}
    e = t.enrolments.c
    query = (
        select(e.reached, func.count()).where(e.sequence_id == sequence_id, e.state != "stopped").group_by(e.reached)
    )
    return {row[0]: row[1] for row in tx.execute(query)}


def _changes(
    tx: Connection, before: Course | None, after: Course, letters: Sequence[Letter], standing: Mapping[str, int]
) -> tuple[Change, ...]:
    hashes = _hashes(tx, before)
    live = [place.issue for place in before.live] if before else []
    kept = [letter.issue for letter in letters if letter.issue in live]
    moved = _moved([issue for issue in live if issue in kept], kept)
    found = []
    number = 0
    for letter in letters:
        is_mail = letter.issue.startswith(MAIL)
        number += 0 if is_mail else 1
        kind: Kind = "same"
        if letter.issue not in hashes:
            kind = "new"
        elif hashes[letter.issue] != letter.hash:
            kind = "rewritten"
        elif letter.issue in moved:
            kind = "moved"
        ahead, past = (0, 0) if is_mail else _counts(after, letter.issue, standing)
        found.append(Change(letter.issue, letter.subject, kind, None if is_mail else number, ahead, past))
    names = {letter.issue for letter in letters}
    for issue in [issue for issue in hashes if issue not in names]:
        ahead, past = (0, 0) if issue.startswith(MAIL) else _counts(after, issue, standing)
        found.append(Change(issue, "", "removed", None, ahead, past))
    return tuple(found)


def _counts(one: Course, issue: str, standing: Mapping[str, int]) -> tuple[int, int]:
    """Return how many readers stand before an issue, and how many at it or past it."""
    rank = one.rank(issue)
    past = sum(readers for reached, readers in standing.items() if one.rank(reached) >= rank)
    return sum(standing.values()) - past, past


def _moved(before: Sequence[str], after: Sequence[str]) -> set[str]:
    """Return the fewest issues that have to be moved to make one order of the other."""
    # The longest run that keeps its order stays; what isn't in it has moved.
    longest: list[list[str]] = []
    ranks = {issue: rank for rank, issue in enumerate(before)}
    for issue in after:
        best = max((run for run in longest if ranks[run[-1]] < ranks[issue]), key=len, default=[])
        longest.append([*best, issue])
    stays = max(longest, key=len, default=[])
    return set(after) - set(stays)


def _hashes(tx: Connection, before: Course | None) -> dict[str, bytes]:
    """Return the hashes of the letters that are published now, as they are: one that was damaged has another."""
    if before is None:
        return {}
    p, r = t.places.c, t.revisions.c
    query = select(p.issue, r.content).join_from(t.places, t.revisions, r.id == p.revision_id)
    query = query.where(p.sequence_id == before.sequence_id, p.is_live).order_by(p.rank)
    return {row.issue: hashlib.sha256(row.content).digest() for row in tx.execute(query)}


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


def _owe(tx: Connection, sequence_id: int, after: Course, issues: Sequence[str]) -> None:
    """Let readers who are past new issues get them all the same, before they go on."""
    e = t.enrolments.c
    ranks = {place.issue: rank for rank, place in enumerate(after.places)}
    for issue in issues:
        past = [other for other, rank in ranks.items() if rank > ranks[issue]]
        which = (e.sequence_id == sequence_id) & e.reached.in_(past) & (e.state != "stopped")
        tx.execute(update(t.enrolments).where(which).values(owed=func.trim(e.owed + f" {issue}")))


def _move_readers(tx: Connection, one: Course, now: datetime, *, everybody: bool) -> None:
    """Give times to readers who had finished and now have more to come, and to everybody where the dates have changed.

    What is under way is not touched: its reader has no due time until it has ended.
    """
    e, s = t.enrolments.c, t.subscribers.c
    states = (e.state == "finished") | ((e.state == "active") & e.due_at.is_not(None) if everybody else False)
    query = (
        select(e.id, e.subscriber_id, e.state, e.reached, e.owed, e.slot_at, e.pace, s.time_zone)
        .join_from(t.enrolments, t.subscribers, s.id == e.subscriber_id)
        .where(e.sequence_id == one.sequence_id, states, s.state == "active")
        .order_by(e.subscriber_id)
        .limit(_BATCH)
    )
    slots = _Slots(one, now, everybody=everybody)
    last = 0
    while rows := tx.execute(query.where(e.subscriber_id > last)).all():
        last = rows[-1].subscriber_id
        had = had_by(tx, [(one.sequence_id, row.subscriber_id) for row in rows])
        moved = []
        for row in rows:
            place = one.next(row.reached, row.owed.split(), had.get((one.sequence_id, row.subscriber_id), ()))
            if place is not None:
                slot = slots.of(row, place.issue)
                moved.append({"b_id": row.id, "state": "active", "slot_at": slot, "due_at": slot})
        if moved:
            tx.execute(update(t.enrolments).where(e.id == bindparam("b_id")), moved)


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


def _lost_paces(tx: Connection, sequence_id: int, schedule: Schedule) -> dict[bytes, list[int]]:
    """Return the paces that a schedule makes impossible, each with the readers who have it."""
    e = t.enrolments.c
    own = (e.sequence_id == sequence_id) & e.pace.is_not(None)
    paces = tx.execute(select(e.pace).where(own).distinct()).scalars().all()
    lost = [pace for pace in paces if own_schedule_of(schedule, pace) is None]
    query = select(e.subscriber_id).where(own, e.state != "stopped").order_by(e.subscriber_id)
    return {pace: list(tx.execute(query.where(e.pace == pace)).scalars()) for pace in lost}


def _on_grid(schedule: Schedule, now: datetime, slot: datetime, zone: str) -> datetime:
    """Return the time that a reader has by a schedule instead of the old one.

    What is due stays so where it isn't too late.
    """
    fitted = times.refitted(schedule, slot, zone)
    return times.slot_at_or_after(schedule, now, zone, fitted) if times.is_too_late(schedule, fitted, now) else fitted
