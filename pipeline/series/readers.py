"""Addresses in; what was asked for done with the readers behind them, all of it or nothing, and told, out."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

from pipeline.errors import ConfigError, StoreError
from pipeline.identifiers import language_fault
from pipeline.series.addresses import (
    Address,
    address_hash,
    identity,
    identity_hash,
    name_fault,
    read_address,
    words_fault,
)
from pipeline.series.schedule import is_zone
from pipeline.series.store import coming, importing, leaving, people, standing
from pipeline.series.store.courses import chosen, course
from pipeline.series.store.dossier import Dossier, dossier
from pipeline.series.store.engine import Store, Transaction
from pipeline.series.store.people import Consent, Person, Subscriber

Deed = Literal["pause", "resume", "unsubscribe", "erase", "suppress"]


class Register(Struct, frozen=True):
    """A store, and the key of the hashes of addresses."""

    store: Store
    key: bytes


def person(register: Register, address: str, name: str = "", time_zone: str = "UTC", locale: str = "") -> Person:
    """Return somebody to be added. Raises ConfigError with all that is wrong with what is known of them."""
    read = read_address(address)
    faults = [f"{address}: {read}"] if isinstance(read, str) else []
    faults += [fault] if (fault := name_fault(name)) else []
    faults += [] if is_zone(time_zone) else [f"“{time_zone}” is no time zone; write one such as Europe/Paris"]
    faults += [fault] if locale and (fault := language_fault(locale)[0]) else []
    if faults or not isinstance(read, Address):
        raise ConfigError("\n".join(faults))
    hashed = identity_hash(register.key, read.identity)
    return Person(read.normalised, read.identity, hashed, name, time_zone, locale)


def consent(at: datetime, source: str) -> Consent:
    """Return a consent, given where and when it says. Raises ConfigError where that can't be kept."""
    source = source.strip()
    if fault := words_fault(source):
        raise ConfigError(f"--consent {fault}\n    Write where and when they agreed.")
    return Consent(at, source)


def add(
    register: Register, who: Person, consent: Consent, now: datetime, sequence: str = "", *, confirmed: bool = False
) -> str:
    """Ask somebody whether they want to read, or with `confirmed` enrol them at once; return what came of it.

    That is `asked`, or a verdict of an import. Raises StoreError where there is no mail to ask with.
    """
    with register.store.transaction() as tx:
        sequence_id = chosen(tx, sequence)
        if confirmed:
            return importing.add(tx, [who], sequence_id, consent, now)[0]
        can_ask(tx, sequence_id)
        done = coming.ask(tx, who, sequence_id, now, consent)
        known = people.by_identity(tx, who.identity)
        is_asked = known is not None and coming.is_asked(tx, known.id, sequence_id)
        return "asked" if done != "suppressed" and is_asked else done


def can_ask(tx: Transaction, sequence_id: int) -> None:
    """Raise StoreError where a sequence has no mail that asks people to confirm."""
    if "confirmation" not in course(tx, sequence_id).mails:
        raise StoreError(
            "the newsletter was published without a mail that asks people to confirm\n"
            "    Write content/mails/confirmation.md, name it in book.yaml, build, and publish; see docs/manuscript.md."
        )


def act(register: Register, deed: Deed, addresses: Sequence[str], now: datetime) -> list[tuple[str, bool]]:
    """Do something with the readers at addresses; return each address, and whether that changed anything.

    Only who is to be suppressed need not be a subscriber. Raises StoreError, and does nothing, where another isn't.
    """
    deeds: dict[Deed, Callable[[Transaction, Subscriber, bytes], bool]] = {
        "pause": lambda tx, one, _: standing.pause(tx, one.id, now),
        "resume": lambda tx, one, _: standing.resume(tx, one.id, now),
        "unsubscribe": lambda tx, one, hashed: leaving.unsubscribe(tx, one.id, now, hashed, "by the sender"),
        "erase": lambda tx, one, hashed: leaving.erase(tx, one.id, hashed, now),
        "suppress": lambda tx, one, hashed: leaving.leave(tx, one.id, "manual", now, hashed),
    }
    with register.store.transaction() as tx:
        found = [(address, _found(tx, address)) for address in addresses]
        unknown = [address for address, one in found if one is None]
        if unknown and deed != "suppress":
            raise _unknown(unknown)
        read = {address: read_address(address) for address in unknown}
        if faults := [f"{address}: {fault}" for address, fault in read.items() if isinstance(fault, str)]:
            raise ConfigError("\n".join(faults))
        return [
            (address, deeds[deed](tx, one, _hash(register, address)) if one else _suppress(tx, register, address, now))
            for address, one in found
        ]


def _suppress(tx: Transaction, register: Register, address: str, now: datetime) -> bool:
    hashed = _hash(register, address)
    is_new = not people.suppressed(tx, [hashed])
    leaving.suppress_hash(tx, hashed, "manual", now)
    return is_new


def skip(register: Register, address: str, now: datetime, sequence: str = "") -> str:
    """Pass over a reader's next issue; return its name, or nothing at the end."""
    with register.store.transaction() as tx:
        return standing.skip(tx, _known(tx, address).id, chosen(tx, sequence), now)


def restart(register: Register, address: str, now: datetime, sequence: str = "") -> bool:
    """Let a reader begin again with the first issue; return whether that can be."""
    with register.store.transaction() as tx:
        return standing.restart(tx, _known(tx, address).id, chosen(tx, sequence), now)


def pace(
    register: Register, address: str, wanted: Mapping[str, Any], now: datetime, sequence: str = ""
) -> people.Standing | None:
    """Give a reader a pace of their own, or with an empty one the newsletter's; return where they stand with it.

    Raises ConfigError where it is none, StoreError where there is no such reader.
    """
    with register.store.transaction() as tx:
        known, sequence_id = _known(tx, address), chosen(tx, sequence)
        one = course(tx, sequence_id)
        if not standing.set_pace(tx, known.id, sequence_id, dict(wanted), now):
            return None
        return next((row for row in people.standings(tx, known.id) if row.sequence == one.name), None)


def about(register: Register, address: str) -> Dossier:
    """Return everything that is known of the subscriber at an address. Raises StoreError where there is none."""
    with register.store.reading() as tx:
        hashed = _hash(register, address)
        reason = people.suppressed(tx, [hashed]).get(hashed, "")
        known = _found(tx, address)
        if known is None and reason:
            raise StoreError(f"{address}: no subscriber, and suppressed ({reason})")
        return dossier(tx, known or _known(tx, address), reason)


def subscriber_at(tx: Transaction, address: str) -> Subscriber:
    """Return the subscriber at an address. Raises StoreError where there is none."""
    return _known(tx, address)


def _found(tx: Transaction, address: str) -> Subscriber | None:
    # What was typed may be bytes that are no text, which no database is asked for.
    return None if words_fault(address) else people.by_identity(tx, identity(address))


def _known(tx: Transaction, address: str) -> Subscriber:
    found = _found(tx, address)
    if found is None:
        raise _unknown([address])
    return found


def _unknown(addresses: Sequence[str]) -> StoreError:
    return StoreError("\n".join(f"{address}: there is no such subscriber" for address in addresses))


def _hash(register: Register, address: str) -> bytes:
    return address_hash(register.key, address)
