"""A sequence in; how its issues have gone, letter by letter and day by day, and who got what when, out.

Everything is counted by the database, from its indexes; no answer grows with the number of readers.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

from msgspec import Struct
from sqlalchemy import BigInteger, ColumnElement, Connection, case, func, select, type_coerce

from pipeline.series.course import MAIL, Course
from pipeline.series.store import _schema as t
from pipeline.series.store.courses import course

_DAY = timedelta(days=1)
_MICROSECONDS = 86_400_000_000


class Figures(Struct, frozen=True):
    """How one letter has gone. Issues have a number, mails none.

    `waiting` is how many readers get it next, of whom `due` are to have it by now; among them are those whom a sender
    has let go of, and those for whom a mail is queued. The rest count deliveries: under way, by what became of them,
    and by what came back; and the readers who have left with this as their last.
    """

    issue: str
    subject: str
    number: int | None
    waiting: int = 0
    due: int = 0
    sending: int = 0
    sent: int = 0
    deferred: int = 0
    failed: int = 0
    in_doubt: int = 0
    skipped: int = 0
    suppressed: int = 0
    bounced: int = 0
    soft_bounced: int = 0
    policy: int = 0
    complained: int = 0
    unsubscribed: int = 0


class Status(Struct, frozen=True):
    """How a sequence goes: its letters in order, and how many messages were sent on each of the last days, in UTC."""

    sequence: str
    title: str
    version: int
    at: datetime
    readers: dict[str, int]
    letters: list[Figures]
    sent_by_day: dict[date, int]


class LogEntry(Struct, frozen=True):
    """Who got what and when; `state` is what became of it, `bounce` what came back."""

    at: datetime
    address: str
    issue: str
    state: str
    code: int
    reply: str
    bounce: str
    message_id: str


def status(tx: Connection, sequence_id: int, now: datetime, days: int = 30) -> Status:
    """Return how a sequence goes."""
    one = course(tx, sequence_id)
    readers, waiting = _standing(tx, one, now)
    title = tx.execute(select(t.sequences.c.title).where(t.sequences.c.id == sequence_id)).scalar_one()
    return Status(
        one.name,
        title,
        one.version,
        now,
        readers,
        _letters(tx, one, waiting, now),
        _sent_by_day(tx, sequence_id, now, days),
    )


# What a delivery counts as, by its state.
_COLUMNS = {"claimed": "sending", "due": "waiting"}
_CAME_BACK = {"hard": "bounced", "soft": "soft_bounced", "policy": "policy", "complaint": "complained"}


def _letters(tx: Connection, one: Course, counts: dict[str, Counter[str]], now: datetime) -> list[Figures]:
    d, b = t.deliveries.c, t.bounces.c
    query = select(d.issue, d.state, func.count()).where(d.sequence_id == one.sequence_id)
    for issue, state, count in tx.execute(query.group_by(d.issue, d.state)):
        counts[_name(issue)][_COLUMNS.get(state, state)] += count
    query = select(d.issue, func.count()).where(d.sequence_id == one.sequence_id, d.state == "due", d.try_at <= now)
    for issue, count in tx.execute(query.group_by(d.issue)):
        counts[_name(issue)]["due"] += count
    # The gravest of what came back about a delivery is what it counts as; there are far fewer of these than deliveries.
    marked = select(b.delivery_ref).distinct().where(b.delivery_ref.is_not(None)).subquery()
    query = select(d.issue, d.bounce, func.count()).join_from(marked, t.deliveries, d.ref == marked.c.delivery_ref)
    query = query.where(d.sequence_id == one.sequence_id, d.bounce != "").group_by(d.issue, d.bounce)
    for issue, bounce, count in tx.execute(query):
        counts[_name(issue)][_CAME_BACK.get(bounce.partition(" ")[0], "")] += count
    for issue, count in _gone(tx, one).items():
        counts[issue]["unsubscribed"] += count
    subjects = _subjects(tx, one)
    numbers = {place.issue: number for number, place in enumerate(one.live, start=1)}
    names = [place.issue for place in one.places] + [f"{MAIL}{kind}" for kind in sorted(one.mails)]
    names += sorted(set(counts) - set(names) - {""})
    return [Figures(name, subjects.get(name, ""), numbers.get(name), **_shown(counts[name])) for name in names]


def _shown(counts: Mapping[str, int]) -> dict[str, int]:
    return {name: count for name, count in counts.items() if name in Figures.__struct_fields__}


def _name(issue: str) -> str:
    """Return what a delivery is of: the name without the day of a mail, or the mark of a series begun anew."""
    return "/".join(issue.split("/")[:2]) if issue.startswith(MAIL) else issue.partition("@")[0]


def _gone(tx: Connection, one: Course) -> Mapping[str, int]:
    """Return how many readers have unsubscribed behind each issue."""
    e, s = t.enrolments.c, t.subscribers.c
    query = select(e.reached, func.count()).join_from(t.enrolments, t.subscribers, s.id == e.subscriber_id)
    query = query.where(e.sequence_id == one.sequence_id, e.state == "stopped", s.state == "unsubscribed")
    return {row[0]: row[1] for row in tx.execute(query.group_by(e.reached))}


def _standing(tx: Connection, one: Course, now: datetime) -> tuple[dict[str, int], dict[str, Counter[str]]]:
    """Return how many readers there are in each state, and how many wait for each issue; all in one look at them."""
    e = t.enrolments.c
    waiting, due = (func.sum(case((which, 1), else_=0)) for which in (e.due_at.is_not(None), e.due_at <= now))
    query = select(e.state, e.reached, e.owed, func.count(), waiting, due).where(e.sequence_id == one.sequence_id)
    states: Counter[str] = Counter()
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for state, reached, owed, count, waits, are_due in tx.execute(query.group_by(e.state, e.reached, e.owed)):
        states[state] += count
        place = one.next(reached, owed.split()) if state == "active" and waits else None
        if place is not None:
            counts[place.issue].update(waiting=waits, due=are_due)
    return dict(states), counts


def _subjects(tx: Connection, one: Course) -> dict[str, str]:
    p, r = t.places.c, t.revisions.c
    query = select(p.issue, r.subject).join_from(t.places, t.revisions, r.id == p.revision_id)
    return {row[0]: row[1] for row in tx.execute(query.where(p.sequence_id == one.sequence_id))}


def _sent_by_day(tx: Connection, sequence_id: int, now: datetime, days: int) -> dict[date, int]:
    """Return how many messages were sent on each of the last days, the last being today."""
    first = now.astimezone(UTC).date() - (days - 1) * _DAY
    d = t.deliveries.c
    day = type_coerce(d.ended_at, BigInteger) // _MICROSECONDS
    since = datetime(first.year, first.month, first.day, tzinfo=UTC)
    query = select(day, func.count()).where(d.ended_at >= since, d.state == "sent").group_by(day)
    if tx.execute(select(func.count()).select_from(t.sequences)).scalar_one() > 1:
        query = query.where(_is_of(sequence_id))
    counts = {row[0]: row[1] for row in tx.execute(query)}
    start = (since - datetime(1970, 1, 1, tzinfo=UTC)) // _DAY
    return {first + number * _DAY: counts.get(start + number, 0) for number in range(days)}


def _is_of(sequence_id: int) -> ColumnElement[bool]:
    """Return the condition that a delivery is of a sequence, in a form that picks no index: time is the better one."""
    return t.deliveries.c.sequence_id + 0 == sequence_id


def log(
    tx: Connection, sequence_id: int, subscriber_id: int | None = None, issue: str = "", most: int = 50
) -> list[LogEntry]:
    """Return the last deliveries that have ended, oldest first: all, or one reader's, or one issue's."""
    d, s = t.deliveries.c, t.subscribers.c
    query = (
        select(d.ended_at, s.address, d.issue, d.state, d.code, d.reply, d.bounce, d.message_id)
        .join_from(t.deliveries, t.subscribers, s.id == d.subscriber_id)
        .where(d.ended_at.is_not(None), _is_of(sequence_id))
        .order_by(d.ended_at.desc())
        .limit(most)
    )
    if subscriber_id is not None:
        query = query.where(d.subscriber_id == subscriber_id)
    if issue:
        more = d.issue.startswith(f"{issue}@", autoescape=True) | d.issue.startswith(f"{issue}/", autoescape=True)
        query = query.where((d.issue == issue) | more)
    return [LogEntry(*row) for row in reversed(tx.execute(query).all())]
