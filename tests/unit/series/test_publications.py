"""Publishing: frozen issues, and edits of a running sequence that nobody is hurt by."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from series_builders import DAY, LEASE, NOW, asked, confirmed, done, letters, published, send
from sqlalchemy import Connection, select

from pipeline.delivery import Schedule
from pipeline.errors import StoreError
from pipeline.mail.sequence import SenderEntry
from pipeline.series import publishing
from pipeline.series.message import Head
from pipeline.series.publishing import Edition
from pipeline.series.store import _schema as t
from pipeline.series.store import journal, leaving, ledger, moving, publications, standing
from pipeline.series.store.engine import Store
from pipeline.series.store.publications import Group

WEEK = 7 * DAY


def course_of(tx: Connection, weeks: int, start: int = 0) -> list[str]:
    """Return the issues that are sent in weeks to come, in order."""
    return [claim.issue for week in range(start, start + weeks) for claim in send(tx, NOW + week * WEEK)]


def kinds(plan: publications.Plan) -> dict[str, str]:
    return {change.issue: change.kind for change in plan.changes if not change.issue.startswith("mail/")}


def a_reader_past(tx: Connection, count: int, *issues: str) -> None:
    """Publish issues, and let a reader have the first few."""
    published(tx, *issues)
    confirmed(tx, "ann@example.org")
    assert len(course_of(tx, count)) == count


def test_the_first_publication_is_all_new(tx: Connection) -> None:
    assert kinds(published(tx, "one", "two")) == {"one": "new", "two": "new"}


def test_publishing_the_same_again_changes_nothing(tx: Connection) -> None:
    published(tx, "one", "two")
    assert published(tx, "one", "two").is_empty
    assert len(tx.execute(select(t.revisions.c.id).where(t.revisions.c.issue == "one")).all()) == 1


def test_a_plan_changes_nothing(tx: Connection) -> None:
    a_reader_past(tx, 1, "one", "two")
    plan = publications.plan(tx, "letters", letters("one", "new", "two"), publications.Schedule())
    assert kinds(plan) == {"one": "same", "new": "new", "two": "same"}
    assert course_of(tx, 3, 1) == ["two"]


def test_an_inserted_issue_goes_to_those_before_it_and_not_to_those_past_it(tx: Connection) -> None:
    a_reader_past(tx, 2, "one", "two", "three")
    plan = published(tx, "one", "new", "two", "three", now=NOW + WEEK)
    confirmed(tx, "bob@example.org", NOW + WEEK)
    assert kinds(plan)["new"] == "new"
    assert plan.groups == (Group("two", 1, "three", "three"),)
    sent = [claim for week in range(2, 9) for claim in send(tx, NOW + week * WEEK)]
    assert [claim.issue for claim in sent if claim.address == "ann@example.org"] == ["three"]
    assert [claim.issue for claim in sent if claim.address == "bob@example.org"] == ["one", "new", "two", "three"]


def test_catching_up_is_asked_for_and_sends_an_inserted_issue_to_those_past_it(tx: Connection) -> None:
    a_reader_past(tx, 2, "one", "two", "three")
    plan = published(tx, "one", "new", "two", "three", now=NOW + WEEK, catch_up=True)
    assert plan.groups == (Group("two", 1, "three", "new"),)
    assert course_of(tx, 5, 2) == ["new", "three"]


@pytest.mark.parametrize(("catch_up", "expected"), [(False, ["three"]), (True, ["four", "three"])])
def test_who_is_past_the_new_place_of_a_moved_issue_gets_it_where_catching_up_is_asked_for(
    tx: Connection, catch_up: bool, expected: list[str]
) -> None:
    a_reader_past(tx, 2, "one", "two", "three", "four")
    plan = published(tx, "one", "four", "two", "three", now=NOW + WEEK, catch_up=catch_up)
    assert plan.passes_over == ("four",)
    assert plan.groups == (Group("two", 1, "three", expected[0]),)
    assert course_of(tx, 5, 2) == expected


def test_catching_up_brings_no_issue_that_an_earlier_edit_left_out(tx: Connection) -> None:
    a_reader_past(tx, 2, "one", "two", "three")
    published(tx, "one", "new", "two", "three", now=NOW + WEEK)
    plan = published(tx, "one", "new", "newer", "two", "three", now=NOW + WEEK, catch_up=True)
    assert plan.passes_over == plan.catches_up == ("newer",)
    assert course_of(tx, 5, 2) == ["newer", "three"]


def test_those_who_had_finished_catch_up_too(tx: Connection) -> None:
    a_reader_past(tx, 2, "one", "two")
    published(tx, "one", "new", "two", now=NOW + 3 * WEEK, catch_up=True)
    assert course_of(tx, 5, 3) == ["new"]


def test_a_removed_issue_is_not_sent_and_those_who_stand_at_it_go_on(tx: Connection) -> None:
    a_reader_past(tx, 2, "one", "two", "three")
    plan = published(tx, "one", "three", now=NOW + WEEK)
    confirmed(tx, "bob@example.org", NOW + WEEK)
    assert kinds(plan)["two"] == "removed"
    sent = [claim for week in range(2, 9) for claim in send(tx, NOW + week * WEEK)]
    assert [claim.issue for claim in sent if claim.address == "ann@example.org"] == ["three"]
    assert [claim.issue for claim in sent if claim.address == "bob@example.org"] == ["one", "three"]


def test_an_issue_that_moves_is_never_sent_twice(tx: Connection) -> None:
    a_reader_past(tx, 2, "one", "two", "three", "four")
    plan = published(tx, "two", "three", "four", "one", now=NOW + WEEK)
    assert kinds(plan) == {"two": "same", "three": "same", "four": "same", "one": "moved"}
    assert course_of(tx, 6, 2) == ["three", "four"]


def test_a_rewritten_issue_is_sent_as_it_is_now_to_those_who_have_yet_to_get_it(tx: Connection) -> None:
    a_reader_past(tx, 1, "one", "two")
    assert kinds(published(tx, "one", "two", words="better", now=NOW + DAY)) == {"one": "rewritten", "two": "rewritten"}
    (claim,) = send(tx, NOW + WEEK)
    content = tx.execute(select(t.revisions.c.content).where(t.revisions.c.id == claim.revision_id)).scalar()
    assert content == b"two better"


def test_what_was_sent_can_be_read_as_it_was_sent(tx: Connection) -> None:
    a_reader_past(tx, 1, "one", "two")
    published(tx, "one", "two", words="better", now=NOW + DAY)
    query = select(t.revisions.c.content).join_from(
        t.deliveries, t.revisions, t.revisions.c.id == t.deliveries.c.revision_id
    )
    assert tx.execute(query.where(t.deliveries.c.issue == "one")).scalar() == b"one "


def test_an_appended_issue_goes_to_those_who_had_finished(tx: Connection) -> None:
    a_reader_past(tx, 2, "one", "two")
    assert course_of(tx, 3, 2) == []
    published(tx, "one", "two", "three", now=NOW + 5 * WEEK)
    assert course_of(tx, 3, 5) == ["three"]


def test_the_fewest_issues_count_as_moved(tx: Connection) -> None:
    published(tx, "a", "b", "c", "d", "e")
    assert kinds(published(tx, "b", "c", "d", "e", "a")) == dict.fromkeys("bcde", "same") | {"a": "moved"}


def test_two_issues_of_one_name_are_refused(tx: Connection) -> None:
    with pytest.raises(StoreError, match="two letters are named “one”"):
        published(tx, "one", "one")


def test_what_is_already_claimed_is_sent_as_it_was(tx: Connection) -> None:
    published(tx, "one", "two")
    confirmed(tx, "ann@example.org")
    from pipeline.series.store import ledger

    (claim,) = ledger.claim(tx, NOW, "me", 10 * DAY, 10)
    published(tx, "two", now=NOW)
    assert ledger.begin(tx, [claim], "me", NOW) == {claim.ref: "send"}


def test_what_waits_goes_out_as_it_is_published_now(tx: Connection) -> None:
    published(tx, "one")
    asked(tx, "ann@example.org")
    published(tx, "one", words="mended")
    [claim] = send(tx, NOW)
    query = select(t.revisions.c.content).where(t.revisions.c.id == claim.revision_id)
    assert tx.execute(query).scalar_one() == b"mail/confirmation mended"


def test_what_was_sent_stays_as_it_was(tx: Connection) -> None:
    a_reader_past(tx, 1, "one", "two")
    before = tx.execute(select(t.deliveries.c.revision_id).where(t.deliveries.c.issue == "one")).scalar_one()
    published(tx, "one", "two", words="mended")
    assert tx.execute(select(t.deliveries.c.revision_id).where(t.deliveries.c.issue == "one")).scalar_one() == before


# --------------------------------------------------------------------------- another schedule


def slot_of(tx: Connection, number: int) -> datetime | None:
    return tx.execute(select(t.enrolments.c.due_at).where(t.enrolments.c.subscriber_id == number)).scalar()


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        (Schedule(time_zone="UTC", at="18:30"), datetime(2027, 1, 11, 18, 30, tzinfo=UTC)),
        (Schedule(time_zone="UTC", at="06:00"), datetime(2027, 1, 11, 6, tzinfo=UTC)),
        (Schedule(time_zone="UTC", at="09:00", on=("thu",)), datetime(2027, 1, 14, 9, tzinfo=UTC)),
        (Schedule(time_zone="UTC", at="18:30", on=("wed", "sun")), datetime(2027, 1, 13, 18, 30, tzinfo=UTC)),
        (Schedule(time_zone="UTC", at="09:00", on=("mon", "thu")), datetime(2027, 1, 11, 9, tzinfo=UTC)),
        (Schedule(time_zone="Asia/Tokyo", at="09:00"), datetime(2027, 1, 11, tzinfo=UTC)),
    ],
)
def test_another_schedule_holds_for_every_readers_next_issue(
    tx: Connection, schedule: Schedule, expected: datetime
) -> None:
    a_reader_past(tx, 1, "one", "two", "three")
    published(tx, "one", "two", "three", schedule=schedule, now=NOW + DAY)
    assert slot_of(tx, 1) == expected
    assert send(tx, expected - timedelta(seconds=1)) == []
    assert [claim.issue for claim in send(tx, expected)] == ["two"]


def test_who_is_due_stays_due_by_another_schedule(tx: Connection) -> None:
    a_reader_past(tx, 1, "one", "two", "three")
    late = NOW + WEEK + timedelta(hours=3)
    published(tx, "one", "two", "three", schedule=Schedule(time_zone="UTC", at="08:00"), now=late)
    assert [claim.issue for claim in send(tx, late)] == ["two"]


def test_who_is_paused_goes_on_by_the_schedule_of_now(tx: Connection) -> None:
    a_reader_past(tx, 1, "one", "two", "three")
    standing.pause(tx, 1, NOW + DAY)
    published(tx, "one", "two", "three", schedule=Schedule(time_zone="UTC", at="18:30", on=("tue",)), now=NOW + DAY)
    standing.resume(tx, 1, NOW + 2 * DAY)
    assert slot_of(tx, 1) == datetime(2027, 1, 12, 18, 30, tzinfo=UTC)


def test_a_pace_that_another_schedule_makes_impossible_holds_nobody_up(tx: Connection) -> None:
    a_reader_past(tx, 1, "one", "two", "three")
    confirmed(tx, "bob@example.org")
    assert standing.set_pace(tx, 1, 1, {"on": ["sat"], "at": "10:00"}, NOW + DAY)
    quiet = Schedule(time_zone="UTC", at="09:00", quiet=("sat",))
    plan = published(tx, "one", "two", "three", schedule=quiet, now=NOW + 2 * DAY)
    assert plan.lost_paces == 1
    assert [(entry.what, entry.subscriber_id) for entry in journal.entries(tx, what="pace-lost")] == [("pace-lost", 1)]
    sent = {(claim.address, claim.issue) for day in range(2, 15) for claim in send(tx, NOW + day * DAY)}
    assert sent >= {("ann@example.org", "two"), ("bob@example.org", "one")}
    back = published(tx, "one", "two", "three", now=NOW + 15 * DAY)
    assert back.lost_paces == 0


def test_a_pace_by_days_is_lost_on_a_calendar_and_one_by_the_hour_is_kept(tx: Connection) -> None:
    a_reader_past(tx, 1, "one", "two", "three")
    confirmed(tx, "bob@example.org", NOW + DAY)
    standing.set_pace(tx, 1, 1, {"every": "day"}, NOW + DAY)
    standing.set_pace(tx, 2, 1, {"at": "18:30"}, NOW + DAY)
    calendar = Schedule(kind="calendar", start="2027-01-04", time_zone="UTC", at="09:00")
    assert published(tx, "one", "two", "three", schedule=calendar, now=NOW + DAY).lost_paces == 1
    assert slot_of(tx, 1) == datetime(2027, 1, 11, 9, tzinfo=UTC)
    assert slot_of(tx, 2) == datetime(2027, 1, 4, 18, 30, tzinfo=UTC)


# --------------------------------------------------------------------------- a portion at a time


EVENINGS = Schedule(time_zone="UTC", at="18:30", on=("tue", "thu"))


def many_readers(tx: Connection) -> None:
    """Publish three issues, and let seven readers be at different places and times; one is at the end, one paused."""
    published(tx, "one", "two", "three")
    for number in range(7):
        confirmed(tx, f"reader-{number}@example.org", NOW + number * DAY, ("UTC", "Asia/Tokyo")[number % 2])
    for day in range(9):
        send(tx, NOW + day * DAY)
    standing.set_pace(tx, 3, 1, {"every": "day", "at": "07:00"}, NOW + 9 * DAY)
    standing.pause(tx, 4, NOW + 9 * DAY)
    for _ in range(3):
        standing.skip(tx, 5, 1, NOW + 9 * DAY)


def places(tx: Connection) -> list[tuple[object, ...]]:
    e = t.enrolments.c
    return [
        tuple(row)
        for row in tx.execute(
            select(e.subscriber_id, e.state, e.slot_at, e.due_at, e.reached).order_by(e.subscriber_id)
        )
    ]


def publish_evenings(tx: Connection, *, in_portions: bool, schedule: Schedule = EVENINGS) -> publications.Plan:
    words, now = letters("one", "two", "three", "four"), NOW + 9 * DAY
    return publications.publish(tx, "letters", "Letters", b"head", words, schedule, now, in_portions=in_portions)


def test_readers_who_are_moved_a_portion_at_a_time_get_the_times_that_they_get_at_once(store: Store) -> None:
    with store.transaction() as tx:
        many_readers(tx)
    with store.trial() as tx:
        publish_evenings(tx, in_portions=False)
        at_once = places(tx)
    with store.transaction() as tx:
        before = places(tx)
        publish_evenings(tx, in_portions=True)
        assert places(tx) == before
    portions = 0
    is_more = True
    while is_more:
        with store.transaction() as tx:
            is_more = moving.move_some(tx, "letters", NOW + 9 * DAY, most=2)
            portions += is_more
    assert portions == 3
    with store.reading() as tx:
        assert places(tx) == at_once != before
        assert not moving.is_unfinished(tx, "letters")


def test_publishing_that_was_cut_off_is_told_and_gone_on_with(store: Store) -> None:
    with store.transaction() as tx:
        many_readers(tx)
    with store.trial() as tx:
        publish_evenings(tx, in_portions=False)
        at_once = places(tx)
    with store.transaction() as tx:
        publish_evenings(tx, in_portions=True)
    with store.transaction() as tx:
        assert moving.move_some(tx, "letters", NOW + 9 * DAY, most=2)
    words = tuple(letters("one", "two", "three", "four"))
    sender = SenderEntry(name="Ann", address="ann@example.org", postal_address="1 Street")
    head = Head(id="letters", title="Letters", language="en", website="", sender=sender)
    again = Edition(head, words, EVENINGS)
    planned = publishing.plan(store, again)
    assert (planned.is_empty, planned.is_unfinished) == (True, True)
    publishing.publish(store, again, NOW + 9 * DAY, lambda _: None)
    with store.reading() as tx:
        assert places(tx) == at_once
    planned = publishing.plan(store, again)
    assert (planned.version, planned.is_unfinished) == (3, False)


def test_others_send_and_leave_between_portions_and_nobody_gets_anything_twice_or_not_at_all(store: Store) -> None:
    with store.transaction() as tx:
        published(tx, "one", "two", "three")
        for number in range(8):
            confirmed(tx, f"reader-{number}@example.org")
        send(tx, NOW)
    moment = NOW + WEEK
    with store.transaction() as tx:
        publications.publish(
            tx, "letters", "Letters", b"", letters("one", "two", "three"), EVENINGS, moment, in_portions=True
        )
    # Each time between two portions one more is sent their issue, and the next leaves.
    leaver, between = 8, 0
    is_more = True
    while is_more:
        with store.transaction() as tx:
            is_more = moving.move_some(tx, "letters", moment, most=1)
        with store.transaction() as tx:
            claims = ledger.claim(tx, moment, "me", LEASE, 1)
            ledger.begin(tx, claims, "me", moment)
            done(tx, claims, "me", moment)
        if leaver > 6:
            with store.transaction() as tx:
                leaving.unsubscribe(tx, leaver, moment, bytes([leaver]) * 32)
            leaver -= 1
        between += len(claims)
    with store.transaction() as tx:
        for hour in range(24 * 30):
            send(tx, moment + timedelta(hours=hour))
        d = t.deliveries.c
        rows = tx.execute(select(d.subscriber_id, d.issue).where(d.state == "sent", ~d.issue.startswith("mail/"))).all()
        got = Counter(tuple(row) for row in rows)
    assert between > 1
    assert set(got.values()) == {1}
    assert all({issue for one, issue in got if one == reader} == {"one", "two", "three"} for reader in range(1, 7))


def test_a_calendars_readers_are_moved_all_at_once(store: Store) -> None:
    with store.transaction() as tx:
        many_readers(tx)
    calendar = Schedule(kind="calendar", start="2027-02-01", time_zone="UTC", at="09:00")
    with store.transaction() as tx:
        publish_evenings(tx, in_portions=True, schedule=calendar)
        assert not moving.is_unfinished(tx, "letters")
    with store.reading() as tx:
        due = [row[3] for row in places(tx) if row[1] == "active"]
    assert all(isinstance(moment, datetime) and moment >= datetime(2027, 2, 1, tzinfo=UTC) for moment in due)
