"""Subscribers in; lines of a table or of JSON out, one at a time."""

import csv
import io
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import msgspec

from pipeline.series._table import guarded
from pipeline.series.store.dossier import Dossier
from pipeline.series.store.engine import Store
from pipeline.series.store.people import Subscriber, everyone

COLUMNS = (
    *("address", "name", "time_zone", "locale", "state"),
    *("created_at", "confirmed_at", "consent_at", "consent_source", "consent_text", "left_at"),
)


def as_csv(store: Store) -> Iterator[str]:
    """Yield a table of all subscribers but the erased, the names of its columns first; no cell is a formula."""
    yield _line(COLUMNS)
    yield from _each(store, lambda one: _line([guarded(_text(getattr(one, name))) for name in COLUMNS]))


def as_json_lines(store: Store) -> Iterator[str]:
    """Yield all subscribers but the erased as JSON, one a line."""
    yield from _each(store, lambda one: msgspec.json.encode({name: getattr(one, name) for name in COLUMNS}).decode())


def as_json(found: Dossier) -> str:
    """Return all that is known of one person as JSON; mails and other bytes as text."""
    return msgspec.json.format(msgspec.json.encode(_plain(found)), indent=2).decode()


def _each(store: Store, line: Callable[[Subscriber], str]) -> Iterator[str]:
    with store.reading() as tx:
        for one in everyone(tx):
            yield line(one)


def _line(cells: Any) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(cells)
    return text.getvalue()


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value or "")


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode(errors="backslashreplace")
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, msgspec.Struct):
        return {name: _plain(getattr(value, name)) for name in value.__struct_fields__}
    return value
