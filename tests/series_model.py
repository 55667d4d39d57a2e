"""What readers ought to get and when, reckoned without the program's own way of reckoning: by walking through time.

Every day is looked at one after another, and on each the clock of a zone is read minute by minute until it shows the
time of day. That is slow, and leaves nothing out.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from pipeline.delivery import Schedule

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# No clock is further from UTC than this.
FURTHEST = timedelta(hours=26)


@lru_cache(maxsize=100_000)
def first_minute(day: date, at: str, zone: str, stride: int = 1) -> datetime | None:
    """Return when a zone's clock first shows a day and at least a time of day; None if it never does.

    `stride` is in minutes: a wider one than 1 is right where `at` is a multiple of it, as clock changes are.
    """
    clock = ZoneInfo(zone)
    moment = datetime(day.year, day.month, day.day, tzinfo=UTC) - FURTHEST
    end = moment + 2 * FURTHEST + timedelta(days=1)
    while moment < end:
        local = moment.astimezone(clock)
        if local.date() == day and f"{local:%H:%M}" >= at:
            return moment
        moment += timedelta(minutes=stride)
    return None


def expected_slots(schedule: Schedule, confirmed: datetime, zone: str, stride: int = 1) -> Iterator[datetime]:
    """Yield every time at which a reader's issues may go out, for good."""
    own = zone if schedule.time_zone == "reader" else schedule.time_zone
    count, _, unit = schedule.every.rpartition(" ")
    step, weekly = int(count or 1), unit in ("week", "weeks")
    if schedule.kind == "calendar":
        day = date.fromisoformat(schedule.start or "")
        confirmed = datetime.min.replace(tzinfo=UTC)
    else:
        day = confirmed.astimezone(ZoneInfo(own)).date() + timedelta(days=schedule.delay)
    last: date | None = None  # the day of the grid that the next one is counted from
    before: datetime | None = None
    while True:
        name = DAYS[day.weekday()]
        if last is None:
            belongs = name in schedule.on or not schedule.on
        elif weekly:
            weeks = (_monday(day) - _monday(last)).days // 7
            belongs = weeks % step == 0 and name in (schedule.on or (DAYS[last.weekday()],))
        else:
            belongs = (day - last).days >= step and (name in schedule.on or not schedule.on)
        is_free = name not in schedule.quiet and day.isoformat() not in schedule.holidays
        moment = first_minute(day, schedule.at, own, stride) if belongs and is_free else None
        if moment is not None and moment >= confirmed:
            if last is None or weekly:
                last = day
            if before is None or schedule.kind == "calendar" or _day_of(moment, zone) > _day_of(before, zone):
                yield moment
                before = moment
        if belongs and last is not None and not weekly and name not in (schedule.quiet if schedule.on else ()):
            # An interval of days goes on over a day that isn't free; one of weeks is counted from the last that was.
            last = day
        day += timedelta(days=1)


def expected_course(schedule: Schedule, confirmed: datetime, zone: str, count: int, stride: int = 1) -> list[datetime]:
    """Return when a reader gets each of so many issues where each is sent in time."""
    slots = expected_slots(schedule, confirmed, zone, stride)
    return [next(slots) for _ in range(count)]


def expected_with_pauses(
    schedule: Schedule,
    confirmed: datetime,
    zone: str,
    count: int,
    pauses: Sequence[tuple[datetime, datetime]],
    left: datetime,
    stride: int = 1,
) -> list[datetime]:
    """Return when a reader gets issues who pauses from one moment until before another, and leaves at last.

    A pause lets times pass, and no issues: those come at the times after it.
    """
    times: list[datetime] = []
    for slot in expected_slots(schedule, confirmed, zone, stride):
        if slot >= left or len(times) == count:
            break
        if not any(since <= slot < until for since, until in pauses):
            times.append(slot)
    return times


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _day_of(moment: datetime, zone: str) -> date:
    return moment.astimezone(ZoneInfo(zone)).date()
