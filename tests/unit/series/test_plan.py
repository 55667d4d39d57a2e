"""When issues are planned for, and the calendar file that says so."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar  # noqa: TID253

from pipeline.delivery import Schedule
from pipeline.errors import ConfigError
from pipeline.series.ics import as_ics
from pipeline.series.message import LetterContent
from pipeline.series.plan import Plan, as_csv, as_json, as_table, overridden, plan, span

TODAY = date(2026, 11, 25)
PARIS = Schedule(start="2027-01-04", every="week", on=("mon",), at="08:00", time_zone="Europe/Paris")


def issues(count: int = 20, subject: str = "About {number}") -> list[LetterContent]:
    return [
        LetterContent(
            name=f"letter-{number}",
            kind="issue",
            number=number,
            stem=f"{number:02d}",
            subject=subject.format(number=number),
            preheader="",
            text="",
            html="",
        )
        for number in range(1, count + 1)
    ]


def planned(schedule: Schedule, count: int = 20) -> Plan:
    return plan("letters", issues(count), schedule, TODAY)


def ics(made: Plan) -> bytes:
    return as_ics(made, "Letters", "example.org", date(2026, 11, 22))


def events(content: bytes) -> list[dict[str, object]]:
    calendar = Calendar.from_ical(content)
    return [
        {key: value.dt if hasattr(value, "dt") else str(value) for key, value in e.items()} for e in calendar.events
    ]


# --------------------------------------------------------------------------- days and times


def test_twenty_mondays_in_paris_are_at_eight_before_and_after_the_clock_change() -> None:
    made = planned(PARIS)
    assert [one.date for one in made.issues[:2]] == ["2027-01-04", "2027-01-11"]
    assert made.issues[-1].date == "2027-05-17"
    assert {(one.weekday, one.time) for one in made.issues} == {("Mon", "08:00")}
    assert {f"{one.utc:%H:%M}" for one in made.issues if one.date < "2027-03-28"} == {"07:00"}
    assert {f"{one.utc:%H:%M}" for one in made.issues if one.date > "2027-03-28"} == {"06:00"}
    assert made.notes == ()


def test_a_holiday_moves_its_issue_and_the_later_ones_and_is_told_once() -> None:
    made = planned(msgspec.structs.replace(PARIS, holidays=("2027-04-05", "2027-04-12", "2027-07-14")))
    assert [one.date for one in made.issues[12:15]] == ["2027-03-29", "2027-04-19", "2027-04-26"]
    [note] = made.notes
    assert note.startswith("Mon 2027-04-05 is a holiday: issue 14 goes out on Mon 2027-04-19,")


def test_a_first_day_that_is_a_holiday_is_told_too() -> None:
    made = planned(msgspec.structs.replace(PARIS, holidays=("2027-01-04",)), 2)
    assert made.issues[0].date == "2027-01-11"
    assert made.notes[0].startswith("Mon 2027-01-04 is a holiday: issue 1 goes out on Mon 2027-01-11")


def test_a_time_that_the_clocks_leave_out_is_told() -> None:
    made = planned(Schedule(start="2027-03-26", every="day", at="02:30", time_zone="Europe/Paris"), 4)
    assert [one.time for one in made.issues] == ["02:30", "02:30", "03:00", "02:30"]
    [note] = made.notes
    assert "put forward over 02:30: issue 3 goes out at 03:00" in note


def test_a_plan_in_the_readers_time_has_none_in_utc_and_no_clock_changes() -> None:
    made = planned(Schedule(start="2027-03-26", every="day", at="02:30"), 4)
    assert [(one.date, one.time, one.utc) for one in made.issues] == [
        (f"2027-03-{day}", "02:30", None) for day in (26, 27, 28, 29)
    ]
    assert made.notes == ()
    assert "reader's time" in as_table(made)


@pytest.mark.parametrize("kind", ["evergreen", "calendar"])
def test_both_kinds_are_planned_from_their_start(kind: str) -> None:
    made = planned(msgspec.structs.replace(PARIS, kind=kind), 3)
    assert [one.date for one in made.issues] == ["2027-01-04", "2027-01-11", "2027-01-18"]


def test_an_evergreen_without_a_start_is_planned_from_today_and_its_delay() -> None:
    assert planned(Schedule(every="day", time_zone="UTC"), 1).issues[0].date == "2026-11-25"
    assert planned(Schedule(every="day", time_zone="UTC", delay=2), 1).issues[0].date == "2026-11-27"


def test_a_name_in_a_subject_is_left_out() -> None:
    [one] = plan("letters", issues(1, "{{{{ name|You }}}}, {number}"), PARIS, TODAY).issues
    assert one.subject == "You, 1"


# --------------------------------------------------------------------------- options


def test_options_stand_instead_of_what_book_yaml_says_and_the_rest_stays() -> None:
    changed = overridden(PARIS, {"on": ("tue", "fri"), "at": "18:00"})
    assert changed == msgspec.structs.replace(PARIS, on=("tue", "fri"), at="18:00")


def test_every_option_that_is_wrong_is_told_by_its_own_name() -> None:
    with pytest.raises(ConfigError) as caught:
        overridden(PARIS, {"every": "fortnight", "holidays": ("soon",), "time_zone": "Paris", "start": "2027-02-30"})
    told = str(caught.value)
    assert "--every: expected an interval such as day, week, 3 days or 2 weeks, found “fortnight”" in told
    assert "--holiday: expected a date such as 2027-01-04, found “soon”" in told
    assert "no calendar has a 2027-02-30" in told
    assert "Did you mean “Europe/Paris”?" in told


def test_options_that_leave_no_day_are_refused() -> None:
    with pytest.raises(ConfigError, match="--quiet: “on” and “quiet” leave no day"):
        overridden(PARIS, {"quiet": ("mon",)})


# --------------------------------------------------------------------------- files


def test_the_calendar_parses_back_to_the_same_days_and_subjects() -> None:
    made = planned(PARIS)
    found = events(ics(made))
    assert [event["DTSTART"] for event in found] == [one.utc for one in made.issues]
    assert [event["SUMMARY"] for event in found] == [one.subject for one in made.issues]
    assert {event["DURATION"] for event in found} == {timedelta(minutes=15)}
    assert {event["DTSTAMP"] for event in found} == {datetime(2026, 11, 22, tzinfo=UTC)}
    assert str(found[0]["DTSTART"]) == "2027-01-04 08:00:00+01:00"


def test_a_calendar_in_the_readers_time_floats() -> None:
    content = ics(planned(Schedule(start="2027-01-04"), 2))
    assert b"DTSTART:20270104T080000\r\n" in content
    assert b"VTIMEZONE" not in content


def test_an_issue_keeps_its_uid_when_it_moves_and_no_two_have_one() -> None:
    before, after = (planned(msgspec.structs.replace(PARIS, start=day)) for day in ("2027-01-04", "2027-02-01"))
    uids = [event["UID"] for event in events(ics(before))]
    assert uids == [event["UID"] for event in events(ics(after))]
    assert len(set(uids)) == 20
    assert uids[0] == "letter-1.letters@example.org"


def test_equal_plans_make_equal_bytes() -> None:
    assert ics(planned(PARIS)) == ics(planned(PARIS))


def test_a_subject_with_separators_and_line_ends_of_the_format_survives() -> None:
    subject = "Commas, semicolons; back\\slashes, “quotes”: " + "long " * 30 + "é"
    made = plan("letters", issues(1, subject), PARIS, TODAY)
    content = ics(made)
    assert events(content)[0]["SUMMARY"] == subject
    assert max(map(len, content.split(b"\r\n"))) <= 75


def by_the_files_own_rules(content: bytes, local: datetime) -> datetime:
    """Return a local time in UTC by the calendar's VTIMEZONE alone, as RFC 5545 §3.6.5 reads it."""
    [rules] = Calendar.from_ical(content).walk("VTIMEZONE")
    onsets = sorted((o["DTSTART"].dt - o["TZOFFSETFROM"].td, o["TZOFFSETTO"].td) for o in rules.subcomponents)
    ends = [onset for onset, _ in onsets[1:]] + [datetime(9999, 1, 1)]  # noqa: DTZ001
    [moment, *_] = [
        local - offset for (onset, offset), end in zip(onsets, ends, strict=True) if onset <= local - offset < end
    ]
    return moment.replace(tzinfo=UTC)


@given(
    st.sampled_from(
        ("Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "America/Nuuk", "Asia/Tokyo")
    ),
    st.sampled_from(("00:30", "02:15", "02:30", "03:00", "03:30", "08:00", "23:30")),
    st.dates(date(2027, 1, 1), date(2027, 11, 30)),
    st.sampled_from(("day", "3 days", "week")),
)
def test_the_calendars_own_rules_of_its_zone_give_the_same_moments(zone: str, at: str, start: date, every: str) -> None:
    made = planned(Schedule(start=start.isoformat(), every=every, at=at, time_zone=zone))
    content = ics(made)
    for one in made.issues:
        assert by_the_files_own_rules(content, one.local) == one.utc


def test_json_and_csv_say_the_same() -> None:
    made = planned(PARIS, 2)
    assert msgspec.json.decode(as_json(made), type=Plan) == made
    assert as_csv(made).decode().split("\r\n") == [
        "number,issue,weekday,date,time,time_zone,utc,subject",
        "1,letter-1,Mon,2027-01-04,08:00,Europe/Paris,2027-01-04T07:00:00Z,About 1",
        "2,letter-2,Mon,2027-01-11,08:00,Europe/Paris,2027-01-11T07:00:00Z,About 2",
        "",
    ]


def test_the_table_is_aligned() -> None:
    lines = as_table(planned(PARIS)).split("\n")
    assert lines[0] == " 1  Mon 2027-01-04  08:00  CET   About 1"
    assert lines[-1] == "20  Mon 2027-05-17  08:00  CEST  About 20"
    assert len({line.index("About") for line in lines}) == 1


def test_how_long_a_plan_takes_is_told_in_words() -> None:
    assert span(planned(PARIS, 1)) == "1 issue"
    assert span(planned(PARIS, 3)) == "3 issues from 2027-01-04 to 2027-01-18, 7 days apart"
    two_a_week = msgspec.structs.replace(PARIS, on=("mon", "thu"))
    assert span(planned(two_a_week, 3)) == "3 issues from 2027-01-04 to 2027-01-11, 3 to 4 days apart"


def test_days_never_go_back() -> None:
    days = [one.local for one in planned(msgspec.structs.replace(PARIS, on=("mon", "thu", "sat"))).issues]
    assert all(one < other for one, other in pairwise(days))
    assert days[0].replace(tzinfo=ZoneInfo("Europe/Paris")) == datetime(2027, 1, 4, 7, tzinfo=UTC)
