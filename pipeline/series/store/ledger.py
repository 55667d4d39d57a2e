"""Deliveries: claimed, begun and ended, each step committed before the next is taken.

A claim is made with a lease. *Sending* is committed before the first byte goes out, and the end after the server's
reply; so a process that dies leaves at most what it was sending in doubt. Whoever acts on a delivery names itself, and
has it no more once somebody else has taken it over.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from msgspec import Struct
from sqlalchemy import Connection, bindparam, delete, select, update

from pipeline.series import schedule as times
from pipeline.series.course import MAIL, Course, Place
from pipeline.series.outcome import Outcome
from pipeline.series.store import _schema as t
from pipeline.series.store._rows import new_refs
from pipeline.series.store.courses import course, schedule_for
from pipeline.series.store.journal import note
from pipeline.series.store.leaving import bounce
from pipeline.series.store.people import by_sequence, had_by

# A message that a server puts off again and again: when to try next, and when to give up, after about three days.
FIRST_DELAY = timedelta(minutes=5)
LONGEST_DELAY = timedelta(hours=6)
MOST_ATTEMPTS = 18
# Where an attempt ends before the server has heard of the message.
UNREACHED = ("connect", "tls", "auth")
# As SQLite allows 32,766 values a statement and Postgres 65,535, a batch stays well below.
BATCH = 1000

Verdict = Literal["send", "lost", "stopped"]
Policy = Literal["hold", "resend"]


class Rules(Struct, frozen=True):
    """What becomes of a message in doubt, and how many soft bounces end a subscription."""

    in_doubt: Policy = "hold"
    soft_bounces: int = 5


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
    def domain(self) -> str:
        return self.address.rpartition("@")[2].lower()


class Ended(Struct, frozen=True):
    """How an attempt ended, and what the message was made of, to make it again.

    `hash` is that of the message's bytes, `address_hash` the keyed one of its reader's address.
    """

    claim: Claim
    outcome: Outcome
    at: datetime
    message_id: str = ""
    filled: bytes = b""
    hash: bytes = b""
    address_hash: bytes = b""


# --------------------------------------------------------------------------- claim


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
        select(d.ref, d.sequence_id, d.issue, d.revision_id, d.slot_at, d.attempts, *READER)
        .join_from(t.deliveries, t.subscribers, s.id == d.subscriber_id)
        .where(d.try_at <= now)
        .order_by(d.try_at)
        .limit(most)
    )
    rows = tx.execute(query).all()
    if not rows:
        return []
    tx.execute(
        update(t.deliveries).where(d.ref == bindparam("b_ref")),
        [
            {"b_ref": r.ref, "state": "claimed", "try_at": None, "owner": owner, "lease_until": until}
            | {"attempts": r.attempts + 1}
            for r in rows
        ],
    )
    return [
        Claim(r.ref, r.sequence_id, r.issue, r.revision_id, r.slot_at, until, r.attempts + 1, *tuple(r)[6:])
        for r in rows
    ]


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
    claims: list[Claim] = []
    taken: list[int] = []
    moved: list[dict[str, Any]] = []
    skipped: list[tuple[Any, Place]] = []
    for ref, row in zip(new_refs(len(rows)), rows, strict=True):
        step = _step(courses[row.sequence_id], row, had.get((row.sequence_id, row[9]), frozenset()), now)
        skipped += [(row, place) for place in step.skipped]
        if step.place is not None and step.slot_at is not None:
            place = step.place
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


def _step(one: Course, row: Any, had: frozenset[str], now: datetime) -> _Step:
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
    if time <= now and row.last_sent_at is not None and times.is_same_day(row.last_sent_at, now, row.time_zone):
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


# --------------------------------------------------------------------------- begin


def begin(tx: Connection, claims: Sequence[Claim], owner: str, now: datetime) -> dict[int, Verdict]:
    """Return, by their refs, which claims may be sent; those are *sending* from here on.

    Asked again with the same `now`, it answers the same: a commit whose reply was lost is no obstacle.

    `lost`: somebody else has it, since the lease ran out. `stopped`: the reader has left, paused or been suppressed
    since it was claimed. Whoever gets `send` has to send before the lease runs out, or not at all.
    """
    d, s = t.deliveries.c, t.subscribers.c
    query = (
        select(d.ref, d.state, d.owner, d.sending_at, d.issue)
        .add_columns(s.state.label("reader"), t.enrolments.c.state.label("enrolment"))
        .join_from(t.deliveries, t.subscribers, s.id == d.subscriber_id)
        .outerjoin(t.enrolments, _ENROLMENT)
        .where(d.ref.in_([one.ref for one in claims]))
    )
    found = {row.ref: row for row in tx.execute(query)}
    verdicts = {one.ref: _verdict(found.get(one.ref), one, owner, now) for one in claims}
    set_state(tx, [ref for ref, verdict in verdicts.items() if verdict == "send"], state="sending", sending_at=now)
    for ref in [ref for ref, verdict in verdicts.items() if verdict == "stopped"]:
        if found[ref].enrolment == "paused" and found[ref].reader == "active":
            # As if it had never come up: it is claimed anew after resuming.
            tx.execute(delete(t.deliveries).where(d.ref == ref))
        else:
            set_state(tx, [ref], state="suppressed", owner="", lease_until=None, ended_at=now)
    return verdicts


_ENROLMENT = (t.enrolments.c.subscriber_id == t.deliveries.c.subscriber_id) & (
    t.enrolments.c.sequence_id == t.deliveries.c.sequence_id
)


def _verdict(row: Any, one: Claim, owner: str, now: datetime) -> Verdict:
    if row is not None and row.state == "sending" and row.owner == owner and row.sending_at == now:
        return "send"
    if row is None or row.state != "claimed" or row.owner != owner or one.lease_until <= now:
        return "lost"
    if not may_receive(row.issue, row.reader):
        return "stopped"
    if not row.issue.startswith(MAIL) and row.enrolment not in ("active", "finished"):
        return "stopped"
    return "send"


def may_receive(issue: str, state: str) -> bool:
    """Return whether a letter may go to a subscriber in a state.

    Who hasn't confirmed gets the question and nothing else; who has left gets a goodbye at the most.
    """
    if issue.startswith(f"{MAIL}confirmation"):
        return state == "pending"
    if issue.startswith(f"{MAIL}goodbye"):
        return state == "unsubscribed"
    return state == "active"


def set_state(tx: Connection, refs: Sequence[int], **values: Any) -> None:
    """Change columns of deliveries."""
    if refs:
        tx.execute(update(t.deliveries).where(t.deliveries.c.ref.in_(refs)).values(**values))


# --------------------------------------------------------------------------- end


def end(tx: Connection, ended: Sequence[Ended], owner: str, rules: Rules) -> None:
    """Write down how attempts ended, and when their readers are due again.

    What somebody else has taken over meanwhile is settled where that can be done: a message that was thought lost, and
    was sent after all, is sent. Where both have sent it, the audit log says so. Told again, it changes nothing.
    """
    if not ended:
        return
    d, s = t.deliveries.c, t.subscribers.c
    query = (
        select(d.ref, d.state, d.owner, d.ended_at, s.state.label("reader"))
        .join_from(t.deliveries, t.subscribers, s.id == d.subscriber_id)
        .where(d.ref.in_([one.claim.ref for one in ended]))
    )
    states = {row.ref: row for row in tx.execute(query)}
    rows, done = [], []
    for one in ended:
        row = states.get(one.claim.ref)
        is_sent = one.outcome.kind == "accepted"
        is_mine = row is not None and row.state == "sending" and row.owner == owner
        if not is_mine and (row is None or not is_sent or row.state in ("sending", "sent")):
            if is_sent and (row is None or row.ended_at != one.at):
                note(tx, one.at, "sent-twice", delivery_ref=one.claim.ref, detail=row.state if row else "gone")
            continue
        rows.append({"b_ref": one.claim.ref} | _ending(one, rules))
        if row is not None and row.reader == "erased":
            # Erased while it was being sent: nothing of the person comes back with the end of it.
            rows[-1] |= _NOTHING
        # A reader whose message was in doubt has gone on already.
        if rows[-1]["state"] not in ("deferred", "due") and row is not None and row.state != "in_doubt":
            done.append(one)
    if rows:
        tx.execute(update(t.deliveries).where(d.ref == bindparam("b_ref")), rows)
    _mark_sent(tx, [one for one in ended if one.outcome.kind == "accepted"])
    _judge(tx, done, rules.soft_bounces)
    advance(tx, [(one.claim, one.at) for one in done])


# What an ended delivery tells of its reader, once that is to be nothing.
_NOTHING = {"message_id": "", "filled": None, "hash": None, "reply": ""}


def _ending(one: Ended, rules: Rules) -> dict[str, Any]:
    """Return the columns of a delivery whose attempt has ended."""
    outcome, at = one.outcome, one.at
    told: dict[str, Any] = {
        "owner": "",
        "lease_until": None,
        "code": outcome.code,
        "reply": _reply(outcome),
        "ended_at": at,
    }
    told |= {
        "attempts": one.claim.attempt,
        "message_id": one.message_id,
        "filled": one.filled,
        "hash": one.hash,
        "try_at": None,
    }
    again = at + delay_before(one.claim.attempt + 1)
    match outcome.kind:
        case "accepted":
            return told | {"state": "sent"}
        case "in_doubt" if rules.in_doubt == "resend" and one.claim.attempt < MOST_ATTEMPTS:
            return told | {"state": "due", "try_at": again}
        case "in_doubt":
            return told | {"state": "in_doubt"}
        case "deferred" if outcome.stage in UNREACHED:
            # The message is not to blame, and this was no attempt of it.
            return told | {"state": "due", "try_at": at, "ended_at": None, "attempts": one.claim.attempt - 1}
        case "deferred" if one.claim.attempt < MOST_ATTEMPTS:
            return told | {"state": "deferred", "try_at": again}
    return told | {"state": "failed"}


def delay_before(attempt: int) -> timedelta:
    """Return how long to wait before an attempt, the second being 2: twice as long each time, and never quite alike.

    The jitter keeps what was put off together from coming back together.
    """
    delay: timedelta = min(FIRST_DELAY * int(2 ** min(attempt - 2, 10)), LONGEST_DELAY)
    jitter = 0.75 + secrets.randbelow(501) / 1000
    return delay * jitter


def _reply(outcome: Outcome) -> str:
    return " ".join(filter(None, (outcome.stage, outcome.enhanced, outcome.text)))[:500]


def _mark_sent(tx: Connection, sent: Sequence[Ended]) -> None:
    issues = {one.claim.subscriber_id: one.at for one in sent if not one.claim.issue.startswith(MAIL)}
    if issues:
        s = t.subscribers.c
        tx.execute(
            update(t.subscribers).where(s.id == bindparam("b_id"), s.state != "erased"),
            [{"b_id": number, "last_sent_at": at} for number, at in issues.items()],
        )


def is_hard(outcome: Outcome) -> bool:
    """Return whether a refusal says that the address is at fault: 5xx at RCPT, and not for policy (RFC 3463, X.7.X)."""
    return outcome.kind == "refused" and outcome.stage == "rcpt" and not outcome.enhanced.startswith("5.7.")


def _judge(tx: Connection, ended: Sequence[Ended], soft_bounces: int) -> None:
    """Stop the subscriptions of addresses that don't exist, and of those that were put off for good too often."""
    for one in ended:
        kind: Literal["hard", "soft"] | None = "soft" if one.outcome.kind == "deferred" else None
        if is_hard(one.outcome):
            kind = "hard"
        if kind:
            said = f"{one.outcome.code} {one.outcome.enhanced}".strip()
            bounce(tx, one.claim.subscriber_id, kind, one.at, soft_bounces, one.address_hash, said)


def advance(tx: Connection, done: Sequence[tuple[Claim, datetime]]) -> None:
    """Move readers on from issues that they have had, or won't get: to the next issue and its time."""
    issues = [(one, at) for one, at in done if not one.issue.startswith(MAIL)]
    if not issues:
        return
    e = t.enrolments.c
    readers = [(one.sequence_id, one.subscriber_id) for one, _ in issues]
    query = select(e.id, e.sequence_id, e.subscriber_id, e.state, e.reached, e.owed, e.pace)
    rows: dict[tuple[int, int], Any] = {}
    for sequence_id, subscribers in by_sequence(readers):
        found = tx.execute(query.where(e.sequence_id == sequence_id, e.subscriber_id.in_(subscribers)))
        rows |= {(row.sequence_id, row.subscriber_id): row for row in found}
    courses = {number: course(tx, number) for number in {number for number, _ in readers}}
    had = had_by(tx, [reader for reader in readers if courses[reader[0]].version > 1])
    moved = []
    for one, at in issues:
        reader = (one.sequence_id, one.subscriber_id)
        if (row := rows.get(reader)) is not None:
            moved.append(_moved(courses[one.sequence_id], row, one, at, had.get(reader, frozenset())))
    if moved:
        tx.execute(update(t.enrolments).where(e.id == bindparam("b_id")), moved)


def _moved(one: Course, row: Any, claim: Claim, at: datetime, had: frozenset[str]) -> dict[str, Any]:
    reached = one.further(row.reached, claim.issue)
    owed = [name for name in row.owed.split() if name != claim.issue]
    place = one.next(reached, owed, had | {claim.issue})
    values = {"b_id": row.id, "reached": reached, "owed": " ".join(owed), "state": row.state}
    if place is None:
        state = "finished" if row.state == "active" else row.state
        return values | {"state": state, "slot_at": claim.slot_at, "due_at": None}
    slot = one.slot_after(claim.slot_at, place.issue, at, claim.time_zone, schedule_for(one, row.pace))
    return values | {"slot_at": slot, "due_at": slot if row.state == "active" else None}
