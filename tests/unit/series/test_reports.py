"""Reports: each figure is that of the deliveries and readers that there are."""

from datetime import timedelta

import pytest
from series_builders import DAY, LEASE, NOW, asked, confirmed, published, send
from sqlalchemy import Connection

from pipeline.delivery import Delivery
from pipeline.series import returns
from pipeline.series.links import Keys, verp
from pipeline.series.outcome import Outcome
from pipeline.series.sources import RawMail
from pipeline.series.store import coming, leaving, ledger, recovery, standing
from pipeline.series.store.engine import Store
from pipeline.series.store.reports import Figures, log, status

WEEK = 7 * DAY
NOBODY = Outcome("refused", "rcpt", 550, "5.1.1", "no such user")


def figures(tx: Connection, weeks: int = 0) -> dict[str, Figures]:
    return {one.issue: one for one in status(tx, 1, NOW + weeks * WEEK).letters}


def test_an_issue_counts_who_waits_for_it_who_is_due_and_who_had_it(tx: Connection) -> None:
    published(tx, "one", "two", "three")
    for name in ("ann", "bea", "cem"):
        confirmed(tx, f"{name}@example.org")
    confirmed(tx, "dot@example.org", NOW + WEEK)
    send(tx, NOW)
    found = figures(tx, 1)
    assert (found["one"].number, found["one"].subject) == (1, "About one")
    assert (found["one"].sent, found["one"].waiting, found["one"].due) == (3, 1, 1)
    assert (found["two"].sent, found["two"].waiting, found["two"].due) == (0, 3, 3)
    assert figures(tx, 0)["two"].due == 0


def test_whoever_is_due_waits_also_for_a_mail_and_for_what_a_sender_has_let_go_of(tx: Connection) -> None:
    published(tx, "one", "two")
    for name in ("ann", "bea", "cem"):
        confirmed(tx, f"{name}@example.org")
    asked(tx, "dot@example.org")
    coming.queue_mail(tx, "welcome", 1, 1, NOW + DAY)
    mine = [claim for claim in ledger.claim(tx, NOW, "me", LEASE, 100) if claim.issue == "one"]
    recovery.give_back(tx, mine[:2], "me", NOW)
    found = figures(tx)
    assert (found["one"].sending, found["one"].waiting, found["one"].due) == (1, 2, 2)
    # Tomorrow's mail waits, and isn't due.
    assert (found["mail/welcome"].waiting, found["mail/welcome"].due) == (1, 0)
    recovery.recover(tx, NOW + LEASE, "hold")
    assert (figures(tx)["mail/confirmation"].waiting, figures(tx, 1)["mail/confirmation"].due) == (1, 1)
    assert all(one.due <= one.waiting for weeks in range(3) for one in figures(tx, weeks).values())


def test_what_fails_what_is_put_off_and_what_is_in_doubt_is_told_apart(tx: Connection) -> None:
    published(tx, "one", "two")
    outcomes = [NOBODY, Outcome("deferred", "rcpt", 450), Outcome("in_doubt", "reply"), Outcome("accepted", "reply")]
    for number, outcome in enumerate(outcomes):
        confirmed(tx, f"{number}@example.org")
        send(tx, NOW, outcome=outcome)
    one = figures(tx)["one"]
    assert (one.failed, one.deferred, one.in_doubt, one.sent) == (1, 1, 1, 1)


def test_who_unsubscribes_counts_for_the_last_issue_they_had(tx: Connection) -> None:
    published(tx, "one", "two")
    numbers = [confirmed(tx, f"{number}@example.org") for number in range(3)]
    send(tx, NOW)
    leaving.unsubscribe(tx, numbers[0], NOW + DAY, b"a" * 32)
    send(tx, NOW + WEEK)
    leaving.unsubscribe(tx, numbers[1], NOW + WEEK, b"b" * 32)
    leaving.leave(tx, numbers[2], "complaint", NOW + WEEK, b"c" * 32)
    found = figures(tx, 1)
    assert (found["one"].unsubscribed, found["two"].unsubscribed) == (1, 1)
    assert found["mail/goodbye"].sent == 1


def test_mails_and_what_was_sent_before_a_restart_count_under_one_name(tx: Connection) -> None:
    published(tx, "one", "two")
    number = asked(tx, "ann@example.org")
    send(tx, NOW)
    asked(tx, "ann@example.org", NOW + DAY)
    send(tx, NOW + DAY)
    confirmed(tx, "bea@example.org")
    send(tx, NOW + DAY)
    bea = number + 1
    assert standing.restart(tx, bea, 1, NOW + 2 * DAY)
    send(tx, NOW + 3 * DAY)
    found = figures(tx, 1)
    assert (found["mail/confirmation"].sent, found["mail/confirmation"].number) == (3, None)
    assert found["one"].sent == 2
    assert sum(one.issue.startswith(("one", "two")) for one in found.values()) == 2


def test_an_issue_that_was_taken_out_keeps_its_figures(tx: Connection) -> None:
    published(tx, "one", "two")
    confirmed(tx, "ann@example.org")
    send(tx, NOW)
    published(tx, "two")
    found = figures(tx)
    assert (found["one"].number, found["one"].sent, found["two"].number) == (None, 1, 1)


def test_what_came_back_counts_once_for_its_issue_by_the_gravest(store: Store) -> None:
    keys = Keys(("a" * 43,))
    with store.transaction() as tx:
        published(tx, "one", "two")
        for name in ("ann", "bea", "cem"):
            confirmed(tx, f"{name}@example.org")
        refs = [claim.ref for claim in send(tx, NOW)]
    for number, (ref, code) in enumerate([(0, "4.2.2"), (0, "4.4.7"), (0, "5.1.1"), (1, "5.7.1"), (2, "4.2.2")]):
        to = verp(refs[ref], keys, "example.com")
        raw = (
            f"To: {to}\nContent-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\n"
            f"Reporting-MTA: dns; x\n\nFinal-Recipient: rfc822; a@b\nAction: failed\nStatus: {code}\n\n--b--\n"
        )
        mail = RawMail(str(number), raw.encode(), lambda: None)
        list(returns.apply(store, [mail], keys, b"k" * 32, Delivery(), NOW + DAY))
    with store.reading() as tx:
        one = figures(tx)["one"]
    assert (one.bounced, one.soft_bounced, one.policy, one.complained, one.sent) == (1, 1, 1, 0, 3)


def test_sends_are_counted_by_day_up_to_today(tx: Connection) -> None:
    published(tx, "one", "two")
    for number in range(3):
        confirmed(tx, f"{number}@example.org")
    send(tx, NOW)
    send(tx, NOW + WEEK)
    found = status(tx, 1, NOW + WEEK, days=9).sent_by_day
    assert list(found.values()) == [0, 3, 0, 0, 0, 0, 0, 0, 3]
    assert max(found) == (NOW + WEEK).date()
    assert sum(status(tx, 1, NOW + WEEK + timedelta(hours=1), days=1).sent_by_day.values()) == 3


def test_the_log_tells_who_got_what_and_when_the_last_at_its_end(tx: Connection) -> None:
    published(tx, "one", "two")
    ann = confirmed(tx, "ann@example.org")
    confirmed(tx, "bea@example.org")
    send(tx, NOW)
    send(tx, NOW + WEEK)
    assert [(row.at, row.issue, row.state) for row in log(tx, 1, ann)][-2:] == [
        (NOW, "one", "sent"),
        (NOW + WEEK, "two", "sent"),
    ]
    assert [row.at for row in log(tx, 1, most=2)] == [NOW + WEEK] * 2
    assert {row.address for row in log(tx, 1, issue="one")} == {"ann@example.org", "bea@example.org"}


def test_an_issues_name_is_no_pattern(tx: Connection) -> None:
    published(tx, "a_b", "axb")
    confirmed(tx, "ann@example.org")
    send(tx, NOW)
    assert [row.issue for row in log(tx, 1, issue="a_b")] == ["a_b"]
    assert log(tx, 1, issue="%") == []


@pytest.mark.parametrize("address", ["sqlite"], indirect=True)
def test_reports_read_deliveries_by_their_indexes(tx: Connection) -> None:
    published(tx, "one")
    raw, statements = tx.connection.driver_connection, list[str]()
    assert raw is not None
    raw.set_trace_callback(statements.append)
    status(tx, 1, NOW)
    log(tx, 1)
    raw.set_trace_callback(None)
    asked = [statement for statement in statements if "FROM deliveries" in statement]
    plans = [row[3] for one in asked for row in raw.execute(f"EXPLAIN QUERY PLAN {one}").fetchall()]
    assert len(plans) >= len(asked) > 2
    assert not [plan for plan in plans if plan.startswith("SCAN deliveries") and "INDEX" not in plan]


def test_an_empty_newsletter_has_a_status(tx: Connection) -> None:
    published(tx)
    found = status(tx, 1, NOW)
    assert found.letters == [
        Figures(f"mail/{kind}", f"About mail/{kind}", None) for kind in ("confirmation", "goodbye", "welcome")
    ]
    assert ledger.claim(tx, NOW, "me", DAY, 10) == []
