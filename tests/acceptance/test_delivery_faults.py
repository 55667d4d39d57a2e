"""Delivery under everything that goes wrong: real processes killed, stopped, and starved, with Postfix's smtp-sink.

In each of these nothing is lost: every reader's message is with the server, still due, or told as in doubt. Nothing
goes twice but what was in flight when its sender died, where `in_doubt: resend` asks for that.
"""

import contextlib
import os
import random
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from acceptance.conftest import environment
from built_newsletter import a_built_newsletter
from postgres_server import a_postgres
from sqlalchemy import select

from pipeline.delivery import Schedule
from pipeline.series import built
from pipeline.series.importing import Options, import_people
from pipeline.series.publishing import edition
from pipeline.series.store import _schema as t
from pipeline.series.store import journal
from pipeline.series.store.engine import open_store
from pipeline.series.store.people import Consent
from pipeline.series.store.publications import publish

pytestmark = [pytest.mark.heavy, pytest.mark.needs("smtp-sink")]

WORKER = Path(__file__).parents[1] / "sending_worker.py"
CONNECTIONS = 4


class Sink:
    """A mail server that takes everything, and keeps what it has taken in a file."""

    def __init__(self, port: int, dump: Path) -> None:
        self.port, self._dump = port, dump

    def inbox(self) -> Counter[str]:
        """Return how many messages each reader has got."""
        content = self._dump.read_text(encoding="latin-1") if self._dump.exists() else ""
        return Counter(re.findall(r"^X-Rcpt-Args: <([^>]+)>", content, re.MULTILINE))


@contextlib.contextmanager
def a_sink(folder: Path, *options: str) -> Iterator[Sink]:
    """Run smtp-sink with options; what whole messages it gets, it keeps."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    dump = folder / f"sink-{port}"
    # As root it wants to be told so, and as another it could not write here.
    user = ["-u", "root"] if os.geteuid() == 0 else []
    command = [shutil.which("smtp-sink") or "smtp-sink", *user, *options, "-D", str(dump), f"127.0.0.1:{port}", "1000"]
    sink = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.02)
        yield Sink(port, dump)
    finally:
        sink.terminate()
        sink.wait(10)


class Series:
    """A newsletter on the disk with an issue that is due for so many readers."""

    def __init__(self, folder: Path, readers: int, address: str = "") -> None:
        self.path = folder / "series.db"
        self.address, self.count = address or str(self.path), readers
        head, letters = built.read_built(a_built_newsletter(folder / "newsletter", issues=1))
        one = edition(head, letters, Schedule(time_zone="UTC", every="day", at="00:00"))
        now = datetime.now(UTC)
        table = folder / "readers.csv"
        rows = "".join(f"reader-{number}@example.org\n" for number in range(readers))
        table.write_text(f"Email\n{rows}", encoding="utf-8")
        store = open_store(self.address)
        with store.transaction() as tx:
            publish(tx, head.id, head.title, b"", one.letters, one.schedule, now)
        options = Options(Consent(now, "a test"))
        import_people(store, 1, table, "readers.csv", folder / "rejected.csv", b"h" * 32, options, now)
        with store.transaction() as tx:
            # All at once, now.
            tx.execute(t.enrolments.update().values(slot_at=now - timedelta(minutes=1), due_at=now))
        store.close()

    def worker(self, port: int, *options: str) -> subprocess.Popen[str]:
        command = [sys.executable, str(WORKER), self.address, str(port), "--connections", str(CONNECTIONS), *options]
        return subprocess.Popen(
            command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
        )

    def run(self, port: int, *options: str, code: int = 0) -> str:
        """Let a worker send what is due; return what it said on stderr."""
        worker = self.worker(port, *options)
        _, said = worker.communicate(timeout=300)
        assert worker.returncode == code, said
        return said

    def finish(self, port: int, *options: str) -> None:
        """Send until nothing is under way any more; what was in flight is taken up after its lease."""
        deadline = time.monotonic() + 120
        while True:
            self.run(port, *options)
            if not set(self.states()) - {"sent", "in_doubt", "failed"} and sum(self.states().values()) == self.count:
                return
            assert time.monotonic() < deadline, self.states()
            time.sleep(0.3)

    def states(self) -> Counter[str]:
        return Counter(state for state in self.by_reader().values())

    def by_reader(self) -> dict[str, str]:
        store = open_store(self.address)
        with store.reading() as tx:
            query = select(t.subscribers.c.address, t.deliveries.c.state).join_from(t.deliveries, t.subscribers)
            found = {row[0]: row[1] for row in tx.execute(query)}
        store.close()
        return found

    def told(self, what: str) -> int:
        """Return how many entries of a kind the audit log has."""
        store = open_store(self.address)
        with store.reading() as tx:
            count = len(journal.entries(tx, what=what))
        store.close()
        return count


def waiting_until_it_goes(worker: subprocess.Popen[str]) -> None:
    assert worker.stdout is not None
    assert worker.stdout.readline() == "going\n"


def nothing_is_lost(series: Series, *sinks: Sink, most_in_doubt: int = 0) -> None:
    """Assert that everybody has their message once, or is among the few in doubt, who have it once at the most."""
    inbox = sum((sink.inbox() for sink in sinks), Counter())
    states = series.by_reader()
    assert len(states) == series.count
    sent = {address for address, state in states.items() if state == "sent"}
    doubtful = {address for address, state in states.items() if state == "in_doubt"}
    assert sent | doubtful == set(states)
    assert {address: inbox[address] for address in sent} == dict.fromkeys(sent, 1)
    assert all(inbox[address] <= 1 for address in doubtful)
    assert len(doubtful) <= most_in_doubt
    assert series.told("sent-twice") == 0


# --------------------------------------------------------------------------- senders that die


@pytest.mark.parametrize("policy", ["hold", "resend"])
def test_fifty_kills_at_random_instants_lose_nothing(tmp_path: Path, policy: str) -> None:
    series, chance, kills, most = Series(tmp_path, 5000), random.Random(7), 0, 0.2
    with a_sink(tmp_path) as sink:
        while kills < 50:
            worker = series.worker(sink.port, "--policy", policy)
            assert worker.stdout is not None
            # One that finds nothing but what the dead still hold says so, and ends.
            if worker.stdout.readline() == "going\n":
                time.sleep(chance.uniform(0, most))
                worker.send_signal(signal.SIGKILL)
            worker.communicate()
            kills += worker.returncode == -signal.SIGKILL
            sent = series.states()["sent"]
            assert sent < series.count, f"all were sent after {kills} kills"
            # However fast the machine is, the kills are to come over the whole of the work, and not all at its start.
            most *= 1.3 if sent < series.count * kills / 60 else 0.7
        series.finish(sink.port, "--policy", policy)
        inbox = sink.inbox()
    twice = sum(inbox.values()) - len(inbox)
    told = (
        f"{policy}: {kills} kills, {dict(series.states())}, {twice} twice, {series.told('in-doubt')} told as in doubt"
    )
    sys.stdout.write(f"{told}\n")
    if policy == "hold":
        nothing_is_lost(series, sink, most_in_doubt=kills * CONNECTIONS)
        assert twice == 0
    else:
        assert set(inbox) == set(series.by_reader())
        assert series.states() == {"sent": 5000}
        # At most one for each message in flight, and each was told.
        assert twice <= series.told("in-doubt") <= kills * CONNECTIONS


def test_a_sender_asleep_past_its_lease_sends_nothing_that_another_took_over(tmp_path: Path) -> None:
    series = Series(tmp_path, 400)
    with a_sink(tmp_path, "-w", "1") as slow, a_sink(tmp_path) as sink:
        asleep = series.worker(slow.port, "--lease", "1.5")
        waiting_until_it_goes(asleep)
        time.sleep(0.3)
        asleep.send_signal(signal.SIGSTOP)
        time.sleep(2)
        series.run(sink.port, "--lease", "1.5")
        asleep.send_signal(signal.SIGCONT)
        asleep.communicate(timeout=60)
        series.finish(sink.port)
        nothing_is_lost(series, slow, sink, most_in_doubt=CONNECTIONS)


@pytest.mark.parametrize("senders", [2, 4])
def test_several_senders_at_once_share_the_work(tmp_path: Path, senders: int) -> None:
    series = Series(tmp_path, 1200)
    with a_sink(tmp_path) as sink:
        workers = [series.worker(sink.port, "--lease", "60") for _ in range(senders)]
        for worker in workers:
            out, said = worker.communicate(timeout=200)
            assert worker.returncode == 0, said
            assert "sent=0" not in out
        series.finish(sink.port)
        nothing_is_lost(series, sink)


def test_a_sender_with_a_clock_an_hour_ahead_takes_nothing_from_one_that_lives(tmp_path: Path) -> None:
    series = Series(tmp_path, 600)
    with a_sink(tmp_path) as sink:
        workers = [series.worker(sink.port), series.worker(sink.port, "--ahead", "3600")]
        for worker in workers:
            _, said = worker.communicate(timeout=200)
            assert worker.returncode == 0, said
        series.finish(sink.port)
        # What it takes for dead is in doubt until the other writes down how it ended.
        nothing_is_lost(series, sink, most_in_doubt=CONNECTIONS)


# --------------------------------------------------------------------------- stores that fail


def test_a_locked_store_is_waited_for(tmp_path: Path) -> None:
    series = Series(tmp_path, 400)
    with a_sink(tmp_path) as sink:
        worker = series.worker(sink.port, "--lease", "30")
        waiting_until_it_goes(worker)
        with contextlib.closing(sqlite3.connect(series.path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            time.sleep(3)
            other.execute("ROLLBACK")
        _, said = worker.communicate(timeout=100)
        assert worker.returncode == 0, said
        nothing_is_lost(series, sink)


@pytest.mark.needs("initdb")
def test_a_database_that_is_restarted_loses_nothing(tmp_path: Path) -> None:
    with a_postgres() as database, a_sink(tmp_path) as sink:
        series = Series(tmp_path, 600, database.address)
        workers = [series.worker(sink.port, "--lease", "60") for _ in range(2)]
        for worker in workers:
            waiting_until_it_goes(worker)
        database.restart()
        for worker in workers:
            _, said = worker.communicate(timeout=100)
            assert worker.returncode in (0, 7), said
        series.finish(sink.port)
        nothing_is_lost(series, sink, most_in_doubt=2 * CONNECTIONS)


def test_a_full_disk_ends_the_run_and_loses_nothing(tmp_path: Path) -> None:
    series = Series(tmp_path, 400)
    with a_sink(tmp_path) as sink:
        room = series.path.stat().st_size + 60_000
        said = series.run(sink.port, "--room", str(room), "--patience", "1", code=7)
        assert re.search("disk is full|disk I/O error", said), said
        assert series.states()["sent"] < 400
        series.finish(sink.port)
        nothing_is_lost(series, sink, most_in_doubt=CONNECTIONS)


# --------------------------------------------------------------------------- servers that fail

HOURS = [str(3600 * hours) for hours in (1, 3, 9, 20)]


def later_all_is_sent(series: Series, sink: Sink, most_in_doubt: int = 0, *more: Sink) -> None:
    """Let a good server take what is left, as the hours pass."""
    for ahead in HOURS:
        series.run(sink.port, "--ahead", ahead)
    nothing_is_lost(series, sink, *more, most_in_doubt=most_in_doubt)


@pytest.mark.parametrize("stage", ["CONNECT", "EHLO,HELO", "MAIL", "RCPT", "DATA", "."])
def test_a_server_that_hangs_up_at_any_stage_loses_nothing(tmp_path: Path, stage: str) -> None:
    series = Series(tmp_path, 24)
    with a_sink(tmp_path, "-q", stage) as bad, a_sink(tmp_path) as good:
        worker = series.worker(bad.port)
        worker.communicate(timeout=100)
        # One that can't be reached is an error; one that hangs up later has put its message off, or left it in doubt.
        assert worker.returncode == (6 if stage in ("CONNECT", "EHLO,HELO") else 0)
        is_doubtful = stage == "."
        assert series.states()["in_doubt"] == (24 if is_doubtful else 0)
        later_all_is_sent(series, good, 24 if is_doubtful else 0, bad)


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA", "."])
def test_a_storm_of_refusals_for_now_loses_nothing(tmp_path: Path, stage: str) -> None:
    series = Series(tmp_path, 24)
    with a_sink(tmp_path, "-r", stage, "-b", "442 4.3.0 Not now") as bad, a_sink(tmp_path) as good:
        series.run(bad.port)
        assert series.states() == {"deferred": 24}
        later_all_is_sent(series, good)


def test_a_server_that_is_too_busy_is_sent_to_more_slowly(tmp_path: Path) -> None:
    series = Series(tmp_path, 8)
    with a_sink(tmp_path, "-Q", "MAIL") as bad, a_sink(tmp_path) as good:
        series.run(bad.port)
        # After the first few the next would have to wait for longer than a run does.
        assert 0 < series.states()["deferred"] < 8
        for hours in range(1, 20):
            series.run(good.port, "--ahead", str(3600 * hours))
            if series.states() == {"sent": 8}:
                break
        nothing_is_lost(series, good)


def test_a_slow_server_is_waited_for(tmp_path: Path) -> None:
    series = Series(tmp_path, 8)
    with a_sink(tmp_path, "-w", "3") as sink:
        # The lease is kept up meanwhile.
        series.run(sink.port, "--lease", "1")
        nothing_is_lost(series, sink)


def test_a_server_that_refuses_for_good_is_told(tmp_path: Path) -> None:
    series = Series(tmp_path, 24)
    with a_sink(tmp_path, "-f", "RCPT", "-B", "554 5.7.1 Not from you") as bad:
        said = series.run(bad.port, code=6)
    assert "refused 10 messages in a row, the last with: 554 5.7.1 Not from you" in said
    # What is wrong with a server or an account is not to cost everybody the issue.
    assert 10 <= series.states()["failed"] <= 10 + 2 * CONNECTIONS


def test_nothing_listens_and_nothing_is_lost(tmp_path: Path) -> None:
    series = Series(tmp_path, 24)
    with a_sink(tmp_path) as good:
        pass
    said = series.run(good.port, code=6)
    assert "can't be reached" in said
    with a_sink(tmp_path) as good:
        series.finish(good.port)
        nothing_is_lost(series, good)
