"""The sending loop: what is due goes out once, within limits; whatever fails, nothing is lost and all is told."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from series_builders import ACCEPTED, DAY, NOW, WEEKLY, asked, confirmed, letters, person, published
from sqlalchemy import func, select, update

from pipeline.delivery import Limit
from pipeline.errors import (
    ConfigError,
    LetterError,
    PermanentDeliveryError,
    QuireError,
    StoreError,
    TransientDeliveryError,
    WriteError,
)
from pipeline.series.compose import Message
from pipeline.series.deliver import Sending, Tally, send_due
from pipeline.series.message import Envelope
from pipeline.series.outcome import Outcome, Stage
from pipeline.series.store import _schema as t
from pipeline.series.store import coming, journal, leaving, ledger, limits, recovery
from pipeline.series.store.courses import sequence_id_of
from pipeline.series.store.engine import Store, open_store
from pipeline.series.store.people import Consent
from pipeline.series.store.publications import publish

LATER = Outcome("deferred", "rcpt", 451, "4.7.1", "greylisted")
UNREACHED = Outcome("deferred", "connect", text="nobody answers")
SLOWER = Outcome("deferred", "mail", 421, "4.7.0", "too many messages")
NOBODY = Outcome("refused", "rcpt", 550, "5.1.1", "no such user")
DROPPED = Outcome("in_doubt", "reply", text="the connection ended")


class Clock:
    """A clock that stands where it is put, or runs so many times as fast as others."""

    def __init__(self, now: datetime = NOW, speed: float = 0) -> None:
        self.moment, self.stops = now, threading.Event()
        self._speed, self._started = speed, time.monotonic()

    def now(self) -> datetime:
        return self.moment + timedelta(seconds=self._speed * (time.monotonic() - self._started))

    def elapsed(self) -> float:
        return time.monotonic()

    def is_stopping(self) -> bool:
        return self.stops.is_set()

    def wait(self, seconds: float) -> None:
        self.stops.wait(seconds)


class Server:
    """A server in memory: what it has taken, and what it answers by address; `meanwhile` happens before an answer."""

    def __init__(self) -> None:
        self.inbox: Counter[tuple[str, bytes]] = Counter()
        self.answers: dict[str, list[Outcome | QuireError]] = {}
        self.meanwhile: Callable[[str], None] = lambda address: None
        self.connections = 0
        self.order: list[str] = []
        self._lock = threading.Lock()

    def connect(self) -> "Server":
        self.connections += 1
        return self

    def send(self, envelope: Envelope, content: bytes) -> Outcome:
        self.meanwhile(envelope.recipient)
        with self._lock:
            waiting = self.answers.get(envelope.recipient) or self.answers.get("*") or [ACCEPTED]
            answer = waiting.pop(0) if waiting != [ACCEPTED] else ACCEPTED
            if isinstance(answer, QuireError):
                raise answer
            self.order.append(envelope.recipient)
            if answer.kind in ("accepted", "in_doubt"):
                self.inbox[envelope.recipient, content] += 1
            return answer

    def close(self) -> None:
        self.connections -= 1


def compose(claim: ledger.Claim, at: datetime) -> Message:
    content = f"{claim.issue} for {claim.address}".encode()
    return Message(Envelope("bounces@x.org", claim.address), content, f"{claim.ref}@x.org", b"-", b"h" * 32, b"a" * 32)


def readers(store: Store, *addresses: str, issues: tuple[str, ...] = ("one", "two")) -> None:
    with store.transaction() as tx:
        published(tx, *issues)
        for address in addresses:
            confirmed(tx, address)


def sent(store: Store, server: Server, clock: Clock | None = None, owner: str = "me", **sending: object) -> Tally:
    """Send what is due; return what was done."""
    tally = Tally()
    options = {"connections": 3, "pauses": (0.01, 0.01), "patience": 0.3, **sending}
    send_due(store, compose, server.connect, Sending(**options), clock or Clock(), owner, tally)  # type: ignore[arg-type]
    return tally


def states(store: Store) -> Counter[str]:
    with store.reading() as tx:
        d = t.deliveries.c
        rows = tx.execute(select(d.state, func.count()).where(~d.issue.startswith("mail/")).group_by(d.state))
        return Counter({row[0]: row[1] for row in rows})


ALL = [f"reader-{number}@example.org" for number in range(40)]


# --------------------------------------------------------------------------- what goes out


def test_everybody_who_is_due_gets_the_issue_once(store: Store) -> None:
    readers(store, *ALL)
    server = Server()
    tally = sent(store, server)
    assert server.inbox == {(address, f"one for {address}".encode()): 1 for address in ALL}
    assert (tally.sent, states(store)) == (40, {"sent": 40})
    assert server.connections == 0
    assert sent(store, server).sent == 0


def test_what_is_sent_is_committed_as_sending_before(store: Store) -> None:
    readers(store, "ann@example.org")
    server = Server()
    seen: list[str] = []
    server.meanwhile = lambda address: seen.extend(states(store))
    sent(store, server)
    assert seen == ["sending"]


def test_each_connection_has_one_message_in_flight_at_the_most(store: Store) -> None:
    readers(store, *ALL)
    server, most = Server(), []
    server.meanwhile = lambda address: most.append(states(store)["sending"])
    sent(store, server, connections=3)
    assert 1 <= max(most) <= 3


def test_no_more_goes_out_than_is_asked_for(store: Store) -> None:
    readers(store, *ALL)
    server = Server()
    assert sent(store, server, most=7).sent == 7
    assert sent(store, server).sent == 33


def test_two_at_once_send_nothing_twice(store: Store, tmp_path: Path) -> None:
    readers(store, *ALL)
    server = Server()
    other = open_store(str(tmp_path / "series.db"))
    thread = threading.Thread(target=sent, args=(other, server), kwargs={"owner": "other"})
    thread.start()
    sent(store, server)
    thread.join()
    other.close()
    assert set(server.inbox.values()) == {1}
    assert len(server.inbox) == 40


def test_what_the_ledger_keeps_says_how_it_was_made(store: Store) -> None:
    readers(store, "ann@example.org")
    sent(store, Server())
    with store.reading() as tx:
        d = t.deliveries.c
        row = tx.execute(select(d.message_id, d.filled, d.hash, d.code).where(d.issue == "one")).one()
    assert row.message_id.endswith("@x.org")
    assert (row.filled, row.hash, row.code) == (b"-", b"h" * 32, 250)


# --------------------------------------------------------------------------- what is refused or put off


def with_two_newsletters(store: Store) -> None:
    """Let somebody read two newsletters, with an issue of each due at once."""
    with store.transaction() as tx:
        published(tx, "one", "two")
        publish(tx, "others", "Others", b"head", letters("eins", "zwei"), WEEKLY, NOW)
        asked(tx, "ann@example.org")
        other = sequence_id_of(tx, "others")
        assert other is not None
        coming.ask(tx, person("ann@example.org"), other, NOW, Consent(NOW, "a test"))
        confirmed(tx, "ann@example.org")


def days_of(store: Store) -> list[tuple[str, int]]:
    """Return each issue that was sent, and on which day since the first."""
    with store.reading() as tx:
        d = t.deliveries.c
        mine = ~d.issue.startswith("mail/") & (d.state == "sent")
        return [(row[0], (row[1] - NOW).days) for row in tx.execute(select(d.issue, d.ended_at).where(mine))]


def test_who_reads_two_newsletters_gets_one_issue_a_day(store: Store) -> None:
    with_two_newsletters(store)
    for day in range(10):
        sent(store, Server(), Clock(NOW + day * DAY))
    issues = days_of(store)
    assert {issue for issue, _ in issues} == {"one", "two", "eins", "zwei"}
    assert len({day for _, day in issues}) == 4


def test_what_was_put_off_waits_a_day_where_its_reader_has_had_another_meanwhile(store: Store) -> None:
    with_two_newsletters(store)
    server = Server()
    server.answers["ann@example.org"] = [LATER]
    for quarter in range(8 * 4):
        sent(store, server, Clock(NOW + quarter * timedelta(hours=6)))
    issues = days_of(store)
    assert len({day for _, day in issues}) == len(issues) >= 3


def test_who_is_sent_again_what_was_in_doubt_gets_no_second_issue_that_day(store: Store) -> None:
    readers(store, "ann@example.org")
    server = Server()
    server.answers["ann@example.org"] = [DROPPED]
    sent(store, server)
    week = NOW + 7 * DAY
    sent(store, server, Clock(week))
    with store.transaction() as tx:
        assert recovery.settle(tx, recovery.in_doubt(tx), "resend", week) == 1
    assert sent(store, server, Clock(week)).sent == 0
    assert sent(store, server, Clock(week + DAY)).sent == 1


def test_one_that_is_refused_hinders_no_other(store: Store) -> None:
    readers(store, *ALL)
    server = Server()
    server.answers = {"reader-3@example.org": [NOBODY], "reader-5@example.org": [LATER]}
    tally = sent(store, server, Clock(speed=100), connections=1)
    assert (tally.sent, tally.failed, tally.deferred) == (38, 1, 1)
    assert states(store) == {"sent": 38, "failed": 1, "deferred": 1}


def test_what_was_put_off_is_sent_again_when_its_time_has_come(store: Store) -> None:
    readers(store, "ann@example.org")
    server = Server()
    server.answers["ann@example.org"] = [LATER]
    sent(store, server)
    assert sent(store, server).sent == 0
    assert sent(store, server, Clock(NOW + timedelta(hours=1))).sent == 1


def test_a_message_that_cannot_be_made_fails_alone(store: Store) -> None:
    readers(store, "ann@example.org", "ben@example.org")

    def choosy(claim: ledger.Claim, at: datetime) -> Message:
        if claim.address.startswith("ann"):
            raise WriteError("an address is none")
        return compose(claim, at)

    tally = Tally()
    send_due(store, choosy, Server().connect, Sending(connections=1), Clock(), "me", tally)
    assert (tally.sent, tally.failed) == (1, 1)


def faulty(claim: ledger.Claim, at: datetime) -> Message:
    if claim.issue == "one":
        raise LetterError("“one” can't be sent as it was published")
    return compose(claim, at)


def test_a_letter_that_cannot_be_made_holds_its_readers_and_no_others(store: Store) -> None:
    readers(store, *ALL)
    with store.transaction() as tx:
        tx.execute(update(t.enrolments).where(t.enrolments.c.subscriber_id > 35).values(reached="one"))
    tried: list[int] = []

    def counting(claim: ledger.Claim, at: datetime) -> Message:
        tried.extend([claim.ref] if claim.issue == "one" else [])
        return faulty(claim, at)

    tally, server = Tally(), Server()
    # As many as were asked for are sent, and those that can't be don't count.
    send_due(store, counting, server.connect, Sending(connections=2, most=5), Clock(), "me", tally)
    assert (tally.sent, tally.failed, list(tally.held.values())) == (5, 0, ["“one” can't be sent as it was published"])
    assert 1 <= len(tried) <= 2
    assert states(store) == {"due": 35, "sent": 5}
    # An hour later it is tried again; once the letter can be made, all of them get it.
    send_due(store, counting, server.connect, Sending(), Clock(NOW + timedelta(minutes=59)), "me", tally)
    assert len(tried) <= 2
    send_due(store, compose, server.connect, Sending(), Clock(NOW + timedelta(hours=1), speed=1), "me", tally)
    assert (tally.sent, tally.failed, tally.held) == (40, 0, {})
    assert sum(server.inbox.values()) == 40


def test_a_letter_that_cannot_be_made_loses_nothing_where_the_run_is_to_end(store: Store) -> None:
    readers(store, *ALL)
    clock = Clock()

    def stopping(claim: ledger.Claim, at: datetime) -> Message:
        clock.stops.set()
        return faulty(claim, at)

    send_due(store, stopping, Server().connect, Sending(connections=3), clock, "me", Tally())
    assert set(states(store)) == {"due"}


def test_a_line_that_drops_before_the_reply_leaves_its_message_in_doubt(store: Store) -> None:
    readers(store, "ann@example.org")
    server = Server()
    server.answers["ann@example.org"] = [DROPPED]
    assert sent(store, server).in_doubt == 1
    assert states(store) == {"in_doubt": 1}
    assert sent(store, server, Clock(NOW + DAY)).sent == 0


def test_in_doubt_may_be_sent_again_where_that_is_asked_for(store: Store) -> None:
    readers(store, "ann@example.org")
    server = Server()
    server.answers["ann@example.org"] = [DROPPED]
    rules = ledger.Rules("resend")
    sent(store, server, rules=rules)
    assert sent(store, server, Clock(NOW + DAY), rules=rules).sent == 1


# --------------------------------------------------------------------------- what stops everything


def test_a_wrong_password_stops_and_marks_nothing_as_failed(store: Store) -> None:
    readers(store, *ALL)
    server = Server()
    server.answers["*"] = [PermanentDeliveryError("it doesn't let ann in") for _ in range(3)]
    with pytest.raises(PermanentDeliveryError, match="let ann in"):
        sent(store, server)
    assert set(states(store)) == {"due"}
    server.answers.clear()
    assert sent(store, server).sent == 40


def test_a_server_that_cannot_be_reached_is_tried_a_few_times(store: Store) -> None:
    readers(store, *ALL)
    server = Server()
    server.answers["*"] = [UNREACHED] * 100
    with pytest.raises(TransientDeliveryError, match="can't be reached: nobody answers"):
        sent(store, server)
    assert len(server.order) < 10
    assert set(states(store)) == {"due"}
    with store.reading() as tx:
        # That was no attempt of theirs.
        assert set(tx.execute(select(t.deliveries.c.attempts).where(t.deliveries.c.state == "due")).scalars()) == {0}


def test_a_server_that_takes_nothing_for_now_is_quoted(store: Store) -> None:
    readers(store, *ALL)
    server = Server()
    server.answers["*"] = [Outcome("deferred", "connect", 442, "4.3.2", "Not now")] * 100
    with pytest.raises(TransientDeliveryError, match=r"the server takes nothing now: 442 4\.3\.2 Not now"):
        sent(store, server)


@pytest.mark.parametrize("stage", ["mail", "rcpt", "data", "reply"])
def test_a_server_that_refuses_one_after_the_other_does_not_fail_them_all(store: Store, stage: Stage) -> None:
    readers(store, *ALL)
    server = Server()
    server.answers["*"] = [Outcome("refused", stage, 550, text="Relaying denied")] * 40
    with pytest.raises(PermanentDeliveryError, match=r"refused 10 .* in a row, the last with: 550 Relaying denied"):
        sent(store, server, connections=3)
    # Those that were under way then, and those that were next.
    assert 10 <= states(store)["failed"] <= 10 + 2 * 3
    with store.reading() as tx:
        # Nobody has lost the subscription for it.
        assert set(tx.execute(select(t.subscribers.c.state)).scalars()) == {"active"}


def test_readers_who_are_gone_end_no_run_even_one_after_the_other(store: Store) -> None:
    readers(store, *ALL)
    server = Server()
    server.answers = {f"reader-{number}@example.org": [NOBODY] for number in range(30)}
    tally = sent(store, server, connections=2)
    assert (tally.sent, tally.failed) == (10, 30)


def test_a_server_that_comes_back_is_sent_to(store: Store) -> None:
    readers(store, *ALL)
    server = Server()
    server.answers["*"] = [UNREACHED] * 2
    assert sent(store, server, connections=1).sent == 40


def test_without_a_key_nothing_is_sent_and_nothing_fails(store: Store) -> None:
    readers(store, "ann@example.org")

    def keyless(claim: ledger.Claim, at: datetime) -> Message:
        raise ConfigError("QUIRE_LINK_KEYS is not set")

    with pytest.raises(ConfigError, match="QUIRE_LINK_KEYS"):
        send_due(store, keyless, Server().connect, Sending(), Clock(), "me", Tally())
    assert states(store) == {"due": 1}


def test_a_fault_of_our_own_ends_the_run_and_is_not_hidden(store: Store) -> None:
    readers(store, "ann@example.org", "ben@example.org")

    def broken(claim: ledger.Claim, at: datetime) -> Message:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        send_due(store, broken, Server().connect, Sending(connections=2), Clock(), "me", Tally())


def test_asked_to_stop_it_ends_what_is_under_way_and_lets_go_of_the_rest(store: Store) -> None:
    readers(store, *ALL)
    server, clock = Server(), Clock()

    def stop(address: str) -> None:
        if len(server.order) >= 5:
            clock.stops.set()

    server.meanwhile = stop
    tally = sent(store, server, clock, connections=2)
    assert 5 <= tally.sent <= 8
    assert set(states(store)) == {"sent", "due"}
    assert states(store)["sent"] == tally.sent
    assert sent(store, server).sent == 40 - tally.sent


def test_asked_to_stop_it_lets_others_have_the_rest_before_the_server_has_answered(store: Store) -> None:
    readers(store, *ALL)
    server, clock = Server(), Clock()
    seen: list[Counter[str]] = []

    def stop(address: str) -> None:
        clock.stops.set()
        deadline = time.monotonic() + 10
        while states(store)["claimed"] and time.monotonic() < deadline:
            time.sleep(0.02)
        seen.append(states(store))

    server.meanwhile = stop
    assert sent(store, server, clock, connections=1).sent == 1
    assert seen == [{"sending": 1, "due": 15}]


def test_interrupted_it_waits_for_no_server(store: Store) -> None:
    readers(store, *ALL)
    server, is_over = Server(), threading.Event()
    server.meanwhile = lambda address: is_over.wait(20) and None

    class Interrupting(Clock):
        def is_stopping(self) -> bool:
            if states(store)["sending"]:
                raise KeyboardInterrupt
            return False

    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        sent(store, server, Interrupting(), connections=2)
    took = time.monotonic() - begun
    is_over.set()
    assert took < 10
    # What no server has heard of is free at once.
    assert states(store)["claimed"] == 0
    assert states(store)["due"] > 0


def test_while_the_store_is_locked_what_was_sent_waits_to_be_written_down(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    readers(store, "ann@example.org")
    server, failures = Server(), [1, 2, 3]
    end = ledger.end

    def locked(tx: object, ended: list[ledger.Ended], *more: object) -> None:
        if ended and failures:
            failures.pop()
            raise StoreError("the store failed: database is locked")
        end(tx, ended, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(ledger, "end", locked)
    assert sent(store, server, patience=10.0).sent == 1
    assert states(store) == {"sent": 1}
    assert set(server.inbox.values()) == {1}


def losing_replies(store: Store, monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    """Let the replies to the first commits that begin a message be lost: they hold, and nobody knows."""
    begin, transaction = ledger.begin, store.transaction
    begun: list[datetime] = []

    def noted(*given: object) -> object:
        begun.append(NOW)
        return begin(*given)  # type: ignore[arg-type]

    @contextmanager
    def losing() -> Iterator[object]:
        count = len(begun)
        with transaction() as tx:
            yield tx
        if len(begun) > count and len(begun) <= times:
            raise StoreError("the store was lost: the connection ended")

    monkeypatch.setattr(ledger, "begin", noted)
    monkeypatch.setattr(store, "transaction", losing)


def test_a_commit_whose_reply_was_lost_takes_no_second_leave_of_a_limit(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    readers(store, "ann@example.org")
    losing_replies(store, monkeypatch, 1)
    server = Server()
    tally = sent(store, server, limits=limits.Limits(Limit(per_hour=1)), patience=10.0)
    assert (tally.sent, tally.in_doubt, states(store)) == (1, 0, {"sent": 1})


def test_what_a_lost_commit_had_begun_and_nobody_was_handed_is_not_in_doubt(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    readers(store, "ann@example.org")
    losing_replies(store, monkeypatch, 1)
    with pytest.raises(StoreError, match="was lost"):
        sent(store, Server(), patience=0.0)
    assert states(store) == {"due": 1}


@pytest.mark.parametrize("place", ["claim", "renew"])
def test_a_store_that_fails_for_a_moment_leaves_nothing_in_doubt(
    store: Store, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    readers(store, *ALL)
    server, fails_until = Server(), [0.0]
    module = ledger if place == "claim" else recovery
    call, end = getattr(module, place), ledger.end

    def restarting(*given: object) -> object:
        if len(server.order) > 5 and not fails_until[0]:
            fails_until[0] = time.monotonic() + 0.5
            raise StoreError("the store was lost: it is restarted")
        return call(*given)

    def later(*given: object) -> None:
        if time.monotonic() < fails_until[0]:
            raise StoreError("the store was lost: it is restarted")
        end(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(module, place, restarting)
    monkeypatch.setattr(ledger, "end", later)
    server.meanwhile = lambda address: time.sleep(0.02)
    with pytest.raises(StoreError, match="restarted"):
        sent(store, server, connections=2, patience=10.0, lease=timedelta(seconds=0.3))
    assert set(states(store)) == {"sent", "due"}
    assert states(store)["sent"] == sum(server.inbox.values())


def test_what_could_not_be_written_down_is_told_by_number(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    readers(store, "ann@example.org")
    server = Server()

    def full(tx: object, ended: list[ledger.Ended], *more: object) -> None:
        if ended:
            raise StoreError("the store failed: database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(ledger, "end", full)
        with pytest.raises(StoreError, match=r"disk is full\n    How 1 messages .* in doubt: \d+ accepted"):
            sent(store, server)
    assert states(store) == {"sending": 1}
    # Later runs find it, and send it to nobody again.
    assert sent(store, server, Clock(NOW + timedelta(hours=1))).recovered == 1
    assert states(store) == {"in_doubt": 1}


# --------------------------------------------------------------------------- who has left, and leases


def test_who_leaves_between_claim_and_send_gets_nothing(store: Store) -> None:
    readers(store, *ALL)
    server = Server()

    def leave(address: str) -> None:
        if len(server.order) == 0:
            with store.transaction() as tx:
                for number in range(1, 41):
                    leaving.leave(tx, number, "complaint", NOW)

    server.meanwhile = leave
    tally = sent(store, server, connections=1)
    assert (tally.sent, sum(server.inbox.values())) == (1, 1)
    assert tally.stopped > 0


@pytest.mark.parametrize("leaves", ["while it waits for another try", "between claim and send"])
def test_who_leaves_before_an_issue_and_comes_back_gets_it_and_hinders_nobody(store: Store, leaves: str) -> None:
    readers(store, "ann@example.org")
    if leaves == "between claim and send":
        with store.transaction() as tx:
            claims = ledger.claim(tx, NOW, "other", timedelta(minutes=5), 1)
            leaving.unsubscribe(tx, 1, NOW, b"h" * 32)
            assert set(ledger.begin(tx, claims, "other", NOW).values()) == {"stopped"}
    else:
        server = Server()
        server.answers["ann@example.org"] = [LATER]
        sent(store, server)
        with store.transaction() as tx:
            leaving.unsubscribe(tx, 1, NOW, b"h" * 32)
    with store.transaction() as tx:
        assert coming.come_back(tx, 1, b"h" * 32, NOW, Consent(NOW, "a test"))
        confirmed(tx, "ben@example.org")
    server = Server()
    for week in range(3):
        sent(store, server, Clock(NOW + week * 7 * DAY, speed=100))
    issues = [(address, issue) for address in ("ann@example.org", "ben@example.org") for issue in ("one", "two")]
    expected = {(address, f"{issue} for {address}".encode()): 1 for address, issue in issues}
    assert {key: count for key, count in server.inbox.items() if not key[1].startswith(b"mail/")} == expected


def test_a_sender_that_wakes_past_its_lease_sends_nothing(store: Store) -> None:
    readers(store, "ann@example.org")
    server, clock = Server(), Clock()

    def slow(claim: ledger.Claim, at: datetime) -> Message:
        clock.moment = NOW + timedelta(minutes=6)
        return compose(claim, at)

    tally = Tally()
    send_due(store, slow, server.connect, Sending(connections=1, most=1), clock, "me", tally)
    assert (tally.sent, server.inbox) == (0, {})
    assert sent(store, server, Clock(NOW + timedelta(minutes=12))).sent == 1


def test_a_lease_is_kept_up_while_a_server_takes_its_time(store: Store) -> None:
    readers(store, "ann@example.org")
    server = Server()

    def wait(address: str) -> None:
        with store.reading() as tx:
            before = tx.execute(select(t.deliveries.c.lease_until).where(t.deliveries.c.state == "sending")).scalar()
        clock.moment += timedelta(seconds=1)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with store.reading() as tx:
                query = select(t.deliveries.c.lease_until).where(t.deliveries.c.state == "sending")
                if tx.execute(query).scalar() != before:
                    return
            time.sleep(0.02)
        raise AssertionError("the lease was not renewed")

    server.meanwhile = wait
    clock = Clock()
    assert sent(store, server, clock, lease=timedelta(seconds=0.6), connections=1).sent == 1


def test_what_another_left_is_taken_up_at_the_start(store: Store) -> None:
    readers(store, "ann@example.org", "ben@example.org")
    with store.transaction() as tx:
        claims = ledger.claim(tx, NOW, "gone", timedelta(minutes=1), 10)
        ledger.begin(tx, claims[:1], "gone", NOW)
    tally = sent(store, Server(), Clock(NOW + timedelta(minutes=2)))
    assert (tally.sent, tally.recovered) == (1, 1)


def test_a_clock_that_jumps_ahead_loses_nothing(store: Store) -> None:
    readers(store, *ALL)
    server, clock = Server(), Clock()

    def jump(address: str) -> None:
        if len(server.order) == 5:
            clock.moment = NOW + timedelta(hours=2)

    server.meanwhile = jump
    first = sent(store, server, clock, connections=2)
    second = sent(store, server, Clock(NOW + timedelta(hours=3)))
    assert set(server.inbox.values()) == {1}
    assert first.sent + first.in_doubt + second.sent + second.recovered >= 40
    assert states(store)["due"] + states(store)["claimed"] == 0


# --------------------------------------------------------------------------- how fast


def test_a_limit_holds_and_says_when_it_goes_on(store: Store) -> None:
    readers(store, *ALL)
    server = Server()
    rules = limits.Limits(Limit(per_hour=10))
    tally = sent(store, server, limits=rules)
    assert (tally.sent, tally.resume_at) == (10, NOW + timedelta(hours=1))
    assert sent(store, server, Clock(NOW + timedelta(hours=1)), limits=rules).sent == 10


def test_a_limit_of_a_domain_holds_back_no_other(store: Store) -> None:
    slow = [f"{number}@slow.example" for number in range(100)]
    readers(store, *slow, *ALL)
    server = Server()
    rules = limits.Limits(domains={"slow.example": Limit(per_hour=10)})
    assert sent(store, server, limits=rules).sent == 50
    with store.reading() as tx:
        waiting = tx.execute(select(t.deliveries.c.try_at).where(t.deliveries.c.state == "due")).scalars().all()
    assert len(waiting) == 90
    # They come back one after the other, and not all at once.
    assert max(waiting) - min(waiting) > timedelta(hours=7)


def test_a_limit_of_a_domain_that_lets_one_go_every_moment_holds_back_no_other(store: Store) -> None:
    slow = [f"{number}@slow.example" for number in range(200)]
    readers(store, *slow, *ALL)
    server, clock = Server(), Clock(speed=1)
    rules = limits.Limits(domains={"slow.example": Limit(per_second=2)})

    def stop(address: str) -> None:
        if sum(other in ALL for other in server.order) == len(ALL) - 1 or len(server.order) > 80:
            clock.stops.set()

    server.meanwhile = stop
    sent(store, server, clock, limits=rules)
    assert sum(address in ALL for address in server.order) >= len(ALL) - 1
    # Those of the domain go as fast as its limit lets them, and no faster.
    passed = (clock.now() - NOW).total_seconds()
    assert 2 <= sum(address in slow for address in server.order) <= 2 * (passed + 1)


def test_those_behind_a_limit_of_a_domain_go_as_fast_as_it_lets_them(store: Store) -> None:
    slow = [f"{number}@slow.example" for number in range(150)]
    readers(store, *slow)
    clock = Clock(speed=1)
    rules = limits.Limits(domains={"slow.example": Limit(per_second=50)})
    assert sent(store, Server(), clock, connections=2, limits=rules).sent == 150
    assert timedelta(seconds=2) <= clock.now() - NOW < timedelta(seconds=10)


def test_a_clock_that_is_set_back_keeps_nobody_waiting_whom_a_limit_held_back(store: Store) -> None:
    slow = [f"{number}@slow.example" for number in range(12)]
    readers(store, *slow)
    server, clock = Server(), Clock(speed=1)

    def set_back(address: str) -> None:
        # The first have gone, and the next is waiting in memory for its moment.
        if len(server.order) == 6:
            clock.moment = NOW - timedelta(hours=1)

    server.meanwhile = set_back
    begun = time.monotonic()
    limit = limits.Limits(domains={"slow.example": Limit(per_second=5)})
    assert sent(store, server, clock, connections=2, limits=limit).sent == 12
    assert 1 < time.monotonic() - begun < 30


def test_a_server_that_asks_for_less_is_sent_less(store: Store) -> None:
    readers(store, *ALL)
    server = Server()
    server.answers["*"] = [SLOWER] * 6
    tally = sent(store, server, Clock(speed=100), connections=1)
    assert tally.deferred == 6
    assert tally.resume_at is not None
    with store.transaction() as tx:
        assert limits.slowed(tx) == {limits.ALL}
        tx.execute(update(t.buckets).values(gap=1000, not_before=None))
    # Once it takes messages again, it is sent to as before.
    assert sent(store, server, Clock(NOW + timedelta(minutes=10), speed=1)).sent > 0
    with store.reading() as tx:
        assert limits.slowed(tx) == set()


def test_a_storm_of_refusals_for_now_loses_nothing(store: Store) -> None:
    readers(store, *ALL[:12])
    server, now = Server(), NOW
    server.answers["*"] = [Outcome("deferred", "rcpt", 450 + number % 3, "4.2.0") for number in range(24)]
    for _ in range(400):
        sent(store, server, Clock(now, speed=5000), connections=2)
        now += timedelta(hours=1)
        if states(store) == {"sent": 12}:
            break
        if now - NOW > DAY:
            server.answers.clear()
    assert states(store)["sent"] == 12
    assert set(server.inbox.values()) == {1}


def test_nothing_is_noted_as_sent_twice_in_all_of_this(store: Store) -> None:
    readers(store, *ALL)
    sent(store, Server())
    with store.reading() as tx:
        assert journal.entries(tx, what="sent-twice") == []
