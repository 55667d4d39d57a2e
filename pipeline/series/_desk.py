"""Due deliveries in; claims handed to connections, and how each has ended in the ledger, out.

The desk alone has to do with the store. A connection tells it how its last message has ended, and gets the next. The
desk writes down in one transaction how all that has ended meanwhile did, and which may go next; only then are those
handed out. So nothing goes out that isn't committed as *sending*, each connection has one message in flight at the
most, and the disk is waited for once for all of them.
"""

import queue
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress

from msgspec import Struct

from pipeline.errors import DeliveryError, QuireError, StoreError
from pipeline.series._pace import Pace
from pipeline.series._sending import Clock, Sending, Tally
from pipeline.series._steps import Steps
from pipeline.series._waiting import Waiting
from pipeline.series.store import ledger, limits
from pipeline.series.store.engine import Store

# How long the desk listens for its connections before it looks around, in seconds.
_LOOK_UP = 0.05
# How often to look for more where there was nothing, in seconds.
_LOOK_AGAIN = 0.25
# How long to wait for others to end, once one has, in seconds.
_LONGEST_TOGETHER = 0.005
# How many are claimed at once, for each connection.
_AHEAD = 16


class Hand(Struct):
    """A connection with nothing to do: how its last message ended, and where it waits for the next; None is the end.

    `failure` is what would stop every other message too. `unmade` is what wasn't sent, since its letter has a `fault`.
    """

    answer: "queue.SimpleQueue[ledger.Claim | None]"
    ended: ledger.Ended | None = None
    failure: QuireError | None = None
    unmade: ledger.Claim | None = None
    fault: str = ""


class Desk:
    """Hands claims out, and writes down how they have ended. All but `asked` and `may_go` belong to its own thread."""

    def __init__(
        self, store: Store, sending: Sending, clock: Clock, owner: str, tally: Tally, progress: Callable[[], None]
    ) -> None:
        self.clock, self.tally = clock, tally
        tally.resume_at = None
        self.failure: QuireError | None = None
        self._sending, self._progress = sending, progress
        self._steps = Steps(store, sending, clock, owner)
        self._hands: queue.SimpleQueue[Hand] = queue.SimpleQueue()
        self._idle: list[Hand] = []
        # Whether to wait for what is in flight.
        self._waits = True
        self._room = sending.connections * _AHEAD
        self._waiting = Waiting(self._room, sending.connections, sending.longest_wait)
        self._pace = Pace(sending.pauses)
        self._flying: dict[int, ledger.Claim] = {}
        # What has ended and isn't written down yet.
        self._ended: list[ledger.Ended] = []
        # Whose letters can't be made, by revision; and the claims of those that are to wait and don't yet.
        self._faulty: set[int] = set()
        self._unmade: list[ledger.Claim] = []
        self._claimed = 0
        # Moments of `elapsed`: before which nothing is claimed, is heard of us.
        self._fill_at = self._beat_at = 0.0
        # How long to wait for others once one has ended, in seconds.
        self._together = 0.0

    # Called by the connections' threads.

    def asked(self, hand: Hand) -> ledger.Claim | None:
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
            self._steps.is_patient = self._waits = False
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
            self._note_faults(hands)
            self._idle += hands
            self._beat()
            if self._is_ending():
                self._give_back()
            else:
                self._fill()
            going = self._picked()
            if self._ended or self._unmade or going:
                self._commit(going)
            if not self._flying and len(self._idle) == len(threads) and (self._is_ending() or self._is_done()):
                return

    def _gathered(self) -> list[Hand]:
        """Return the connections that have nothing to do, waiting a moment for the first, and less for the rest.

        To wait for a part of the time that writing takes is to write for more of them at once.
        """
        hands: list[Hand] = []
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
        resume_at = self._pace.resume_at
        if resume_at is not None and resume_at - self.clock.now() > self._sending.longest_wait:
            self.tally.resume_at = resume_at
            return True
        if self._waiting.all:
            return False
        # What has just ended may be due again.
        self._fill_at = 0.0
        return not self._fill()

    def _note_faults(self, hands: Sequence[Hand]) -> None:
        """Note which letters can't be made: nobody is at fault, so their readers wait, and are not begun meanwhile."""
        for hand in hands:
            if (claim := hand.unmade) is not None:
                self._unmade.append(claim)
                self._faulty.add(claim.revision_id)
                self.tally.held[claim.sequence_id, claim.letter] = hand.fault

    # --------------------------------------------------------------------------- claims

    def _beat(self) -> None:
        """Tell others from time to time that we are there, and look for those that are no more."""
        elapsed = self.clock.elapsed()
        if elapsed < self._beat_at:
            return
        self._beat_at = elapsed + self._sending.lease.total_seconds() / 3
        found = self._steps.beat([*self._waiting.all, *self._flying.values()])
        self.tally.recovered += found.in_doubt
        self._pace.slowed = found.slowed
        self._waiting.keep(found.mine)
        self._flying |= {ref: one for ref, one in found.mine.items() if ref in self._flying}

    def _fill(self) -> bool:
        """Claim some more where few are left; return whether there is more to do."""
        room = self._room
        if len(self._waiting) > room // 4 or self.clock.elapsed() < self._fill_at:
            return True
        if self._sending.most:
            room = min(room, self._sending.most - self._claimed)
            if room <= 0:
                return False
        claims, next_at = self._steps.claim(room)
        self._waiting.add(claims)
        self._claimed += len(claims)
        if not claims:
            self._fill_at = self.clock.elapsed() + _LOOK_AGAIN
        if next_at is None:
            return False
        now = self.clock.now()
        if not claims and next_at <= now:
            # That may be what another has left, whose lease has just run out.
            self._beat_at = 0.0
        # What a domain's limit has put off for a moment only is waited for.
        return next_at <= (now + self._sending.longest_wait if self._waiting.waits_for_a_limit(now) else now)

    def _picked(self) -> list[ledger.Claim]:
        """Return what may be sent next, as far as there are connections for it."""
        if self._is_ending():
            return []
        self._unmade += self._waiting.take_out(self._faulty)
        now = self.clock.now()
        room = self._pace.room(len(self._idle), len(self._flying), now, self.clock.elapsed())
        return self._waiting.take(room, now) if room else []

    def _give_back(self) -> None:
        """Let others have at once what won't be begun any more, however long the server takes for the rest."""
        if mine := self._waiting.all:
            self._steps.give_back(mine)
            self._waiting.keep({})

    # --------------------------------------------------------------------------- messages

    def _commit(self, going: Sequence[ledger.Claim]) -> None:
        """Write down how messages have ended and which are next, and hand those out."""
        started, ended, unmade = self.clock.elapsed(), self._ended, self._unmade
        try:
            written = self._steps.write(ended, unmade, going, self._pace.slowed, self._waiting)
        except StoreError:
            self._waiting.put_back(going)
            raise
        self._pace.slowed = written.slowed
        self._together = min((self.clock.elapsed() - started) / 2, _LONGEST_TOGETHER)
        self._ended, self._unmade = [], []
        for claim in unmade:
            self._flying.pop(claim.ref, None)
        # They were not sent, and so others may be of those that are asked for.
        self._claimed -= len(unmade)
        for one in ended:
            self._flying.pop(one.claim.ref, None)
            self._count(one)
        for claim, leave in zip(going, written.leaves, strict=True):
            self._hand_out(claim, leave, written.verdicts.get(claim.ref))
        self._waiting.hold(written.held)
        self._progress()

    def _hand_out(self, claim: ledger.Claim, leave: limits.Leave, verdict: ledger.Verdict | None) -> None:
        if verdict == "send":
            self._flying[claim.ref] = claim
            self._idle.pop().answer.put(claim)
        elif verdict == "stopped":
            self.tally.stopped += 1
        elif leave.is_total:
            self._waiting.put_back([claim])
            self._pace.resume_at = leave.at

    def _count(self, one: ledger.Ended) -> None:
        outcome = one.outcome
        is_reached = not (outcome.kind == "deferred" and outcome.stage in ledger.UNREACHED)
        # What was never handed over says nothing of the server.
        if one.message_id:
            try:
                self._pace.reached(outcome) if is_reached else self._pace.not_reached(outcome, self.clock.elapsed())
            except DeliveryError as error:
                self.failure = self.failure or error
        if not is_reached:
            return
        match outcome.kind:
            case "accepted":
                self.tally.sent += 1
                self.tally.held.pop((one.claim.sequence_id, one.claim.letter), None)
            case "in_doubt":
                self.tally.in_doubt += 1
            case "refused":
                self.tally.failed += 1
            case "deferred":
                self.tally.deferred += 1

    def _let_go(self, threads: Sequence[Future[None]]) -> None:
        """Let go of what was only claimed, and write down what has ended since an error."""
        while self._waits and self._flying and not all(thread.done() for thread in threads):
            for hand in self._gathered():
                hand.answer.put(None)
                self._note_faults([hand])
                if hand.unmade is not None:
                    self._flying.pop(hand.unmade.ref, None)
                if hand.ended is not None:
                    self._ended.append(hand.ended)
                    self._flying.pop(hand.ended.claim.ref, None)
        try:
            self._steps.write_last(self._ended, [*self._waiting.all, *self._unmade])
        except StoreError as error:
            self.failure = _unwritten(self._ended, error) if self._ended else self.failure or error
        else:
            for one in self._ended:
                self._count(one)


def _unwritten(ended: Sequence[ledger.Ended], error: StoreError) -> StoreError:
    told = ", ".join(f"{one.claim.ref} {one.outcome.kind.replace('_', ' ')}" for one in ended)
    return StoreError(
        f"{error}\n    How {len(ended)} messages ended could not be written down, so they are in doubt: {told}."
    )
