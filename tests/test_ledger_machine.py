"""The ledger driven through anything: two senders that crash and sleep, a server that refuses and drops, readers that
come, pause and leave, and an author who edits. Beside it a model that knows what the server really has."""

import tempfile
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from postgres_server import emptied
from series_builders import LEASE, NOW, confirmed, person, published
from sqlalchemy import select

from pipeline.delivery import Schedule
from pipeline.series.outcome import Outcome
from pipeline.series.store import _schema as t
from pipeline.series.store import journal, leaving, ledger, recovery, standing
from pipeline.series.store.engine import Store, open_store

READERS = [f"reader-{n}@example.org" for n in range(4)]
SENDERS = ["first", "second"]
DAILY = Schedule(every="day", at="09:00", time_zone="UTC", latest=48)
ISSUES = [f"issue-{n}" for n in range(8)]
OUTCOMES = {
    "accepted": Outcome("accepted", "reply", 250),
    "deferred": Outcome("deferred", "rcpt", 450, "4.2.0"),
    "unreached": Outcome("deferred", "connect"),
    "policy": Outcome("refused", "content", 554, "5.7.1"),
    "dropped": Outcome("in_doubt", "reply"),
}
ENDED = {"sent", "failed", "in_doubt", "skipped", "suppressed"}


@dataclass
class Sender:
    """A process: what it has claimed, what it may send, and how what it sent has ended."""

    claimed: list[ledger.Claim] = field(default_factory=list)
    begun: list[ledger.Claim] = field(default_factory=list)
    ended: list[ledger.Ended] = field(default_factory=list)


class Ledger(RuleBasedStateMachine):
    """Everything that can happen, in any order."""

    @initialize(policy=st.sampled_from(["hold", "resend"]))
    def start(self, policy: ledger.Policy) -> None:
        self.store = self.opened()
        self.now: datetime = NOW
        self.rules = ledger.Rules(policy)
        self.senders = {name: Sender() for name in SENDERS}
        self.numbers: dict[str, int] = {}
        self.left: set[int] = set()
        # What the server has taken, and how often something may have gone twice without anybody's fault.
        self.inbox: Counter[tuple[int, str]] = Counter()
        self.doubts: Counter[tuple[int, str]] = Counter()
        self.order, self.is_edited = list(ISSUES[:6]), False
        with self.store.transaction() as tx:
            published(tx, *self.order, schedule=DAILY)
            for address in READERS[:2]:
                self.numbers[address] = confirmed(tx, address, self.now)

    def opened(self) -> Store:
        self.folder = tempfile.TemporaryDirectory()
        return open_store(str(Path(self.folder.name) / "s.db"))

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.finish()
            self.store.close()
            if hasattr(self, "folder"):
                self.folder.cleanup()

    # ------------------------------------------------------------------- readers

    @rule(address=st.sampled_from(READERS))
    def come(self, address: str) -> None:
        if address not in self.numbers:
            with self.store.transaction() as tx:
                self.numbers[address] = confirmed(tx, address, self.now)

    @precondition(lambda self: self.numbers)
    @rule(pick=st.sampled_from(READERS), reason=st.sampled_from(["unsubscribed", "complaint", "erased"]))
    def leave(self, pick: str, reason: str) -> None:
        address = pick if pick in self.numbers else min(self.numbers)
        number = self.numbers[address]
        with self.store.transaction() as tx:
            if reason == "erased":
                leaving.erase(tx, number, person(address).hash, self.now)
            else:
                leaving.leave(tx, number, reason, self.now, person(address).hash)  # type: ignore[arg-type]
        self.left.add(number)

    @precondition(lambda self: self.numbers)
    @rule(pick=st.sampled_from(READERS), pauses=st.booleans())
    def pause_or_resume(self, pick: str, pauses: bool) -> None:
        number = self.numbers[pick if pick in self.numbers else min(self.numbers)]
        with self.store.transaction() as tx:
            (standing.pause if pauses else standing.resume)(tx, number, self.now)

    # ------------------------------------------------------------------- the author

    @rule(order=st.permutations(ISSUES), count=st.integers(1, 8), catch_up=st.booleans())
    def edit(self, order: list[str], count: int, catch_up: bool) -> None:
        self.order, self.is_edited = order[:count], True
        with self.store.transaction() as tx:
            published(tx, *self.order, schedule=DAILY, now=self.now, catch_up=catch_up)

    # ------------------------------------------------------------------- senders

    @rule(minutes=st.sampled_from([1, 11, 60, 60 * 24, 60 * 24 * 3]))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule(
        name=st.sampled_from(SENDERS),
        most=st.integers(1, 5),
        how=st.sampled_from(["accepted", *sorted(OUTCOMES)]),
        arrived=st.booleans(),
        first=st.sampled_from([0, 0, 0, 1, 2, 3]),
        last=st.sampled_from([3, 3, 3, 2, 1, 0]),
        days=st.sampled_from([0, 0, 1]),
    )
    def work(self, name: str, most: int, how: str, arrived: bool, first: int, last: int, days: int) -> None:
        """Work well for some days; then go some way from claiming to writing down, from where one may have stopped."""
        for _ in range(days):
            self.now += timedelta(days=1)
            self.claim(name, most)
            self.begin(name)
            self.send(name, "accepted", True)
            self.write_down(name)
        self.now += timedelta(days=first == 0)
        steps = [
            lambda: self.claim(name, most),
            lambda: self.begin(name),
            lambda: self.send(name, how, arrived),
            lambda: self.write_down(name),
        ]
        for step in steps[first : last + 1]:
            step()

    def claim(self, name: str, most: int) -> None:
        with self.store.transaction() as tx:
            self.senders[name].claimed += ledger.claim(tx, self.now, name, LEASE, most)

    def begin(self, name: str) -> None:
        sender = self.senders[name]
        with self.store.transaction() as tx:
            verdicts = ledger.begin(tx, sender.claimed, name, self.now)
        going = [claim for claim in sender.claimed if verdicts[claim.ref] == "send"]
        assert not {claim.subscriber_id for claim in going} & self.left
        sender.begun += going
        sender.claimed = []

    def send(self, name: str, how: str, arrived: bool) -> None:
        sender = self.senders[name]
        for claim in sender.begun:
            if self.now >= claim.lease_until:
                # As the sender does: the lease ran out, and somebody else may have the message.
                sender.ended.append(ledger.Ended(claim, OUTCOMES["unreached"], self.now))
                continue
            if how == "accepted" or (how == "dropped" and arrived):
                self.inbox[claim.subscriber_id, claim.issue] += 1
            if how == "dropped":
                self.doubts[claim.subscriber_id, claim.issue] += 1
            sender.ended.append(ledger.Ended(claim, OUTCOMES[how], self.now))
        sender.begun = []

    def write_down(self, name: str) -> None:
        sender = self.senders[name]
        with self.store.transaction() as tx:
            ledger.end(tx, sender.ended, name, self.rules)
        sender.ended = []

    @rule(name=st.sampled_from(SENDERS))
    def crash(self, name: str) -> None:
        sender = self.senders[name]
        for one in sender.ended:
            self.doubts[one.claim.subscriber_id, one.claim.issue] += 1
        self.senders[name] = Sender()

    @rule()
    def recover(self) -> None:
        # A sender that only sleeps may have sent what it holds: when it is taken over, it may go twice.
        for sender in self.senders.values():
            for claim in [*sender.begun, *(one.claim for one in sender.ended)]:
                if claim.lease_until <= self.now:
                    self.doubts[claim.subscriber_id, claim.issue] += 1
        with self.store.transaction() as tx:
            recovery.recover(tx, self.now, self.rules.in_doubt)

    # ------------------------------------------------------------------- what always holds

    @invariant()
    def nothing_is_sent_twice_but_what_was_in_doubt(self) -> None:
        if hasattr(self, "inbox"):
            for message, count in self.inbox.items():
                assert count <= 1 + self.doubts[message], message

    @invariant()
    def one_reader_has_one_delivery_of_an_issue(self) -> None:
        if hasattr(self, "store"):
            with self.store.reading() as tx:
                d = t.deliveries.c
                rows = Counter(map(tuple, tx.execute(select(d.subscriber_id, d.issue)).all()))
            assert all(count == 1 for count in rows.values())

    def finish(self) -> None:
        """Let everything come to its end with a sender that works; then nothing may have been lost."""
        for name in SENDERS:
            self.crash(name)
        self.now += 2 * LEASE
        self.recover()
        for _ in range(200):
            self.now += timedelta(hours=12)
            with self.store.transaction() as tx:
                if not (claims := ledger.claim(tx, self.now, "last", LEASE, 100)) and recovery.next_look(tx) is None:
                    break
                ledger.begin(tx, claims, "last", self.now)
                done = [ledger.Ended(claim, OUTCOMES["accepted"], self.now) for claim in claims]
                ledger.end(tx, done, "last", self.rules)
        with self.store.reading() as tx:
            ended = {(row.subscriber_id, row.issue): row.state for row in tx.execute(select(t.deliveries))}
            standings = {row.subscriber_id: row for row in tx.execute(select(t.enrolments))}
            twice = {entry.delivery_ref for entry in journal.entries(tx, what="sent-twice")}
            refs = {(row.subscriber_id, row.issue): row.ref for row in tx.execute(select(t.deliveries))}
        assert set(ended.values()) <= ENDED
        for number, row in standings.items():
            # Nobody waits for something that never comes.
            assert (row.due_at, row.state in ("finished", "paused", "stopped")) == (None, True)
            if row.state == "finished":
                # Whoever has come to the end has had the last issue of the order, or was past it when it came.
                assert row.reached or not self.order
                if not self.is_edited:
                    assert {issue for reader, issue in ended if reader == number} >= set(self.order)
        for message, count in self.inbox.items():
            if ended.get(message) not in ("sent", "in_doubt"):
                # Sent, and taken for something else: only by a sender whose word came too late, which the log tells.
                assert refs.get(message) in twice or self.doubts[message], (message, count, ended.get(message))


MANY = settings(max_examples=100, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck))
Ledger.TestCase.settings = MANY
TestLedger = Ledger.TestCase


@pytest.mark.needs("initdb")
def test_the_ledger_holds_on_postgres_as_well(postgres: str) -> None:
    class OnPostgres(Ledger):
        def opened(self) -> Store:
            return emptied(postgres)

    run_state_machine_as_test(OnPostgres, settings=settings(MANY, max_examples=10))  # type: ignore[no-untyped-call]
