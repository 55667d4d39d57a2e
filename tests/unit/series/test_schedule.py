"""When issues go out, for any schedule and zone: whatever the clocks do."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from series_model import expected_course, first_minute

from pipeline.delivery import WEEKDAYS, Schedule
from pipeline.series.schedule import (
    ScheduleError,
    calendar_slots,
    course,
    first_slot,
    is_same_day,
    is_too_late,
    is_zone,
    next_day,
    next_slot,
    resume_slot,
    slot_after_sending,
    slot_at_or_after,
    with_pace,
)

DAY = timedelta(days=1)
# Clocks that change at night, at midnight, by half an hour, around Ramadan, over a whole day, and not at all.
ZONES = (
    "Africa/Cairo",
    "Africa/Casablanca",
    "America/Havana",
    "America/New_York",
    "America/Nuuk",
    "America/St_Johns",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Europe/Paris",
    "Pacific/Apia",
    "Pacific/Marquesas",
    "UTC",
)
zones = st.sampled_from(ZONES)
# Around Apia's lost day, around St. John's changes a minute after midnight, and now.
moments = st.one_of(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)),  # noqa: DTZ001
    st.datetimes(datetime(2011, 12, 20), datetime(2012, 1, 5)),  # noqa: DTZ001
    st.datetimes(datetime(2010, 10, 20), datetime(2010, 11, 10)),  # noqa: DTZ001
).map(lambda moment: moment.replace(tzinfo=UTC, microsecond=0))
dates = moments.map(lambda moment: moment.date().isoformat())
times_of_day = st.one_of(
    st.sampled_from(("00:00", "00:30", "01:30", "02:00", "02:15", "02:30", "03:00", "08:00", "23:30", "23:59")),
    st.builds("{:02d}:{:02d}".format, st.integers(0, 23), st.integers(0, 59)),
)
weekdays = st.lists(st.sampled_from(WEEKDAYS), max_size=4, unique=True).map(tuple)
intervals = st.sampled_from(("day", "2 days", "3 days", "7 days", "10 days", "week", "2 weeks", "3 weeks"))


@st.composite
def schedules(draw: st.DrawFn, kind: str = "evergreen", near: datetime | None = None) -> Schedule:
    """Draw a schedule that can be kept."""
    on, quiet = draw(weekdays), draw(weekdays)
    assume(set(on or WEEKDAYS) - set(quiet))
    day = (near or draw(moments)).date()
    holidays = draw(st.lists(st.integers(0, 40), max_size=6, unique=True))
    return Schedule(
        kind=kind,  # type: ignore[arg-type]
        start=day.isoformat() if kind == "calendar" else None,
        every=draw(intervals),
        on=on,
        at=draw(times_of_day),
        time_zone=draw(st.one_of(st.just("reader"), zones)),
        quiet=quiet,
        holidays=tuple((day + number * DAY).isoformat() for number in holidays),
        delay=draw(st.sampled_from((0, 0, 1, 3))),
    )


@st.composite
def situations(draw: st.DrawFn, kind: str = "evergreen") -> tuple[Schedule, datetime, str]:
    """Draw a schedule, a moment of confirmation that its holidays are near, and a reader's zone."""
    confirmed = draw(moments)
    return draw(schedules(kind, confirmed)), confirmed, draw(zones)


def zone_of(schedule: Schedule, reader_zone: str) -> ZoneInfo:
    return ZoneInfo(reader_zone if schedule.time_zone == "reader" else schedule.time_zone)


def local(moment: str, zone: str) -> datetime:
    """Return a local time as a moment in UTC; of two the first."""
    return datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


# --------------------------------------------------------------------------- any schedule


@given(situations())
def test_a_course_is_the_one_that_walking_through_time_finds(situation: tuple[Schedule, datetime, str]) -> None:
    schedule, confirmed, zone = situation
    assert list(course(schedule, confirmed, zone, 6)) == expected_course(schedule, confirmed, zone, 6)


@given(situations("calendar"))
def test_a_calendar_is_the_one_that_walking_through_time_finds(situation: tuple[Schedule, datetime, str]) -> None:
    schedule, confirmed, zone = situation
    assert list(calendar_slots(schedule, 6, zone)) == expected_course(schedule, confirmed, zone, 6)


@given(situations())
def test_slots_strictly_increase_and_come_after_the_confirmation(situation: tuple[Schedule, datetime, str]) -> None:
    schedule, confirmed, zone = situation
    slots = list(course(schedule, confirmed, zone, 12))
    assert len(slots) == 12
    assert slots[0] >= confirmed
    assert all(one < other for one, other in pairwise(slots))


@given(situations())
def test_no_reader_has_two_issues_on_one_day(situation: tuple[Schedule, datetime, str]) -> None:
    schedule, confirmed, zone = situation
    days = [slot.astimezone(ZoneInfo(zone)).date() for slot in course(schedule, confirmed, zone, 12)]
    assert all(one < other for one, other in pairwise(days))


@given(situations())
def test_nothing_is_ever_on_quiet_weekdays_on_holidays_or_off_the_weekdays(
    situation: tuple[Schedule, datetime, str],
) -> None:
    schedule, confirmed, zone = situation
    for slot in course(schedule, confirmed, zone, 12):
        day = slot.astimezone(zone_of(schedule, zone)).date()
        assert WEEKDAYS[day.weekday()] not in schedule.quiet
        assert day.isoformat() not in schedule.holidays
        assert WEEKDAYS[day.weekday()] in (schedule.on or WEEKDAYS)


@given(situations())
def test_the_clock_shows_the_time_of_day_or_the_next_that_there_is(situation: tuple[Schedule, datetime, str]) -> None:
    schedule, confirmed, zone = situation
    for slot in course(schedule, confirmed, zone, 8):
        clock = slot.astimezone(zone_of(schedule, zone))
        if clock.time() != time.fromisoformat(schedule.at):
            before = (slot - timedelta(minutes=1)).astimezone(clock.tzinfo)
            assert before.replace(tzinfo=None) < datetime.combine(clock.date(), time.fromisoformat(schedule.at))
            assert clock.utcoffset() > before.utcoffset()  # type: ignore[operator]


@given(situations(), st.timedeltas(timedelta(0), timedelta(days=9)))
def test_an_issue_that_was_sent_late_is_followed_by_one_on_a_later_day(
    situation: tuple[Schedule, datetime, str], late: timedelta
) -> None:
    schedule, confirmed, zone = situation
    slot = first_slot(schedule, confirmed, zone)
    following = slot_after_sending(schedule, slot, slot + late, zone)
    assert following > slot + late
    assert not is_same_day(following, slot + late, zone)
    on_grid = slot
    while on_grid < following:
        on_grid = next_slot(schedule, on_grid, zone)
    assert on_grid == following


@given(situations(), st.timedeltas(timedelta(0), timedelta(days=60)))
def test_a_pause_lets_times_pass_and_keeps_the_grid(
    situation: tuple[Schedule, datetime, str], pause: timedelta
) -> None:
    schedule, confirmed, zone = situation
    slot = first_slot(schedule, confirmed, zone)
    now = slot + pause
    resumed = resume_slot(schedule, now, slot, zone)
    grid = [slot]
    while grid[-1] < now:
        grid.append(next_slot(schedule, grid[-1], zone))
    assert resumed == grid[-1]


@given(situations(), st.timedeltas(timedelta(0), timedelta(days=9)))
def test_the_next_day_is_a_later_one_of_the_readers_and_free(
    situation: tuple[Schedule, datetime, str], late: timedelta
) -> None:
    schedule, confirmed, zone = situation
    sent = confirmed + late
    found = next_day(schedule, sent, zone)
    day = found.astimezone(zone_of(schedule, zone)).date()
    assert found > sent
    assert not is_same_day(found, sent, zone)
    assert WEEKDAYS[day.weekday()] not in schedule.quiet
    assert day.isoformat() not in schedule.holidays
    assert found == first_minute(day, schedule.at, str(zone_of(schedule, zone)))


@given(situations(), schedules())
def test_a_schedule_that_was_changed_is_kept_from_wherever_a_reader_stands(
    situation: tuple[Schedule, datetime, str], changed: Schedule
) -> None:
    schedule, confirmed, zone = situation
    slot = first_slot(schedule, confirmed, zone)
    kept = slot_at_or_after(changed, slot, zone, slot)
    day = kept.astimezone(zone_of(changed, zone)).date()
    assert kept >= slot
    assert WEEKDAYS[day.weekday()] not in changed.quiet
    assert day.isoformat() not in changed.holidays
    assert slot_after_sending(changed, kept, kept, zone) > kept


@given(schedules(), st.fixed_dictionaries({}, optional={"every": intervals, "on": weekdays, "at": times_of_day}))
def test_a_pace_changes_its_own_keys_alone(schedule: Schedule, pace: dict[str, object]) -> None:
    assume(set(pace.get("on", schedule.on) or WEEKDAYS) - set(schedule.quiet))  # type: ignore[call-overload]
    changed = with_pace(schedule, pace)
    for key in schedule.__struct_fields__:
        assert getattr(changed, key) == pace.get(key, getattr(schedule, key))


# --------------------------------------------------------------------------- clocks


@pytest.mark.parametrize(
    ("zone", "at", "confirmed", "expected"),
    [
        # Forward in the night: the next minute that there is.
        ("Europe/Paris", "02:30", "2027-03-28T00:00", "2027-03-28T03:00"),
        ("America/New_York", "02:00", "2027-03-14T00:00", "2027-03-14T03:00"),
        ("Australia/Lord_Howe", "02:10", "2027-10-03T00:00", "2027-10-03T02:30"),
        # Forward at midnight: the day begins at one.
        ("Africa/Cairo", "00:15", "2027-04-29T12:00", "2027-04-30T01:00"),
        ("America/Havana", "00:00", "2027-03-13T12:00", "2027-03-14T01:00"),
        # Forward over the end of a day: nothing of Saturday is left.
        ("America/Nuuk", "23:30", "2027-03-27T12:00", "2027-03-28T23:30"),
        # A day that there never was.
        ("Pacific/Apia", "08:00", "2011-12-29T12:00", "2011-12-31T08:00"),
    ],
)
def test_a_time_that_is_left_out_moves_to_the_next_that_there_is(
    zone: str, at: str, confirmed: str, expected: str
) -> None:
    schedule = Schedule(every="day", at=at)
    assert first_slot(schedule, local(confirmed, zone), zone) == local(expected, zone)


@pytest.mark.parametrize(
    ("zone", "at", "confirmed", "expected"),
    [
        ("Europe/Paris", "02:30", "2027-10-31T00:00", "2027-10-31T00:30Z"),
        ("America/New_York", "01:30", "2027-11-07T00:00", "2027-11-07T05:30Z"),
        ("Australia/Lord_Howe", "01:45", "2027-04-04T00:00", "2027-04-03T14:45Z"),
        ("America/Havana", "00:30", "2027-11-06T12:00", "2027-11-07T04:30Z"),
    ],
)
def test_of_a_time_that_comes_twice_the_first_is_meant(zone: str, at: str, confirmed: str, expected: str) -> None:
    schedule = Schedule(every="day", at=at)
    assert first_slot(schedule, local(confirmed, zone), zone) == datetime.fromisoformat(expected)


def test_who_confirms_between_the_two_gets_the_next_days() -> None:
    between = datetime(2027, 10, 31, 0, 45, tzinfo=UTC)
    assert first_slot(Schedule(at="02:30"), between, "Europe/Paris") == local("2027-11-01T02:30", "Europe/Paris")


@pytest.mark.parametrize("delay", [0, 1])
def test_nothing_comes_before_a_confirmation_where_midnight_comes_twice(delay: int) -> None:
    # St. John's put its clocks back at a minute past midnight: Sunday had begun, and begins again.
    confirmed = datetime(2010, 11, 7, 3, 0, tzinfo=UTC)
    assert f"{confirmed.astimezone(ZoneInfo('America/St_Johns')):%a %H:%M}" == "Sat 23:30"
    slot = first_slot(Schedule(every="day", at="00:00", delay=delay), confirmed, "America/St_Johns")
    assert slot >= confirmed
    assert next_day(Schedule(every="day", at="00:00"), confirmed, "America/St_Johns") > confirmed


def test_a_readers_day_counts_where_the_schedule_has_another_zone() -> None:
    # Eight in Paris is midnight in Phoenix, and after the clock change eleven in the evening of the same day.
    schedule = Schedule(every="day", at="08:00", time_zone="Europe/Paris")
    slots = list(course(schedule, local("2027-03-26T12:00", "Europe/Paris"), "America/Phoenix", 3))
    assert [f"{slot.astimezone(ZoneInfo('America/Phoenix')):%d %H:%M}" for slot in slots] == [
        "27 00:00",
        "28 23:00",
        "29 23:00",
    ]


# --------------------------------------------------------------------------- the grid


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        (Schedule(every="week"), ["01-06", "01-13", "01-20", "01-27"]),
        (Schedule(every="week", on=("mon",)), ["01-11", "01-18", "01-25", "02-01"]),
        (Schedule(every="week", on=("mon", "thu")), ["01-07", "01-11", "01-14", "01-18"]),
        (Schedule(every="2 weeks", on=("mon", "thu")), ["01-07", "01-18", "01-21", "02-01"]),
        (Schedule(every="3 days"), ["01-06", "01-09", "01-12", "01-15"]),
        (Schedule(every="3 days", quiet=("sat", "sun")), ["01-06", "01-12", "01-15", "01-18"]),
        (Schedule(every="day", quiet=("sat", "sun")), ["01-06", "01-07", "01-08", "01-11"]),
        (Schedule(every="week", holidays=("2027-01-13",)), ["01-06", "01-20", "01-27", "02-03"]),
        (Schedule(every="week", on=("mon", "thu"), holidays=("2027-01-11",)), ["01-07", "01-14", "01-18", "01-21"]),
        (Schedule(every="week", delay=2), ["01-08", "01-15", "01-22", "01-29"]),
    ],
)
def test_the_grid_is_what_the_manual_says(schedule: Schedule, expected: list[str]) -> None:
    wednesday = datetime(2027, 1, 6, 7, tzinfo=UTC)
    assert [f"{slot:%m-%d}" for slot in course(schedule, wednesday, "UTC", 4)] == expected


def test_a_calendar_is_at_the_readers_hour_or_at_one_moment_for_all() -> None:
    calendar = Schedule(kind="calendar", start="2027-01-04", every="week")
    at_the_hour = {f"{calendar_slots(calendar, 2, zone)[1].astimezone(ZoneInfo(zone)):%F %R}" for zone in ZONES}
    assert at_the_hour == {"2027-01-11 08:00"}
    together = Schedule(kind="calendar", start="2027-01-04", every="week", time_zone="Europe/Paris")
    assert {calendar_slots(together, 2, zone)[1] for zone in ZONES} == {local("2027-01-11T08:00", "Europe/Paris")}


def test_a_calendar_of_no_issues_has_no_slots() -> None:
    assert calendar_slots(Schedule(kind="calendar", start="2027-01-04"), 0, "UTC") == ()
    assert list(course(Schedule(), datetime(2027, 1, 4, tzinfo=UTC), "UTC", 0)) == []


def test_lateness_is_counted_in_hours_from_the_slot() -> None:
    slot = datetime(2027, 3, 28, 1, tzinfo=UTC)
    schedule = Schedule(latest=2)
    assert not is_too_late(schedule, slot, slot + timedelta(hours=2))
    assert is_too_late(schedule, slot, slot + timedelta(hours=2, seconds=1))


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (Schedule(quiet=("mon",)), ["2027-01-12", "2027-01-19"]),
        (Schedule(every="7 days", quiet=("mon",)), ["2027-01-12", "2027-01-19"]),
        (Schedule(holidays=("2027-01-04",)), ["2027-01-11", "2027-01-18"]),
        (Schedule(every="3 days", quiet=("mon",)), ["2027-01-07", "2027-01-10"]),
    ],
)
def test_who_was_due_on_what_is_now_a_quiet_day_or_a_holiday_goes_on_after_it(
    changed: Schedule, expected: list[str]
) -> None:
    monday = datetime(2027, 1, 4, 8, tzinfo=UTC)
    slot = slot_at_or_after(changed, monday, "UTC", monday)
    assert [f"{slot:%F}", f"{next_slot(changed, slot, 'UTC'):%F}"] == expected


# --------------------------------------------------------------------------- what can't be


BROKEN = [
    Schedule(time_zone="Europe/Pariss"),
    Schedule(quiet=WEEKDAYS),
    Schedule(on=("mon",), quiet=("mon",)),
    Schedule(holidays=("2027-02-30",)),
    Schedule(holidays=("0027-02-03",)),
    Schedule(kind="calendar"),
    Schedule(kind="calendar", start="2027-13-01"),
    Schedule(kind="calendar", start="9999-12-31"),
]
CALLS: list[Callable[[Schedule, datetime], object]] = [
    lambda schedule, now: first_slot(schedule, now, "UTC"),
    lambda schedule, now: next_slot(schedule, now, "UTC"),
    lambda schedule, now: resume_slot(schedule, now, now - DAY, "UTC"),
    lambda schedule, now: slot_after_sending(schedule, now, now, "UTC"),
    lambda schedule, now: next_day(schedule, now, "UTC"),
    lambda schedule, now: list(course(schedule, now, "UTC", 2)),
    lambda schedule, now: calendar_slots(schedule, 2, "UTC"),
    lambda schedule, _: with_pace(schedule, {"every": "day"}),
]


@pytest.mark.parametrize("schedule", BROKEN)
@pytest.mark.parametrize("call", CALLS)
def test_a_schedule_that_cannot_be_kept_is_refused_wherever_it_is_used(
    schedule: Schedule, call: Callable[[Schedule, datetime], object]
) -> None:
    with pytest.raises(ScheduleError, match=r"\n    \w"):
        call(schedule, datetime(2027, 1, 4, tzinfo=UTC))


@pytest.mark.parametrize("every", ["day", "7 days", "999 days", "week", "999 weeks"])
def test_holidays_that_leave_nothing_free_are_told_and_not_searched_for_good(every: str) -> None:
    start = date(2027, 1, 4)
    holidays = tuple((start + number * DAY).isoformat() for number in range(3700))
    slot = datetime(2027, 1, 4, 8, tzinfo=UTC)
    schedule = Schedule(every=every, holidays=holidays)
    if every.startswith("999"):
        assert next_slot(schedule, slot, "UTC") > slot
    else:
        with pytest.raises(ScheduleError, match="leave no day"):
            next_slot(schedule, slot, "UTC")


def test_the_last_dates_that_a_calendar_may_begin_on_can_be_kept() -> None:
    schedule = Schedule(kind="calendar", start="2999-12-31", every="999 weeks")
    assert len(calendar_slots(schedule, 20, "Pacific/Apia")) == 20


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ScheduleError, match="without a time zone"):
        first_slot(Schedule(), datetime(2027, 1, 4), "UTC")  # noqa: DTZ001


@pytest.mark.parametrize("zone", ["", "Europe", "Europe/Pariss", "../../etc/passwd", "UTC\0", "/etc/localtime"])
def test_a_readers_zone_that_is_none_is_refused(zone: str) -> None:
    assert not is_zone(zone)
    with pytest.raises(ScheduleError, match="is no time zone"):
        first_slot(Schedule(), datetime(2027, 1, 4, tzinfo=UTC), zone)


@pytest.mark.parametrize(
    "pace",
    [
        {"kind": "calendar"},
        {"every": "fortnight"},
        {"at": "25:00"},
        {"on": ["monday"]},
        {"time_zone": "Europe/Pariss"},
        {"on": ["sun"]},
    ],
)
def test_what_is_no_pace_is_refused(pace: dict[str, object]) -> None:
    with pytest.raises(ScheduleError):
        with_pace(Schedule(quiet=("sun",)), pace)


def test_everything_that_is_wrong_with_a_pace_is_told_in_words() -> None:
    with pytest.raises(ScheduleError) as refused:
        with_pace(Schedule(), {"every": "fortnight", "on": ["monday"], "at": "25:00"})
    assert str(refused.value).splitlines() == [
        "“every”: expected an interval such as day, week, 3 days or 2 weeks, found “fortnight”",
        "“on”: expected one of mon, tue, wed, thu, fri, sat, sun, found “monday”",
        "“at”: expected a time of day such as 08:00, found “25:00”",
    ]
