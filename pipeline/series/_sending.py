"""What a run of sending is told, and what it tells: how to send, by which clock, and how many messages ended how."""

from datetime import datetime, timedelta
from typing import Protocol

from msgspec import Struct

from pipeline.series.compose import Message
from pipeline.series.store.ledger import Claim, Rules
from pipeline.series.store.limits import Limits

# What a sender has is its own for so long after it was last heard of, which is three times as often.
LEASE = timedelta(minutes=5)
# A server that can't be reached: how long to wait before the next try, in seconds; after the last it is given up.
PAUSES = (1.0, 2.0, 5.0, 10.0, 20.0)
# How long the readers of a letter that can't be made wait before it is tried again.
HOLD = timedelta(hours=1)
# How long the desk tries to write down what has happened while the store can't be used, in seconds.
PATIENCE = 120.0


class Sending(Struct, frozen=True):
    """How to send: so many connections, within limits, by rules; `most` messages at the most, 0 being all.

    A limit that asks for a longer wait than `longest_wait` lets the run end, or its reader wait in the ledger.
    """

    connections: int = 4
    limits: Limits = Limits()
    rules: Rules = Rules()
    lease: timedelta = LEASE
    most: int = 0
    pauses: tuple[float, ...] = PAUSES
    patience: float = PATIENCE
    longest_wait: timedelta = timedelta(seconds=30)


class Tally(Struct):
    """What one or more runs have done: how many messages ended how.

    `stopped` are those whose readers left in time, `in_doubt` those whose end this run saw in doubt, `recovered` those
    that another sender had left so. `resume_at` is when a limit lets the next one go. `held` says by sequence and name
    what is wrong with each letter that can't be made any more, and whose readers wait.
    """

    sent: int = 0
    deferred: int = 0
    failed: int = 0
    in_doubt: int = 0
    stopped: int = 0
    recovered: int = 0
    resume_at: datetime | None = None
    held: dict[tuple[int, str], str] = {}


class Clock(Protocol):
    """What time it is; `elapsed` are seconds that no clock change moves."""

    def now(self) -> datetime: ...
    def elapsed(self) -> float: ...
    def is_stopping(self) -> bool:
        """Say whether the run is to end: what is under way is finished, and nothing new begun."""

    def wait(self, seconds: float) -> None:
        """Wait, or less if the run is to end."""


class Compose(Protocol):
    """Makes a claim's message; `at` is when it is sent.

    Raises WriteError where it can't be made for this reader, LetterError where it can't for anybody, and any other
    QuireError for what would stop every message.
    """

    def __call__(self, claim: Claim, at: datetime) -> Message: ...
