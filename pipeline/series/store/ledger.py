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

from pipeline.series._reasons import reason
from pipeline.series.course import MAIL, Course
from pipeline.series.outcome import Outcome
from pipeline.series.store import _schema as t
from pipeline.series.store._claiming import BATCH as BATCH
from pipeline.series.store._claiming import READER as READER
from pipeline.series.store._claiming import Claim as Claim
from pipeline.series.store._claiming import claim as claim
from pipeline.series.store.coming import queue_mail
from pipeline.series.store.courses import course, schedule_for
from pipeline.series.store.journal import note
from pipeline.series.store.leaving import bounce
from pipeline.series.store.people import by_sequence, had_by

# A message that a server puts off again and again: when to try next, and when to give up, after about three days.
FIRST_DELAY = timedelta(minutes=5)
LONGEST_DELAY = timedelta(hours=6)
MOST_ATTEMPTS = 18
_DAY = timedelta(days=1)
# Where an attempt ends before the server has heard of the message.
UNREACHED = ("connect", "tls", "auth")

_D, _S, _E = t.deliveries.c, t.subscribers.c, t.enrolments.c
# What every message takes is built once: to build a statement takes longer than to run it.
_THESE = _D.ref.in_(bindparam("refs", expanding=True))
_TO_BEGIN = (
    select(_D.ref, _D.state, _D.owner, _D.sending_at, _D.issue)
    .add_columns(_S.state.label("reader"), _E.state.label("enrolment"))
    .join_from(t.deliveries, t.subscribers, _S.id == _D.subscriber_id)
    .outerjoin(t.enrolments, (_E.subscriber_id == _D.subscriber_id) & (_E.sequence_id == _D.sequence_id))
    .where(_THESE)
)
_BEGIN = update(t.deliveries).where(_THESE).values(state="sending", sending_at=bindparam("moment"))
_BEGUN = select(_D.ref).where(
    _THESE, _D.state == "sending", _D.owner == bindparam("owner"), _D.sending_at == bindparam("moment")
)
_TO_END = (
    select(_D.ref, _D.state, _D.owner, _D.ended_at, _S.state.label("reader"))
    .join_from(t.deliveries, t.subscribers, _S.id == _D.subscriber_id)
    .where(_THESE)
)
_END = update(t.deliveries).where(_D.ref == bindparam("b_ref"))
_MARK_SENT = update(t.subscribers).where(_S.id == bindparam("b_id"), _S.state != "erased")
_STANDING = select(_E.id, _E.sequence_id, _E.subscriber_id, _E.state, _E.reached, _E.owed, _E.pace).where(
    _E.sequence_id == bindparam("sequence"), _E.subscriber_id.in_(bindparam("readers", expanding=True))
)
_MOVE = update(t.enrolments).where(_E.id == bindparam("b_id"))

Verdict = Literal["send", "lost", "stopped"]
Policy = Literal["hold", "resend"]


class Rules(Struct, frozen=True):
    """What becomes of a message in doubt, and how many soft bounces end a subscription."""

    in_doubt: Policy = "hold"
    soft_bounces: int = 5


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


# --------------------------------------------------------------------------- begin


def begin(tx: Connection, claims: Sequence[Claim], owner: str, now: datetime) -> dict[int, Verdict]:
    """Return, by their refs, which claims may be sent; those are *sending* from here on.

    Asked again with the same `now`, it answers the same: a commit whose reply was lost is no obstacle.

    `lost`: somebody else has it, since the lease ran out. `stopped`: the reader has left, paused or been suppressed
    since it was claimed. Whoever gets `send` has to send before the lease runs out, or not at all.
    """
    found = {row.ref: row for row in tx.execute(_TO_BEGIN, {"refs": [one.ref for one in claims]})}
    verdicts = {one.ref: _verdict(found.get(one.ref), one, owner, now) for one in claims}
    if going := [ref for ref, verdict in verdicts.items() if verdict == "send"]:
        tx.execute(_BEGIN, {"refs": going, "moment": now})
    for ref in [ref for ref, verdict in verdicts.items() if verdict == "stopped"]:
        if found[ref].enrolment == "paused" and found[ref].reader == "active":
            # As if it had never come up: it is claimed anew after resuming.
            tx.execute(delete(t.deliveries).where(_D.ref == ref))
        else:
            set_state(tx, [ref], state="suppressed", owner="", lease_until=None, ended_at=now)
    return verdicts


def begun(tx: Connection, claims: Sequence[Claim], owner: str, now: datetime) -> frozenset[int]:
    """Return the refs of those claims that `begin` has let the owner send at this very moment."""
    rows = tx.execute(_BEGUN, {"refs": [one.ref for one in claims], "owner": owner, "moment": now})
    return frozenset(rows.scalars())


def _verdict(row: Any, one: Claim, owner: str, now: datetime) -> Verdict:
    if row is not None and row.state == "sending" and row.owner == owner and row.sending_at == now:
        return "send"
    if row is None or row.state != "claimed" or row.owner != owner or one.lease_until <= now:
        return "lost"
    if not may_receive(row.issue, row.reader, row.enrolment):
        return "stopped"
    if not row.issue.startswith(MAIL) and row.enrolment not in ("active", "finished"):
        return "stopped"
    return "send"


def may_receive(issue: str, state: str, enrolment: str | None) -> bool:
    """Return whether a letter may go to a subscriber in a state, whose enrolment in its newsletter is in another.

    Who hasn't confirmed gets the question and nothing else; who has left gets a goodbye at the most. Who reads another
    newsletter gets the question as well.
    """
    if issue.startswith(f"{MAIL}confirmation"):
        return state in ("pending", "active") and enrolment == "waiting"
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
    states = {row.ref: row for row in tx.execute(_TO_END, {"refs": [one.claim.ref for one in ended]})}
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
        tx.execute(_END, rows)
    _mark_sent(tx, [one for one in ended if one.outcome.kind == "accepted"])
    _judge(tx, done, rules.soft_bounces)
    advance(tx, [(one.claim, one.at) for one in done])
    _tell_of_progress(tx, [one for one in done if one.outcome.kind == "accepted"])


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
        tx.execute(_MARK_SENT, [{"b_id": number, "last_sent_at": at} for number, at in issues.items()])


def _tell_of_progress(tx: Connection, sent: Sequence[Ended]) -> None:
    """Let readers who have had half of the issues be told how far they have come, once, on a day without an issue."""
    for one in sent:
        its = course(tx, one.claim.sequence_id)
        if "progress" not in its.mails or one.claim.issue != its.halfway:
            continue
        reader = (_E.subscriber_id == one.claim.subscriber_id) & (_E.sequence_id == one.claim.sequence_id)
        due_at = tx.execute(select(_E.due_at).where(reader)).scalar()
        told = _D.issue.startswith(f"{MAIL}progress/") & (_D.subscriber_id == one.claim.subscriber_id)
        known = tx.execute(select(_D.ref).where(told, _D.sequence_id == one.claim.sequence_id).limit(1)).first()
        if known is None and due_at is not None and due_at - one.at >= 2 * _DAY:
            queue_mail(tx, "progress", one.claim.subscriber_id, one.claim.sequence_id, one.at + _DAY)


def is_hard(outcome: Outcome) -> bool:
    """Return whether a refusal says that the address is at fault: 5xx at RCPT, and not for policy (RFC 3463, X.7.X).

    Nor is it where the mailbox is full (X.2.2), or a server knows no addresses beyond ASCII (RFC 6531, X.6.7).
    """
    is_other = outcome.enhanced in ("5.2.2", "5.6.7") or reason(outcome.enhanced, outcome.text) == "policy"
    return outcome.kind == "refused" and outcome.stage == "rcpt" and not is_other


def _judge(tx: Connection, ended: Sequence[Ended], soft_bounces: int) -> None:
    """Stop the subscriptions of addresses that don't exist, and of those that were put off for good too often."""
    for one in ended:
        is_soft = one.outcome.kind == "deferred" or one.outcome.enhanced == "5.2.2"
        kind: Literal["hard", "soft"] | None = "soft" if is_soft else None
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
    readers = [(one.sequence_id, one.subscriber_id) for one, _ in issues]
    rows: dict[tuple[int, int], Any] = {}
    for sequence_id, subscribers in by_sequence(readers):
        found = tx.execute(_STANDING, {"sequence": sequence_id, "readers": subscribers})
        rows |= {(row.sequence_id, row.subscriber_id): row for row in found}
    courses = {number: course(tx, number) for number in {number for number, _ in readers}}
    had = had_by(tx, [reader for reader in readers if courses[reader[0]].version > 1])
    moved = []
    for one, at in issues:
        reader = (one.sequence_id, one.subscriber_id)
        if (row := rows.get(reader)) is not None:
            moved.append(_moved(courses[one.sequence_id], row, one, at, had.get(reader, frozenset())))
    if moved:
        tx.execute(_MOVE, moved)


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
