"""A schedule in; the days of its grid, and the moment of each, out.

Local times that a clock change leaves out move to the next minute that there is, and of two that it makes the first is
meant (PEP 495). Of a day that a zone leaves out, or the rest of which it leaves out from that time on, nothing is left
to send on: it is passed over as a holiday is.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from msgspec import Struct

from pipeline.delivery import WEEKDAYS, Schedule, schedule_faults, zone_fault
from pipeline.errors import ConfigError

DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
# A schedule whose quiet days and holidays leave nothing free is found out after so many days, and never before so many
# steps: with those, a grid has come to each weekday.
FARTHEST = 3660
_FEWEST = 20
_ALL_WEEK = frozenset(range(7))


class ScheduleError(ConfigError):
    """A schedule can't be kept: an unknown time zone, no such date, or no day on which anything may go out."""


class Grid(Struct, frozen=True):
    """A schedule, taken apart once: steps of days or of weeks, weekdays from Monday, 0, and the time of day."""

    step: int
    is_weekly: bool
    on: frozenset[int]
    quiet: frozenset[int]
    holidays: frozenset[date]
    at: time


@lru_cache(maxsize=1024)
def grid_of(schedule: Schedule) -> Grid:
    """Return a schedule's grid. Raises ScheduleError where the schedule can't be kept."""
    for _, fault, hint in schedule_faults(schedule):
        raise ScheduleError(f"delivery.schedule: {fault}\n    {hint}")
    number, _, unit = schedule.every.rpartition(" ")
    step, is_weekly = int(number or 1), unit.startswith("week")
    quiet = frozenset(map(WEEKDAYS.index, schedule.quiet))
    # Weeks without weekdays of their own keep to the weekday that they began on: they are intervals of days.
    by_week = is_weekly and bool(schedule.on)
    return Grid(
        step=step * 7 if is_weekly and not by_week else step,
        is_weekly=by_week,
        on=frozenset(map(WEEKDAYS.index, schedule.on)) - quiet,
        quiet=quiet,
        holidays=frozenset(map(date.fromisoformat, schedule.holidays)),
        at=time.fromisoformat(schedule.at),
    )


def days_after(grid: Grid, day: date) -> Iterator[date]:
    """Yield the days of the grid after one of its days."""
    if grid.is_weekly:
        monday = day - day.weekday() * DAY
        for week in range(max(FARTHEST // 7 // grid.step, _FEWEST)):
            for weekday in sorted(grid.on):
                following = monday + (7 * week * grid.step + weekday) * DAY
                if following > day:
                    yield following
        return
    # A grid that keeps to one weekday, which has become a quiet one, goes on from the next that isn't.
    on = grid.on or _ALL_WEEK - (grid.quiet if grid.step % 7 == 0 else frozenset())
    following = day
    for _ in range(max(FARTHEST // grid.step, _FEWEST)):
        following += grid.step * DAY
        while following.weekday() not in on:
            following += DAY
        yield following


def is_free(grid: Grid, day: date) -> bool:
    """Return whether anything may go out on a day."""
    return day.weekday() not in grid.quiet and day not in grid.holidays


def slot_on(grid: Grid, day: date, zone: ZoneInfo) -> datetime | None:
    """Return the moment of a day, in UTC, or None where nothing goes out on it."""
    if not is_free(grid, day):
        return None
    wall = datetime.combine(day, grid.at)
    while wall.date() == day:
        moment = wall.replace(tzinfo=zone).astimezone(UTC)
        if moment.astimezone(zone).replace(tzinfo=None, fold=0) == wall:
            return moment
        # The clocks are put forward over this time: the next minute that there is.
        wall += _MINUTE
    return None


def aware(moment: datetime) -> datetime:
    """Return a moment. Raises ScheduleError where it has no time zone."""
    if moment.tzinfo is None:
        raise ScheduleError("a moment without a time zone has no place in a schedule")
    return moment


def zone_of(schedule: Schedule, reader_zone: str) -> ZoneInfo:
    """Return whose time a schedule's time of day is."""
    return zone_named(reader_zone if schedule.time_zone == "reader" else schedule.time_zone)


@lru_cache(maxsize=1024)
def zone_named(name: str) -> ZoneInfo:
    """Return the time zone of a name. Raises ScheduleError where there is none."""
    fault, hint = zone_fault(name)
    if fault:
        raise ScheduleError(f"{fault}\n    {hint}")
    return ZoneInfo(name)


def is_zone(name: str) -> bool:
    """Return whether there is a time zone of a name."""
    return not zone_fault(name)[0]


def nothing_free(schedule: Schedule) -> ScheduleError:
    """Return what to say of a schedule that leaves no day."""
    return ScheduleError(
        "delivery.schedule: “on”, “quiet” and “holidays” leave no day on which an issue may go out\n"
        "    Take some of them out."
    )
