"""A year of a series through the real store: who gets what and when is what walking through the year finds."""

import random
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from msgspec import Struct
from series_builders import confirmed, letters, person, published, send
from series_model import expected_with_pauses
from sqlalchemy import Connection, select

from pipeline.delivery import Schedule
from pipeline.series.store import _schema as t
from pipeline.series.store import importing, recovery
from pipeline.series.store.courses import sequence_id_of
from pipeline.series.store.engine import Store, open_store
from pipeline.series.store.leaving import leave
from pipeline.series.store.people import Consent
from pipeline.series.store.publications import publish
from pipeline.series.store.standing import pause, resume

ZONES = (
    "Africa/Casablanca",
    "America/Havana",
    "America/New_York",
    "America/Sao_Paulo",
    "Asia/Kathmandu",
    "Asia/Tokyo",
    "Australia/Lord_Howe",
    "Europe/Dublin",
    "Europe/Paris",
    "Pacific/Apia",
    "Pacific/Chatham",
    "UTC",
)
START = datetime(2027, 1, 1, tzinfo=UTC)
YEAR = timedelta(days=365)
# Later than anybody looks.
END = START + 9 * YEAR
ISSUES = tuple(f"letter-{number:02d}" for number in range(1, 21))
# Every clock changes, and every time of day is looked for, on a quarter of an hour.
STRIDE = 15
# On Sundays most clocks change.
EVERGREEN = Schedule(every="week", at="02:15", quiet=("sat",), holidays=("2027-04-02", "2027-05-17", "2027-12-25"))


class Life(Struct, frozen=True):
    """A reader's year: when they come, pause, resume and leave."""

    address: str
    zone: str
    came: datetime
    pauses: tuple[tuple[datetime, datetime], ...]
    left: datetime


def lives(count: int, chance: random.Random) -> Iterator[Life]:
    """Yield readers who come over the year; of three one pauses, and of ten one leaves."""
    for number in range(count):
        came = START + timedelta(minutes=chance.randrange(300 * 24 * 60))
        since = came + timedelta(minutes=chance.randrange(90 * 24 * 60))
        until = since + timedelta(minutes=chance.randrange(60 * 24 * 60))
        pauses = ((since, until),) if chance.random() < 1 / 3 else ()
        left = came + timedelta(days=chance.randrange(3, 120)) if chance.random() < 0.1 else END
        yield Life(f"reader-{number}@example.org", ZONES[number % len(ZONES)], came, pauses, left)


def received(tx: Connection, readers: list[Life], until: datetime) -> dict[str, list[tuple[str, datetime]]]:
    """Live through the time up to a moment, from one thing to the next; return who got which issue when."""
    events: list[tuple[datetime, int, str]] = []
    for number, reader in enumerate(readers):
        heappush(events, (reader.came, number, "come"))
        for since, back in reader.pauses:
            heappush(events, (since, number, "pause"))
            heappush(events, (back, number, "resume"))
        heappush(events, (reader.left, number, "leave"))
    ids: dict[int, int] = {}
    got: dict[str, list[tuple[str, datetime]]] = defaultdict(list)
    while True:
        due = recovery.next_look(tx)
        now = min(moment for moment in (due, events[0][0] if events else None) if moment is not None)
        if now >= until:
            return got
        while events and events[0][0] <= now:
            _, number, what = heappop(events)
            reader = readers[number]
            if what == "come":
                ids[number] = confirmed(tx, reader.address, now, reader.zone)
            elif what == "pause":
                pause(tx, ids[number], now)
            elif what == "resume":
                resume(tx, ids[number], now)
            else:
                leave(tx, ids[number], "unsubscribed", now, person(reader.address).hash)
        for claim in send(tx, now):
            got[claim.address].append((claim.issue, now))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(str(tmp_path / "series.db"))
    yield opened
    opened.close()


def expected(schedule: Schedule, reader: Life) -> list[tuple[str, datetime]]:
    """Return what a reader is to get in the year, and when."""
    left = min(reader.left, START + YEAR)
    times = expected_with_pauses(schedule, reader.came, reader.zone, len(ISSUES), reader.pauses, left, STRIDE)
    return list(zip(ISSUES, times, strict=False))


def test_five_hundred_readers_in_twelve_zones_get_what_walking_through_a_year_finds(store: Store) -> None:
    readers = list(lives(500, random.Random(20270104)))
    with store.transaction() as tx:
        published(tx, *ISSUES, schedule=EVERGREEN, now=START)
        got = received(tx, readers, START + YEAR)
    for reader in readers:
        assert got[reader.address] == expected(EVERGREEN, reader), reader
    assert sum(len(issues) == len(ISSUES) for issues in got.values()) > 250
    assert sum(map(len, got.values())) > 7_000


@pytest.mark.parametrize(
    "schedule",
    [
        # Every reader at one moment, which is about midnight in Phoenix: there two are never on one day.
        Schedule(every="day", at="08:00", time_zone="Europe/Paris", holidays=("2027-03-29",)),
        Schedule(every="2 weeks", on=("mon", "thu"), at="00:00", delay=2),
        Schedule(every="3 days", at="23:45", quiet=("sat", "sun")),
    ],
)
def test_other_schedules_are_kept_through_a_year_as_well(store: Store, schedule: Schedule) -> None:
    readers = list(lives(48, random.Random(20270105)))
    readers += [Life(f"phoenix-{n}@example.org", "America/Phoenix", START + n * YEAR / 99, (), END) for n in range(24)]
    with store.transaction() as tx:
        published(tx, *ISSUES, schedule=schedule, now=START)
        got = received(tx, readers, START + YEAR)
    for reader in readers:
        assert got[reader.address] == expected(schedule, reader), reader
    assert sum(map(len, got.values())) > 500


def test_after_weeks_without_a_sender_nobody_gets_two_in_a_day_and_only_a_calendar_passes_any_over(
    store: Store,
) -> None:
    evergreen = Schedule(every="2 days", at="08:00", latest=12)
    calendar = Schedule(kind="calendar", start="2027-01-05", every="3 days", at="20:00", latest=96)
    mine, others = ISSUES[:12], tuple(f"other-{number:02d}" for number in range(1, 13))
    with store.transaction() as tx:
        for name, names, schedule in (("letters", mine, evergreen), ("others", others, calendar)):
            publish(tx, name, name, b"", letters(*names), schedule, START)
            sequence = sequence_id_of(tx, name)
            assert sequence is not None
            for zone in ZONES:
                importing.add(tx, [person(f"{zone}@example.org", zone)], sequence, Consent(START, "a test"), START)
    got: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
    for hour in range(24 * 70):
        now = START + timedelta(hours=hour)
        # Nobody sends for three weeks in January.
        if timedelta(days=9) <= now - START < timedelta(days=30):
            continue
        with store.transaction() as tx:
            for claim in send(tx, now):
                got[claim.address.removesuffix("@example.org")].append((now, claim.issue))
    assert set(got) == set(ZONES)
    for zone, sent in got.items():
        days = [moment.astimezone(ZoneInfo(zone)).date() for moment, _ in sent]
        assert len(set(days)) == len(days)
        assert [issue for _, issue in sent if issue in mine] == list(mine)
        read = [issue for _, issue in sent if issue in others]
        # The dates of the third issue, on the 11th of January, to the one on the 23rd or 26th were too long past.
        assert read in ([*others[:2], *others[8:]], [*others[:2], *others[7:]])
    with store.reading() as tx:
        d = t.deliveries.c
        skipped = tx.execute(select(d.issue).where(d.state == "skipped")).scalars().all()
    assert not set(skipped) & set(mine)
    assert len(skipped) + sum(issue in others for sent in got.values() for _, issue in sent) == len(ZONES) * len(others)
