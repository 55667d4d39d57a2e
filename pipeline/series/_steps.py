"""Steps of deliveries in; all those of one moment in the ledger, in one transaction that one sender makes, out."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from msgspec import Struct

from pipeline.errors import StoreError
from pipeline.series._pace import adapted
from pipeline.series._sending import HOLD, Clock, Sending
from pipeline.series._waiting import Waiting
from pipeline.series.store import ledger, limits, recovery
from pipeline.series.store.engine import Store

T = TypeVar("T")


class Beat(Struct, frozen=True):
    """What is still the sender's, by ref; how many others have left in doubt; what servers have slowed down."""

    mine: dict[int, ledger.Claim]
    in_doubt: int
    slowed: set[str]


class Written(Struct, frozen=True):
    """Of the claims that were to go next, the leave of each, and by ref what became of those that had it.

    `held` are those that a domain's limit holds back for a moment.
    """

    leaves: list[limits.Leave]
    verdicts: dict[int, ledger.Verdict]
    held: list[tuple[datetime, ledger.Claim]]
    slowed: set[str]


class Steps:
    """The steps that one sender takes."""

    def __init__(self, store: Store, sending: Sending, clock: Clock, owner: str) -> None:
        self._store, self._sending, self._clock, self._owner = store, sending, clock, owner
        # Whether there is patience left with a store that can't be used.
        self.is_patient = True

    def claim(self, most: int) -> tuple[list[ledger.Claim], datetime | None]:
        """Claim what is due; return it, and when to look again, which is now where something was."""
        now = self._clock.now()
        with self._store.transaction() as tx:
            claims = ledger.claim(tx, now, self._owner, self._sending.lease, most)
            # Who is at the end, or had one today, has been moved on: there may be others behind them.
            return claims, recovery.next_look(tx) if not claims else now

    def beat(self, claims: Sequence[ledger.Claim]) -> Beat:
        """Tell others that we are there, and look for those that are no more."""
        now = self._clock.now()
        with self._store.transaction() as tx:
            renewed = recovery.renew(tx, claims, self._owner, now + self._sending.lease) if claims else []
            _, doubtful = recovery.recover(tx, now, self._sending.rules.in_doubt)
            return Beat({one.ref: one for one in renewed}, doubtful, limits.slowed(tx))

    def write(
        self,
        ended: Sequence[ledger.Ended],
        unmade: Sequence[ledger.Claim],
        going: Sequence[ledger.Claim],
        slowed: set[str],
        waiting: Waiting,
    ) -> Written:
        """Write down how messages have ended, and which go next; it has to be so before any of these goes out.

        Those that are `unmade` wait, since their letters can't be made now.
        It is tried again for a while where the store can't be used: what was sent would be in doubt otherwise.
        """
        # The same moment at each try, so that a commit whose reply was lost is recognized.
        now = self._clock.now()

        def write() -> Written:
            with self._store.transaction() as tx:
                ledger.end(tx, ended, self._owner, self._sending.rules)
                slower = adapted(tx, ended, slowed, now)
                # Those of a commit whose reply was lost have had their leave, and would be refused another.
                begun = ledger.begun(tx, going, self._owner, now) if going else frozenset()
                asking = [claim for claim in going if claim.ref not in begun]
                taken = limits.take(tx, [claim.domain for claim in asking], self._sending.limits, now) if asking else []
                by_ref = {claim.ref: leave for claim, leave in zip(asking, taken, strict=True)}
                leaves = [by_ref.get(claim.ref, limits.Leave()) for claim in going]
                may = [claim for claim, leave in zip(going, leaves, strict=True) if leave.at is None]
                verdicts = ledger.begin(tx, may, self._owner, now) if may else {}
                held, late = waiting.held_back(going, leaves, now)
                recovery.put_off(tx, [*late, *((claim, now + HOLD) for claim in unmade)], self._owner)
            return Written(leaves, verdicts, held, slower)

        return self._patiently(write)

    def give_back(self, claims: Sequence[ledger.Claim]) -> None:
        """Let others have what won't be begun any more."""
        with self._store.transaction() as tx:
            recovery.give_back(tx, claims, self._owner, self._clock.now())

    def write_last(self, ended: Sequence[ledger.Ended], claims: Sequence[ledger.Claim]) -> None:
        """Write down how messages have ended, and let go of the rest, patiently where something has ended."""

        def write() -> None:
            with self._store.transaction() as tx:
                ledger.end(tx, ended, self._owner, self._sending.rules)
                recovery.give_back(tx, claims, self._owner, self._clock.now())

        if ended and self.is_patient:
            self._patiently(write)
        else:
            write()

    def _patiently(self, write: Callable[[], T]) -> T:
        until, pause = self._clock.elapsed() + self._sending.patience, 0.1
        while True:
            try:
                return write()
            except StoreError:
                if self._clock.elapsed() >= until:
                    self.is_patient = False
                    raise
                time.sleep(pause)
                pause = min(pause * 2, 5.0)
