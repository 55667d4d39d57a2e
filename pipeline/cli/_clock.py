"""The time as the machine tells it, and a stop that somebody asks for, out."""

import os
import select
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import FrameType


class Clock:
    """The machine's clocks, for trials put ahead. SIGTERM or Ctrl-C asks to stop; a second one stops at once."""

    def __init__(self, ahead: timedelta = timedelta()) -> None:
        self._ahead = ahead
        self._is_stopping = False
        # A signal may come at any instruction, and a lock that is held then would never be let go: a pipe has none.
        self._ear, self._bell = os.pipe()

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def elapsed(self) -> float:
        return time.monotonic()

    def is_stopping(self) -> bool:
        return self._is_stopping

    def wait(self, seconds: float) -> None:
        select.select([self._ear], [], [], seconds)

    def __del__(self) -> None:
        os.close(self._ear)
        os.close(self._bell)

    @contextmanager
    def heeding_signals(self) -> Iterator[None]:
        """Let SIGTERM and Ctrl-C ask for a stop within the block."""
        before = {number: signal.signal(number, self._ask) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self._is_stopping:
            raise KeyboardInterrupt
        self._is_stopping = True
        os.write(self._bell, b"!")
