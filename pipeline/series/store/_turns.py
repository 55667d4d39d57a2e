"""Two processes that write at once, on Postgres: one at a time, or the second finding what the first has written."""

from collections.abc import Mapping
from typing import Any, Literal

from sqlalchemy import Connection, Table, text
from sqlalchemy.dialects import postgresql, sqlite

# What is looked up and then written by one at a time; always before any row is changed, so that nobody waits in a ring.
Turn = Literal["people", "publishing", "returns"]


def take_turn(tx: Connection, turn: Turn) -> None:
    """Wait until no other transaction has the turn; it is given up with this one.

    SQLite lets only one transaction write anyway (see `engine._begin`).
    """
    if tx.dialect.name == "postgresql":
        tx.execute(text("SELECT pg_advisory_xact_lock(hashtext('quire'), hashtext(:turn))"), {"turn": turn})


def add_once(tx: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """Insert a row unless there is one like it; return whether it was inserted."""
    insert = postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert
    statement = insert(table).values(**row).on_conflict_do_nothing()
    # The library keeps the number for updates only, unless asked to.
    return tx.execute(statement.execution_options(preserve_rowcount=True)).rowcount > 0
