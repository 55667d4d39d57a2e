"""Published sequences and readers, for tests of delivery."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, update

from pipeline.delivery import Schedule
from pipeline.series.outcome import Outcome
from pipeline.series.store import _schema as t
from pipeline.series.store import coming, ledger
from pipeline.series.store.courses import sequence_id_of
from pipeline.series.store.people import Consent, Person, by_identity
from pipeline.series.store.publications import Letter, Plan, publish

NOW = datetime(2027, 1, 4, 9, tzinfo=UTC)
DAY = timedelta(days=1)
LEASE = timedelta(minutes=10)
WEEKLY = Schedule(time_zone="UTC", at="09:00")
MAILS = ("mail/confirmation", "mail/welcome", "mail/goodbye")
ACCEPTED = Outcome("accepted", "reply", 250, "2.0.0", "OK")


def letters(*issues: str, words: str = "") -> list[Letter]:
    """Return letters with names, and the mails; `words` make them other than before."""
    return [Letter(name, f"About {name}", f"{name} {words}".encode()) for name in (*issues, *MAILS)]


def published(
    tx: Connection,
    *issues: str,
    schedule: Schedule = WEEKLY,
    now: datetime = NOW,
    words: str = "",
    catch_up: bool = False,
) -> Plan:
    """Publish a sequence named `letters`."""
    return publish(tx, "letters", "Letters", b"head", letters(*issues, words=words), schedule, now, catch_up=catch_up)


def person(address: str, zone: str = "UTC", name: str = "") -> Person:
    """Return somebody; the hash of the address is made up."""
    return Person(address, address.lower(), address.lower().encode().ljust(32, b"."), name, zone)


def asked(tx: Connection, address: str, now: datetime = NOW, zone: str = "UTC") -> int:
    """Ask somebody whether an address is theirs; return the subscriber's id."""
    sequence = sequence_id_of(tx, "letters")
    assert sequence is not None
    coming.ask(tx, person(address, zone), sequence, now, Consent(now, "a test"))
    found = by_identity(tx, address.lower())
    assert found is not None
    return found.id


def confirmed(tx: Connection, address: str, now: datetime = NOW, zone: str = "UTC") -> int:
    """Add somebody who has confirmed, without the mails of it; return the subscriber's id."""
    number = asked(tx, address, now, zone)
    assert coming.confirm(tx, number, person(address).hash, now)
    d = t.deliveries.c
    tx.execute(update(t.deliveries).where(d.issue.startswith("mail/")).values(state="sent", try_at=None))
    return number


def done(
    tx: Connection, claims: Sequence[ledger.Claim], owner: str, now: datetime, outcome: Outcome = ACCEPTED
) -> None:
    """End claims that were begun, all in the same way."""
    ledger.end(tx, [ledger.Ended(claim, outcome, now) for claim in claims], owner, ledger.Rules())


def send(tx: Connection, now: datetime, owner: str = "me", outcome: Outcome = ACCEPTED) -> list[ledger.Claim]:
    """Claim, begin and end what is due, and return it."""
    claims = ledger.claim(tx, now, owner, LEASE, 1000)
    verdicts = ledger.begin(tx, claims, owner, now)
    going = [claim for claim in claims if verdicts[claim.ref] == "send"]
    done(tx, going, owner, now, outcome)
    return going
