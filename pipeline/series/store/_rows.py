"""Rows to be written; the numbers that they get, and whether they were there before, out."""

import secrets
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, CursorResult, Table
from sqlalchemy.dialects import postgresql, sqlite


def new_refs(count: int) -> list[int]:
    """Return random references: 63 bits, so that they fit a signed column."""
    return [secrets.randbits(63) for _ in range(count)]


def inserted(result: CursorResult[Any]) -> int:
    """Return the id that the database gave a row."""
    key = result.inserted_primary_key
    assert key is not None
    return int(key[0])


def add_once(tx: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """Insert a row unless there is one like it; return whether it was inserted."""
    insert = postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert
    statement = insert(table).values(**row).on_conflict_do_nothing()
    # The library keeps the number for updates only, unless asked to.
    return tx.execute(statement.execution_options(preserve_rowcount=True)).rowcount > 0
