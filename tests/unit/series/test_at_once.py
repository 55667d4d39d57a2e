"""Several processes at one store at once: nobody gets anything twice, and none trips over another."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import timedelta

import pytest
from series_builders import ACCEPTED, LEASE, NOW, confirmed, person, published, send
from sqlalchemy import Connection, func, select, text

from pipeline.delivery import Limit
from pipeline.errors import StoreError
from pipeline.series.store import _schema as t
from pipeline.series.store import coming, importing, keys, leaving, ledger, standing
from pipeline.series.store.engine import Store, open_store
from pipeline.series.store.limits import Limits, slow_down, take
from pipeline.series.store.people import Consent

CONSENT = Consent(NOW, "a test")
Together = Callable[[int, Callable[[Store, int], object]], list[object]]
on_postgres = pytest.mark.parametrize(
    "address", [pytest.param("postgres", marks=pytest.mark.needs("initdb"))], indirect=True
)


@pytest.fixture
def together(address: str) -> Iterator[Together]:
    """Yield what does something so many times at once, each with a store of its own, and returns what came of it."""
    with ExitStack() as stack:

        def together(count: int, act: Callable[[Store, int], object]) -> list[object]:
            stores = [stack.enter_context(closing(open_store(address))) for _ in range(count)]
            start = threading.Barrier(count)

            def one(number: int) -> object:
                start.wait()
                return act(stores[number], number)

            with ThreadPoolExecutor(count) as pool:
                return list(pool.map(one, range(count)))

        yield together


def readers(tx: Connection, count: int) -> list[int]:
    published(tx, "one", "two", "three")
    return [confirmed(tx, f"reader-{number}@example.org") for number in range(count)]


def leave(tx: Connection, reader: int) -> None:
    """Let every fourth reader unsubscribe, the next be erased, and the third pause and resume."""
    hashed = f"hash of {reader}".encode().ljust(32, b".")
    if reader % 4 == 0:
        leaving.unsubscribe(tx, reader, NOW, hashed)
    elif reader % 4 == 1:
        leaving.erase(tx, reader, hashed, NOW)
    elif reader % 4 == 2:
        standing.pause(tx, reader, NOW)
        standing.resume(tx, reader, NOW)


@on_postgres
def test_one_transaction_changes_something_at_a_time_and_looks_wait_for_nobody(store: Store, address: str) -> None:
    with store.transaction() as tx:
        readers(tx, 5)
    claimed = threading.Event()

    def claim() -> int:
        with closing(open_store(address)) as other, other.transaction() as second:
            claimed.set()
            return len(ledger.claim(second, NOW, "second", LEASE, 10))

    with ThreadPoolExecutor(1) as pool, closing(open_store(address)) as onlooker:
        with store.transaction() as first:
            assert len(ledger.claim(first, NOW, "first", LEASE, 2)) == 2
            waiting = pool.submit(claim)
            with onlooker.reading() as look:
                assert ledger_is_empty(look)
            assert not claimed.wait(0.3)
        assert waiting.result() == 3


def ledger_is_empty(tx: Connection) -> bool:
    return not tx.execute(select(t.deliveries.c.ref).where(~t.deliveries.c.issue.startswith("mail/"))).all()


def test_four_senders_send_each_issue_once_while_readers_leave(store: Store, together: Together) -> None:
    with store.transaction() as tx:
        numbers = readers(tx, 60)

    def act(store: Store, number: int) -> object:
        sent = []
        if number == 4:
            for reader in numbers:
                with store.transaction() as tx:
                    leave(tx, reader)
            return []
        owner = f"sender-{number}"
        for now in [NOW] * 4 + [NOW + timedelta(days=7)] * 4:
            with store.transaction() as tx:
                claims = ledger.claim(tx, now, owner, LEASE, 7)
            with store.transaction() as tx:
                verdicts = ledger.begin(tx, claims, owner, now)
            going = [claim for claim in claims if verdicts[claim.ref] == "send"]
            with store.transaction() as tx:
                ledger.end(tx, [ledger.Ended(claim, ACCEPTED, now) for claim in going], owner, ledger.Rules())
            sent += [(claim.subscriber_id, claim.issue) for claim in going]
        return sent

    counts = Counter(message for sent in together(5, act) for message in sent)  # type: ignore[attr-defined]
    assert set(counts.values()) == {1}
    assert len(counts) > 40


def test_a_limit_holds_for_senders_that_begin_at_once(store: Store, together: Together) -> None:
    limits = Limits(Limit(per_hour=30), {"example.org": Limit(per_hour=25)})

    def act(store: Store, number: int) -> object:
        granted = 0
        for _ in range(10):
            with store.transaction() as tx:
                domain = ("example.org", "example.net")[number % 2]
                granted += take(tx, [domain], limits, NOW)[0].at is None
        return granted

    assert sum(together(4, act)) == 30  # type: ignore[arg-type]


def test_a_server_that_asks_two_senders_at_once_to_slow_down_is_heard(store: Store, together: Together) -> None:
    def act(store: Store, number: int) -> object:
        with store.transaction() as tx:
            return slow_down(tx, "example.org", NOW)

    assert sorted(together(2, act)) == [timedelta(seconds=1), timedelta(seconds=2)]  # type: ignore[type-var]


def test_a_button_that_is_pressed_twice_unsubscribes_once(store: Store, together: Together) -> None:
    with store.transaction() as tx:
        (number,) = readers(tx, 1)
    hashed = person("reader-0@example.org").hash

    def act(store: Store, _: int) -> object:
        with store.transaction() as tx:
            return leaving.unsubscribe(tx, number, NOW, hashed)

    together(4, act)
    with store.transaction() as tx:
        assert tx.execute(select(t.suppressions.c.reason)).scalars().all() == ["unsubscribed"]
        assert [claim.issue.split("/")[1] for claim in send(tx, NOW)] == ["goodbye"]


def test_who_signs_up_and_is_imported_at_once_is_one_subscriber(store: Store, together: Together) -> None:
    with store.transaction() as tx:
        published(tx, "one")
    ann = person("ann@example.org")

    def act(store: Store, number: int) -> object:
        with store.transaction() as tx:
            if number % 2:
                return importing.add(tx, [ann, person(f"other-{number}@example.org")], 1, CONSENT, NOW)[0]
            return coming.ask(tx, ann, 1, NOW, CONSENT)

    assert Counter(together(6, act))["added"] == 1
    with store.reading() as tx:
        assert tx.execute(select(func.count()).select_from(t.subscribers)).scalar() == 4


def test_two_that_publish_at_once_make_two_versions(store: Store, together: Together) -> None:
    def act(store: Store, number: int) -> object:
        with store.transaction() as tx:
            return published(tx, "one", "two", words=str(number)).version

    assert sorted(together(3, act)) == [1, 2, 3]  # type: ignore[type-var]


def test_of_two_keys_that_are_used_first_at_once_one_is_kept(store: Store, together: Together) -> None:
    def act(store: Store, number: int) -> object:
        with store.transaction() as tx:
            return keys.keep_check(tx, bytes([number]) * 32)

    assert len(set(together(4, act))) == 1


def test_who_looks_sees_one_state_whatever_is_written_meanwhile(store: Store, address: str) -> None:
    with store.transaction() as tx:
        readers(tx, 2)
    query = select(func.count()).select_from(t.subscribers)
    with closing(open_store(address)) as other, other.reading() as looking:
        assert looking.execute(query).scalar() == 2
        with store.transaction() as tx:
            confirmed(tx, "one-more@example.org")
        assert looking.execute(query).scalar() == 2


@on_postgres
def test_a_connection_that_the_server_has_ended_is_told_and_made_anew(store: Store, address: str) -> None:
    with store.transaction() as tx:
        readers(tx, 1)
    with closing(open_store(address)) as other:
        with pytest.raises(StoreError, match=r"\Athe store was lost: "):
            claim_while_all_are_ended(store, other)
        with store.transaction() as tx:
            assert len(send(tx, NOW)) == 1


def claim_while_all_are_ended(store: Store, other: Store) -> None:
    with store.transaction() as tx:
        ledger.claim(tx, NOW, "me", LEASE, 10)
        with other.reading() as ending:
            pids = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            ending.execute(text(f"{pids} WHERE pid != pg_backend_pid() AND backend_type = 'client backend'"))
        tx.execute(select(t.sequences))
