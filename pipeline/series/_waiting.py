"""Claims in; those that are next out, in order, but for what a domain's limit holds back until its time has come."""

from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence, Set
from datetime import datetime, timedelta

from pipeline.series.store.ledger import Claim
from pipeline.series.store.limits import Leave


class Waiting:
    """What a sender has claimed and not begun; it holds back so many at once, `few` of one domain, for so long."""

    def __init__(self, room: int, few: int, longest: timedelta) -> None:
        self._room, self._few, self._longest = room, few, longest
        self._next: deque[Claim] = deque()
        self._held: list[tuple[datetime, Claim]] = []
        # For each domain with a limit, when the last of those that it holds back may go.
        self._last: dict[str, datetime] = {}

    def __len__(self) -> int:
        """Return how many may go as soon as there is a connection; what is held back keeps nobody else waiting."""
        return len(self._next)

    @property
    def all(self) -> list[Claim]:
        return [*self._next, *(claim for _, claim in self._held)]

    def add(self, claims: Sequence[Claim]) -> None:
        """Put new claims at the end."""
        # What another took over while we slept, and gave back, may be among them: it is not to be here twice.
        again = {one.ref for one in claims}
        self.keep({one.ref: one for one in self.all if one.ref not in again})
        self._next.extend(claims)

    def keep(self, claims: Mapping[int, Claim]) -> None:
        """Keep these claims, by their refs, each as it is here, and none of the others."""
        self._next = deque(claims[one.ref] for one in self._next if one.ref in claims)
        self._held = [(at, claims[one.ref]) for at, one in self._held if one.ref in claims]

    def take(self, most: int, now: datetime) -> list[Claim]:
        """Take out what is to go next; what was held back and may go now comes first."""
        if any(at > now + self._longest for at, _ in self._held):
            # Nothing is held back for so long: the clock was set back, and their limits are to be asked anew.
            self._held, self._last = [(now, claim) for _, claim in self._held], {}
        ready = [claim for at, claim in self._held if at <= now]
        if ready:
            self._held = [(at, claim) for at, claim in self._held if at > now]
            self.put_back(ready)
        return [self._next.popleft() for _ in range(min(most, len(self._next)))]

    def take_out(self, revisions: Set[int]) -> list[Claim]:
        """Take out the claims of some revisions of letters."""
        found = [one for one in self.all if one.revision_id in revisions] if revisions else []
        if found:
            self.keep({one.ref: one for one in self.all if one.revision_id not in revisions})
        return found

    def put_back(self, claims: Sequence[Claim]) -> None:
        """Put claims at the head, where they were."""
        self._next.extendleft(reversed(claims))

    def hold(self, held: Iterable[tuple[datetime, Claim]]) -> None:
        """Hold claims back, each until its time."""
        self._held += held

    def waits_for_a_limit(self, now: datetime) -> bool:
        """Return whether some that a domain's limit has put off, here or in the ledger, have their time to come."""
        return any(last >= now for last in self._last.values())

    def held_back(
        self, going: Sequence[Claim], leaves: Sequence[Leave], now: datetime
    ) -> tuple[list[tuple[datetime, Claim]], list[tuple[Claim, datetime]]]:
        """Return what a domain's limit holds back for a moment, and what for longer, each with a time to come back.

        They come back one after the other, as fast as the limit lets them.
        """
        held: list[tuple[datetime, Claim]] = []
        late: list[tuple[Claim, datetime]] = []
        domains = Counter(claim.domain for _, claim in self._held)
        room = self._room - len(self._held)
        for claim, leave in zip(going, leaves, strict=True):
            if leave.at is None or leave.is_total:
                continue
            at = leave.at
            # A few wait for the very moment; the others come behind those that are waiting.
            if at - now > self._longest or domains[claim.domain] >= self._few:
                at = max(at, self._last.get(claim.domain, at - leave.apart) + leave.apart)
                self._last[claim.domain] = at
            if at - now <= self._longest and len(held) < room:
                held.append((at, claim))
                domains[claim.domain] += 1
            else:
                late.append((claim, at))
        return held, late
