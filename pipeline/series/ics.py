"""A plan in; an iCalendar file (RFC 5545) of one event an issue out."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from icalendar import Timezone, TimezoneDaylight, TimezoneStandard

    from pipeline.series.plan import Plan

_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
# How long an issue stands in the calendar; it takes no time of anybody's.
_DURATION = timedelta(minutes=15)


def as_ics(made: "Plan", title: str, domain: str, stamp: date) -> bytes:
    """Return a plan's events, each in the plan's zone with that zone's rules, or floating where the reader's is meant.

    An issue keeps its UID (RFC 7986 §5.3) when it moves, so that a calendar that has it moves it too. `stamp` is the
    day that the file says it was made on: with a book's own date, equal plans make equal bytes.
    """
    from icalendar import Calendar, Event

    calendar = Calendar()
    calendar.add("prodid", "-//Quire//Plan//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", title)
    floating = made.time_zone == "reader"
    if made.issues and not floating:
        days = [one.local.date() for one in made.issues]
        calendar.add_component(_rules(made.time_zone, days[0], days[-1]))
    for one in made.issues:
        event = Event()
        event.add("uid", f"{one.issue}.{made.sequence}@{domain}")
        event.add("dtstamp", datetime.combine(stamp, time.min, UTC))
        event.add("dtstart", one.local if floating else one.local.replace(tzinfo=ZoneInfo(made.time_zone)))
        event.add("duration", _DURATION)
        event.add("summary", one.subject)
        event.add("transp", "TRANSPARENT")
        calendar.add_component(event)
    return bytes(calendar.to_ical())


def _rules(zone: str, first: date, last: date) -> "Timezone":
    """Return what a zone's clocks show between two days.

    The library's own rules begin a summer an hour late: RFC 5545 §3.6.5 wants a change in the time before it.
    """
    from icalendar import Timezone

    rules = Timezone()
    rules.add("tzid", zone)
    clock = ZoneInfo(zone)
    start = datetime.combine(first, time.min, UTC) - 2 * _DAY
    rules.add_component(_observance(start, start, clock))
    for moment in _changes(clock, start, datetime.combine(last, time.min, UTC) + 2 * _DAY):
        rules.add_component(_observance(moment, moment - _MINUTE, clock))
    return rules


def _observance(since: datetime, before: datetime, clock: ZoneInfo) -> "TimezoneDaylight | TimezoneStandard":
    from icalendar import TimezoneDaylight, TimezoneStandard

    old, new = before.astimezone(clock), since.astimezone(clock)
    observance = TimezoneDaylight() if new.dst() else TimezoneStandard()
    observance.add("dtstart", (since + _offset(old)).replace(tzinfo=None))
    observance.add("tzoffsetfrom", _offset(old))
    observance.add("tzoffsetto", _offset(new))
    observance.add("tzname", new.tzname())
    return observance


def _changes(clock: ZoneInfo, start: datetime, end: datetime) -> Iterator[datetime]:
    """Yield the minutes at which a zone's clocks change."""
    while start < end:
        following = start + _DAY
        if _offset(start.astimezone(clock)) != _offset(following.astimezone(clock)):
            before, after = start, following
            while after - before > _MINUTE:
                middle = before + (after - before) // _MINUTE // 2 * _MINUTE
                same = _offset(middle.astimezone(clock)) == _offset(start.astimezone(clock))
                before, after = (middle, after) if same else (before, middle)
            yield after
        start = following


def _offset(local: datetime) -> timedelta:
    return local.utcoffset() or timedelta(0)
