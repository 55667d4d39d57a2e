"""When issues go out: pure functions from a schedule, a reader's time zone and moments to slots, aware and in UTC.

A slot is a day of the schedule's grid at its time of day. The grid of an evergreen is counted from the slot before;
that of a calendar from its start. Local times that a clock change leaves out move to the next minute that there is, and
of two that it makes the first is meant (PEP 495). Of a day that a zone leaves out, or the rest of which it leaves out
from that time on, nothing is left to send on: it is passed over as a holiday is.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import chain
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from pipeline.delivery import WEEKDAYS, Schedule, schedule_faults, schedule_form, zone_fault
from pipeline.errors import ConfigError

_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
# A schedule whose quiet days and holidays leave nothing free is found out after so many days, and never before so many
# steps: with those, a grid has come to each weekday.
_FARTHEST = 3660
_FEWEST = 20
_ALL_WEEK = frozenset(range(7))
# What a reader may have a pace of their own in.
PACE = ("every", "on", "at", "time_zone")


class ScheduleError(ConfigError):
    """A schedule can't be kept: an unknown time zone, no such date, or no day on which anything may go out."""


class _Grid(Struct, frozen=True):
    """A schedule, taken apart once: steps of days or of weeks, weekdays from Monday, 0, and the time of day."""

    step: int
    is_weekly: bool
    on: frozenset[int]
    quiet: frozenset[int]
    holidays: frozenset[date]
    at: time


# --------------------------------------------------------------------------- one reader's course


def first_slot(schedule: Schedule, confirmed: datetime, reader_zone: str) -> datetime:
    """Return an evergreen's first slot: the first at or after a confirmation and the schedule's delay."""
    grid, zone = _grid(schedule), _zone(schedule, reader_zone)
    local = _aware(confirmed).astimezone(zone)
    day = local.date() + schedule.delay * _DAY
    for _ in range(_FARTHEST):
        if not grid.on or day.weekday() in grid.on:
            slot = _slot(grid, day, zone)
            if slot is not None and slot >= confirmed:
                return slot
        day += _DAY
    raise _nothing_free(schedule)


def next_slot(schedule: Schedule, slot: datetime, reader_zone: str) -> datetime:
    """Return the slot after one that was used."""
    grid, zone = _grid(schedule), _zone(schedule, reader_zone)
    for day in _days_after(grid, _aware(slot).astimezone(zone).date()):
        following = _slot(grid, day, zone)
        if following is not None and following > slot:
            return following
    raise _nothing_free(schedule)


def slot_at_or_after(schedule: Schedule, moment: datetime, reader_zone: str, slot: datetime) -> datetime:
    """Return the first slot of the grid that `slot` is of which is not before a moment; `slot` itself if it isn't.

    Where the schedule has changed since, and `slot` is on what is now a holiday or a quiet day, it is not used.
    """
    grid, zone = _grid(schedule), _zone(schedule, reader_zone)
    while slot < moment or not _is_free(grid, _aware(slot).astimezone(zone).date()):
        slot = next_slot(schedule, slot, reader_zone)
    return slot


def refitted(schedule: Schedule, slot: datetime, reader_zone: str) -> datetime:
    """Return a slot as a schedule that was changed since has it: at its time, on the first of its days from then on.

    A slot that is on the schedule stays as it is.
    """
    grid, zone = _grid(schedule), _zone(schedule, reader_zone)
    day = _aware(slot).astimezone(zone).date()
    while grid.on and day.weekday() not in grid.on:
        day += _DAY
    for free in chain([day], _days_after(grid, day)):
        found = _slot(grid, free, zone)
        if found is not None:
            return found
    raise _nothing_free(schedule)


def slot_after_sending(schedule: Schedule, slot: datetime, sent: datetime, reader_zone: str) -> datetime:
    """Return the first slot after `slot` that is on a later day of the reader's than an issue sent for it."""
    following = next_slot(schedule, slot, reader_zone)
    while following <= sent or is_same_day(following, sent, reader_zone):
        following = next_slot(schedule, following, reader_zone)
    return following


def resume_slot(schedule: Schedule, now: datetime, slot: datetime, reader_zone: str) -> datetime:
    """Return the first slot from now on after a pause, on the grid of the last slot before it.

    The schedule may have changed meanwhile.
    """
    return slot_at_or_after(schedule, now, reader_zone, refitted(schedule, slot, reader_zone))


def calendar_slots(schedule: Schedule, count: int, reader_zone: str) -> tuple[datetime, ...]:
    """Return the slots of a calendar's first issues, in order: at the reader's hour, or at the same moment for all."""
    zone = reader_zone if schedule.time_zone == "reader" else ""
    return _calendar(schedule, count, zone)


@lru_cache(maxsize=4096)
def _calendar(schedule: Schedule, count: int, reader_zone: str) -> tuple[datetime, ...]:
    _grid(schedule)
    if schedule.start is None:
        raise ScheduleError("delivery.schedule: “start” is missing\n    Write the day of the first issue.")
    zone = _zone(schedule, reader_zone)
    start = datetime.combine(date.fromisoformat(schedule.start), time.min, zone)
    slots = [first_slot(msgspec.structs.replace(schedule, delay=0), start, reader_zone)] if count else []
    while len(slots) < count:
        slots.append(next_slot(schedule, slots[-1], reader_zone))
    return tuple(slots)


def course(schedule: Schedule, confirmed: datetime, reader_zone: str, count: int) -> Iterator[datetime]:
    """Yield the slots of a reader's issues where each is sent in time."""
    if schedule.kind == "calendar":
        yield from calendar_slots(schedule, count, reader_zone)
        return
    slot = first_slot(schedule, confirmed, reader_zone) if count else None
    for number in range(count):
        if number and slot is not None:
            slot = slot_after_sending(schedule, slot, slot, reader_zone)
        if slot is not None:
            yield slot


# --------------------------------------------------------------------------- days and lateness


def is_too_late(schedule: Schedule, slot: datetime, now: datetime) -> bool:
    """Return whether an issue's slot is longer past than the schedule allows."""
    return now - slot > timedelta(hours=schedule.latest)


def is_same_day(one: datetime, other: datetime, reader_zone: str) -> bool:
    """Return whether two moments are on one day where a reader lives."""
    zone = _zone_named(reader_zone)
    return one.astimezone(zone).date() == other.astimezone(zone).date()


def next_day(schedule: Schedule, sent: datetime, reader_zone: str) -> datetime:
    """Return the time of day of the schedule on the next of the reader's days on which anything may go out."""
    grid, zone = _grid(schedule), _zone(schedule, reader_zone)
    day = _aware(sent).astimezone(zone).date()
    for _ in range(_FARTHEST):
        day += _DAY
        slot = _slot(grid, day, zone)
        if slot is not None and slot > sent and not is_same_day(slot, sent, reader_zone):
            return slot
    raise _nothing_free(schedule)


def put_off(schedule: Schedule, slot: datetime, now: datetime, reader_zone: str) -> datetime:
    """Return when a reader may get an issue who has had another one today: the next day, at the schedule's time.

    Where a calendar has one moment for everybody, that moment may be late in a reader's day; were each issue put off to
    the next such moment, a reader who has had a single one past midnight would be a day behind for good. So the
    reader's midnight will do where it is nearer to the issue's own moment than to the next day's.
    """
    following = next_day(schedule, now, reader_zone)
    if schedule.kind == "calendar" and schedule.time_zone != "reader":
        grid, zone, own = _grid(schedule), _zone(schedule, reader_zone), _zone_named(reader_zone)
        begins = _first_minute(now.astimezone(own).date() + _DAY, own)
        is_free = begins is not None and _is_free(grid, begins.astimezone(zone).date())
        if begins is not None and is_free and begins - slot < following - begins:
            return begins
    return following


def _first_minute(day: date, zone: ZoneInfo) -> datetime | None:
    """Return when a day begins, or None where a zone leaves it out."""
    return _slot(_Grid(1, False, frozenset(), frozenset(), frozenset(), time.min), day, zone)


# --------------------------------------------------------------------------- a pace of one's own


def with_pace(schedule: Schedule, pace: Mapping[str, Any]) -> Schedule:
    """Return a schedule with some of its keys changed. Raises ScheduleError for others, or for what they can't be."""
    unknown = sorted(set(pace) - set(PACE))
    if unknown:
        raise ScheduleError(f"a pace has no “{unknown[0]}”\n    It may have {', '.join(PACE)}.")
    try:
        changed = msgspec.convert(msgspec.to_builtins(schedule) | dict(pace), Schedule)
    except msgspec.ValidationError as error:
        raise ScheduleError("\n".join(_faults(pace)) or f"this is no pace: {error}") from error
    _grid(changed)
    return changed


def _faults(pace: Mapping[str, Any]) -> Iterator[str]:
    for key, value in pace.items():
        try:
            msgspec.convert({key: value}, Schedule)
        except msgspec.ValidationError:
            shown = ", ".join(map(str, value)) if isinstance(value, list | tuple) else value
            yield f"“{key}”: expected {schedule_form(key)}, found “{shown}”"


def own_schedule(schedule: Schedule, pace: Mapping[str, Any]) -> Schedule:
    """Return a schedule with a reader's own pace. Raises ScheduleError where it can't be kept.

    The days of a calendar are the same for everybody: only the time of day may be one's own there.
    """
    if schedule.kind == "calendar" and (fixed := [key for key in pace if key in ("every", "on")]):
        raise ScheduleError(
            f"a calendar’s days are the same for everybody, and a pace can’t change “{fixed[0]}”\n"
            "    Only “at” and “time_zone” may be somebody’s own."
        )
    return with_pace(schedule, pace)


# --------------------------------------------------------------------------- the grid


@lru_cache(maxsize=1024)
def _grid(schedule: Schedule) -> _Grid:
    for _, fault, hint in schedule_faults(schedule):
        raise ScheduleError(f"delivery.schedule: {fault}\n    {hint}")
    number, _, unit = schedule.every.rpartition(" ")
    step, is_weekly = int(number or 1), unit.startswith("week")
    quiet = frozenset(map(WEEKDAYS.index, schedule.quiet))
    # Weeks without weekdays of their own keep to the weekday that they began on: they are intervals of days.
    by_week = is_weekly and bool(schedule.on)
    return _Grid(
        step=step * 7 if is_weekly and not by_week else step,
        is_weekly=by_week,
        on=frozenset(map(WEEKDAYS.index, schedule.on)) - quiet,
        quiet=quiet,
        holidays=frozenset(map(date.fromisoformat, schedule.holidays)),
        at=time.fromisoformat(schedule.at),
    )


def _days_after(grid: _Grid, day: date) -> Iterator[date]:
    """Yield the days of the grid after one of its days."""
    if grid.is_weekly:
        monday = day - day.weekday() * _DAY
        for week in range(max(_FARTHEST // 7 // grid.step, _FEWEST)):
            for weekday in sorted(grid.on):
                following = monday + (7 * week * grid.step + weekday) * _DAY
                if following > day:
                    yield following
        return
    # A grid that keeps to one weekday, which has become a quiet one, goes on from the next that isn't.
    on = grid.on or _ALL_WEEK - (grid.quiet if grid.step % 7 == 0 else frozenset())
    following = day
    for _ in range(max(_FARTHEST // grid.step, _FEWEST)):
        following += grid.step * _DAY
        while following.weekday() not in on:
            following += _DAY
        yield following


def _is_free(grid: _Grid, day: date) -> bool:
    return day.weekday() not in grid.quiet and day not in grid.holidays


def _slot(grid: _Grid, day: date, zone: ZoneInfo) -> datetime | None:
    """Return the moment of a day, in UTC, or None where nothing goes out on it."""
    if not _is_free(grid, day):
        return None
    wall = datetime.combine(day, grid.at)
    while wall.date() == day:
        moment = wall.replace(tzinfo=zone).astimezone(UTC)
        if moment.astimezone(zone).replace(tzinfo=None, fold=0) == wall:
            return moment
        # The clocks are put forward over this time: the next minute that there is.
        wall += _MINUTE
    return None


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ScheduleError("a moment without a time zone has no place in a schedule")
    return moment


def _zone(schedule: Schedule, reader_zone: str) -> ZoneInfo:
    return _zone_named(reader_zone if schedule.time_zone == "reader" else schedule.time_zone)


@lru_cache(maxsize=1024)
def _zone_named(name: str) -> ZoneInfo:
    fault, hint = zone_fault(name)
    if fault:
        raise ScheduleError(f"{fault}\n    {hint}")
    return ZoneInfo(name)


def is_zone(name: str) -> bool:
    """Return whether there is a time zone of a name."""
    return not zone_fault(name)[0]


def _nothing_free(schedule: Schedule) -> ScheduleError:
    return ScheduleError(
        "delivery.schedule: “on”, “quiet” and “holidays” leave no day on which an issue may go out\n"
        "    Take some of them out."
    )
