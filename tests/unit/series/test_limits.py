"""Rate limits hold in any window, for all processes, and after a restart; servers that ask for it slow us down."""

from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from series_builders import NOW
from sqlalchemy import Connection, func, select

from pipeline.delivery import Limit
from pipeline.series.store import _schema as t
from pipeline.series.store.engine import open_store
from pipeline.series.store.limits import ALL, FIRST_GAP, LONGEST_GAP, Limits, slow_down, spacing, speed_up, take

SECOND = timedelta(seconds=1)


def asked(tx: Connection, domain: str, limits: Limits, moment: datetime) -> datetime | None:
    """Return when one message may go, None being now."""
    return take(tx, [domain], limits, moment)[0].at


def gone(tx: Connection, limits: Limits, moments: list[datetime], domain: str = "example.org") -> list[datetime]:
    """Return the moments at which a message was let go."""
    return [moment for moment in moments if asked(tx, domain, limits, moment) is None]


def most_in(moments: list[datetime], span: timedelta) -> int:
    """Return the most messages in any window of a length, counted the slow way."""
    return max((sum(start <= one < start + span for one in moments) for start in moments), default=0)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(st.integers(0, 3000), min_size=1, max_size=80),
    per_second=st.none() | st.integers(1, 4),
    per_minute=st.none() | st.integers(1, 12),
)
def test_a_limit_holds_in_every_window(
    store_of_limits: Connection, steps: list[int], per_second: int | None, per_minute: int | None
) -> None:
    tx = store_of_limits
    for table in (t.grants, t.buckets):
        tx.execute(table.delete())
    moments, now = [], NOW
    for step in steps:
        now += timedelta(milliseconds=step)
        moments.append(now)
    let_go = gone(tx, Limits(Limit(per_second=per_second, per_minute=per_minute)), moments)
    assert per_second is None or most_in(let_go, SECOND) <= per_second
    assert per_minute is None or most_in(let_go, timedelta(minutes=1)) <= per_minute
    if per_second is None and per_minute is None:
        assert let_go == moments


# Milliseconds from one moment to the next: none, a few, or a jump; and back, by less or more than a minute.
FORWARD = st.sampled_from([0, 0, 1]) | st.integers(0, 3000) | st.integers(0, 7_200_000)
BACK = st.integers(-7_200_000, -1)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    before=st.lists(FORWARD | BACK, max_size=30),
    after=st.lists(FORWARD, min_size=1, max_size=40),
    per_second=st.none() | st.integers(1, 4),
    per_hour=st.integers(1, 12),
)
def test_a_clock_that_is_set_back_holds_a_limit_for_one_more_window_at_the_most(
    store_of_limits: Connection, before: list[int], after: list[int], per_second: int | None, per_hour: int
) -> None:
    tx = store_of_limits
    for table in (t.grants, t.buckets):
        tx.execute(table.delete())
    limits, now = Limits(Limit(per_second=per_second, per_hour=per_hour)), NOW
    latest = timedelta(hours=1, minutes=1)
    for step in before:
        now += timedelta(milliseconds=step)
        later = asked(tx, "example.org", limits, now)
        assert later is None or now < later <= now + latest
    moments = []
    for step in after:
        now += timedelta(milliseconds=step)
        moments.append(now)
    # From the last time on that it was set back, the limit holds in every window again.
    let_go = gone(tx, limits, moments)
    assert per_second is None or most_in(let_go, SECOND) <= per_second
    assert most_in(let_go, timedelta(hours=1)) <= per_hour
    later = asked(tx, "example.org", limits, now)
    assert later is None or asked(tx, "example.org", limits, later) is None


def test_a_clock_that_is_set_back_by_a_year_holds_a_limit_for_an_hour(tx: Connection) -> None:
    limits = Limits(Limit(per_hour=2))
    year = timedelta(days=365)
    assert len(gone(tx, limits, [NOW + year] * 3)) == 2
    assert asked(tx, "example.org", limits, NOW) == NOW + timedelta(hours=1)
    # Asking meanwhile makes it no longer.
    assert asked(tx, "example.org", limits, NOW + timedelta(minutes=40)) == NOW + timedelta(hours=1)
    assert len(gone(tx, limits, [NOW + timedelta(hours=1)] * 3)) == 2


def test_a_clock_that_is_set_back_keeps_a_server_that_asked_for_less_waiting_no_longer_than_it_may(
    tx: Connection,
) -> None:
    slow_down(tx, ALL, NOW + timedelta(days=365))
    assert asked(tx, "example.org", Limits(), NOW) == NOW + FIRST_GAP
    assert asked(tx, "example.org", Limits(), NOW + FIRST_GAP) is None


@pytest.fixture
def store_of_limits(tx: Connection) -> Connection:
    return tx


def test_the_time_that_is_told_is_the_first_at_which_one_may_go(tx: Connection) -> None:
    limits = Limits(Limit(per_minute=2))
    assert gone(tx, limits, [NOW, NOW + SECOND]) == [NOW, NOW + SECOND]
    later = asked(tx, "example.org", limits, NOW + 2 * SECOND)
    assert later == NOW + timedelta(minutes=1)
    assert asked(tx, "example.org", limits, later - timedelta(microseconds=1)) is not None
    assert asked(tx, "example.org", limits, later) is None


def test_a_limit_holds_over_processes_and_restarts(address: str) -> None:
    limits = Limits(Limit(per_hour=3))
    let_go = 0
    for _ in range(3):
        first, second = open_store(address), open_store(address)
        for store in (first, second):
            with store.transaction() as tx:
                let_go += len(gone(tx, limits, [NOW]))
            store.close()
    assert let_go == 3


def test_a_domain_has_a_limit_of_its_own(tx: Connection) -> None:
    limits = Limits(Limit(per_minute=10), {"slow.example": Limit(per_minute=1)})
    assert len(gone(tx, limits, [NOW] * 5, "slow.example")) == 1
    assert len(gone(tx, limits, [NOW] * 20, "quick.example")) == 9


def test_several_at_once_are_let_go_as_one_after_the_other(tx: Connection) -> None:
    limits = Limits(Limit(per_second=5, per_minute=7), {"slow.example": Limit(per_minute=1)})
    domains = ["slow.example", "quick.example", "slow.example", *["quick.example"] * 5]
    leaves = take(tx, domains, limits, NOW)
    assert [leave.at for leave in leaves] == [None, None, NOW + 60 * SECOND, None, None, None, *[NOW + SECOND] * 2]
    assert [leave.is_total for leave in leaves] == [*[False] * 6, True, True]
    later = [leave.at for leave in take(tx, ["quick.example"] * 3, limits, NOW + SECOND)]
    assert later == [None, None, NOW + 60 * SECOND]


def test_the_spacing_of_a_limit_is_that_of_its_tightest_window() -> None:
    assert spacing(Limit(per_second=10, per_hour=3600)) == SECOND
    assert spacing(Limit()) == timedelta()


def test_no_more_moments_are_kept_than_a_limit_needs(tx: Connection) -> None:
    limits = Limits(Limit(per_second=1, per_minute=7))
    gone(tx, limits, [NOW + n * SECOND for n in range(400)])
    assert tx.execute(select(func.count()).select_from(t.grants)).scalar() == 7


def test_without_limits_nothing_is_written(tx: Connection) -> None:
    assert len(gone(tx, Limits(), [NOW] * 50)) == 50
    assert tx.execute(select(func.count()).select_from(t.buckets)).scalar() == 0


def test_a_server_that_asks_for_it_is_sent_to_more_slowly_each_time_and_faster_when_it_takes_messages(
    tx: Connection,
) -> None:
    gaps = [slow_down(tx, ALL, NOW) for _ in range(12)]
    assert gaps[0] == FIRST_GAP
    assert gaps == sorted(gaps)
    assert gaps[-1] == LONGEST_GAP
    assert asked(tx, "example.org", Limits(), NOW) == NOW + LONGEST_GAP
    for _ in range(200):
        speed_up(tx, {ALL})
    assert asked(tx, "example.org", Limits(), NOW + LONGEST_GAP) is None
    assert asked(tx, "example.org", Limits(), NOW + LONGEST_GAP) is None


def test_a_slowed_domain_hinders_no_other(tx: Connection) -> None:
    slow_down(tx, "slow.example", NOW)
    assert asked(tx, "slow.example", Limits(), NOW) is not None
    assert asked(tx, "quick.example", Limits(), NOW) is None
