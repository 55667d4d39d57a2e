"""The audit log: what was done to whom and when, without any name or address."""

from datetime import datetime

from msgspec import Struct
from sqlalchemy import Connection, select

from pipeline.series.store import _schema as t


class Entry(Struct, frozen=True):
    """One line of the log."""

    at: datetime
    what: str
    subscriber_id: int | None
    delivery_ref: int | None
    detail: str


def note(
    tx: Connection,
    at: datetime,
    what: str,
    *,
    subscriber_id: int | None = None,
    delivery_ref: int | None = None,
    detail: str = "",
) -> None:
    """Write a line into the log; `detail` never holds a name or an address."""
    row = {"at": at, "what": what, "subscriber_id": subscriber_id, "delivery_ref": delivery_ref, "detail": detail}
    tx.execute(t.audit.insert(), row)


def entries(tx: Connection, subscriber_id: int | None = None, what: str = "") -> list[Entry]:
    """Return the log, oldest first: all of it, or what concerns one subscriber or one kind of doing."""
    a = t.audit.c
    query = select(a.at, a.what, a.subscriber_id, a.delivery_ref, a.detail).order_by(a.id)
    if subscriber_id is not None:
        query = query.where(a.subscriber_id == subscriber_id)
    if what:
        query = query.where(a.what == what)
    return [Entry(*row) for row in tx.execute(query)]
