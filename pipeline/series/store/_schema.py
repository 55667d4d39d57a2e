"""The tables of the store, alike on SQLite and on Postgres; `migrations/` makes them.

Moments are whole microseconds since 1970, in UTC: they sort, compare and index the same everywhere. A `ref` is a random
number that addresses carry in place of an id.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

_START = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def microseconds(moment: datetime) -> int:
    """Return an aware moment as the store keeps it. Raises ValueError for a naive one."""
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone can't be stored")
    return (moment - _START) // _MICROSECOND


def moment_of(stored: int) -> datetime:
    """Return a stored moment, in UTC."""
    return _START + timedelta(microseconds=stored)


class Moment(TypeDecorator[datetime]):
    """An aware moment, kept as microseconds."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else microseconds(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else moment_of(value)


# SQLite numbers rows itself only where the key is an INTEGER.
Key = BigInteger().with_variant(Integer, "sqlite")

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _text(name: str, default: str | None = "", **options: Any) -> Column[str]:
    return Column(name, Text, nullable=default is None, server_default=default, **options)


# What holds for the whole store.
settings = Table(
    "settings",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

# --------------------------------------------------------------------------- readers

# `identity` is the normalised address. An erased subscriber keeps the row, which deliveries refer to, and nothing else.
# state: pending, active, unsubscribed, bounced, complained, suppressed, erased
subscribers = Table(
    "subscribers",
    metadata,
    Column("id", Key, primary_key=True),
    Column("ref", BigInteger, nullable=False, unique=True),
    Column("identity", Text, unique=True),
    _text("address"),
    _text("name"),
    _text("time_zone", "UTC"),
    _text("locale"),
    Column("state", String(16), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("confirmed_at", Moment),
    Column("consent_at", Moment),
    _text("consent_source"),
    _text("consent_text"),
    Column("soft_bounces", Integer, nullable=False, server_default="0"),
    Column("last_sent_at", Moment),
    Column("left_at", Moment),
)

# Addresses that nothing is sent to, and no import brings back; the hash is keyed, so that nobody can guess from it.
# reason: unsubscribed, hard, soft, complaint, erased, manual
suppressions = Table(
    "suppressions",
    metadata,
    Column("hash", LargeBinary(32), primary_key=True),
    Column("reason", String(16), nullable=False),
    Column("at", Moment, nullable=False),
)

# --------------------------------------------------------------------------- what was published

# `moving_after`, while readers are given their times by another schedule: who was the last that got theirs.
sequences = Table(
    "sequences",
    metadata,
    Column("id", Key, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    _text("title"),
    Column("head", LargeBinary, nullable=False),
    Column("schedule", LargeBinary, nullable=False),
    Column("version", Integer, nullable=False),
    Column("published_at", Moment, nullable=False),
    Column("moving_after", Key),
)

# A letter as it was when it was published, by the hash of all of it. What was sent can be read here for good.
revisions = Table(
    "revisions",
    metadata,
    Column("id", Key, primary_key=True),
    Column("sequence_id", Key, ForeignKey("sequences.id"), nullable=False),
    Column("issue", Text, nullable=False),
    Column("hash", LargeBinary(32), nullable=False),
    _text("subject"),
    Column("content", LargeBinary, nullable=False),
    Column("published_at", Moment, nullable=False),
    UniqueConstraint("sequence_id", "issue", "hash"),
)

# The order of issues. One that was taken out keeps its place, so that who has had it is known to stand there.
# A mail (`mail/welcome`) has no rank.
places = Table(
    "places",
    metadata,
    Column("sequence_id", Key, ForeignKey("sequences.id"), primary_key=True),
    Column("issue", Text, primary_key=True),
    Column("rank", Integer),
    Column("revision_id", Key, ForeignKey("revisions.id"), nullable=False),
    Column("is_live", Boolean, nullable=False),
)

# --------------------------------------------------------------------------- who is where

# `slot_at` is the time of the next issue by the schedule, `due_at` when to look at the reader again: none while a
# delivery is under way, while paused, and at the end. `reached` is the last issue sent or passed over; `owed` are
# earlier ones to be sent all the same. Somebody reads a newsletter who agreed to that one: `consent_*` is what they
# agreed to, `confirmed_at` when they said yes. state: waiting, active, paused, finished, stopped
enrolments = Table(
    "enrolments",
    metadata,
    Column("id", Key, primary_key=True),
    Column("sequence_id", Key, ForeignKey("sequences.id"), nullable=False),
    Column("subscriber_id", Key, ForeignKey("subscribers.id"), nullable=False),
    Column("state", String(16), nullable=False),
    Column("started_at", Moment),
    _text("reached"),
    _text("owed"),
    Column("slot_at", Moment),
    Column("due_at", Moment),
    Column("pace", LargeBinary),
    Column("consent_at", Moment),
    _text("consent_source"),
    _text("consent_text"),
    Column("confirmed_at", Moment),
    UniqueConstraint("sequence_id", "subscriber_id"),
)
Index(
    "ix_enrolments_due",
    enrolments.c.due_at,
    sqlite_where=enrolments.c.due_at.is_not(None),
    postgresql_where=enrolments.c.due_at.is_not(None),
)
Index("ix_enrolments_subscriber_id", enrolments.c.subscriber_id)

# --------------------------------------------------------------------------- the ledger

# One row for each reader and issue, for good. `try_at` is when to try next: only while due or deferred. `hash` is that
# of the bytes; with `filled`, what stood in them of this reader, they can be made again.
# state: due, claimed, sending, sent, deferred, failed, suppressed, in_doubt, skipped
deliveries = Table(
    "deliveries",
    metadata,
    Column("ref", BigInteger, primary_key=True, autoincrement=False),
    Column("sequence_id", Key, ForeignKey("sequences.id"), nullable=False),
    Column("issue", Text, nullable=False),
    Column("subscriber_id", Key, ForeignKey("subscribers.id"), nullable=False),
    Column("revision_id", Key, ForeignKey("revisions.id"), nullable=False),
    Column("state", String(12), nullable=False),
    Column("slot_at", Moment, nullable=False),
    Column("try_at", Moment),
    _text("owner"),
    Column("lease_until", Moment),
    Column("attempts", SmallInteger, nullable=False, server_default="0"),
    _text("message_id"),
    Column("sending_at", Moment),
    Column("ended_at", Moment),
    Column("code", SmallInteger, nullable=False, server_default="0"),
    _text("reply"),
    _text("bounce"),
    Column("filled", LargeBinary),
    Column("hash", LargeBinary(32)),
    UniqueConstraint("subscriber_id", "sequence_id", "issue"),
)
Index(
    "ix_deliveries_try",
    deliveries.c.try_at,
    sqlite_where=deliveries.c.try_at.is_not(None),
    postgresql_where=deliveries.c.try_at.is_not(None),
)
Index(
    "ix_deliveries_lease",
    deliveries.c.lease_until,
    sqlite_where=deliveries.c.lease_until.is_not(None),
    postgresql_where=deliveries.c.lease_until.is_not(None),
)
Index("ix_deliveries_issue", deliveries.c.sequence_id, deliveries.c.issue, deliveries.c.state)
Index(
    "ix_deliveries_in_doubt",
    deliveries.c.ended_at,
    sqlite_where=deliveries.c.state == "in_doubt",
    postgresql_where=deliveries.c.state == "in_doubt",
)
# What happened when; and whose message it was that came back with nothing of ours but its id.
Index(
    "ix_deliveries_ended",
    deliveries.c.ended_at,
    deliveries.c.state,
    sqlite_where=deliveries.c.ended_at.is_not(None),
    postgresql_where=deliveries.c.ended_at.is_not(None),
)
Index(
    "ix_deliveries_message_id",
    deliveries.c.message_id,
    sqlite_where=deliveries.c.message_id != "",
    postgresql_where=deliveries.c.message_id != "",
)

# A mail that came back, as it came, until `kept_until`; `source` is its own id, so that none is counted twice.
bounces = Table(
    "bounces",
    metadata,
    Column("id", Key, primary_key=True),
    Column("source", LargeBinary(32), nullable=False, unique=True),
    Column("delivery_ref", BigInteger, ForeignKey("deliveries.ref")),
    Column("subscriber_id", Key, ForeignKey("subscribers.id")),
    Column("kind", String(16), nullable=False),
    _text("status"),
    _text("diagnostic"),
    Column("at", Moment, nullable=False),
    Column("raw", LargeBinary),
    Column("kept_until", Moment),
)
Index("ix_bounces_kept_until", bounces.c.kept_until)
Index("ix_bounces_delivery_ref", bounces.c.delivery_ref)
Index("ix_bounces_subscriber_id", bounces.c.subscriber_id)

# --------------------------------------------------------------------------- how fast

# A bucket is all that is sent (`*`), or what goes to a domain. Its `count`th message was let go last; servers that ask
# to slow down set `gap`, microseconds between two messages, and `not_before`.
buckets = Table(
    "buckets",
    metadata,
    Column("name", String(255), primary_key=True),
    Column("count", BigInteger, nullable=False, server_default="0"),
    Column("gap", BigInteger, nullable=False, server_default="0"),
    Column("not_before", Moment),
)
# When each message was let go, as far back as a limit looks.
grants = Table(
    "grants",
    metadata,
    Column("bucket", String(255), primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
)

# --------------------------------------------------------------------------- what was done

audit = Table(
    "audit",
    metadata,
    Column("id", Key, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("what", String(32), nullable=False),
    Column("subscriber_id", Key),
    Column("delivery_ref", BigInteger),
    _text("detail"),
)
Index("ix_audit_subscriber_id", audit.c.subscriber_id)
