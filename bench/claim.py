"""A million enrolments on SQLite: what it takes to claim the next thousand that are due, and to plan an edit."""

import gc
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pipeline.delivery import Schedule
from pipeline.series.outcome import Outcome
from pipeline.series.store import _schema as t
from pipeline.series.store import ledger
from pipeline.series.store.engine import Store, open_store
from pipeline.series.store.publications import Letter, plan, publish

_NOW = datetime(2027, 1, 4, 9, tzinfo=UTC)
_DAY = timedelta(days=1)
_ISSUES = [f"letter-{number}" for number in range(20)]
# One of so many readers is due, so that they lie as far apart in the file however many there are.
_EVERY = 100
_AT_ONCE = 1_000
_ROUNDS = 5
_ACCEPTED = Outcome("accepted", "reply", 250, "2.0.0", "OK")


def run() -> None:
    """Print what sending takes beside many readers who aren't due, and beside twice as many, a million."""
    with tempfile.TemporaryDirectory() as name:
        taken = {}
        for readers in (600_000, 1_200_000):
            store = _filled(str(Path(name) / f"{readers}.db"), readers)
            taken[readers] = _rounds(store)
            for what, times in taken[readers].items():
                print(f"{what} {_AT_ONCE:,} of {readers // _EVERY:,} due among {readers:,}: {_told(times)}")
            if readers > min(taken):
                _planned(store)
            store.close()
        few, many = (sorted(times["claim"])[_ROUNDS // 2] for times in taken.values())
        print(f"claim, among twice as many: {many / few:.2f} times as long  (asked: 50 ms, and no longer)")


def _rounds(store: Store) -> dict[str, list[float]]:
    """Return the CPU time of each step with its commit, the first of a process with its statements left out."""
    times: dict[str, list[float]] = {"claim": [], "begin": [], "end": []}
    # What the store was filled with is no business of what is measured.
    gc.collect()
    gc.freeze()
    now = _NOW + _DAY
    for number in range(_ROUNDS + 1):
        owner = f"sender-{number}"
        cpu = time.process_time()
        with store.transaction() as tx:
            claims = ledger.claim(tx, now, owner, _DAY, _AT_ONCE)
        times["claim"].append(time.process_time() - cpu)
        assert len(claims) == _AT_ONCE
        cpu = time.process_time()
        with store.transaction() as tx:
            ledger.begin(tx, claims, owner, now)
        times["begin"].append(time.process_time() - cpu)
        cpu = time.process_time()
        with store.transaction() as tx:
            ledger.end(tx, [ledger.Ended(one, _ACCEPTED, now) for one in claims], owner, ledger.Rules())
        times["end"].append(time.process_time() - cpu)
    return {what: steps[1:] for what, steps in times.items()}


def _told(times: list[float]) -> str:
    return f"{sorted(times)[len(times) // 2] * 1000:.0f} ms of CPU time, {max(times) * 1000:.0f} at most"


def _planned(store: Store) -> None:
    schedule = Schedule(every="3 days", at="18:00", time_zone="UTC")
    letters = _letters([*_ISSUES[:10], "new", *_ISSUES[10:]])
    with store.reading() as tx:
        _took("plan an edit", lambda: plan(tx, "letters", letters, schedule))
    with store.transaction() as tx:
        _took("publish it, and move everybody", lambda: publish(tx, "letters", "", b"", letters, schedule, _NOW))


def _took(what: str, act: Callable[[], object]) -> None:
    before, cpu = _memory(), time.process_time()
    act()
    print(f"{what}: {time.process_time() - cpu:.2f} s of CPU time, {_memory() - before:.0f} MB more memory")


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def _letters(names: list[str]) -> list[Letter]:
    return [Letter(name, "A subject", b"content") for name in names]


def _filled(address: str, readers: int) -> Store:
    """Return a store with readers who have had up to any issue, some of them due tomorrow and the rest later."""
    store = open_store(address)
    with store.transaction() as tx:
        schedule = Schedule(time_zone="UTC", at="09:00")
        publish(tx, "letters", "Letters", b"", _letters(_ISSUES[:19]), schedule, _NOW)
        # What was edited takes more: nobody may get an issue again that has moved.
        publish(tx, "letters", "Letters", b"", _letters(_ISSUES), schedule, _NOW)
        for first in range(0, readers, 50_000):
            numbers = range(first, min(first + 50_000, readers))
            tx.execute(t.subscribers.insert(), list(map(_subscriber, numbers)))
            tx.execute(t.enrolments.insert(), list(_enrolments(numbers)))
            tx.execute(t.deliveries.insert(), list(map(_delivery, numbers)))
    store.close()
    return open_store(address)


def _subscriber(number: int) -> dict[str, object]:
    address = f"reader-{number}@example.org"
    return {"id": number + 1, "ref": number, "identity": address, "address": address, "state": "active"} | {
        "created_at": _NOW - 30 * _DAY
    }


def _delivery(number: int) -> dict[str, object]:
    return {"ref": number, "sequence_id": 1, "issue": _ISSUES[number % 19], "subscriber_id": number + 1} | {
        "revision_id": 1,
        "state": "sent",
        "slot_at": _NOW,
        "ended_at": _NOW,
    }


def _enrolments(numbers: range) -> Iterator[dict[str, object]]:
    for number in numbers:
        due = _NOW + _DAY if number % _EVERY == 0 else _NOW + (2 + number % 5) * _DAY
        reached = _ISSUES[number % 19]
        yield {"sequence_id": 1, "subscriber_id": number + 1, "state": "active", "started_at": _NOW - 30 * _DAY} | {
            "reached": reached,
            "slot_at": due,
            "due_at": due,
        }
