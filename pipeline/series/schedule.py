"""When issues go out: pure functions from a schedule, a reader's time zone and moments to slots, aware and in UTC.

A slot is a day of the schedule's grid at its time of day. The grid of an evergreen is counted from the slot before;
that of a calendar from its start. Which days those are, and what a clock change makes of them, is told in `_grid.py`.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import chain
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from pipeline.delivery import Schedule, schedule_form
from pipeline.series._grid import (
    DAY,
    FARTHEST,
    Grid,
    aware,
    days_after,
    grid_of,
    is_free,
    nothing_free,
    slot_on,
    zone_named,
    zone_of,
)
from pipeline.series._grid import ScheduleError as ScheduleError
from pipeline.series._grid import is_zone as is_zone

# What a reader may have a pace of their own in.
PACE = ("every", "on", "at", "time_zone")


# --------------------------------------------------------------------------- one reader's course


def first_slot(schedule: Schedule, confirmed: datetime, reader_zone: str) -> datetime:
    """Return an evergreen's first slot: the first at or after a confirmation and the schedule's delay."""
    grid, zone = grid_of(schedule), zone_of(schedule, reader_zone)
    local = aware(confirmed).astimezone(zone)
    day = local.date() + schedule.delay * DAY
    for _ in range(FARTHEST):
        if not grid.on or day.weekday() in grid.on:
            slot = slot_on(grid, day, zone)
            if slot is not None and slot >= confirmed:
                return slot
        day += DAY
    raise nothing_free(schedule)


def next_slot(schedule: Schedule, slot: datetime, reader_zone: str) -> datetime:
    """Return the slot after one that was used."""
    grid, zone = grid_of(schedule), zone_of(schedule, reader_zone)
    for day in days_after(grid, aware(slot).astimezone(zone).date()):
        following = slot_on(grid, day, zone)
        if following is not None and following > slot:
            return following
    raise nothing_free(schedule)


def slot_at_or_after(schedule: Schedule, moment: datetime, reader_zone: str, slot: datetime) -> datetime:
    """Return the first slot of the grid that `slot` is of which is not before a moment; `slot` itself if it isn't.

    Where the schedule has changed since, and `slot` is on what is now a holiday or a quiet day, it is not used.
    """
    grid, zone = grid_of(schedule), zone_of(schedule, reader_zone)
    while slot < moment or not is_free(grid, aware(slot).astimezone(zone).date()):
        slot = next_slot(schedule, slot, reader_zone)
    return slot


def refitted(schedule: Schedule, slot: datetime, reader_zone: str) -> datetime:
    """Return a slot as a schedule that was changed since has it: at its time, on the first of its days from then on.

    A slot that is on the schedule stays as it is.
    """
    grid, zone = grid_of(schedule), zone_of(schedule, reader_zone)
    day = aware(slot).astimezone(zone).date()
    while grid.on and day.weekday() not in grid.on:
        day += DAY
    for free in chain([day], days_after(grid, day)):
        found = slot_on(grid, free, zone)
        if found is not None:
            return found
    raise nothing_free(schedule)


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
    grid_of(schedule)
    if schedule.start is None:
        raise ScheduleError("delivery.schedule: “start” is missing\n    Write the day of the first issue.")
    zone = zone_of(schedule, reader_zone)
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
    zone = zone_named(reader_zone)
    return one.astimezone(zone).date() == other.astimezone(zone).date()


def next_day(schedule: Schedule, sent: datetime, reader_zone: str) -> datetime:
    """Return the time of day of the schedule on the next of the reader's days on which anything may go out."""
    grid, zone = grid_of(schedule), zone_of(schedule, reader_zone)
    day = aware(sent).astimezone(zone).date()
    for _ in range(FARTHEST):
        day += DAY
        slot = slot_on(grid, day, zone)
        if slot is not None and slot > sent and not is_same_day(slot, sent, reader_zone):
            return slot
    raise nothing_free(schedule)


def put_off(schedule: Schedule, slot: datetime, now: datetime, reader_zone: str) -> datetime:
    """Return when a reader may get an issue who has had another one today: the next day, at the schedule's time.

    Where a calendar has one moment for everybody, that moment may be late in a reader's day; were each issue put off to
    the next such moment, a reader who has had a single one past midnight would be a day behind for good. So the
    reader's midnight will do where it is nearer to the issue's own moment than to the next day's.
    """
    following = next_day(schedule, now, reader_zone)
    if schedule.kind == "calendar" and schedule.time_zone != "reader":
        grid, zone, own = grid_of(schedule), zone_of(schedule, reader_zone), zone_named(reader_zone)
        begins = _first_minute(now.astimezone(own).date() + DAY, own)
        if begins is not None and is_free(grid, begins.astimezone(zone).date()) and begins - slot < following - begins:
            return begins
    return following


def _first_minute(day: date, zone: ZoneInfo) -> datetime | None:
    """Return when a day begins, or None where a zone leaves it out."""
    return slot_on(Grid(1, False, frozenset(), frozenset(), frozenset(), time.min), day, zone)


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
    grid_of(changed)
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
