"""A sequence's order and times in, with where a reader stands; what comes next for that reader, and when, out."""

from collections.abc import Collection, Sequence
from datetime import datetime

from msgspec import Struct

from pipeline.delivery import Schedule
from pipeline.series import schedule as times

MAIL = "mail/"


class Place(Struct, frozen=True):
    """An issue's place in the order; one that was taken out keeps it, for those who stand there."""

    issue: str
    revision_id: int
    is_live: bool = True


class Course(Struct, frozen=True):
    """A published sequence: its issues in order, and when they go out."""

    sequence_id: int
    name: str
    version: int
    schedule: Schedule
    places: tuple[Place, ...]
    mails: dict[str, int]

    @property
    def live(self) -> tuple[Place, ...]:
        return tuple(place for place in self.places if place.is_live)

    @property
    def halfway(self) -> str:
        """Return the issue with which half of them have come; nothing where there are too few for a half."""
        return self.live[len(self.live) // 2 - 1].issue if len(self.live) > 1 else ""

    def next(self, reached: str, owed: Sequence[str] = (), had: Collection[str] = ()) -> Place | None:
        """Return what a reader gets next: what is owed, else the first issue past the one reached; None at the end.

        Nothing in `had` is given twice, wherever it has moved.
        """
        for issue in owed:
            rank = self.rank(issue)
            if rank >= 0 and self.places[rank].is_live and issue not in had:
                return self.places[rank]
        for place in self.places[self.rank(reached) + 1 :]:
            if place.is_live and place.issue not in had:
                return place
        return None

    def further(self, reached: str, issue: str) -> str:
        """Return which of two issues stands further on: sending one that was owed moves nobody back."""
        return issue if self.rank(issue) > self.rank(reached) else reached

    def rank(self, issue: str) -> int:
        """Return where an issue stands in the order, from 0; -1 where it doesn't."""
        return next((rank for rank, place in enumerate(self.places) if place.issue == issue), -1)

    def first_slot(self, issue: str, confirmed: datetime, zone: str, schedule: Schedule) -> datetime:
        """Return the time of a reader's first issue."""
        if schedule.kind == "calendar":
            return self._calendar(issue, schedule, zone)
        return times.first_slot(schedule, confirmed, zone)

    def slot_after(self, slot: datetime, issue: str, sent: datetime, zone: str, schedule: Schedule) -> datetime:
        """Return the time of a reader's next issue, by the slot of the one before and when it was sent."""
        if schedule.kind == "calendar":
            return self._calendar(issue, schedule, zone)
        return times.slot_after_sending(schedule, slot, sent, zone)

    def _calendar(self, issue: str, schedule: Schedule, zone: str) -> datetime:
        live = [place.issue for place in self.live]
        return times.calendar_slots(schedule, len(live), zone)[live.index(issue)]
