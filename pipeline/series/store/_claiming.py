"""What is due in; claims of one sender's out, each with a lease.

What every message takes is built once, here and in `ledger.py`: to build a statement takes longer than to run it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, bindparam, func, select, update

from pipeline.series import schedule as times
from pipeline.series.course import MAIL, Course, Place
from pipeline.series.store import _schema as t
from pipeline.series.store._rows import new_refs
from pipeline.series.store.courses import course, schedule_for
from pipeline.series.store.people import had_by

# As SQLite allows 32,766 values a statement and Postgres 65,535, a batch stays well below.
BATCH = 1000


class Claim(Struct, frozen=True):
    """A delivery that one sender has: which, for whom, and until when.

    `lease_until` is when others may take it over; `attempt` counts from 1.
    """

    ref: int
    sequence_id: int
    issue: str
    revision_id: int
    slot_at: datetime
    lease_until: datetime
    attempt: int
    subscriber_id: int
    subscriber_ref: int
    address: str
    name: str
    locale: str
    time_zone: str

    @property
    def letter(self) -> str:
        """The name of what was published, without the day of a mail or the mark of a series begun anew."""
        return "/".join(self.issue.split("/")[:2]) if self.issue.startswith(MAIL) else self.issue.partition("@")[0]

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2].lower()


def claim(tx: Connection, now: datetime, owner: str, lease: timedelta, most: int) -> list[Claim]:
    """Return up to `most` deliveries whose time has come, now the owner's, longest due first.

    What has waited or was put off comes before what is new. Readers who are at the end, who have had an issue today, or
    whose issue is too late are seen to on the way, so that fewer may come back than are due.
    """
    most = min(most, BATCH)
    claims = _claim_waiting(tx, now, owner, now + lease, most)
    if len(claims) < most:
        claims += _claim_new(tx, now, owner, now + lease, most - len(claims))
    return claims


def _claim_waiting(tx: Connection, now: datetime, owner: str, until: datetime, most: int) -> list[Claim]:
    d, s = t.deliveries.c, t.subscribers.c
    query = (
        select(d.ref, d.sequence_id, d.issue, d.revision_id, d.slot_at, d.attempts, s.last_sent_at, *READER)
        .join_from(t.deliveries, t.subscribers, s.id == d.subscriber_id)
        .where(d.try_at <= now)
        .order_by(d.try_at)
        .limit(most)
    )
    rows = tx.execute(query).all()
    busy = _under_way(tx, [r.id for r in rows], ("claimed", "sending"))
    late: list[dict[str, Any]] = []
    ready = []
    for r in rows:
        if not r.issue.startswith(MAIL):
            if r.id in busy or (r.last_sent_at and times.is_same_day(r.last_sent_at, now, r.time_zone)):
                schedule = course(tx, r.sequence_id).schedule
                late.append({"b_ref": r.ref, "try_at": times.put_off(schedule, r.slot_at, now, r.time_zone)})
                continue
            busy.add(r.id)
        ready.append(r)
    if late:
        tx.execute(update(t.deliveries).where(d.ref == bindparam("b_ref")), late)
    if not ready:
        return []
    tx.execute(
        update(t.deliveries).where(d.ref == bindparam("b_ref")),
        [
            {"b_ref": r.ref, "state": "claimed", "try_at": None, "owner": owner, "lease_until": until}
            | {"attempts": r.attempts + 1}
            for r in ready
        ],
    )
    return [
        Claim(r.ref, r.sequence_id, r.issue, r.revision_id, r.slot_at, until, r.attempts + 1, *tuple(r)[7:])
        for r in ready
    ]


def _under_way(tx: Connection, readers: Sequence[int], states: Sequence[str]) -> set[int]:
    """Return those of some readers to whom an issue is under way; where there is one sequence, nobody is."""
    if not readers or tx.execute(_SEQUENCES).scalar_one() < 2:
        return set()
    return set(tx.execute(_UNDER_WAY, {"readers": readers, "states": states}).scalars())


_SEQUENCES = select(func.count()).select_from(t.sequences)
_UNDER_WAY = select(t.deliveries.c.subscriber_id).where(
    t.deliveries.c.subscriber_id.in_(bindparam("readers", expanding=True)),
    t.deliveries.c.state.in_(bindparam("states", expanding=True)),
    ~t.deliveries.c.issue.startswith(MAIL),
)


READER = (
    t.subscribers.c.id,
    t.subscribers.c.ref.label("reader_ref"),
    t.subscribers.c.address,
    t.subscribers.c.name,
    t.subscribers.c.locale,
    t.subscribers.c.time_zone,
)


def _claim_new(tx: Connection, now: datetime, owner: str, until: datetime, most: int) -> list[Claim]:
    e, s = t.enrolments.c, t.subscribers.c
    query = (
        select(e.id, e.sequence_id, e.reached, e.owed, e.slot_at, e.due_at, e.pace, s.state, s.last_sent_at, *READER)
        .join_from(t.enrolments, t.subscribers, s.id == e.subscriber_id)
        .where(e.due_at <= now)
        .order_by(e.due_at)
        .limit(most)
    )
    rows = tx.execute(query).all()
    courses = {number: course(tx, number) for number in {row.sequence_id for row in rows}}
    had = had_by(tx, [(r.sequence_id, r[9]) for r in rows if courses[r.sequence_id].version > 1])
    busy = _under_way(tx, [row[9] for row in rows], ("due", "claimed", "sending", "deferred"))
    claims: list[Claim] = []
    taken: list[int] = []
    moved: list[dict[str, Any]] = []
    skipped: list[tuple[Any, Place]] = []
    for ref, row in zip(new_refs(len(rows)), rows, strict=True):
        step = _step(
            courses[row.sequence_id], row, had.get((row.sequence_id, row[9]), frozenset()), now, is_busy=row[9] in busy
        )
        skipped += [(row, place) for place in step.skipped]
        if step.place is not None and step.slot_at is not None:
            place = step.place
            busy.add(row[9])
            claims.append(
                Claim(ref, row.sequence_id, place.issue, place.revision_id, step.slot_at, until, 1, *tuple(row)[9:])
            )
        if step.place is not None and step.slot_at == row.slot_at and not step.skipped:
            taken.append(row[0])
        else:
            stood = {"reached": row.reached, "owed": row.owed} | step.stood
            moved.append({"b_id": row[0], "state": step.state, "due_at": step.due_at, "slot_at": step.slot_at} | stood)
    _insert(tx, claims, owner, until)
    _insert_skipped(tx, skipped, now)
    if taken:
        tx.execute(update(t.enrolments).where(e.id.in_(taken)).values(due_at=None))
    if moved:
        tx.execute(update(t.enrolments).where(e.id == bindparam("b_id")), moved)
    return claims


class _Step(Struct, frozen=True):
    """What becomes of a reader who is due: an issue, a later time, or the end.

    `stood` is where the reader stands anew, after issues that were passed over.
    """

    state: str
    slot_at: datetime | None
    due_at: datetime | None = None
    place: Place | None = None
    skipped: tuple[Place, ...] = ()
    stood: dict[str, str] = {}


def _step(one: Course, row: Any, had: frozenset[str], now: datetime, *, is_busy: bool) -> _Step:
    """Return what becomes of a reader; one who is busy may get an issue of another sequence today."""
    if row.state != "active":
        return _Step("stopped", row.slot_at)
    schedule, owed = schedule_for(one, row.pace), row.owed.split()
    reached, slot, skipped = row.reached, row.slot_at, []
    place = one.next(reached, owed, had)
    # A calendar's dates are fixed: what is too late for its date is passed over, since the next one is coming.
    while place is not None and schedule.kind == "calendar" and times.is_too_late(schedule, slot, now):
        skipped.append(place)
        had |= {place.issue}
        reached, owed = one.further(reached, place.issue), [name for name in owed if name != place.issue]
        place = one.next(reached, owed, had)
        slot = one.slot_after(slot, place.issue, slot, row.time_zone, schedule) if place else slot
    stood = {"reached": reached, "owed": " ".join(owed)}
    if place is None:
        return _Step("finished", slot, skipped=tuple(skipped), stood=stood)
    is_put_off = slot == row.slot_at and row.due_at > slot
    time = row.due_at if is_put_off else slot
    if schedule.kind == "evergreen" and not is_put_off and times.is_too_late(schedule, slot, now):
        # Once only: somebody who sends by hand now and then is late each time, and is to get there all the same.
        time = times.slot_at_or_after(schedule, now, row.time_zone, slot)
    has_had = row.last_sent_at is not None and times.is_same_day(row.last_sent_at, now, row.time_zone)
    if time <= now and (is_busy or has_had):
        time = times.put_off(schedule, slot, now, row.time_zone)
    if time > now:
        return _Step("active", slot, time, skipped=tuple(skipped), stood=stood)
    return _Step("active", slot, place=place, skipped=tuple(skipped), stood=stood)


def _insert(tx: Connection, claims: Sequence[Claim], owner: str, until: datetime) -> None:
    if claims:
        alike = {"state": "claimed", "attempts": 1, "owner": owner, "lease_until": until}
        rows = [
            {"ref": c.ref, "sequence_id": c.sequence_id, "issue": c.issue, "subscriber_id": c.subscriber_id}
            | {"revision_id": c.revision_id, "slot_at": c.slot_at}
            for c in claims
        ]
        # What is the same in every row is written once, into the statement.
        tx.execute(t.deliveries.insert().values(**alike), rows)


def _insert_skipped(tx: Connection, skipped: Sequence[tuple[Any, Place]], now: datetime) -> None:
    if skipped:
        rows = [
            {"ref": ref, "sequence_id": row.sequence_id, "issue": place.issue, "subscriber_id": row[9]}
            | {"revision_id": place.revision_id, "state": "skipped", "slot_at": row.slot_at, "ended_at": now}
            for ref, (row, place) in zip(new_refs(len(skipped)), skipped, strict=True)
        ]
        tx.execute(t.deliveries.insert(), rows)
