"""How messages have ended in; how many may go now, as servers can be reached and ask for less, out."""

from collections.abc import Sequence
from datetime import datetime

from pipeline.errors import PermanentDeliveryError, TransientDeliveryError
from pipeline.series._reasons import reason
from pipeline.series.outcome import Outcome
from pipeline.series.store import ledger, limits
from pipeline.series.store.engine import Transaction

# One message after the other is refused, and not for a reader who is gone, as the old addresses of a list are: then it
# is hardly the readers, and to go on would fail every one of them.
MOST_REFUSED = 10


class Pace:
    """What holds a whole run back: a server that can't be reached or refuses all, and a limit on all that is sent."""

    def __init__(self, pauses: Sequence[float]) -> None:
        self._pauses = pauses
        # When a limit on everything lets the next one go.
        self.resume_at: datetime | None = None
        self.slowed: set[str] = set()
        self._unreached = self._refused = 0
        # Before this moment of `elapsed` nothing is handed out.
        self._go_at = 0.0

    def room(self, idle: int, flying: int, now: datetime, elapsed: float) -> int:
        """Return how many may go now, so many connections having nothing to do and so many messages being under way."""
        if elapsed < self._go_at or (self.resume_at is not None and now < self.resume_at):
            return 0
        self.resume_at = None
        # One is enough to see whether a server can be reached again.
        return idle if not self._unreached else int(not flying)

    def reached(self, outcome: Outcome) -> None:
        """Note what the server said. Raises PermanentDeliveryError once it has refused too many in a row."""
        self._unreached = 0
        if outcome.kind == "accepted":
            self._refused = 0
        # What we don't even ask for, since the server offers it not, has no code.
        elif outcome.kind == "refused" and outcome.code and reason(outcome.enhanced, outcome.text) != "hard":
            self._refused += 1
            if self._refused == MOST_REFUSED:
                raise PermanentDeliveryError(
                    f"the server has refused {MOST_REFUSED} messages in a row, the last with: {_said(outcome)}\n"
                    "    Ask who runs it whether you may send through it; quire series log shows what it said."
                )

    def not_reached(self, outcome: Outcome, elapsed: float) -> None:
        """Wait a while, longer each time. Raises TransientDeliveryError once that was done often enough."""
        # Several that were under way at once are one try.
        if elapsed < self._go_at:
            return
        if self._unreached >= len(self._pauses):
            is_so = "takes nothing now" if outcome.code else "can't be reached"
            raise TransientDeliveryError(
                f"the server {is_so}: {_said(outcome)}\n    Nothing is lost; send again later."
            )
        self._go_at = elapsed + self._pauses[self._unreached]
        self._unreached += 1


def _said(outcome: Outcome) -> str:
    return " ".join(filter(None, (str(outcome.code or ""), outcome.enhanced, outcome.text)))


def adapted(tx: Transaction, ended: Sequence[ledger.Ended], slowed: set[str], now: datetime) -> set[str]:
    """Slow down where servers ask for it, and speed up again where they take messages; return what is slowed then."""
    asking = {_bucket(one) for one in ended if one.outcome.slows}
    for name in sorted(asking):
        limits.slow_down(tx, name, now)
    taken = {one.claim.domain for one in ended if one.outcome.kind == "accepted"}
    quicker = ({limits.ALL, *taken} if taken else set()) & slowed - asking
    if quicker:
        limits.speed_up(tx, quicker)
    return slowed | asking


def _bucket(one: ledger.Ended) -> str:
    """Return what is to be slowed down: the reader's domain where their server is meant, or else everything."""
    return one.claim.domain if one.outcome.stage == "rcpt" and one.outcome.code != 421 else limits.ALL
