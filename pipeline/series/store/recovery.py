"""What senders left lying: claims let go, leases that ran out, and messages that may have gone out or not."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal

import msgspec
from sqlalchemy import Connection, func, select, update

from pipeline.series.course import MAIL
from pipeline.series.store import _schema as t
from pipeline.series.store.journal import note
from pipeline.series.store.ledger import BATCH, READER, Claim, Policy, advance, set_state

Decision = Literal["sent", "resend", "failed"]


def give_back(tx: Connection, claims: Iterable[Claim], owner: str, now: datetime) -> None:
    """Let go of claims that won't be sent now, as on a clean stop; the next to look finds them due.

    None of them was handed to a server. Those that are *sending* were begun by a commit whose reply was lost.
    """
    _give_back(tx, _mine(tx, [one.ref for one in claims], owner), now)


def _mine(tx: Connection, refs: Iterable[int], owner: str) -> list[int]:
    """Return those deliveries that are still the owner's."""
    d = t.deliveries.c
    mine = d.ref.in_(list(refs)) & d.state.in_(("claimed", "sending")) & (d.owner == owner)
    return list(tx.execute(select(d.ref).where(mine)).scalars())


def _give_back(tx: Connection, refs: Sequence[int], at: datetime) -> None:
    """Make claims due again at some time, as if nobody had looked.

    An attempt that didn't take place doesn't count.
    """
    if refs:
        tx.execute(
            update(t.deliveries)
            .where(t.deliveries.c.ref.in_(refs))
            .values(state="due", try_at=at, owner="", lease_until=None, attempts=t.deliveries.c.attempts - 1)
        )


def put_off(tx: Connection, claims: Sequence[tuple[Claim, datetime]], owner: str) -> None:
    """Let go of claims that can't be sent before some time; none is looked at again before its own.

    A limit lets nobody send them, or their letters can't be made: none was handed to a server, though it may be begun.
    """
    if not claims:
        return
    times = {one.ref: until for one, until in claims}
    refs = _mine(tx, times, owner)
    for until in sorted({times[ref] for ref in refs}):
        _give_back(tx, [ref for ref in refs if times[ref] == until], until)


def look_again(tx: Connection, sequence_id: int, now: datetime) -> None:
    """Let issues that were put off be looked at now: what kept them from being sent may be gone, or they are again."""
    d = t.deliveries.c
    # A mail may be due later because its day is to come.
    which = (d.try_at > now) & (d.state == "due") & (d.sequence_id == sequence_id) & ~d.issue.startswith(MAIL)
    tx.execute(update(t.deliveries).where(which).values(try_at=now))


def renew(tx: Connection, claims: Iterable[Claim], owner: str, until: datetime) -> list[Claim]:
    """Return the claims that are still the owner's, sent or about to be, with a lease until then."""
    held = {one.ref: one for one in claims}
    mine = _mine(tx, held, owner)
    set_state(tx, mine, lease_until=until)
    return [msgspec.structs.replace(held[ref], lease_until=until) for ref in mine]


def recover(tx: Connection, now: datetime, policy: Policy) -> tuple[int, int]:
    """Take back what senders left whose lease has run out; return how many were claimed only, and how many in doubt.

    What was claimed only is due again. What was being sent may have gone out: by the policy it is held for a person to
    decide, its reader going on to the next issue, or sent again.
    """
    d = t.deliveries.c
    query = select(d.ref, d.state).where(d.lease_until <= now, d.state.in_(("claimed", "sending"))).limit(BATCH)
    rows = tx.execute(query).all()
    claimed = [row.ref for row in rows if row.state == "claimed"]
    doubtful = [row.ref for row in rows if row.state == "sending"]
    _give_back(tx, claimed, now)
    for ref in doubtful:
        note(tx, now, "in-doubt", delivery_ref=ref, detail=policy)
    if policy == "resend":
        set_state(tx, doubtful, state="due", try_at=now, owner="", lease_until=None)
    else:
        set_state(tx, doubtful, state="in_doubt", owner="", lease_until=None, ended_at=now)
        advance(tx, [(one, now) for one in _claims_of(tx, doubtful)])
    return len(claimed), len(doubtful)


def settle(tx: Connection, refs: Sequence[int], decision: Decision, now: datetime) -> int:
    """Decide about deliveries in doubt; return how many there were."""
    d = t.deliveries.c
    mine = [row.ref for row in tx.execute(select(d.ref).where(d.ref.in_(refs), d.state == "in_doubt"))]
    if decision == "resend":
        set_state(tx, mine, state="due", try_at=now, ended_at=None)
    else:
        set_state(tx, mine, state=decision)
    for ref in mine:
        note(tx, now, "settled", delivery_ref=ref, detail=decision)
    return len(mine)


def in_doubt(tx: Connection) -> list[int]:
    """Return the refs of deliveries that may have gone out or not, oldest first."""
    d = t.deliveries.c
    return [row.ref for row in tx.execute(select(d.ref).where(d.state == "in_doubt").order_by(d.ended_at))]


def _claims_of(tx: Connection, refs: Sequence[int]) -> list[Claim]:
    d, s = t.deliveries.c, t.subscribers.c
    query = (
        select(d.ref, d.sequence_id, d.issue, d.revision_id, d.slot_at, d.slot_at.label("until"), d.attempts, *READER)
        .join_from(t.deliveries, t.subscribers, s.id == d.subscriber_id)
        .where(d.ref.in_(refs))
    )
    return [Claim(*tuple(row)) for row in tx.execute(query)]


def count_due(tx: Connection, now: datetime) -> int:
    """Return how many readers and messages are to be seen to by now."""
    d, e = t.deliveries.c, t.enrolments.c
    queries = (
        select(func.count()).select_from(t.deliveries).where(d.try_at <= now),
        select(func.count()).select_from(t.enrolments).where(e.due_at <= now),
    )
    return sum(tx.execute(query).scalar_one() for query in queries)


def next_look(tx: Connection) -> datetime | None:
    """Return when something is due next, or a lease runs out; None if nothing ever is."""
    d, e = t.deliveries.c, t.enrolments.c
    queries = [
        select(e.due_at).where(e.due_at.is_not(None)).order_by(e.due_at).limit(1),
        select(d.try_at).where(d.try_at.is_not(None)).order_by(d.try_at).limit(1),
        select(d.lease_until).where(d.lease_until.is_not(None)).order_by(d.lease_until).limit(1),
    ]
    found = [moment for query in queries if (moment := tx.execute(query).scalar()) is not None]
    return min(found, default=None)
