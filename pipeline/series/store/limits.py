"""How fast: whether a message may go out now, in any window of any limit, for all processes together.

The moment of each message is kept as far back as a limit looks. So a limit of 100 an hour holds in every hour, not only
from one full hour to the next, and after a restart as well. Where a clock was set back, or two machines' clocks differ,
moments may lie ahead: they are taken for now, so that they hold a limit for one more window, and not until they come.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct
from sqlalchemy import Connection, bindparam, delete, select, update

from pipeline.delivery import Limit
from pipeline.series.store import _schema as t
from pipeline.series.store._rows import add_once

ALL = "*"
# Servers that ask to slow down: the gap between two messages begins here, doubles with each request, and shrinks by a
# tenth with each message that is taken, until it is gone.
FIRST_GAP = timedelta(seconds=1)
LONGEST_GAP = timedelta(minutes=5)
_SHRINK = 0.9
_GONE = timedelta(milliseconds=50)
# A moment that lies ahead by no more than this is waited for: clocks are set right by a little all the time.
_AHEAD = timedelta(minutes=1)


class Limits(Struct, frozen=True):
    """The limit of all that is sent, and those of single domains."""

    total: Limit = Limit()
    domains: Mapping[str, Limit] = {}


class _Bucket(Struct):
    """How many messages were let go, and what servers ask for; `granted` is when those of now were, by number."""

    count: int = 0
    gap: timedelta = timedelta()
    not_before: datetime | None = None
    is_stored: bool = False
    granted: dict[int, datetime] = {}


class Leave(Struct, frozen=True):
    """Whether a message may go: now where `at` is None, or else then; `is_total` where that holds for all domains.

    `apart` is how far apart those behind it will be.
    """

    at: datetime | None = None
    is_total: bool = False
    apart: timedelta = timedelta()


def windows(limit: Limit) -> list[tuple[int, timedelta]]:
    """Return a limit as pairs: at most so many in any such time."""
    return [
        (most, span)
        for most, span in (
            (limit.per_second, timedelta(seconds=1)),
            (limit.per_minute, timedelta(minutes=1)),
            (limit.per_hour, timedelta(hours=1)),
            (limit.per_day, timedelta(days=1)),
        )
        if most is not None
    ]


def spacing(limit: Limit) -> timedelta:
    """Return how far apart messages are in the long run that go out as fast as a limit allows."""
    return max((span / most for most, span in windows(limit)), default=timedelta())


def take(tx: Connection, domains: Sequence[str], limits: Limits, now: datetime) -> list[Leave]:
    """Let a message to each of some domains go, where the limits allow it; return for each whether it may, or when."""
    names = [ALL, *dict.fromkeys(domains)]
    rules = {name: limits.domains.get(name, Limit()) for name in names} | {ALL: limits.total}
    held = _buckets(tx, names, [name for name, limit in rules.items() if windows(limit)])
    leaves: list[Leave] = []
    for domain in domains:
        total, own = (_earliest(tx, name, rules[name], held[name], now) for name in (ALL, domain))
        if max(total, own) > now:
            apart = max(spacing(rules[domain]), held[domain].gap)
            leaves.append(Leave(max(total, own), is_total=total > now, apart=apart))
            continue
        for name in (ALL, domain):
            if held[name].is_stored:
                _grant(held[name], now)
        leaves.append(Leave())
    for name in names:
        if held[name].granted:
            _write(tx, name, rules[name], held[name])
    return leaves


_B = t.buckets.c
_BUCKETS = select(_B.name, _B.count, _B.gap, _B.not_before).where(_B.name.in_(bindparam("names", expanding=True)))


def _buckets(tx: Connection, names: Sequence[str], limited: Collection[str]) -> dict[str, _Bucket]:
    """Return the buckets that messages need; those with a limit are made where they aren't there."""
    rows = tx.execute(_BUCKETS, {"names": names}).all()
    if new := sorted(set(limited) - {row.name for row in rows}):
        tx.execute(t.buckets.insert(), [{"name": name, "count": 0} for name in new])
        rows = tx.execute(_BUCKETS, {"names": names}).all()
    found = {row.name: _Bucket(row[1], timedelta(microseconds=row.gap), row.not_before, is_stored=True) for row in rows}
    return {name: found.get(name, _Bucket()) for name in names}


def _earliest(tx: Connection, name: str, limit: Limit, bucket: _Bucket, now: datetime) -> datetime:
    """Return when the next message of a bucket may go."""
    if bucket.not_before is not None and bucket.not_before > now + LONGEST_GAP + _AHEAD:
        bucket.not_before = now + bucket.gap
        tx.execute(update(t.buckets).where(t.buckets.c.name == name).values(not_before=bucket.not_before))
    earliest = max(now, bucket.not_before or now)
    for most, span in windows(limit):
        # The one that has to be past the window before another may go.
        number = bucket.count - most + 1
        if number <= 0:
            continue
        at = bucket.granted.get(number)
        if at is None:
            g = t.grants.c
            at = tx.execute(select(g.at).where(g.bucket == name, g.number == number)).scalar()
            if at is not None and at > now + _AHEAD:
                tx.execute(update(t.grants).where(g.bucket == name, g.at > now + _AHEAD).values(at=now))
                at = now
        if at is not None:
            earliest = max(earliest, at + span)
    return earliest


def _grant(bucket: _Bucket, now: datetime) -> None:
    bucket.count += 1
    bucket.granted[bucket.count] = now
    bucket.not_before = now + bucket.gap if bucket.gap else None


def _write(tx: Connection, name: str, limit: Limit, bucket: _Bucket) -> None:
    values = {"count": bucket.count, "not_before": bucket.not_before}
    tx.execute(update(t.buckets).where(t.buckets.c.name == name).values(**values))
    if most := max((most for most, _ in windows(limit)), default=0):
        g = t.grants.c
        tx.execute(t.grants.insert(), [{"bucket": name, "number": n, "at": at} for n, at in bucket.granted.items()])
        tx.execute(delete(t.grants).where(g.bucket == name, g.number <= bucket.count - most))


def slow_down(tx: Connection, name: str, now: datetime) -> timedelta:
    """Make a bucket slower, since a server asked for it; return the gap between messages from here on."""
    b = t.buckets.c
    add_once(tx, t.buckets, {"name": name, "count": 0})
    gap = tx.execute(select(b.gap).where(b.name == name)).scalar_one()
    wider = min(max(timedelta(microseconds=gap) * 2, FIRST_GAP), LONGEST_GAP)
    values = {"gap": wider // timedelta(microseconds=1), "not_before": now + wider}
    tx.execute(update(t.buckets).where(b.name == name).values(**values))
    return wider


def slowed(tx: Connection) -> set[str]:
    """Return the buckets that servers have asked to slow down."""
    return set(tx.execute(select(t.buckets.c.name).where(t.buckets.c.gap > 0)).scalars())


def speed_up(tx: Connection, names: set[str]) -> None:
    """Make slowed buckets a little faster, since a server took a message."""
    b = t.buckets.c
    query = select(b.name, b.gap).where(b.name.in_(names), b.gap > 0).order_by(b.name)
    for name, gap in tx.execute(query).all():
        narrower = timedelta(microseconds=int(gap * _SHRINK))
        value = narrower // timedelta(microseconds=1) if narrower > _GONE else 0
        tx.execute(update(t.buckets).where(b.name == name).values(gap=value))
