"""How fast: whether a message may go out now, in any window of any limit, for all processes together.

The moment of each message is kept as far back as a limit looks. So a limit of 100 an hour holds in every hour, not only
from one full hour to the next, and after a restart as well.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from msgspec import Struct
from sqlalchemy import Connection, delete, select, update

from pipeline.delivery import Limit
from pipeline.series.store import _schema as t
from pipeline.series.store._turns import add_once

ALL = "*"
# Servers that ask to slow down: the gap between two messages begins here, doubles with each request, and shrinks by a
# tenth with each message that is taken, until it is gone.
FIRST_GAP = timedelta(seconds=1)
LONGEST_GAP = timedelta(minutes=5)
_SHRINK = 0.9
_GONE = timedelta(milliseconds=50)


class Limits(Struct, frozen=True):
    """The limit of all that is sent, and those of single domains."""

    total: Limit = Limit()
    domains: Mapping[str, Limit] = {}


class _Bucket(Struct, frozen=True):
    count: int
    gap: timedelta
    not_before: datetime | None


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


def take(tx: Connection, domain: str, limits: Limits, now: datetime) -> datetime | None:
    """Let one message to a domain go now, and return None; or return when to ask again, and let nothing go."""
    held = _buckets(tx, domain, limits)
    moments = [_earliest(tx, name, limit, held.get(name), now) for name, limit in _limits(domain, limits)]
    latest = max(moments)
    if latest > now:
        return latest
    for name, limit in _limits(domain, limits):
        if name in held:
            _grant(tx, name, limit, held[name], now)
    return None


def _limits(domain: str, limits: Limits) -> Iterator[tuple[str, Limit]]:
    yield ALL, limits.total
    yield domain, limits.domains.get(domain, Limit())


def _buckets(tx: Connection, domain: str, limits: Limits) -> dict[str, _Bucket]:
    """Return the buckets that a message needs, which nobody else has until this transaction is over."""
    b = t.buckets.c
    query = select(b.name, b.count, b.gap, b.not_before).where(b.name.in_((ALL, domain))).order_by(b.name)
    rows = tx.execute(query.with_for_update()).all()
    limited = {name for name, limit in _limits(domain, limits) if windows(limit)}
    if new := sorted(limited - {row.name for row in rows}):
        # Only a row that is there can be waited for; another may be putting it there now.
        for name in new:
            add_once(tx, t.buckets, {"name": name, "count": 0})
        rows = tx.execute(query.with_for_update()).all()
    return {row.name: _Bucket(row[1], timedelta(microseconds=row.gap), row.not_before) for row in rows}


def _earliest(tx: Connection, name: str, limit: Limit, bucket: _Bucket | None, now: datetime) -> datetime:
    """Return when the next message of a bucket may go."""
    if bucket is None:
        return now
    earliest = max(now, bucket.not_before or now)
    for most, span in windows(limit):
        g = t.grants.c
        # The one that has to be past the window before another may go.
        query = select(g.at).where(g.bucket == name, g.number == bucket.count - most + 1)
        if (at := tx.execute(query).scalar()) is not None:
            earliest = max(earliest, at + span)
    return earliest


def _grant(tx: Connection, name: str, limit: Limit, bucket: _Bucket, now: datetime) -> None:
    count = bucket.count + 1
    not_before = now + bucket.gap if bucket.gap else None
    tx.execute(update(t.buckets).where(t.buckets.c.name == name).values(count=count, not_before=not_before))
    if most := max((most for most, _ in windows(limit)), default=0):
        g = t.grants.c
        tx.execute(t.grants.insert(), {"bucket": name, "number": count, "at": now})
        tx.execute(delete(t.grants).where(g.bucket == name, g.number <= count - most))


def slow_down(tx: Connection, name: str, now: datetime) -> timedelta:
    """Make a bucket slower, since a server asked for it; return the gap between messages from here on."""
    b = t.buckets.c
    add_once(tx, t.buckets, {"name": name, "count": 0})
    gap = tx.execute(select(b.gap).where(b.name == name).with_for_update()).scalar_one()
    wider = min(max(timedelta(microseconds=gap) * 2, FIRST_GAP), LONGEST_GAP)
    values = {"gap": wider // timedelta(microseconds=1), "not_before": now + wider}
    tx.execute(update(t.buckets).where(b.name == name).values(**values))
    return wider


def speed_up(tx: Connection, names: set[str]) -> None:
    """Make slowed buckets a little faster, since a server took a message."""
    b = t.buckets.c
    query = select(b.name, b.gap).where(b.name.in_(names), b.gap > 0).order_by(b.name).with_for_update()
    for name, gap in tx.execute(query).all():
        narrower = timedelta(microseconds=int(gap * _SHRINK))
        value = narrower // timedelta(microseconds=1) if narrower > _GONE else 0
        tx.execute(update(t.buckets).where(b.name == name).values(gap=value))
