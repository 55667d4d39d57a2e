"""Coming, standing and leaving: consent first, one click to go, and nothing kept of who is erased."""

from datetime import datetime, timedelta

import msgspec
import pytest
from series_builders import (
    ACCEPTED,
    DAY,
    LEASE,
    NOW,
    WEEKLY,
    asked,
    confirmed,
    done,
    letters,
    person,
    published,
    send,
)
from sqlalchemy import Connection, select

from pipeline.delivery import Schedule
from pipeline.series.schedule import ScheduleError
from pipeline.series.store import _schema as t
from pipeline.series.store import coming, journal, leaving, ledger, people, standing
from pipeline.series.store.courses import sequence_id_of
from pipeline.series.store.people import Consent, Person
from pipeline.series.store.publications import publish

WEEK = 7 * DAY
HOUR = DAY / 24
ANN = "Ann@Example.org"


def state_of(tx: Connection, number: int) -> str:
    found = people.by_id(tx, number)
    assert found is not None
    return found.state


def ask(tx: Connection, address: str = ANN, at: int = 0, name: str = "") -> str:
    now = NOW + at * DAY
    return coming.ask(tx, person(address, name=name), 1, now, Consent(now, "the form", "Send me letters"))


def sent(tx: Connection, weeks: range) -> list[str]:
    return [claim.issue for week in weeks for claim in send(tx, NOW + week * WEEK)]


@pytest.fixture
def ann(tx: Connection) -> int:
    """Return a reader of three issues, who has had none."""
    published(tx, "one", "two", "three")
    return confirmed(tx, ANN)


# --------------------------------------------------------------------------- coming


def test_consent_is_kept_with_its_time_its_place_and_the_words_shown(tx: Connection) -> None:
    published(tx, "one")
    assert ask(tx) == "added"
    found = people.by_identity(tx, ANN.lower())
    assert found is not None
    assert (found.consent_at, found.consent_source, found.consent_text) == (NOW, "the form", "Send me letters")
    assert found.address == ANN


def test_saying_yes_starts_the_series_and_sends_a_welcome(tx: Connection) -> None:
    published(tx, "one", "two")
    number = asked(tx, ANN)
    send(tx, NOW)
    assert coming.confirm(tx, number, person(ANN).hash, NOW + DAY)
    assert [claim.issue.split("/2")[0] for claim in send(tx, NOW + DAY)] == ["mail/welcome", "one"]


def test_saying_yes_twice_is_saying_it_once(tx: Connection, ann: int) -> None:
    assert not coming.confirm(tx, ann, person(ANN).hash, NOW)
    assert sent(tx, range(5)) == ["one", "two", "three"]


def test_somebody_else_cannot_fill_an_inbox_by_asking_again_and_again(tx: Connection) -> None:
    published(tx, "one")
    for _ in range(20):
        ask(tx)
    assert len(send(tx, NOW)) == 1
    ask(tx, at=1)
    assert len(send(tx, NOW + DAY)) == 1


def test_a_subscriber_who_asks_again_is_not_asked(tx: Connection, ann: int) -> None:
    assert ask(tx) == "known"
    assert state_of(tx, ann) == "active"


def test_who_has_left_may_come_back_and_goes_on_where_they_were(tx: Connection, ann: int) -> None:
    assert sent(tx, range(1)) == ["one"]
    leaving.leave(tx, ann, "unsubscribed", NOW + DAY, person(ANN).hash)
    assert ask(tx, at=2) == "known"
    assert state_of(tx, ann) == "pending"
    coming.confirm(tx, ann, person(ANN).hash, NOW + 3 * DAY)
    assert people.suppressed(tx, [person(ANN).hash]) == {}
    assert [issue for issue in sent(tx, range(1, 6)) if not issue.startswith("mail/")] == ["two", "three"]


@pytest.mark.parametrize("reason", ["complaint", "hard", "manual"])
def test_a_suppressed_address_is_not_even_asked(tx: Connection, ann: int, reason: leaving.Reason) -> None:
    leaving.leave(tx, ann, reason, NOW, person(ANN).hash)
    assert ask(tx) == "suppressed"


# --------------------------------------------------------------------------- another newsletter


@pytest.fixture
def other(tx: Connection, ann: int) -> int:
    """Return the id of another newsletter than the one that Ann reads."""
    publish(tx, "others", "Others", b"head", letters("eins", "zwei"), WEEKLY, NOW)
    found = sequence_id_of(tx, "others")
    assert found is not None
    return found


def ask_about(tx: Connection, sequence: int, at: datetime, who: Person | None = None) -> str:
    return coming.ask(tx, who or person(ANN), sequence, at, Consent(at, "the other form", "Send me those too"))


def mails(claims: list[ledger.Claim]) -> list[tuple[int, str]]:
    return [(one.sequence_id, one.issue.split("/2")[0]) for one in claims if one.issue.startswith("mail/")]


def test_who_reads_is_asked_about_another_newsletter_and_gets_it_after_a_yes_only(
    tx: Connection, ann: int, other: int
) -> None:
    assert ask_about(tx, other, NOW + DAY) == "known"
    assert coming.is_asked(tx, ann, other)
    assert mails(send(tx, NOW + DAY)) == [(other, "mail/confirmation")]
    assert sent(tx, range(1, 3)) == ["two", "three"]
    assert coming.confirm(tx, ann, person(ANN).hash, NOW + 2 * WEEK + DAY)
    assert not coming.confirm(tx, ann, person(ANN).hash, NOW + 2 * WEEK + DAY)
    claims = [claim for day in range(15, 40) for claim in send(tx, NOW + day * DAY)]
    assert mails(claims) == [(other, "mail/welcome")]
    assert [one.issue for one in claims if not one.issue.startswith("mail/")] == ["eins", "zwei"]


def test_who_reads_is_asked_about_another_newsletter_once_a_day(tx: Connection, ann: int, other: int) -> None:
    for _ in range(20):
        ask_about(tx, other, NOW)
    assert mails(send(tx, NOW)) == [(other, "mail/confirmation")]
    ask_about(tx, other, NOW + DAY)
    assert mails(send(tx, NOW + DAY)) == [(other, "mail/confirmation")]


def test_asking_about_another_newsletter_changes_nothing_else_of_a_reader(tx: Connection, ann: int, other: int) -> None:
    before = people.by_id(tx, ann)
    ask_about(tx, other, NOW, person("ANN@EXAMPLE.ORG", "Asia/Tokyo", "Somebody"))
    assert people.by_id(tx, ann) == before
    assert ask(tx) == "known"
    assert not coming.is_asked(tx, ann, 1)


def test_what_was_agreed_to_is_kept_for_each_newsletter(tx: Connection, ann: int, other: int) -> None:
    ask_about(tx, other, NOW + DAY)
    coming.confirm(tx, ann, person(ANN).hash, NOW + 2 * DAY)
    kept = {row.sequence: row for row in people.standings(tx, ann)}
    first, second = kept["letters"], kept["others"]
    assert (first.consent_at, first.consent_source, first.confirmed_at) == (NOW, "a test", NOW)
    assert (second.consent_at, second.consent_source) == (NOW + DAY, "the other form")
    assert (second.consent_text, second.confirmed_at) == ("Send me those too", NOW + 2 * DAY)
    leaving.erase(tx, ann, person(ANN).hash, NOW + 3 * DAY)
    assert {(row.consent_at, row.consent_source, row.consent_text) for row in people.standings(tx, ann)} == {
        (None, "", "")
    }


def test_a_question_that_was_answered_meanwhile_is_not_asked(tx: Connection, ann: int, other: int) -> None:
    ask_about(tx, other, NOW)
    coming.confirm(tx, ann, person(ANN).hash, NOW)
    assert mails(send(tx, NOW)) == [(other, "mail/welcome")]


def test_who_leaves_leaves_all_newsletters_and_comes_back_to_those_they_said_yes_to(
    tx: Connection, ann: int, other: int
) -> None:
    ask_about(tx, other, NOW)
    assert leaving.unsubscribe(tx, ann, NOW, person(ANN).hash)
    assert {row.state for row in people.standings(tx, ann)} == {"stopped"}
    assert mails(send(tx, NOW)) == [(1, "mail/goodbye")]
    assert coming.come_back(tx, ann, person(ANN).hash, NOW + DAY, Consent(NOW + DAY, "the link in a letter"))
    assert {row.sequence: row.state for row in people.standings(tx, ann)} == {"letters": "active", "others": "stopped"}


# --------------------------------------------------------------------------- standing


def test_pausing_holds_and_resuming_goes_on_with_the_next(tx: Connection, ann: int) -> None:
    assert sent(tx, range(1)) == ["one"]
    assert standing.pause(tx, ann, NOW + DAY)
    assert sent(tx, range(1, 9)) == []
    assert standing.resume(tx, ann, NOW + 8 * WEEK + DAY)
    assert sent(tx, range(9, 14)) == ["two", "three"]


def test_pausing_takes_back_what_was_put_off(tx: Connection, ann: int) -> None:
    claims = ledger.claim(tx, NOW, "me", LEASE, 10)
    ledger.begin(tx, claims, "me", NOW)
    done(tx, claims, "me", NOW, msgspec.structs.replace(ACCEPTED, kind="deferred", stage="rcpt", code=450))
    standing.pause(tx, ann, NOW)
    assert sent(tx, range(1, 5)) == []
    standing.resume(tx, ann, NOW + 5 * WEEK)
    assert sent(tx, range(5, 9)) == ["one", "two", "three"]


@pytest.mark.parametrize("steps", [0, 1])
def test_who_pauses_and_resumes_while_an_issue_is_on_its_way_gets_it_once_and_nothing_beside_it(
    tx: Connection, ann: int, steps: int
) -> None:
    published(tx, "one", "two", "three", words="edited" if steps else "")
    claims = ledger.claim(tx, NOW, "me", LEASE, 10)
    if steps:
        ledger.begin(tx, claims, "me", NOW)
    standing.pause(tx, ann, NOW)
    standing.resume(tx, ann, NOW)
    assert ledger.claim(tx, NOW, "other", LEASE, 10) == []
    if not steps:
        assert list(ledger.begin(tx, claims, "me", NOW).values()) == ["send"]
    done(tx, claims, "me", NOW)
    assert sent(tx, range(4)) == ["two", "three"]


def test_who_comes_back_while_an_issue_is_on_its_way_gets_it_once(tx: Connection, ann: int) -> None:
    claims = ledger.claim(tx, NOW, "me", LEASE, 10)
    ledger.begin(tx, claims, "me", NOW)
    leaving.leave(tx, ann, "unsubscribed", NOW, person(ANN).hash)
    asked(tx, ANN)
    coming.confirm(tx, ann, person(ANN).hash, NOW)
    assert [claim.issue for claim in ledger.claim(tx, NOW, "other", LEASE, 10) if claim.issue == "one"] == []
    done(tx, claims, "me", NOW)
    assert [issue for issue in sent(tx, range(4)) if not issue.startswith("mail/")] == ["two", "three"]


def test_a_reader_who_is_not_paused_cannot_be_resumed(tx: Connection, ann: int) -> None:
    assert not standing.resume(tx, ann, NOW)


def test_an_issue_that_is_skipped_is_never_sent_and_the_next_takes_its_time(tx: Connection, ann: int) -> None:
    assert standing.skip(tx, ann, 1, NOW) == "one"
    assert sent(tx, range(5)) == ["two", "three"]


def test_skipping_the_last_ends_the_series(tx: Connection, ann: int) -> None:
    assert [standing.skip(tx, ann, 1, NOW) for _ in range(4)] == ["one", "two", "three", ""]
    assert sent(tx, range(5)) == []


def test_restarting_begins_with_the_first_and_keeps_what_was(tx: Connection, ann: int) -> None:
    assert sent(tx, range(2)) == ["one", "two"]
    assert standing.restart(tx, ann, 1, NOW + 2 * WEEK)
    assert sent(tx, range(2, 8)) == ["one", "two", "three"]
    assert len(tx.execute(select(t.deliveries.c.ref).where(t.deliveries.c.state == "sent")).all()) >= 5


def test_who_begins_again_twice_in_a_second_does_so_twice(tx: Connection, ann: int) -> None:
    for number in range(3):
        moment = NOW + number * timedelta(milliseconds=200)
        assert standing.skip(tx, ann, 1, moment) == "one"
        assert standing.restart(tx, ann, 1, moment)
    assert sent(tx, range(1, 8)) == ["one", "two", "three"]


def test_beginning_again_is_for_readers_only(tx: Connection, ann: int) -> None:
    for state in ("waiting", "stopped"):
        tx.execute(t.enrolments.update().values(state=state, due_at=None))
        assert not standing.restart(tx, ann, 1, NOW)


def test_where_a_reader_stands_is_told(tx: Connection, ann: int) -> None:
    sent(tx, range(1))
    (found,) = people.standings(tx, ann)
    assert (found.sequence, found.state, found.reached, found.next_issue) == ("letters", "active", "one", "two")
    assert found.due_at == NOW + WEEK


CALENDAR = Schedule(kind="calendar", start="2027-01-04", every="week", at="09:00", time_zone="UTC")


def test_a_pace_on_a_calendar_keeps_its_days(tx: Connection) -> None:
    published(tx, "one", "two", "three", schedule=CALENDAR)
    number = confirmed(tx, ANN)
    # Late, on Wednesday.
    assert [claim.issue for claim in send(tx, NOW + 2 * DAY)] == ["one"]
    assert standing.set_pace(tx, number, 1, {"at": "18:00"}, NOW + 2 * DAY)
    (found,) = people.standings(tx, number)
    assert (found.next_issue, found.due_at) == ("two", NOW + WEEK + 9 * HOUR)


def test_the_days_of_a_calendar_are_nobodys_own(tx: Connection) -> None:
    published(tx, "one", "two", "three", schedule=CALENDAR)
    number = confirmed(tx, ANN)
    with pytest.raises(ScheduleError, match="the same for everybody"):
        standing.set_pace(tx, number, 1, {"every": "2 weeks"}, NOW)


def test_a_pace_counts_from_the_last_issue_of_its_own_newsletter(tx: Connection, ann: int) -> None:
    assert sent(tx, range(1)) == ["one"]
    # Of another newsletter, on Tuesday.
    tx.execute(t.subscribers.update().values(last_sent_at=NOW + DAY))
    assert standing.set_pace(tx, ann, 1, {"every": "3 days"}, NOW + DAY)
    (found,) = people.standings(tx, ann)
    assert found.due_at == NOW + 3 * DAY


def test_a_pace_before_the_first_issue_counts_the_delay_from_the_confirmation(tx: Connection) -> None:
    published(tx, "one", schedule=Schedule(at="09:00", time_zone="UTC", delay=5))
    number = confirmed(tx, ANN)
    standing.set_pace(tx, number, 1, {"at": "18:00"}, NOW + 3 * DAY)
    (found,) = people.standings(tx, number)
    assert found.due_at == NOW + 5 * DAY + 9 * HOUR


# --------------------------------------------------------------------------- leaving


def test_soft_bounces_end_a_subscription_when_there_are_enough_of_them(tx: Connection, ann: int) -> None:
    assert [leaving.bounce(tx, ann, "soft", NOW, 3) for _ in range(3)] == [False, False, True]
    assert state_of(tx, ann) == "bounced"


def test_a_complaint_outlasts_an_unsubscribing(tx: Connection, ann: int) -> None:
    leaving.leave(tx, ann, "complaint", NOW, person(ANN).hash)
    assert not leaving.leave(tx, ann, "unsubscribed", NOW, person(ANN).hash)
    assert people.suppressed(tx, [person(ANN).hash]) == {person(ANN).hash: "complaint"}


def test_a_bounce_outlasts_an_unsubscribing(tx: Connection, ann: int) -> None:
    leaving.leave(tx, ann, "hard", NOW)
    assert not leaving.leave(tx, ann, "unsubscribed", NOW, person(ANN).hash)
    assert state_of(tx, ann) == "bounced"
    assert ask(tx) == "suppressed"


@pytest.mark.parametrize("reason", ["complaint", "hard", "soft", "manual"])
def test_who_was_made_to_leave_is_not_asked_even_where_no_hash_was_kept(
    tx: Connection, ann: int, reason: leaving.Reason
) -> None:
    leaving.leave(tx, ann, reason, NOW)
    assert ask(tx) == "suppressed"
    assert state_of(tx, ann) != "pending"


def test_nothing_comes_back_of_who_was_erased_while_being_sent_to(tx: Connection, ann: int) -> None:
    claims = ledger.claim(tx, NOW, "me", LEASE, 10)
    ledger.begin(tx, claims, "me", NOW)
    leaving.erase(tx, ann, person(ANN).hash, NOW)
    ended = ledger.Ended(claims[0], ACCEPTED, NOW, f"id-{ANN}", b"Ann " + ANN.encode(), b"h")
    ledger.end(tx, [ended], "me", ledger.Rules())
    row = tx.execute(select(t.deliveries).where(t.deliveries.c.issue == "one")).one()
    assert (row.state, row.filled, row.message_id, row.hash, row.reply) == ("sent", None, "", None, "")
    assert people.by_id(tx, ann) is not None
    assert tx.execute(select(t.subscribers.c.last_sent_at)).scalar() is None


def test_mails_that_proved_nothing_go_with_who_is_erased(tx: Connection, ann: int) -> None:
    for number, raw in enumerate((b"To: ANN@example.org\n\nGone.", b"To: bea@example.org\n\nGone.")):
        tx.execute(
            t.bounces.insert(),
            {"source": bytes([number]) * 32, "kind": "unknown", "at": NOW, "raw": raw, "kept_until": NOW + WEEK},
        )
    leaving.erase(tx, ann, person(ANN).hash, NOW)
    kept = tx.execute(select(t.bounces.c.raw).order_by(t.bounces.c.id)).scalars().all()
    assert kept == [None, b"To: bea@example.org\n\nGone."]


def test_nothing_is_left_of_who_is_erased_but_a_keyed_hash(tx: Connection) -> None:
    published(tx, "one", "two", "three")
    number = confirmed(tx, ANN)
    tx.execute(t.subscribers.update().values(name="Ann Nonym"))
    claims = ledger.claim(tx, NOW, "me", LEASE, 10)
    ledger.begin(tx, claims, "me", NOW)
    ended = ledger.Ended(claims[0], ACCEPTED, NOW, "id@x", b"Ann Nonym " + ANN.encode(), b"h")
    ledger.end(tx, [ended], "me", ledger.Rules())
    assert leaving.erase(tx, number, person(ANN).hash, NOW)
    told = repr([tx.execute(select(table)).all() for table in t.metadata.sorted_tables if table.name != "suppressions"])
    assert "nonym" not in told.lower()
    assert "example.org" not in told.lower()
    assert people.suppressed(tx, [person(ANN).hash]) == {person(ANN).hash: "erased"}
    assert ask(tx) == "suppressed"


def test_everything_that_is_done_to_somebody_is_in_the_log(tx: Connection, ann: int) -> None:
    standing.pause(tx, ann, NOW)
    standing.resume(tx, ann, NOW)
    leaving.leave(tx, ann, "unsubscribed", NOW)
    assert [entry.what for entry in journal.entries(tx, ann)] == [
        "asked",
        "confirmed",
        "paused",
        "resumed",
        "unsubscribed",
    ]
