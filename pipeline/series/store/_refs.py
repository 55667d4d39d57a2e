"""The numbers of rows: those that the database gives, and those that links and envelope senders name."""

import secrets
from typing import Any

from sqlalchemy import CursorResult


def new_refs(count: int) -> list[int]:
    """Return random references: 63 bits, so that they fit a signed column."""
    return [secrets.randbits(63) for _ in range(count)]


def inserted(result: CursorResult[Any]) -> int:
    """Return the id that the database gave a row."""
    key = result.inserted_primary_key
    assert key is not None
    return int(key[0])
