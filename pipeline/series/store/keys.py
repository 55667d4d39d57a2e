"""The key that addresses are hashed with, known again by a check value; the store never holds the key itself."""

from sqlalchemy import Connection, select

from pipeline.series.store import _schema as t
from pipeline.series.store._rows import add_once

_NAME = "address key"


def kept_check(tx: Connection) -> bytes | None:
    """Return the check value of the key that the store's hashes are made with, or None while there is none."""
    s = t.settings.c
    return tx.execute(select(s.value).where(s.name == _NAME)).scalar()


def keep_check(tx: Connection, check: bytes) -> bytes:
    """Keep the check value of the first key that is used; return the one that is kept."""
    add_once(tx, t.settings, {"name": _NAME, "value": check})
    kept = kept_check(tx)
    assert kept is not None
    return kept
