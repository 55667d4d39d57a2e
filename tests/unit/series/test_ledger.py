"""The ledger: nothing is sent twice, nothing is lost, and nobody who has left is sent anything."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from series_builders import DAY, LEASE, NOW, WEEKLY, asked, confirmed, done, published, send
from sqlalchemy import Connection, select

from pipeline.delivery import Schedule
from pipeline.series.outcome import Outcome
from pipeline.series.store import _schema as t
from pipeline.series.store import journal, leaving, ledger, people, recovery, standing
from pipeline.series.store.publications import Letter, publish

WEEK = 7 * DAY
DROPPED = Outcome("in_doubt", "reply", text="the line was dropped")
LATER = Outcome("deferred", "rcpt", 450, "4.2.0", "later")
NOBODY = Outcome("refused", "rcpt", 550, "5.1.1", "no such user")
POLICY = Outcome("refused", "rcpt", 550, "5.7.1", "blocked")
BEYOND = Outcome("refused", "rcpt", 550, "5.6.7", "no address beyond ASCII")
RELAY = Outcome("refused", "rcpt", 554, "", "Relay access denied")
FULL = Outcome("refused", "rcpt", 552, "5.2.2", "mailbox full")
LACKING = Outcome("refused", "mail", 0, "5.6.7", "the server takes no addresses beyond ASCII (SMTPUTF8)")


def states(tx: Connection) -> dict[str, str]:
    d = t.deliveries.c
    rows = tx.execute(select(d.issue, d.state).where(~d.issue.startswith("mail/")))
    return {row.issue: row.state for row in rows}


def issues(claims: list[ledger.Claim]) -> list[str]:
    return [claim.issue for claim in claims]


def state_of(tx: Connection, number: int) -> str:
    found = people.by_id(tx, number)
    assert found is not None
    return found.state


# --------------------------------------------------------------------------- claiming


def test_a_reader_gets_the_issues_in_order_one_a_week(tx: Connection) -> None:
    published(tx, "one", "two", "three")
    confirmed(tx, "ann@example.org")
    got = [issues(send(tx, NOW + n * WEEK)) for n in range(5)]
    assert got == [["one"], ["two"], ["three"], [], []]


def test_nothing_is_claimed_before_its_time(tx: Connection) -> None:
    published(tx, "one", "two")
    confirmed(tx, "ann@example.org")
    send(tx, NOW)
    assert send(tx, NOW + WEEK - timedelta(seconds=1)) == []


def test_what_one_sender_has_claimed_no_other_gets(tx: Connection) -> None:
    published(tx, "one")
    confirmed(tx, "ann@example.org")
    assert issues(ledger.claim(tx, NOW, "a", LEASE, 10)) == ["one"]
    assert ledger.claim(tx, NOW, "b", LEASE, 10) == []


def test_no_more_are_claimed_than_asked_for(tx: Connection) -> None:
    published(tx, "one")
    for n in range(5):
        confirmed(tx, f"reader-{n}@example.org")
    assert [len(ledger.claim(tx, NOW, "a", LEASE, 2)) for _ in range(4)] == [2, 2, 1, 0]


def test_somebody_who_has_not_confirmed_gets_the_question_and_nothing_else(tx: Connection) -> None:
    published(tx, "one")
    asked(tx, "ann@example.org")
    got = [issues(send(tx, NOW + n * DAY)) for n in range(10)]
    assert [issue.split("/")[1] for day in got for issue in day] == ["confirmation"]


def test_somebody_who_left_unseen_keeps_nobody_else_from_being_claimed(tx: Connection) -> None:
    published(tx, "one")
    for n in range(3):
        confirmed(tx, f"reader-{n}@example.org")
    # As where the first left while everybody was being looked for.
    tx.execute(t.subscribers.update().where(t.subscribers.c.id == 1).values(state="unsubscribed"))
    tx.execute(t.enrolments.update().where(t.enrolments.c.id == 2).values(due_at=NOW - DAY * 4, slot_at=NOW - DAY * 4))
    assert len(ledger.claim(tx, NOW, "a", LEASE, 10)) == 1
    assert tx.execute(select(t.enrolments.c.state).order_by(t.enrolments.c.id)).scalars().all() == [
        "stopped",
        "active",
        "active",
    ]


# --------------------------------------------------------------------------- leaving between claim and send


@pytest.mark.parametrize("reason", ["unsubscribed", "complaint", "hard", "manual"])
def test_who_leaves_between_claim_and_send_is_not_sent_to(tx: Connection, reason: leaving.Reason) -> None:
    published(tx, "one")
    number = confirmed(tx, "ann@example.org")
    claims = ledger.claim(tx, NOW, "a", LEASE, 10)
    leaving.leave(tx, number, reason, NOW)
    assert list(ledger.begin(tx, claims, "a", NOW).values()) == ["stopped"]
    assert states(tx) == {"one": "suppressed"}


def test_who_is_erased_between_claim_and_send_is_not_sent_to(tx: Connection) -> None:
    published(tx, "one")
    number = confirmed(tx, "ann@example.org")
    claims = ledger.claim(tx, NOW, "a", LEASE, 10)
    leaving.erase(tx, number, b"h" * 32, NOW)
    assert list(ledger.begin(tx, claims, "a", NOW).values()) == ["stopped"]


def test_who_pauses_between_claim_and_send_gets_the_issue_after_resuming(tx: Connection) -> None:
    published(tx, "one", "two")
    number = confirmed(tx, "ann@example.org")
    claims = ledger.claim(tx, NOW, "a", LEASE, 10)
    standing.pause(tx, number, NOW)
    assert list(ledger.begin(tx, claims, "a", NOW).values()) == ["stopped"]
    assert send(tx, NOW + WEEK) == []
    standing.resume(tx, number, NOW + WEEK)
    assert issues(send(tx, NOW + 2 * WEEK)) == ["one"]


def test_leaving_twice_is_leaving_once(tx: Connection) -> None:
    published(tx, "one")
    number = confirmed(tx, "ann@example.org")
    assert leaving.leave(tx, number, "unsubscribed", NOW)
    assert not leaving.leave(tx, number, "unsubscribed", NOW + DAY)
    found = people.by_id(tx, number)
    assert found is not None
    assert found.left_at == NOW


# --------------------------------------------------------------------------- ends


def test_what_was_put_off_is_tried_again_later_each_time_and_given_up_in_the_end(tx: Connection) -> None:
    published(tx, "one", "two")
    confirmed(tx, "ann@example.org")
    now, waits = NOW, []
    while states(tx).get("one") != "failed":
        assert issues(send(tx, now, outcome=LATER)) == ["one"]
        following = tx.execute(select(t.deliveries.c.try_at).where(t.deliveries.c.issue == "one")).scalar()
        if following is not None:
            waits.append(following - now)
            assert send(tx, following - timedelta(microseconds=1)) == []
            now = following
    assert len(waits) == ledger.MOST_ATTEMPTS - 1
    assert timedelta(days=2) < now - NOW < timedelta(days=5)
    assert waits[0] < timedelta(minutes=7)
    assert sum(waits[:3], timedelta()) < sum(waits[3:6], timedelta()) < sum(waits[6:9], timedelta())


def test_a_reader_whose_issue_failed_gets_the_next(tx: Connection) -> None:
    published(tx, "one", "two")
    confirmed(tx, "ann@example.org")
    send(tx, NOW, outcome=POLICY)
    assert states(tx) == {"one": "failed"}
    assert issues(send(tx, NOW + WEEK)) == ["two"]


def test_an_address_that_does_not_exist_is_never_tried_again(tx: Connection) -> None:
    published(tx, "one", "two")
    number = confirmed(tx, "ann@example.org")
    send(tx, NOW, outcome=NOBODY)
    assert state_of(tx, number) == "bounced"
    assert send(tx, NOW + 10 * WEEK) == []


@pytest.mark.parametrize("outcome", [POLICY, RELAY, FULL, BEYOND, LACKING])
def test_a_refusal_that_is_not_about_the_address_does_not_cost_the_reader_the_subscription(
    tx: Connection, outcome: Outcome
) -> None:
    published(tx, "one", "two")
    number = confirmed(tx, "ann@example.org")
    send(tx, NOW, outcome=outcome)
    assert state_of(tx, number) == "active"


def test_a_message_is_not_to_blame_when_the_server_cannot_be_reached(tx: Connection) -> None:
    published(tx, "one")
    confirmed(tx, "ann@example.org")
    for _ in range(ledger.MOST_ATTEMPTS * 2):
        assert issues(send(tx, NOW, outcome=Outcome("deferred", "connect"))) == ["one"]
    assert issues(send(tx, NOW)) == ["one"]


# --------------------------------------------------------------------------- crashes


def test_what_was_claimed_only_is_due_again_when_the_lease_runs_out(tx: Connection) -> None:
    published(tx, "one")
    confirmed(tx, "ann@example.org")
    ledger.claim(tx, NOW, "dead", LEASE, 10)
    assert recovery.recover(tx, NOW + LEASE / 2, "hold") == (0, 0)
    assert recovery.recover(tx, NOW + LEASE, "hold") == (1, 0)
    assert issues(send(tx, NOW + LEASE)) == ["one"]


def test_what_was_being_sent_is_held_in_doubt_and_its_reader_goes_on(tx: Connection) -> None:
    published(tx, "one", "two")
    confirmed(tx, "ann@example.org")
    ledger.begin(tx, ledger.claim(tx, NOW, "dead", LEASE, 10), "dead", NOW)
    assert recovery.recover(tx, NOW + LEASE, "hold") == (0, 1)
    assert states(tx) == {"one": "in_doubt"}
    assert [entry.what for entry in journal.entries(tx, what="in-doubt")] == ["in-doubt"]
    assert issues(send(tx, NOW + WEEK)) == ["two"]


def test_what_was_being_sent_is_sent_again_where_the_policy_is_to_resend(tx: Connection) -> None:
    published(tx, "one", "two")
    confirmed(tx, "ann@example.org")
    ledger.begin(tx, ledger.claim(tx, NOW, "dead", LEASE, 10), "dead", NOW)
    assert recovery.recover(tx, NOW + LEASE, "resend") == (0, 1)
    assert issues(send(tx, NOW + LEASE)) == ["one"]
    assert issues(send(tx, NOW + WEEK)) == ["two"]


def test_a_sender_that_slept_past_its_lease_may_not_send(tx: Connection) -> None:
    published(tx, "one")
    confirmed(tx, "ann@example.org")
    claims = ledger.claim(tx, NOW, "slow", LEASE, 10)
    later = NOW + 2 * LEASE
    recovery.recover(tx, later, "hold")
    assert issues(send(tx, later, "quick")) == ["one"]
    assert list(ledger.begin(tx, claims, "slow", later).values()) == ["lost"]


def test_an_expired_lease_is_no_leave_to_send_even_where_nobody_has_taken_over(tx: Connection) -> None:
    published(tx, "one")
    confirmed(tx, "ann@example.org")
    claims = ledger.claim(tx, NOW, "slow", LEASE, 10)
    assert list(ledger.begin(tx, claims, "slow", NOW + LEASE).values()) == ["lost"]


@pytest.mark.parametrize("policy", ["hold", "resend"])
def test_a_message_that_was_sent_after_all_is_sent_and_not_sent_again(tx: Connection, policy: ledger.Policy) -> None:
    published(tx, "one", "two")
    confirmed(tx, "ann@example.org")
    claims = ledger.claim(tx, NOW, "slow", LEASE, 10)
    ledger.begin(tx, claims, "slow", NOW)
    recovery.recover(tx, NOW + LEASE, policy)
    done(tx, claims, "slow", NOW + LEASE)
    assert states(tx) == {"one": "sent"}
    assert send(tx, NOW + 2 * LEASE) == []
    assert issues(send(tx, NOW + WEEK)) == ["two"]


def test_what_two_have_sent_is_told_in_the_log(tx: Connection) -> None:
    published(tx, "one")
    confirmed(tx, "ann@example.org")
    claims = ledger.claim(tx, NOW, "slow", LEASE, 10)
    ledger.begin(tx, claims, "slow", NOW)
    recovery.recover(tx, NOW + LEASE, "resend")
    assert issues(send(tx, NOW + LEASE, "quick")) == ["one"]
    done(tx, claims, "slow", NOW + LEASE + timedelta(seconds=1))
    assert len(journal.entries(tx, what="sent-twice")) == 1


def test_a_step_that_is_told_again_is_done_once(tx: Connection) -> None:
    """As after a commit whose reply was lost."""
    published(tx, "one", "two")
    confirmed(tx, "ann@example.org", NOW - DAY)
    claims = ledger.claim(tx, NOW + 6 * DAY, "me", LEASE, 10)
    for _ in range(2):
        assert set(ledger.begin(tx, claims, "me", NOW + 6 * DAY).values()) == {"send"}
    for _ in range(2):
        done(tx, claims, "me", NOW + 6 * DAY)
    assert journal.entries(tx, what="sent-twice") == []
    assert states(tx) == {"one": "sent"}


@pytest.mark.parametrize(("policy", "state"), [("hold", "in_doubt"), ("resend", "due")])
def test_a_line_dropped_before_the_reply_is_in_doubt(tx: Connection, policy: ledger.Policy, state: str) -> None:
    published(tx, "one")
    confirmed(tx, "ann@example.org")
    claims = ledger.claim(tx, NOW, "me", LEASE, 10)
    ledger.begin(tx, claims, "me", NOW)
    ledger.end(tx, [ledger.Ended(claims[0], DROPPED, NOW)], "me", ledger.Rules(policy))
    assert states(tx) == {"one": state}


@pytest.mark.parametrize(("decision", "again"), [("sent", []), ("failed", []), ("resend", ["one"])])
def test_a_person_decides_about_what_is_held(tx: Connection, decision: recovery.Decision, again: list[str]) -> None:
    published(tx, "one")
    confirmed(tx, "ann@example.org")
    send(tx, NOW, outcome=DROPPED)
    assert recovery.settle(tx, recovery.in_doubt(tx), decision, NOW) == 1
    assert issues(send(tx, NOW)) == again


def test_claims_that_are_let_go_are_due_at_once_and_no_attempt_was_made(tx: Connection) -> None:
    published(tx, "one")
    confirmed(tx, "ann@example.org")
    claims = ledger.claim(tx, NOW, "me", LEASE, 10)
    recovery.give_back(tx, claims, "me", NOW)
    assert [claim.attempt for claim in ledger.claim(tx, NOW, "other", LEASE, 10)] == [1]


def test_a_lease_is_renewed_for_its_owner_only(tx: Connection) -> None:
    published(tx, "one")
    confirmed(tx, "ann@example.org")
    claims = ledger.claim(tx, NOW, "me", LEASE, 10)
    assert recovery.renew(tx, claims, "other", NOW + 2 * LEASE) == []
    longer = recovery.renew(tx, claims, "me", NOW + 2 * LEASE)
    assert list(ledger.begin(tx, longer, "me", NOW + LEASE).values()) == ["send"]


# --------------------------------------------------------------------------- days


def test_nobody_gets_two_issues_in_one_day(tx: Connection) -> None:
    published(tx, "one", "two", "three")
    confirmed(tx, "ann@example.org")
    late = NOW + timedelta(hours=60)
    days = [(late + timedelta(hours=hour)).date() for hour in range(24 * 40) if send(tx, late + timedelta(hours=hour))]
    assert len(days) == 3
    assert len(set(days)) == 3


def test_what_is_too_late_waits_for_the_next_time_and_only_once(tx: Connection) -> None:
    published(tx, "one", "two", schedule=Schedule(at="09:00", time_zone="UTC", latest=24))
    confirmed(tx, "ann@example.org")
    late = NOW + 3 * DAY
    assert send(tx, late) == []
    assert recovery.next_look(tx) == NOW + WEEK
    # Somebody who looks every ten days only is late again, and sends.
    assert issues(send(tx, late + 10 * DAY)) == ["one"]


def test_a_reader_whose_midnight_an_issue_just_missed_is_not_a_day_behind_for_good(tx: Connection) -> None:
    # Eight in Paris is eleven in the evening in Phoenix: sent two hours late, an issue is on the day of the next.
    calendar = Schedule(kind="calendar", start="2027-07-01", every="day", at="08:00", time_zone="Europe/Paris")
    names = [f"letter-{number}" for number in range(10)]
    published(tx, *names, schedule=calendar)
    confirmed(tx, "ann@example.org", zone="America/Phoenix")
    first = datetime(2027, 7, 1, 6, tzinfo=UTC)
    got = {}
    for hour in range(2, 12 * 24):
        now = first + timedelta(hours=hour)
        got |= {claim.issue: now for claim in send(tx, now)}
    assert list(got) == names
    late = [moment - first - DAY * number for number, moment in enumerate(got.values())]
    assert max(late) == timedelta(hours=2)
    days = [moment.astimezone(ZoneInfo("America/Phoenix")).date() for moment in got.values()]
    assert len(set(days)) == len(names)


def test_after_a_day_without_a_sender_a_calendar_goes_on_at_its_hour(tx: Connection) -> None:
    calendar = Schedule(kind="calendar", start="2027-07-01", every="day", at="08:00", time_zone="Europe/Paris")
    published(tx, "one", "two", "three", schedule=calendar)
    confirmed(tx, "ann@example.org", zone="Europe/Paris")
    first = datetime(2027, 7, 1, 6, tzinfo=UTC)
    got = [(hour, claim.issue) for hour in range(30, 120) for claim in send(tx, first + timedelta(hours=hour))]
    assert got == [(30, "one"), (48, "two"), (72, "three")]


def test_when_to_look_again_is_when_the_first_thing_is_due(tx: Connection) -> None:
    assert recovery.next_look(tx) is None
    published(tx, "one", "two")
    confirmed(tx, "ann@example.org")
    assert recovery.next_look(tx) == NOW
    ledger.claim(tx, NOW, "me", LEASE, 10)
    assert recovery.next_look(tx) == NOW + LEASE


# --------------------------------------------------------------------------- halfway

HALFWAY = ("one", "two", "three", "four")


def with_progress(tx: Connection, schedule: Schedule = WEEKLY) -> None:
    told = [Letter(name, name, name.encode()) for name in (*HALFWAY, "mail/confirmation", "mail/progress")]
    publish(tx, "letters", "Letters", b"", told, schedule, NOW)
    confirmed(tx, "ann@example.org")


def test_who_has_had_half_of_the_issues_is_told_so_once_the_day_after(tx: Connection) -> None:
    with_progress(tx)
    got = {day: issues(sent) for day in range(30) if (sent := send(tx, NOW + day * DAY))}
    assert got == {0: ["one"], 7: ["two"], 8: ["mail/progress/2027-01-12"], 14: ["three"], 21: ["four"]}


def test_who_gets_an_issue_each_day_is_not_told_between(tx: Connection) -> None:
    with_progress(tx, Schedule(every="day", at="09:00", time_zone="UTC"))
    assert [issues(send(tx, NOW + day * DAY)) for day in range(5)] == [["one"], ["two"], ["three"], ["four"], []]


def test_of_active_readers_those_are_counted_whose_addresses_not_every_server_takes(tx: Connection) -> None:
    published(tx, "one")
    for address in ("ann+a_b-c@example.org", "zoë@example.org", "用户@example.org"):
        confirmed(tx, address)
    asked(tx, "ínez@example.org")
    assert people.count_beyond_ascii(tx) == 2
