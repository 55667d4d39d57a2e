"""A schedule and built issues in; the day and time of each out, as a table, a calendar, CSV and JSON.

An evergreen is planned for a reader who confirms as the first day begins.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from pipeline.delivery import WEEKDAYS, Schedule, schedule_faults, schedule_form
from pipeline.errors import ConfigError
from pipeline.mail.placeholders import PLACEHOLDERS, fill
from pipeline.series import schedule as times
from pipeline.series.ics import as_ics
from pipeline.series.message import Head, LetterContent

# What a plan may have otherwise than book.yaml, and what the command line calls it.
OPTIONS = {
    "start": "--start",
    "every": "--every",
    "on": "--on",
    "at": "--at",
    "time_zone": "--time-zone",
    "quiet": "--quiet",
    "holidays": "--holiday",
}
_COLUMNS = ("number", "issue", "weekday", "date", "time", "time_zone", "utc", "subject")


class PlannedIssue(Struct, frozen=True):
    """An issue and when it goes out: a local day and time, and in UTC, unless each reader's own time is meant."""

    number: int
    issue: str
    subject: str
    weekday: str
    date: str
    time: str
    time_zone: str
    utc: datetime | None

    @property
    def local(self) -> datetime:
        """The local time, without its zone."""
        return datetime.combine(date.fromisoformat(self.date), time.fromisoformat(self.time))


class Plan(Struct, frozen=True):
    """When the issues of a sequence go out, in order; `notes` are what holidays and clocks have moved, in words."""

    sequence: str
    kind: str
    time_zone: str
    issues: tuple[PlannedIssue, ...]
    notes: tuple[str, ...] = ()


def overridden(schedule: Schedule, options: Mapping[str, Any]) -> Schedule:
    """Return a schedule with some of `OPTIONS` changed.

    Raises ConfigError with each that is of the wrong form or can't be kept, as the command line calls it.
    """
    changed, faults = schedule, []
    for key, value in options.items():
        try:
            msgspec.convert({key: value}, Schedule)
        except msgspec.ValidationError:
            shown = ", ".join(value) if isinstance(value, list | tuple) else value
            faults.append(f"{OPTIONS[key]}: expected {schedule_form(key)}, found “{shown}”")
        else:
            changed = msgspec.structs.replace(changed, **{key: tuple(value) if isinstance(value, list) else value})
    for keys, fault, hint in schedule_faults(changed):
        faults.append(f"{OPTIONS.get(str(keys[0]), 'delivery.schedule')}: {fault}\n    {hint}")
    if faults:
        raise ConfigError("\n".join(faults))
    return changed


def plan(sequence: str, issues: Sequence[LetterContent], schedule: Schedule, today: date) -> Plan:
    """Return when issues go out, counted from the schedule's `start`, or from today where an evergreen has none.

    The schedule is one that `schedule_faults` finds nothing in. Raises ScheduleError where holidays leave no day.
    """
    # A time in each reader's own zone is on the same day and at the same hour in all of them, as in UTC.
    is_floating = schedule.time_zone == "reader"
    zone = ZoneInfo("UTC" if is_floating else schedule.time_zone)
    start = datetime.combine(date.fromisoformat(schedule.start) if schedule.start else today, time.min, zone)
    slots = list(times.course(schedule, start, zone.key, len(issues)))
    planned = [
        _planned(letter, slot.astimezone(zone), "reader" if is_floating else zone.key)
        for letter, slot in zip(issues, slots, strict=True)
    ]
    notes = (*_moved_by_holidays(schedule, start, slots, zone), *_moved_by_clocks(schedule, planned))
    return Plan(sequence, schedule.kind, "reader" if is_floating else zone.key, tuple(planned), notes)


def _planned(letter: LetterContent, local: datetime, zone: str) -> PlannedIssue:
    return PlannedIssue(
        number=letter.number,
        issue=letter.name,
        # As somebody reads it who has told no name.
        subject=fill(letter.subject, dict.fromkeys(PLACEHOLDERS, "")),
        weekday=_weekday(local),
        date=local.date().isoformat(),
        time=f"{local:%H:%M}",
        time_zone=zone,
        utc=None if zone == "reader" else local.astimezone(UTC),
    )


def _weekday(day: date) -> str:
    return WEEKDAYS[day.weekday()].title()


def _moved_by_holidays(schedule: Schedule, start: datetime, slots: Sequence[datetime], zone: ZoneInfo) -> Iterator[str]:
    """Yield, for each issue that would have gone out on a holiday, which that is and when it goes out instead."""
    if not slots or not schedule.holidays:
        return
    free = msgspec.structs.replace(schedule, holidays=())
    first = next(times.course(free, start, zone.key, 1))
    wanted = [first, *(times.slot_after_sending(free, slot, slot, zone.key) for slot in slots[:-1])]
    for number, (wish, slot) in enumerate(zip(wanted, slots, strict=True), start=1):
        if wish != slot:
            day, local = wish.astimezone(zone).date(), slot.astimezone(zone)
            yield (
                f"{_weekday(day)} {day} is a holiday: issue {number} goes out on {_weekday(local)} {local.date()}, "
                "and the later ones are counted from there."
            )


def _moved_by_clocks(schedule: Schedule, planned: Sequence[PlannedIssue]) -> Iterator[str]:
    for one in planned:
        if one.time != schedule.at:
            yield (
                f"On {one.weekday} {one.date} the clocks of {one.time_zone} are put forward over {schedule.at}: "
                f"issue {one.number} goes out at {one.time}."
            )


# --------------------------------------------------------------------------- shown


def files(made: Plan, head: Head, stamp: date) -> dict[str, bytes]:
    """Return a plan's files by the ends of their names; `stamp` is the day that the calendar says it was made on."""
    domain = head.sender.address.rpartition("@")[2]
    return {"ics": as_ics(made, head.title, domain, stamp), "csv": as_csv(made), "json": as_json(made)}


def as_table(made: Plan) -> str:
    """Return a line for each issue: its number, day, time, the zone's name for it, and its subject."""
    rows = [
        (str(one.number), f"{one.weekday} {one.date}", one.time, _zone_name(one), one.subject) for one in made.issues
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join([row[0].rjust(widths[0]), *map(str.ljust, row[1:-1], widths[1:-1]), row[-1]]) for row in rows
    )


def _zone_name(one: PlannedIssue) -> str:
    """Return what people call a zone at that time of the year, such as CEST."""
    return "reader's time" if one.utc is None else f"{one.utc.astimezone(ZoneInfo(one.time_zone)):%Z}"


def as_json(made: Plan) -> bytes:
    """Return a plan as JSON; times in UTC are null where each reader's own time is meant."""
    return msgspec.json.format(msgspec.json.encode(made), indent=2) + b"\n"


def as_csv(made: Plan) -> bytes:
    """Return a plan as CSV (RFC 4180): a heading, and a record for each issue."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(_COLUMNS)
    for one in made.issues:
        row = msgspec.structs.asdict(one)
        row["utc"] = f"{one.utc:%Y-%m-%dT%H:%M:%SZ}" if one.utc else ""
        writer.writerow([row[column] for column in _COLUMNS])
    return text.getvalue().encode()


def span(made: Plan) -> str:
    """Return in words how many issues there are, from when to when, and how far apart."""
    days = [one.local.date() for one in made.issues]
    count = f"{len(days)} issue{'' if len(days) == 1 else 's'}"
    gaps = sorted((other - one).days for one, other in pairwise(days))
    if not gaps:
        return count
    apart = f"{gaps[0]} to {gaps[-1]} days" if gaps[0] != gaps[-1] else f"{gaps[0]} day{'' if gaps[0] == 1 else 's'}"
    return f"{count} from {days[0]} to {days[-1]}, {apart} apart"
