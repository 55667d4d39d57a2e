"""Due deliveries in; messages handed over, and each step in the ledger, out.

Each connection has a thread, and one more, the desk, does all that concerns the ledger. A thread tells the desk how its
last message has ended, and gets the next. The desk writes down in one transaction how all that has ended meanwhile
did, and which may go next; only then are those handed out. So nothing goes out that isn't committed as *sending*, each
connection has one message in flight at the most, and the disk is waited for once for all of them.
"""

import queue
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, wait
from contextlib import closing, suppress
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from msgspec import Struct

from pipeline.errors import ConfigError, DeliveryError, QuireError, StoreError, TransientDeliveryError, WriteError
from pipeline.series.compose import Message
from pipeline.series.outcome import Outcome
from pipeline.series.store import ledger, limits, recovery
from pipeline.series.store.engine import Store, Transaction
from pipeline.series.store.limits import Limits
from pipeline.series.transport import Transport

T = TypeVar("T")

# What a sender has is its own for so long after it was last heard of, which is three times as often.
LEASE = timedelta(minutes=5)
# A server that can't be reached: how long to wait before the next try, in seconds; after the last it is given up.
PAUSES = (1.0, 2.0, 5.0, 10.0, 20.0)
# How long the desk tries to write down what has happened while the store can't be used, in seconds.
PATIENCE = 120.0
# How long the desk listens for its threads before it looks around, in seconds.
_LOOK_UP = 0.05
# How often to look for more where there was nothing, in seconds.
_LOOK_AGAIN = 0.25
# How long to wait for others to end, once one has, in seconds.
_LONGEST_TOGETHER = 0.005
# How many are claimed at once, for each connection.
_AHEAD = 16


class Compose(Protocol):
    """Makes a claim's message; `at` is when it is sent. Raises QuireError where it can't be made."""

    def __call__(self, claim: ledger.Claim, at: datetime) -> Message: ...


class Sending(Struct, frozen=True):
    """How to send: so many connections, within limits, by rules; `most` messages at the most, 0 being all.

    A limit that asks for a longer wait than `longest_wait` lets the run end, or its reader wait in the ledger.
    """

    connections: int = 4
    limits: Limits = Limits()
    rules: ledger.Rules = ledger.Rules()
    lease: timedelta = LEASE
    most: int = 0
    pauses: tuple[float, ...] = PAUSES
    patience: float = PATIENCE
    longest_wait: timedelta = timedelta(seconds=30)


class Tally(Struct):
    """What one or more runs have done: how many messages ended how.

    `stopped` are those whose readers left in time, `in_doubt` those whose end this run saw in doubt, `recovered` those
    that another sender had left so. `resume_at` is when a limit lets the next one go.
    """

    sent: int = 0
    deferred: int = 0
    failed: int = 0
    in_doubt: int = 0
    stopped: int = 0
    recovered: int = 0
    resume_at: datetime | None = None


class Clock(Protocol):
    """What time it is; `elapsed` are seconds that no clock change moves."""

    def now(self) -> datetime: ...
    def elapsed(self) -> float: ...
    def is_stopping(self) -> bool:
        """Say whether the run is to end: what is under way is finished, and nothing new begun."""

    def wait(self, seconds: float) -> None:
        """Wait, or less if the run is to end."""


class _Hand(Struct):
    """A thread that has nothing to do: how its last message ended, and where it waits for the next; None is the end.

    `failure` is what would stop every other message too.
    """

    answer: "queue.SimpleQueue[ledger.Claim | None]"
    ended: ledger.Ended | None = None
    failure: QuireError | None = None


def send_due(
    store: Store,
    compose: Compose,
    connect: Callable[[], Transport],
    sending: Sending,
    clock: Clock,
    owner: str,
    tally: Tally,
    progress: Callable[[], None] = lambda: None,
) -> None:
    """Send what is due until nothing is, a limit is reached, or the clock says to stop; count in `tally` what is done.

    `owner` is a name that no other sender has. Raises DeliveryError where the server refuses us or can't be reached,
    StoreError where the ledger can't be written; what was claimed is let go before, so that the next run finds it.
    A KeyboardInterrupt ends it without waiting for the server: what is in flight then is in doubt.
    """
    desk = _Desk(store, sending, clock, owner, tally, progress)
    threads = [_Thread(compose, connect, desk) for _ in range(sending.connections)]
    begun = [_begun(thread.run) for thread in threads]
    desk.work(begun)
    wait(begun)
    if desk.failure is not None:
        raise desk.failure


# --------------------------------------------------------------------------- the desk


class _Desk:
    """Hands claims out, and writes down how they have ended. All but `asked` and `may_go` belong to its own thread."""

    def __init__(
        self, store: Store, sending: Sending, clock: Clock, owner: str, tally: Tally, progress: Callable[[], None]
    ) -> None:
        self.clock, self.tally = clock, tally
        tally.resume_at = None
        self.failure: QuireError | None = None
        self._store, self._sending, self._owner, self._progress = store, sending, owner, progress
        self._hands: queue.SimpleQueue[_Hand] = queue.SimpleQueue()
        self._idle: list[_Hand] = []
        # Whether there is patience left with a store that can't be used, and whether to wait for what is in flight.
        self._is_patient = self._waits = True
        # What is claimed; what of it a limit holds back for a moment; what is being sent.
        self._claims: deque[ledger.Claim] = deque()
        self._held: list[tuple[datetime, ledger.Claim]] = []
        self._flying: dict[int, ledger.Claim] = {}
        # What has ended and isn't written down yet.
        self._ended: list[ledger.Ended] = []
        self._claimed = 0
        self._slowed: set[str] = set()
        # For each domain with a limit, when the last of those that it holds back may go.
        self._last: dict[str, datetime] = {}
        self._unreached = 0
        # Moments of `elapsed`: before which nothing is handed out, is claimed, is heard of us.
        self._go_at = self._fill_at = self._beat_at = 0.0
        # How long to wait for others once one has ended, in seconds.
        self._together = 0.0
        # When a limit on everything lets the next one go.
        self._resume_at: datetime | None = None

    # Called by other threads.

    def asked(self, hand: _Hand) -> ledger.Claim | None:
        """Tell how a message has ended, wait, and return the next one to send; None at the end."""
        self._hands.put(hand)
        return hand.answer.get()

    def may_go(self, claim: ledger.Claim) -> bool:
        """Return whether a claim's lease still holds, so that nobody else has taken it over."""
        held = self._flying.get(claim.ref)
        return held is not None and self.clock.now() < held.lease_until

    # The desk's own.

    def work(self, threads: Sequence[Future[None]]) -> None:
        """Send what is due, and return when nothing more is to be done."""
        try:
            self._loop(threads)
        except QuireError as error:
            self.failure = self.failure or error
        except KeyboardInterrupt:
            self._is_patient = self._waits = False
            raise
        finally:
            for hand in self._idle:
                hand.answer.put(None)
            self._let_go(threads)

    def _loop(self, threads: Sequence[Future[None]]) -> None:
        while True:
            hands = self._gathered()
            if not hands:
                for thread in threads:
                    if thread.done():
                        # It ends before it is told to only where it has failed; that is raised here.
                        thread.result()
            for hand in hands:
                self.failure = self.failure or hand.failure
            self._ended += [hand.ended for hand in hands if hand.ended is not None]
            self._idle += hands
            self._beat()
            if self._is_ending():
                self._give_back()
            else:
                self._fill()
            going = self._picked()
            if self._ended or going:
                self._commit(going)
            if not self._flying and len(self._idle) == len(threads) and (self._is_ending() or self._is_done()):
                return

    def _gathered(self) -> list[_Hand]:
        """Return the threads that have nothing to do, waiting a moment for the first, and less for the rest.

        To wait for a part of the time that writing takes is to write for more of them at once.
        """
        hands: list[_Hand] = []
        with suppress(queue.Empty):
            hands.append(self._hands.get(timeout=_LOOK_UP))
            until = self.clock.elapsed() + self._together
            while True:
                left = until - self.clock.elapsed() if len(hands) < len(self._flying) else 0.0
                hands.append(self._hands.get(timeout=left) if left > 0 else self._hands.get_nowait())
        return hands

    def _is_ending(self) -> bool:
        return self.failure is not None or self.clock.is_stopping()

    def _is_done(self) -> bool:
        """Return whether there is nothing to wait for: nothing claimed, nothing due, or a limit that takes long."""
        now = self.clock.now()
        if self._resume_at is not None and self._resume_at - now > self._sending.longest_wait:
            self.tally.resume_at = self._resume_at
            return True
        if self._claims or self._held:
            return False
        # What has just ended may be due again.
        self._fill_at = 0.0
        return not self._fill()

    def _beat(self) -> None:
        """Tell others from time to time that we are there, and look for those that are no more."""
        elapsed = self.clock.elapsed()
        if elapsed < self._beat_at:
            return
        self._beat_at = elapsed + self._sending.lease.total_seconds() / 3
        now = self.clock.now()
        mine = [*self._claims, *(claim for _, claim in self._held), *self._flying.values()]
        with self._store.transaction() as tx:
            renewed = {one.ref: one for one in _renewed(tx, mine, self._owner, now + self._sending.lease)}
            _, doubtful = recovery.recover(tx, now, self._sending.rules.in_doubt)
            self._slowed = limits.slowed(tx)
        self.tally.recovered += doubtful
        self._claims = deque(renewed[one.ref] for one in self._claims if one.ref in renewed)
        self._held = [(at, renewed[one.ref]) for at, one in self._held if one.ref in renewed]
        self._flying |= {ref: one for ref, one in renewed.items() if ref in self._flying}

    def _fill(self) -> bool:
        """Claim some more where few are left; return whether there is more to do."""
        room = self._sending.connections * _AHEAD
        # What a limit of a domain holds back is not to keep others waiting.
        if len(self._claims) > room // 4 or self.clock.elapsed() < self._fill_at:
            return True
        if self._sending.most:
            room = min(room, self._sending.most - self._claimed)
            if room <= 0:
                return False
        now = self.clock.now()
        with self._store.transaction() as tx:
            claims = ledger.claim(tx, now, self._owner, self._sending.lease, room)
            # Who is at the end, or had one today, has been moved on: there may be others behind them.
            next_at = recovery.next_look(tx) if not claims else now
        # What another took over while we slept, and gave back, may be among them: it is not to be here twice.
        again = {one.ref for one in claims}
        self._claims = deque(one for one in self._claims if one.ref not in again)
        self._held = [(at, one) for at, one in self._held if one.ref not in again]
        self._claims.extend(claims)
        self._claimed += len(claims)
        if not claims:
            self._fill_at = self.clock.elapsed() + _LOOK_AGAIN
        if next_at is None:
            return False
        if not claims and next_at <= now:
            # That may be what another has left, whose lease has just run out.
            self._beat_at = 0.0
        # What a domain's limit has put off for a moment only is waited for.
        waits = any(last >= now for last in self._last.values())
        return next_at <= (now + self._sending.longest_wait if waits else now)

    def _picked(self) -> list[ledger.Claim]:
        """Return what may be sent next, as far as there are threads for it."""
        now = self.clock.now()
        if self._is_ending() or self.clock.elapsed() < self._go_at:
            return []
        if self._resume_at is not None:
            if now < self._resume_at:
                return []
            self._resume_at = None
        ready = [claim for at, claim in self._held if at <= now]
        if ready:
            self._held = [(at, claim) for at, claim in self._held if at > now]
            self._claims.extendleft(reversed(ready))
        # One is enough to see whether a server can be reached again.
        room = len(self._idle) if not self._unreached else int(not self._flying)
        return [self._claims.popleft() for _ in range(min(room, len(self._claims)))]

    def _commit(self, going: Sequence[ledger.Claim]) -> None:
        """Write down how messages have ended and which are next, and hand those out."""
        started = self.clock.elapsed()
        # The same moment at each try, so that a commit whose reply was lost is recognized.
        now, ended = self.clock.now(), self._ended
        try:
            leaves, verdicts, held = self._patiently(lambda: self._written(ended, going, now))
        except StoreError:
            self._claims.extendleft(reversed(going))
            raise
        self._together = min((self.clock.elapsed() - started) / 2, _LONGEST_TOGETHER)
        self._ended = []
        for one in ended:
            self._flying.pop(one.claim.ref, None)
            self._count(one)
        for claim, leave in zip(going, leaves, strict=True):
            self._hand_out(claim, leave, verdicts.get(claim.ref))
        self._held += held
        self._progress()

    def _patiently(self, write: Callable[[], T]) -> T:
        """Return what writing returns, tried again for a while where the store can't be used.

        What has been sent would be in doubt otherwise.
        """
        until, pause = self.clock.elapsed() + self._sending.patience, 0.1
        while True:
            try:
                return write()
            except StoreError:
                if self.clock.elapsed() >= until:
                    self._is_patient = False
                    raise
                time.sleep(pause)
                pause = min(pause * 2, 5.0)

    def _written(
        self, ended: Sequence[ledger.Ended], going: Sequence[ledger.Claim], now: datetime
    ) -> tuple[list[limits.Leave], dict[int, ledger.Verdict], list[tuple[datetime, ledger.Claim]]]:
        with self._store.transaction() as tx:
            ledger.end(tx, ended, self._owner, self._sending.rules)
            slowed = self._paced(tx, ended, now)
            # Those of a commit whose reply was lost have had their leave, and would be refused another.
            begun = ledger.begun(tx, going, self._owner, now) if going else frozenset()
            asking = [claim for claim in going if claim.ref not in begun]
            taken = limits.take(tx, [claim.domain for claim in asking], self._sending.limits, now) if asking else []
            by_ref = {claim.ref: leave for claim, leave in zip(asking, taken, strict=True)}
            leaves = [by_ref.get(claim.ref, limits.Leave()) for claim in going]
            may = [claim for claim, leave in zip(going, leaves, strict=True) if leave.at is None]
            verdicts = ledger.begin(tx, may, self._owner, now) if may else {}
            held, late = self._held_back(going, leaves, now)
            recovery.put_off(tx, late, self._owner)
        self._slowed = slowed
        return leaves, verdicts, held

    def _hand_out(self, claim: ledger.Claim, leave: limits.Leave, verdict: ledger.Verdict | None) -> None:
        if verdict == "send":
            self._flying[claim.ref] = claim
            self._idle.pop().answer.put(claim)
        elif verdict == "stopped":
            self.tally.stopped += 1
        elif leave.is_total:
            self._claims.appendleft(claim)
            self._resume_at = leave.at

    def _held_back(
        self, going: Sequence[ledger.Claim], leaves: Sequence[limits.Leave], now: datetime
    ) -> tuple[list[tuple[datetime, ledger.Claim]], list[tuple[ledger.Claim, datetime]]]:
        """Return what a domain's limit holds back for a moment, and what for longer, each with a time to come back.

        They come back one after the other, as fast as the limit lets them.
        """
        held: list[tuple[datetime, ledger.Claim]] = []
        late: list[tuple[ledger.Claim, datetime]] = []
        domains = Counter(claim.domain for _, claim in self._held)
        room = self._sending.connections * _AHEAD - len(self._held)
        for claim, leave in zip(going, leaves, strict=True):
            if leave.at is None or leave.is_total:
                continue
            at = leave.at
            # A few wait for the very moment; the others come behind those that are waiting.
            if at - now > self._sending.longest_wait or domains[claim.domain] >= self._sending.connections:
                at = max(at, self._last.get(claim.domain, at - leave.apart) + leave.apart)
                self._last[claim.domain] = at
            if at - now <= self._sending.longest_wait and len(held) < room:
                held.append((at, claim))
                domains[claim.domain] += 1
            else:
                late.append((claim, at))
        return held, late

    def _paced(self, tx: Transaction, ended: Sequence[ledger.Ended], now: datetime) -> set[str]:
        """Slow down where servers ask for it, and speed up again where they take messages; return what is slowed."""
        slowed = set(self._slowed)
        asking = {_bucket(one) for one in ended if one.outcome.slows}
        for name in sorted(asking):
            limits.slow_down(tx, name, now)
        taken = {one.claim.domain for one in ended if one.outcome.kind == "accepted"}
        quicker = ({limits.ALL, *taken} if taken else set()) & slowed - asking
        if quicker:
            limits.speed_up(tx, quicker)
        return slowed | asking

    def _count(self, one: ledger.Ended) -> None:
        outcome = one.outcome
        is_reached = not (outcome.kind == "deferred" and outcome.stage in ledger.UNREACHED)
        match outcome.kind:
            case "accepted":
                self.tally.sent += 1
            case "in_doubt":
                self.tally.in_doubt += 1
            case "refused":
                self.tally.failed += 1
            case "deferred" if is_reached:
                self.tally.deferred += 1
        if is_reached:
            self._unreached = 0
            return
        # What was never handed over says nothing of the server, and several that were under way at once are one try.
        if not one.message_id or self.clock.elapsed() < self._go_at:
            return
        if self._unreached >= len(self._sending.pauses):
            self.failure = self.failure or TransientDeliveryError(
                f"the server can't be reached: {outcome.text or outcome.code}\n    Nothing is lost; send again later."
            )
            return
        self._go_at = self.clock.elapsed() + self._sending.pauses[self._unreached]
        self._unreached += 1

    def _give_back(self) -> None:
        """Let others have at once what won't be begun any more, however long the server takes for the rest."""
        if mine := [*self._claims, *(claim for _, claim in self._held)]:
            with self._store.transaction() as tx:
                recovery.give_back(tx, mine, self._owner, self.clock.now())
            self._claims.clear()
            self._held.clear()

    def _let_go(self, threads: Sequence[Future[None]]) -> None:
        """Let go of what was only claimed, and write down what has ended since an error."""
        while self._waits and self._flying and not all(thread.done() for thread in threads):
            for hand in self._gathered():
                hand.answer.put(None)
                if hand.ended is not None:
                    self._ended.append(hand.ended)
                    self._flying.pop(hand.ended.claim.ref, None)
        try:
            if self._ended and self._is_patient:
                self._patiently(self._write_last)
            else:
                self._write_last()
        except StoreError as error:
            self.failure = _unwritten(self._ended, error) if self._ended else self.failure or error
        else:
            for one in self._ended:
                self._count(one)

    def _write_last(self) -> None:
        with self._store.transaction() as tx:
            ledger.end(tx, self._ended, self._owner, self._sending.rules)
            mine = [*self._claims, *(claim for _, claim in self._held)]
            recovery.give_back(tx, mine, self._owner, self.clock.now())


def _unwritten(ended: Sequence[ledger.Ended], error: StoreError) -> StoreError:
    told = ", ".join(f"{one.claim.ref} {one.outcome.kind.replace('_', ' ')}" for one in ended)
    return StoreError(
        f"{error}\n    How {len(ended)} messages ended could not be written down, so they are in doubt: {told}."
    )


def _renewed(tx: Transaction, claims: Sequence[ledger.Claim], owner: str, until: datetime) -> Iterable[ledger.Claim]:
    return recovery.renew(tx, claims, owner, until) if claims else ()


def _bucket(one: ledger.Ended) -> str:
    """Return what is to be slowed down: the reader's domain where their server is meant, or else everything."""
    return one.claim.domain if one.outcome.stage == "rcpt" and one.outcome.code != 421 else limits.ALL


# --------------------------------------------------------------------------- a connection


def _begun(run: Callable[[], None]) -> Future[None]:
    """Run something in a thread that keeps no process from ending; return how it ends."""
    future: Future[None] = Future()

    def work() -> None:
        try:
            run()
        except BaseException as error:  # noqa: BLE001 (it is raised where its end is asked for)
            future.set_exception(error)
        else:
            future.set_result(None)

    threading.Thread(target=work, name="connection", daemon=True).start()
    return future


class _Thread:
    """Sends one claim after the other over one connection."""

    def __init__(self, compose: Compose, connect: Callable[[], Transport], desk: _Desk) -> None:
        self._compose, self._connect, self._desk = compose, connect, desk

    def run(self) -> None:
        hand = _Hand(queue.SimpleQueue())
        try:
            transport = self._connect()
        except QuireError as error:
            hand.failure = error
            self._desk.asked(hand)
            return
        with closing(transport):
            while (claim := self._desk.asked(hand)) is not None:
                hand = _Hand(hand.answer)
                hand.ended, hand.failure = self._sent(transport, claim)

    def _sent(self, transport: Transport, claim: ledger.Claim) -> tuple[ledger.Ended, QuireError | None]:
        """Send a claim's message; return how that ended, and what would stop every other one too."""
        at = self._desk.clock.now()
        try:
            message = self._compose(claim, at)
        except WriteError as error:
            return ledger.Ended(claim, Outcome("refused", "mail", text=str(error)), at), None
        except (ConfigError, StoreError) as error:
            return ledger.Ended(claim, Outcome("deferred", "auth", text=str(error)), at), error
        if not self._desk.may_go(claim):
            # We were asleep for so long that somebody else may have it by now.
            return ledger.Ended(
                claim, Outcome("deferred", "connect", text="the lease ran out before it was sent"), at
            ), None
        failure: QuireError | None = None
        try:
            outcome = transport.send(message.envelope, message.content)
        except DeliveryError as error:
            failure, outcome = error, Outcome("deferred", "auth", text=str(error))
        ended = ledger.Ended(
            claim,
            outcome,
            self._desk.clock.now(),
            message.message_id,
            message.filled,
            message.hash,
            message.address_hash,
        )
        return ended, failure
