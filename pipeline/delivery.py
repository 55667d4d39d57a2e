"""What an author may settle of the newsletter's delivery in book.yaml: when, how fast, and where links lead."""

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any, Literal, get_args, get_type_hints
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from msgspec import Meta, Struct

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)
# Outside these years a date is a slip of the pen.
_YEARS = range(2000, 3000)
Every = Annotated[
    str,
    Meta(
        pattern=r"^(day|week|[1-9]\d{0,2} (days|weeks))$",
        description="an interval such as day, week, 3 days or 2 weeks",
    ),
]
TimeOfDay = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description="a time of day such as 08:00")]
Day = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$", description="a date such as 2027-01-04")]
ZoneName = Annotated[
    str,
    Meta(pattern=r"^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$", description="reader, or a time zone such as Europe/Paris"),
]
Hours = Annotated[int, Meta(ge=1, le=8760, description="a number of hours")]
Days = Annotated[int, Meta(ge=0, le=3650, description="a number of days")]
Rate = Annotated[int, Meta(ge=1, le=1_000_000, description="a whole number from 1")]
SecureAddress = Annotated[
    str, Meta(pattern=r"^(https://[^\s\"<>?#]+)?$", description="an address such as https://letters.example.org")
]
ServerAddress = Annotated[
    str,
    Meta(
        pattern=r"^(smtps?://([^\s\"<>@:/?#]+@)?[^\s\"<>@:/?#]+(:\d{1,5})?(\?security=(starttls|none))?)?$",
        description="a server without a password, such as smtp://ann@mail.example.org:587 or smtps://mail.example.org",
    ),
]
MailDomain = Annotated[
    str, Meta(pattern=r"^([A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+)?$", description="a domain such as letters.example.org")
]


class Schedule(Struct, frozen=True, forbid_unknown_fields=True):
    """When issues go out: `evergreen` counts from each reader's confirmation, `calendar` from `start`, for everybody.

    `at` is local: in each reader's time zone (`reader`), or in the one that `time_zone` names. Nothing goes out on
    `quiet` weekdays and on `holidays`; what would have, goes to the next day of the grid. `on` keeps to weekdays; none
    is that of the first issue. What is later than `latest` hours waits for its reader's next time. `delay` days pass
    before an evergreen's first issue.
    """

    kind: Literal["evergreen", "calendar"] = "evergreen"
    start: Day | None = None
    every: Every = "week"
    on: tuple[Weekday, ...] = ()
    at: TimeOfDay = "08:00"
    time_zone: ZoneName = "reader"
    quiet: tuple[Weekday, ...] = ()
    holidays: tuple[Day, ...] = ()
    delay: Days = 0
    latest: Hours = 72


class Limit(Struct, frozen=True, forbid_unknown_fields=True):
    """At most so many messages in any second, minute, hour and day; None is no limit."""

    per_second: Rate | None = None
    per_minute: Rate | None = None
    per_hour: Rate | None = None
    per_day: Rate | None = None


class Dkim(Struct, frozen=True, forbid_unknown_fields=True):
    """How messages are signed; the private key comes from the environment. No `domain` is the sender's."""

    selector: Annotated[str, Meta(pattern=r"^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$", description="a selector such as s1")]
    domain: MailDomain = ""


class Delivery(Struct, frozen=True, forbid_unknown_fields=True):
    """What `delivery` of book.yaml may hold.

    `links` is what the addresses in messages begin with; `bounces` the domain that envelope senders are in, none being
    the sender's own. A message that may have gone out or not is sent again (`resend`) or left to a person (`hold`).
    Bounces are kept as they came for `keep_bounces` days.
    """

    schedule: Schedule = Schedule()
    links: SecureAddress = ""
    smtp: ServerAddress = ""
    bounces: MailDomain = ""
    in_doubt: Literal["hold", "resend"] = "hold"
    connections: Annotated[int, Meta(ge=1, le=64, description="a number of connections from 1 to 64")] = 4
    limits: Limit = Limit()
    domain_limits: dict[str, Limit] = {}
    soft_bounces: Annotated[int, Meta(ge=1, le=100, description="a number of bounces")] = 5
    keep_bounces: Days = 90
    dkim: Dkim | None = None


# --------------------------------------------------------------------------- what types can't say


def zone_fault(name: str) -> tuple[str, str]:
    """Return what is wrong with the name of a time zone, and what to do; empty where the IANA's list has it."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        from difflib import get_close_matches

        known = {zone.lower(): zone for zone in sorted(available_timezones())}
        # Most know the city, and not what it stands under.
        cities = {zone.rpartition("/")[2].lower(): zone for zone in known.values()}
        city = name.rpartition("/")[2].lower().replace(" ", "_")
        close = [known[match] for match in get_close_matches(name.lower(), known, 3, 0.85)]
        close += [cities[match] for match in get_close_matches(city, cities, 3, 0.8)]
        names = " or ".join(f"“{zone}”" for zone in list(dict.fromkeys(close))[:3])
        hint = f"Did you mean {names}?" if names else "Write one of the IANA's list, such as Europe/Paris."
        return f"“{name}” is no time zone", hint
    return "", ""


def schedule_form(key: str) -> str:
    """Return in words what a key of the schedule may hold, as its type says."""
    kinds: list[Any] = [get_type_hints(Schedule, include_extras=True)[key]]
    for kind in kinds:
        for extra in getattr(kind, "__metadata__", ()):
            if isinstance(extra, Meta) and extra.description:
                return extra.description
        kinds += get_args(kind)
    return f"one of {', '.join(WEEKDAYS)}" if key in ("on", "quiet") else "another value"


def schedule_faults(schedule: Schedule) -> Iterator[tuple[tuple[str | int, ...], str, str]]:
    """Yield why a schedule can't be kept, each with the keys where that stands, and what to do."""
    if schedule.kind == "calendar" and schedule.start is None:
        yield ("kind",), "a calendar has no “start”", "Write the day of its first issue: start: 2027-01-04."
    days: list[tuple[tuple[str | int, ...], str]] = [(("start",), schedule.start)] if schedule.start else []
    days += [(("holidays", position), day) for position, day in enumerate(schedule.holidays)]
    for keys, day in days:
        try:
            if date.fromisoformat(day).year not in _YEARS:
                yield keys, f"“{keys[0]}”: {day} is not in this millennium", "Write a date such as 2027-01-04."
        except ValueError:
            yield keys, f"“{keys[0]}”: no calendar has a {day}", "Write a date such as 2027-01-04."
    if schedule.time_zone != "reader":
        fault, hint = zone_fault(schedule.time_zone)
        if fault:
            yield ("time_zone",), f"“time_zone”: {fault}", hint
    if not set(schedule.on or WEEKDAYS) - set(schedule.quiet):
        fault = "“on” and “quiet” leave no day" if schedule.on else "“quiet” leaves no day"
        yield ("quiet",), f"{fault} on which an issue may go out", "Take one of the days out of “quiet”."
