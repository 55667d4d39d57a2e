"""The token of a link in; what its page shows out, and what a reader asks for there done.

Looking changes nothing, since scanners follow links (RFC 8058 §1); what changes something is for POST, asks for no
login, and done twice is done once. A token names a reader by a ref, and so works after the newsletter was renamed, the
address has changed, and for as long as one of the keys is the one that signed it.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from msgspec import Struct

from pipeline.errors import ConfigError
from pipeline.series.addresses import address_hash, name_fault
from pipeline.series.links import Keys, Purpose, opened
from pipeline.series.schedule import is_zone
from pipeline.series.store import coming, leaving, standing
from pipeline.series.store.courses import titles
from pipeline.series.store.engine import Store, Transaction
from pipeline.series.store.people import Consent, Subscriber, by_ref, rename, standings


class Door(Struct, frozen=True):
    """What the pages need: the store, the keys of links, and the key of the hashes of addresses."""

    store: Store
    keys: Keys
    key: bytes


class Course(Struct, frozen=True):
    """A newsletter of a reader's: its title, how it goes for them, and when the next issue comes."""

    sequence: str
    title: str
    state: str
    next_at: datetime | None


class View(Struct, frozen=True):
    """What a page may show of a reader; the address is told only in part, since links are forwarded with letters.

    `state` is the subscriber's, `changed` whether this request changed anything.
    """

    ref: int
    state: str
    address: str
    name: str
    time_zone: str
    courses: tuple[Course, ...]
    changed: bool = False

    @property
    def is_paused(self) -> bool:
        return any(course.state == "paused" for course in self.courses)


def look(door: Door, purpose: Purpose, token: str) -> View | None:
    """Return what the page of a link shows, or None where the link isn't one of ours. Changes nothing: for GET."""
    ref = opened(token, purpose, door.keys)
    with door.store.reading() as tx:
        known = by_ref(tx, ref) if ref is not None else None
        return _view(tx, known) if known else None


def confirm(door: Door, token: str, now: datetime) -> View | None:
    """Let each newsletter begin that somebody was asked about and says yes to: the view's courses that are `waiting`.

    For POST. Who has left meanwhile stays so; the view says it.
    """
    return _change(door, token, ("confirm",), lambda tx, one, hashed: coming.confirm(tx, one.id, hashed, now))


def unsubscribe(door: Door, token: str, now: datetime) -> View | None:
    """Let somebody go, with a goodbye where they had said yes. For POST, also by a mail program's own button."""
    return _change(door, token, ("unsubscribe",), lambda tx, one, hashed: leaving.unsubscribe(tx, one.id, now, hashed))


def pause(door: Door, token: str, now: datetime) -> View | None:
    """Stop a reader's issues until they are resumed. For POST."""
    return _change(door, token, ("pause", "preferences"), lambda tx, one, _: standing.pause(tx, one.id, now))


def resume(door: Door, token: str, now: datetime) -> View | None:
    """Let a paused reader's issues come again. For POST."""
    return _change(door, token, ("pause", "preferences"), lambda tx, one, _: standing.resume(tx, one.id, now))


def come_back(door: Door, token: str, now: datetime) -> View | None:
    """Let somebody read again who had unsubscribed; the goodbye leads there. For POST."""
    consent = Consent(now, "the link in a letter")
    return _change(
        door, token, ("preferences",), lambda tx, one, hashed: coming.come_back(tx, one.id, hashed, now, consent)
    )


def preferences(door: Door, token: str, wanted: Mapping[str, str], now: datetime) -> View | None:
    """Change what a reader settles themselves: `name` and `time_zone`. For POST.

    Raises ConfigError where one of them can't be used; its first line is for the page to show.
    """
    if fault := name_fault(wanted.get("name", "")):
        raise ConfigError(fault)
    if "time_zone" in wanted and not is_zone(wanted["time_zone"]):
        raise ConfigError(f"“{wanted['time_zone'][:60]}” is no time zone\n    Write one such as Europe/Paris.")
    return _change(
        door,
        token,
        ("preferences",),
        lambda tx, one, _: rename(tx, one, wanted.get("name"), wanted.get("time_zone"), now),
    )


def _change(
    door: Door,
    token: str,
    purposes: tuple[Purpose, ...],
    act: Callable[[Transaction, Subscriber, bytes], bool],
) -> View | None:
    refs = [ref for purpose in purposes if (ref := opened(token, purpose, door.keys)) is not None]
    if not refs:
        return None
    with door.store.transaction() as tx:
        known = by_ref(tx, refs[0])
        if known is None:
            return None
        changed = known.state != "erased" and act(tx, known, address_hash(door.key, known.address))
        after = by_ref(tx, refs[0])
        return _view(tx, after or known, changed=changed)


def _view(tx: Transaction, known: Subscriber, *, changed: bool = False) -> View:
    named = titles(tx)
    courses = tuple(
        Course(row.sequence, named.get(row.sequence, row.sequence), row.state, row.due_at)
        for row in standings(tx, known.id)
    )
    return View(known.ref, known.state, _in_part(known.address), known.name, known.time_zone, courses, changed)


def _in_part(address: str) -> str:
    local, at, domain = address.rpartition("@")
    return f"{local[:1]}…{at}{domain}" if at else ""
