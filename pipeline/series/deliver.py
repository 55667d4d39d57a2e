"""Due deliveries in; messages handed over, and each step in the ledger, out.

Each connection has a thread, which makes one message after the other and hands it over; the thread that called is the
desk (`_desk.py`), which says what is next and writes down how each has ended.
"""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from contextlib import closing

from pipeline.errors import ConfigError, DeliveryError, LetterError, QuireError, StoreError, WriteError
from pipeline.series._desk import Desk, Hand
from pipeline.series._sending import LEASE as LEASE
from pipeline.series._sending import Clock as Clock
from pipeline.series._sending import Compose as Compose
from pipeline.series._sending import Sending as Sending
from pipeline.series._sending import Tally as Tally
from pipeline.series.outcome import Outcome
from pipeline.series.store import ledger
from pipeline.series.store.engine import Store
from pipeline.series.transport import Transport


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
    desk = Desk(store, sending, clock, owner, tally, progress)
    connections = [_Connection(compose, connect, desk) for _ in range(sending.connections)]
    begun = [_begun(one.run) for one in connections]
    desk.work(begun)
    wait(begun)
    if desk.failure is not None:
        raise desk.failure


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


class _Connection:
    """Sends one claim after the other over one connection."""

    def __init__(self, compose: Compose, connect: Callable[[], Transport], desk: Desk) -> None:
        self._compose, self._connect, self._desk = compose, connect, desk

    def run(self) -> None:
        hand = Hand(queue.SimpleQueue())
        try:
            transport = self._connect()
        except QuireError as error:
            hand.failure = error
            self._desk.asked(hand)
            return
        with closing(transport):
            while (claim := self._desk.asked(hand)) is not None:
                hand = Hand(hand.answer)
                try:
                    hand.ended, hand.failure = self._sent(transport, claim)
                except LetterError as error:
                    hand.unmade, hand.fault = claim, str(error)

    def _sent(self, transport: Transport, claim: ledger.Claim) -> tuple[ledger.Ended, QuireError | None]:
        """Send a claim's message; return how that ended, and what would stop every other one too.

        Raises LetterError where its letter can't be made into any message.
        """
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
