"""Due deliveries in; messages handed over, and each step in the ledger, out.

Each connection has a thread, and one more thread, the desk, does all that concerns the ledger. A thread asks the desk
with one question to write down how its last message ended and whether it may send the next; the desk answers what has
gathered in one transaction. So nothing goes out that isn't committed as *sending*, each connection has one message in
flight at the most, and the disk is waited for once for all of them.
"""

import queue
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from typing import Protocol

from msgspec import Struct
from sqlalchemy import Connection

from pipeline.errors import DeliveryError, QuireError, StoreError, TransientDeliveryError, WriteError
from pipeline.series.message import Envelope
from pipeline.series.outcome import Outcome
from pipeline.series.store import ledger, limits, recovery
from pipeline.series.store.engine import Store
from pipeline.series.transport import Transport

LEASE = timedelta(minutes=10)
# A server that can't be reached: how long to wait before the next try, in seconds, and how often.
_PAUSES = (1.0, 2.0, 5.0, 10.0, 20.0)
# How long the desk tries to write down what has happened while the store can't be used, in seconds.
_PATIENCE = 120.0
# How often to look for what other senders left, whose lease has run out.
_LOOK_EVERY = timedelta(minutes=1)
# A limit that asks for a longer wait than this is left for the next run.
_LONGEST_WAIT = timedelta(seconds=30)


class Message(Struct, frozen=True):
    """A message to one reader, and what it was made of, to make it again (`filled`)."""

    envelope: Envelope
    content: bytes
    message_id: str
    filled: bytes
    hash: bytes
    address_hash: bytes


class Composer(Protocol):
    """Makes a claim's message; `at` is when it is sent. Raises QuireError where it can't be made."""

    def __call__(self, claim: ledger.Claim, at: datetime) -> Message: ...


class Sending(Struct, frozen=True):
    """How to send: so many connections, within limits, by rules; `most` messages at the most, 0 being all."""

    connections: int = 4
    limits: limits.Limits = limits.Limits()
    rules: ledger.Rules = ledger.Rules()
    lease: timedelta = LEASE
    most: int = 0


class Tally(Struct):
    """What a run has done: how many messages ended how, and why it ended itself.

    `in_doubt` counts those whose end this run saw in doubt, `recovered` those that another had left so. `resume_at` is
    when a limit lets the next one go.
    """

    sent: int = 0
    deferred: int = 0
    failed: int = 0
    in_doubt: int = 0
    stopped: int = 0
    recovered: int = 0
    resume_at: datetime | None = None


class Clock(Protocol):
    """What time it is, and waiting: `wait` returns early, with True, when the run is to stop."""

    def now(self) -> datetime: ...
    def wait(self, seconds: float) -> bool: ...
    def is_stopping(self) -> bool: ...


class _Question(Struct):
    """How a thread's last message ended, and what it would send next; the answer comes into `answer`."""

    ended: ledger.Ended | None
    claim: ledger.Claim | None
    answer: "queue.SimpleQueue[ledger.Verdict | datetime | None]"


def send_due(
    store: Store,
    compose: Composer,
    connect: Callable[[], Transport],
    sending: Sending,
    clock: Clock,
    owner: str,
    progress: Callable[[Tally], None] = lambda tally: None,
) -> Tally:
    """Send what is due until nothing is, a limit is reached, or the clock says to stop; return what was done.

    Raises DeliveryError where the server refuses us or can't be reached, StoreError where the ledger can't be written.
    What was claimed is let go, so that the next run finds it.
    """
    return _Run(store, compose, connect, sending, clock, owner, progress).run()


class _Run:
    """One run: the desk, in the thread that calls, and a thread for each connection."""

    def __init__(
        self,
        store: Store,
        compose: Composer,
        connect: Callable[[], Transport],
        sending: Sending,
        clock: Clock,
        owner: str,
        progress: Callable[[Tally], None],
    ) -> None:
        self._store, self._compose, self._connect = store, compose, connect
        self._sending, self._clock, self._owner, self._progress = sending, clock, owner, progress
        self._questions: queue.SimpleQueue[_Question] = queue.SimpleQueue()
        # What is claimed and not yet taken by a thread. Threads take from it under the lock.
        self._claims: deque[ledger.Claim] = deque()
        self._lock = threading.Condition()
        self._ends = threading.Event()
        self._failure: QuireError | None = None
        self._slowed: set[str] = set()
        self._claimed = 0
        self._tally = Tally()
        self._is_held = False
        self._looked_at = clock.now()

    def run(self) -> Tally:
        """Return what was done when nothing is due any more."""
        self._recover()
        threads = [
            threading.Thread(target=self._carry, name=f"connection {number}", daemon=True)
            for number in range(self._sending.connections)
        ]
        for thread in threads:
            thread.start()
        try:
            self._desk(threads)
        finally:
            self._ends.set()
            with self._lock:
                self._lock.notify_all()
            self._finish(threads)
        if self._failure is not None:
            raise self._failure
        return self._tally

    def _recover(self) -> None:
        with self._store.transaction() as tx:
            _, doubtful = recovery.recover(tx, self._clock.now(), self._sending.rules.in_doubt)
        self._looked_at = self._clock.now()
        self._tally.recovered += doubtful

    # ----------------------------------------------------------------------- the desk

    def _desk(self, threads: Sequence[threading.Thread]) -> None:
        """Answer questions, and claim more when few are left, until there is nothing to do."""
        idle = False
        while any(thread.is_alive() for thread in threads):
            if self._is_stopping():
                self._ends.set()
            if not self._ends.is_set() and len(self._claims) < self._sending.connections * 2:
                idle = not self._claim()
            questions = self._gathered()
            if questions:
                self._answer(questions)
            elif idle and not self._claims:
                # Those still at work may be putting something off; nothing else is due.
                self._ends.set()
            if self._ends.is_set():
                with self._lock:
                    self._lock.notify_all()

    def _gathered(self) -> list[_Question]:
        """Return the questions that have come up, waiting a moment for the first."""
        try:
            questions = [self._questions.get(timeout=0.05)]
        except queue.Empty:
            return []
        while True:
            try:
                questions.append(self._questions.get_nowait())
            except queue.Empty:
                return questions

    def _claim(self) -> bool:
        """Claim some more; return whether there were any, or may be."""
        room = self._sending.connections * 16
        if self._sending.most:
            room = min(room, self._sending.most - self._claimed)
            if room <= 0:
                return False
        now = self._clock.now()
        if now - self._looked_at > _LOOK_EVERY:
            self._recover()
        with self._store.transaction() as tx:
            claims = ledger.claim(tx, now, self._owner, self._sending.lease, room)
            # Who was at the end, or had one today, has been moved on: there may be others behind them.
            is_done = not claims and not _is_due(recovery.next_look(tx), now)
        self._claimed += len(claims)
        with self._lock:
            self._claims.extend(claims)
            self._lock.notify_all()
        return not is_done

    def _answer(self, questions: Sequence[_Question]) -> None:
        answers = self._written(questions)
        for question, answer in zip(questions, answers, strict=True):
            question.answer.put(answer)
        self._progress(self._tally)

    def _written(self, questions: Sequence[_Question]) -> "list[ledger.Verdict | datetime | None]":
        """Write down what the questions tell, and return the answers.

        While the store can't be used it is tried again: what has been sent would be in doubt otherwise.
        """
        waited, pause = 0.0, 0.1
        while True:
            try:
                return self._transact(questions)
            except StoreError as error:
                if waited >= _PATIENCE or not any(question.ended for question in questions):
                    self._failure = self._failure or error
                    return [None] * len(questions)
                self._clock.wait(pause)
                waited, pause = waited + pause, min(pause * 2, 5.0)

    def _transact(self, questions: Sequence[_Question]) -> "list[ledger.Verdict | datetime | None]":
        now, rules = self._clock.now(), self._sending.rules
        ended = [question.ended for question in questions if question.ended is not None]
        asked = [question.claim for question in questions if question.claim is not None]
        with self._store.transaction() as tx:
            ledger.end(tx, ended, self._owner, rules)
            slowed = self._paced(tx, ended, now)
            waits = {}
            for claim in asked:
                if (later := limits.take(tx, claim.domain, self._sending.limits, now)) is not None:
                    waits[claim.ref] = later
            going = [claim for claim in asked if claim.ref not in waits]
            verdicts = ledger.begin(tx, going, self._owner, now) if going else {}
        self._slowed = slowed
        for one in ended:
            self._count(one)
        self._tally.stopped += sum(verdict == "stopped" for verdict in verdicts.values())
        return [
            None if question.claim is None else waits.get(question.claim.ref) or verdicts[question.claim.ref]
            for question in questions
        ]

    def _paced(self, tx: Connection, ended: Sequence[ledger.Ended], now: datetime) -> set[str]:
        """Slow down where servers ask for it, and speed up again where they take messages; return what is slowed."""
        slowed = set(self._slowed)
        for one in ended:
            if one.outcome.slows:
                name = one.claim.domain if one.outcome.stage == "rcpt" else limits.ALL
                limits.slow_down(tx, name, now)
                slowed.add(name)
        taken = {limits.ALL, *(one.claim.domain for one in ended if one.outcome.kind == "accepted")} & slowed
        if taken and any(one.outcome.kind == "accepted" for one in ended):
            limits.speed_up(tx, taken)
        return slowed

    def _count(self, one: ledger.Ended) -> None:
        match one.outcome.kind:
            case "accepted":
                self._tally.sent += 1
            case "in_doubt":
                self._tally.in_doubt += 1
            case "refused":
                self._tally.failed += 1
            case "deferred":
                self._tally.deferred += one.outcome.stage not in ledger.UNREACHED

    def _finish(self, threads: Sequence[threading.Thread]) -> None:
        """Write down what is still under way, and let go of what was only claimed."""
        while any(thread.is_alive() for thread in threads):
            if questions := self._gathered():
                self._answer(questions)
        if questions := self._gathered():
            self._answer(questions)
        with self._store.transaction() as tx:
            recovery.give_back(tx, self._claims, self._owner, self._clock.now())

    # ----------------------------------------------------------------------- a connection

    def _carry(self) -> None:
        """Send one claim after the other over one connection."""
        ended: ledger.Ended | None = None
        unreached = 0
        try:
            with closing(self._connect()) as transport:
                while True:
                    claim = self._take(wait=ended is None)
                    if claim is not None:
                        verdict = self._leave_to_send(ended, claim)
                        ended = self._sent(transport, claim) if verdict == "send" else None
                    elif ended is not None:
                        self._ask(ended, None)
                        ended = None
                    else:
                        return
                    unreached = self._paused(ended, unreached)
        except QuireError as error:
            self._failure = self._failure or error
            self._ends.set()
        finally:
            if ended is not None:
                self._ask(ended, None)

    def _take(self, *, wait: bool) -> ledger.Claim | None:
        """Return a claim to send; None where there is none, or none yet and no `wait`, or the run ends."""
        with self._lock:
            while wait and not self._claims and not self._ends.is_set():
                self._lock.wait()
            return self._claims.popleft() if self._claims and not self._is_stopping() else None

    def _is_stopping(self) -> bool:
        return self._failure is not None or self._is_held or self._clock.is_stopping()

    def _ask(self, ended: ledger.Ended | None, claim: ledger.Claim | None) -> ledger.Verdict | datetime | None:
        answer: queue.SimpleQueue[ledger.Verdict | datetime | None] = queue.SimpleQueue()
        self._questions.put(_Question(ended, claim, answer))
        return answer.get()

    def _leave_to_send(self, ended: ledger.Ended | None, claim: ledger.Claim) -> ledger.Verdict | datetime | None:
        """Return what becomes of a claim, after waiting where a limit asks for it; a time where that is too long."""
        verdict = self._ask(ended, claim)
        while isinstance(verdict, datetime):
            wait = verdict - self._clock.now()
            if wait > _LONGEST_WAIT or self._clock.wait(wait.total_seconds()) or self._is_stopping():
                self._hold(claim, verdict)
                return verdict
            verdict = self._ask(None, claim)
        return verdict

    def _hold(self, claim: ledger.Claim, until: datetime) -> None:
        """Put a claim back, and end the run: a limit lets nothing go before then."""
        with self._lock:
            self._claims.appendleft(claim)
            earliest = self._tally.resume_at
            self._tally.resume_at = min(earliest, until) if earliest else until
        self._is_held = True
        self._ends.set()

    def _sent(self, transport: Transport, claim: ledger.Claim) -> ledger.Ended:
        """Send a claim's message, and return how that ended."""
        at = self._clock.now()
        if at >= claim.lease_until:
            # Somebody else may have it by now.
            return ledger.Ended(claim, Outcome("deferred", "connect", text="the lease ran out before it was sent"), at)
        try:
            message = self._compose(claim, at)
        except WriteError as error:
            return ledger.Ended(claim, Outcome("refused", "mail", text=str(error)), at)
        try:
            outcome = transport.send(message.envelope, message.content)
        except DeliveryError as error:
            self._failure = self._failure or error
            outcome = Outcome("deferred", "auth", text=str(error))
        return ledger.Ended(
            claim, outcome, self._clock.now(), message.message_id, message.filled, message.hash, message.address_hash
        )

    def _paused(self, ended: ledger.Ended | None, unreached: int) -> int:
        """Wait after the server could not be reached, longer each time; return how often in a row that was."""
        if ended is None or ended.outcome.kind != "deferred" or ended.outcome.stage not in ledger.UNREACHED:
            return 0 if ended is not None else unreached
        if unreached >= len(_PAUSES):
            self._failure = self._failure or TransientDeliveryError(
                f"the server can't be reached: {ended.outcome.text}\n    Nothing is lost; send again later."
            )
        elif not self._is_stopping():
            self._clock.wait(_PAUSES[unreached])
        return unreached + 1


def _is_due(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and moment <= now
