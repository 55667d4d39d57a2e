"""What is done for each message, mail or reader looks nobody else up: SQLite finds every row by an index."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from series_builders import DAY, LEASE, NOW, asked, confirmed, done, person, published
from sqlalchemy import event

from pipeline.delivery import Limit, Schedule
from pipeline.series.outcome import Outcome
from pipeline.series.store import _schema as t
from pipeline.series.store import (
    coming,
    importing,
    leaving,
    ledger,
    moving,
    people,
    publications,
    recovery,
    reports,
    returns,
    standing,
)
from pipeline.series.store.engine import Store, Transaction
from pipeline.series.store.limits import Limits, slow_down, speed_up, take
from pipeline.series.store.people import Consent

# Those that are as long as there are readers or messages.
LONG = ("subscribers", "suppressions", "enrolments", "deliveries", "bounces", "grants", "audit")

pytestmark = pytest.mark.parametrize("address", ["sqlite"], indirect=True)


@contextmanager
def plans(tx: Transaction, *, sorts: bool = True) -> Iterator[list[str]]:
    """Yield a list that is filled with the plans that read a long table from its beginning, and whose they are.

    So are, unless it `sorts`, those that sort all there is to take the first few.
    """
    asked_for: list[tuple[str, Any]] = []
    found: list[str] = []

    def note(_1: object, _2: object, statement: str, parameters: Any, _3: object, is_many: bool) -> None:
        asked_for.append((statement, parameters[0] if is_many else parameters))

    event.listen(tx, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(tx, "before_cursor_execute", note)
    assert asked_for
    for statement, parameters in asked_for:
        # The first of all rows is found at once.
        if statement.startswith(("SELECT", "UPDATE", "DELETE")) and ("WHERE" in statement or "LIMIT" not in statement):
            for row in tx.connection.driver_connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters):  # type: ignore[union-attr]
                step = row[3]
                if step.startswith("SCAN") and step.split()[1] in LONG and "ix_deliveries_in_doubt" not in step:
                    found.append(f"{step}: {statement}")
                if not sorts and "ORDER BY" in step and "LIMIT" in statement:
                    found.append(f"{step}: {statement}")


def by_identity(tx: Transaction, identity: str) -> int:
    known = people.by_identity(tx, identity)
    assert known is not None
    return known.id


@pytest.fixture
def claims(tx: Transaction) -> list[ledger.Claim]:
    """Return what is due in a sequence that was edited since it began."""
    published(tx, "one", "two", "three")
    published(tx, "one", "new", "two", "three")
    for number in range(20):
        confirmed(tx, f"reader-{number}@example.org")
    asked(tx, "asked@example.org")
    return ledger.claim(tx, NOW, "me", LEASE, 10)


def test_sending_finds_all_that_it_needs_by_an_index(tx: Transaction, claims: list[ledger.Claim]) -> None:
    with plans(tx) as found:
        ledger.claim(tx, NOW, "me", LEASE, 5)
        ledger.begin(tx, claims, "me", NOW)
        done(tx, claims[:4], "me", NOW)
        done(tx, claims[4:5], "me", NOW, Outcome("deferred", "rcpt", 450))
        done(tx, claims[5:6], "me", NOW, Outcome("refused", "rcpt", 550, "5.1.1"))
        recovery.give_back(tx, claims[6:], "me", NOW)
        recovery.renew(tx, claims, "me", NOW + 2 * LEASE)
        recovery.recover(tx, NOW + 2 * LEASE, "hold")
        recovery.settle(tx, recovery.in_doubt(tx), "sent", NOW)
        recovery.next_look(tx)
        limits = Limits(Limit(per_hour=3))
        take(tx, "example.org", limits, NOW)
        slow_down(tx, "example.org", NOW)
        speed_up(tx, {"example.org"})
    assert found == []


def test_one_readers_wish_finds_all_that_it_needs_by_an_index(tx: Transaction, claims: list[ledger.Claim]) -> None:
    number, other, third = (claim.subscriber_id for claim in claims[-3:])
    with plans(tx) as found:
        standing.pause(tx, number, NOW)
        standing.resume(tx, number, NOW)
        standing.skip(tx, number, 1, NOW)
        standing.restart(tx, number, 1, NOW)
        standing.set_pace(tx, other, 1, {"every": "day"}, NOW)
        leaving.unsubscribe(tx, number, NOW, person("a@example.org").hash)
        leaving.leave(tx, other, "complaint", NOW, person("b@example.org").hash)
        people.standings(tx, third)
        asked(tx, "somebody@example.org")
        importing.add(tx, [person("c@example.org"), person("reader-1@example.org")], 1, Consent(NOW, "x"), NOW)
        coming.confirm(tx, by_identity(tx, "asked@example.org"), person("asked@example.org").hash, NOW)
        reports.log(tx, 1, third)
    assert found == []


def test_what_comes_back_finds_all_that_it_needs_by_an_index(tx: Transaction, claims: list[ledger.Claim]) -> None:
    ledger.begin(tx, claims, "me", NOW)
    ended = [ledger.Ended(one, Outcome("accepted", "reply", 250), NOW, f"{one.ref}@example.org") for one in claims]
    ledger.end(tx, ended, "me", ledger.Rules())
    with plans(tx) as found:
        for number, one in enumerate(claims[:3]):
            sent = f"{one.ref}@example.org"
            refs = [(one.ref, None, ""), (None, one.subscriber_ref, sent), (None, None, sent)]
            about = returns.subject_of(tx, *refs[number])
            assert about is not None
            assert about.delivery_ref == one.ref
            assert not returns.is_known(tx, bytes([number]) * 32)
            returns.keep(tx, returns.Returned(bytes([number]) * 32, "soft", raw=b"x", kept_until=NOW), about, NOW)
            returns.mark(tx, about, "soft", "4.2.2", NOW)
            returns.bounced(tx, about, "soft", "4.2.2", NOW, 5, b"h" * 32)
        returns.purge(tx, NOW)
    assert found == []


def test_an_edit_moves_a_batch_of_readers_at_a_time_and_each_by_an_index(
    tx: Transaction, claims: list[ledger.Claim]
) -> None:
    with plans(tx, sorts=False) as found:
        published(tx, "two", "one", "three", schedule=Schedule(every="day", at="10:00"), now=NOW + DAY, catch_up=True)
        publications.plan(tx, "letters", [], Schedule())
        moving.begin_portions(tx, 1)
        assert moving.move_some(tx, "letters", NOW + DAY, most=3)
    assert found == []


def test_the_plans_are_looked_at(store: Store) -> None:
    with store.transaction() as tx:
        published(tx, "one")
        with plans(tx) as found:
            tx.execute(t.deliveries.select().where(t.deliveries.c.reply == "x"))
        assert len(found) == 1
