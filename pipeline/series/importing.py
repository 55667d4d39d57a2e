"""A table of people in; subscribers in the store, a file of the rows that can't be used, and a tally out."""

import csv
import os
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, TextIO

from msgspec import Struct, field

from pipeline.errors import ConfigError, StoreError
from pipeline.identifiers import language_fault
from pipeline.series import _table
from pipeline.series.addresses import Address, identity_hash, name_fault, read_address
from pipeline.series.schedule import is_zone
from pipeline.series.store import importing
from pipeline.series.store.engine import Store
from pipeline.series.store.people import Consent, Person

Field = Literal["address", "name", "time_zone", "locale"]
# What columns are called, the surest first; compared without case, spaces and signs.
_NAMES: dict[Field, tuple[str, ...]] = {
    "address": ("email", "emailaddress", "mail", "address"),
    "name": ("firstname", "givenname", "name", "fullname"),
    "time_zone": ("timezone", "tz"),
    "locale": ("language", "locale", "lang"),
}
FIELDS = tuple(_NAMES)
# To ask takes several statements each, and nobody else can write meanwhile.
_ASKED_AT_ONCE = 500
_LEFT = {
    "unsubscribed": "has unsubscribed",
    "bounced": "has bounced",
    "complained": "has complained",
    "suppressed": "is suppressed",
    "erased": "was erased",
}


class Options(Struct, frozen=True):
    """How to import: `columns` names them by field, `time_zone` is that of rows without; `encoding` is found if empty.

    With `confirm` everybody is asked; with `dry_run` nothing is changed.
    """

    consent: Consent
    columns: Mapping[str, str] = {}
    time_zone: str = "UTC"
    encoding: str = ""
    confirm: bool = False
    dry_run: bool = False


class Tally(Struct):
    """What an import came to: rows by their verdict, and how many could not be used."""

    rows: int = 0
    rejected: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)

    @property
    def left(self) -> int:
        """How many rows are of somebody who is not to come back by an import."""
        return sum(self.verdicts[name] for name in _LEFT)


def import_people(
    store: Store,
    sequence_id: int,
    path: Path,
    shown: str,
    rejected: Path,
    key: bytes,
    options: Options,
    now: datetime,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Tally:
    """Add the people in a table to a sequence; return what that came to.

    Each batch is kept for good once it is done, and a second import of the same file adds nobody twice. Rows that
    can't be used, or are of somebody who has left, go into `rejected` with their line and the reason; it is removed
    where there are none. `progress` is told of bytes. Raises ContentError where the file can't be read, ConfigError
    where a column or the address is missing.
    """
    table = _table.open_table(path, shown, options.encoding)
    places = _places(table.head, options.columns, shown)
    tally, batch = Tally(), list[tuple[_table.Row, Person]]()
    seen: set[bytes] = set()
    size = min(importing.MOST, _ASKED_AT_ONCE) if options.confirm else importing.MOST
    with _Rejected(rejected, table.head) as refused:
        for row, done in _table.rows(table, shown):
            tally.rows += 1
            person = row.fault or _person(row.cells, places, len(table.head), key, options.time_zone)
            if isinstance(person, str):
                tally.rejected += 1
                refused.write(row, person)
            else:
                batch.append((row, person))
            if len(batch) == size:
                _settle(store, sequence_id, batch, options, now, seen, tally, refused)
                batch.clear()
                progress(done, table.bytes)
        _settle(store, sequence_id, batch, options, now, seen, tally, refused)
    if tally.verdicts["added"] and not options.dry_run:
        with store.transaction() as tx:
            importing.finish(tx, tally.verdicts["added"], options.consent, now)
    return tally


def _settle(
    store: Store,
    sequence_id: int,
    batch: Sequence[tuple[_table.Row, Person]],
    options: Options,
    now: datetime,
    seen: set[bytes],
    tally: Tally,
    refused: "_Rejected",
) -> None:
    if not batch:
        return
    people = [person for _, person in batch]
    verdicts: Sequence[str]
    if options.dry_run:
        with store.reading() as tx:
            verdicts = _not_twice(importing.look(tx, people, sequence_id), people, seen)
    else:
        act = importing.ask if options.confirm else importing.add
        with store.transaction() as tx:
            verdicts = act(tx, people, sequence_id, options.consent, now)
    tally.verdicts.update(verdicts)
    for (row, _), verdict in zip(batch, verdicts, strict=True):
        if verdict in _LEFT:
            refused.write(row, f"{_LEFT[verdict]}, and an import doesn't bring anybody back")


def _not_twice(verdicts: Sequence[str], people: Sequence[Person], seen: set[bytes]) -> list[str]:
    """Return the verdicts as they would be had the batches before been added: some bytes are kept of each address."""
    found = []
    for verdict, person in zip(verdicts, people, strict=True):
        mark = person.hash[:8]
        found.append("known" if verdict in ("added", "enrolled") and mark in seen else verdict)
        seen.add(mark)
    return found


# --------------------------------------------------------------------------- columns


def _places(head: Sequence[str], wanted: Mapping[str, str], shown: str) -> dict[Field, int]:
    """Return the column of each field: as it was asked for, or by the name of the column."""
    plain = [_plain(name) for name in head]
    places: dict[Field, int] = {}
    for name, names in _NAMES.items():
        if name in wanted:
            if wanted[name] not in head:
                raise ConfigError(f"{shown}:1: has no column “{wanted[name]}”\n    It has {', '.join(head)}.")
            places[name] = head.index(wanted[name])
        elif found := next((one for one in names if one in plain), ""):
            places[name] = plain.index(found)
    if "address" not in places:
        is_headless = any(isinstance(read_address(cell), Address) for cell in head)
        hint = (
            "Its first line has to name the columns: address,name."
            if is_headless
            else f"Say which it is, as in --map “address={head[0]}”."
        )
        raise ConfigError(f"{shown}:1: no column is called address or email\n    {hint}")
    return places


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


# --------------------------------------------------------------------------- rows


def _person(cells: Sequence[str], places: Mapping[Field, int], width: int, key: bytes, zone: str) -> Person | str:
    """Return who is in a row, or why it can't be used."""
    if len(cells) > width and any(cells[width:]):
        return f"has {len(cells)} cells, and there are {width} columns"
    address = read_address(_cell(cells, places["address"]))
    if isinstance(address, str):
        return address
    name = _cell(cells, places.get("name"))
    locale = _cell(cells, places.get("locale")).replace("_", "-")
    zone = _cell(cells, places.get("time_zone")) or zone
    fault = name_fault(name) or _zone_fault(zone) or (_locale_fault(locale) if locale else "")
    if fault:
        return fault
    keyed = identity_hash(key, address.identity)
    return Person(address.normalised, address.identity, keyed, name, zone, locale)


def _cell(cells: Sequence[str], at: int | None) -> str:
    return _table.unguarded(cells[at].strip()) if at is not None and at < len(cells) else ""


@lru_cache(maxsize=1024)
def _zone_fault(zone: str) -> str:
    return "" if is_zone(zone) else f"“{zone[:60]}” is no time zone"


@lru_cache(maxsize=1024)
def _locale_fault(locale: str) -> str:
    return language_fault(locale)[0][:200]


class _Rejected:
    """The file of rows that can't be used, made with the first of them."""

    def __init__(self, path: Path, head: Sequence[str]) -> None:
        self._path, self._head = path, head
        self._file: TextIO | None = None
        self._rows: Any = None
        self._stack = ExitStack()

    def __enter__(self) -> "_Rejected":
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
        if self._file is None:
            # What an earlier import left there would be taken for what this one has to say.
            self._path.unlink(missing_ok=True)

    def write(self, row: _table.Row, reason: str) -> None:
        """Add a row, with its line and the reason first."""
        if self._file is None:
            try:
                self._file = self._stack.enter_context(self._opened())
            except OSError as error:
                raise StoreError(
                    f"{self._path}: rejected rows can't be written: {error.strerror}\n    See who may write there."
                ) from error
            self._rows = csv.writer(self._file)
            self._rows.writerow(["line", "reason", *map(_table.guarded, self._head)])
        self._rows.writerow([row.line, _table.guarded(reason), *map(_table.guarded, row.cells)])

    def _opened(self) -> TextIO:
        # Whom it names concerns nobody else.
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        return os.fdopen(descriptor, "w", encoding="utf-8", newline="")
