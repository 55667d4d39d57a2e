"""What comes back: only a mail that proves whom it is about does anything, and each does it once."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from series_builders import ACCEPTED, DAY, NOW, confirmed, published, send
from sqlalchemy import select

from pipeline.delivery import Delivery
from pipeline.series import returns
from pipeline.series.addresses import address_hash
from pipeline.series.links import Keys, token, verp
from pipeline.series.outcome import Outcome
from pipeline.series.returns import Action
from pipeline.series.sources import RawMail
from pipeline.series.store import _schema as t
from pipeline.series.store import leaving, ledger, people
from pipeline.series.store.engine import Store
from pipeline.series.store.leaving import erase

KEY, KEYS, FOREIGN = b"k" * 32, Keys(("a" * 43,)), Keys(("b" * 43,))
ANN = "ann@example.org"
SETTINGS = Delivery(soft_bounces=3, keep_bounces=90)
WEEK = 7 * DAY


def a_status(to: str, status: str, action: str = "failed", returned: str = "Subject: x\n") -> bytes:
    return f"""\
From: MAILER-DAEMON@mx.example.net
To: {to}
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; {ANN}
Action: {action}
Status: {status}

--b
Content-Type: message/rfc822

{returned}
--b--
""".encode()


def a_complaint(returned: str) -> bytes:
    return f"""\
From: fbl@provider.example
To: abuse@example.com
Content-Type: multipart/report; report-type=feedback-report; boundary="b"

--b
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: x/1
Version: 1

--b
Content-Type: message/rfc822

{returned}
--b--
""".encode()


class Post:
    """Ann's letters, and what comes back of them."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.marked: list[str] = []
        with store.transaction() as tx:
            published(tx, *(f"issue-{number}" for number in range(20)))
            self.ann = confirmed(tx, ANN)

    def sent(self, week: int, outcome: Outcome = ACCEPTED) -> int:
        """Send an issue in a week; return the delivery's ref."""
        with self.store.transaction() as tx:
            now = NOW + week * WEEK
            claims = ledger.claim(tx, now, "me", DAY, 10)
            ledger.begin(tx, claims, "me", now)
            ended = [ledger.Ended(one, outcome, now, f"{one.ref}@example.com", b"Ann") for one in claims]
            ledger.end(tx, ended, "me", ledger.Rules())
            return claims[0].ref

    def back(self, raw: bytes, now_in: timedelta = DAY, name: str = "", settings: Delivery = SETTINGS) -> Action:
        """Read one mail that came back."""
        [action] = self.read(
            [RawMail(name or f"file:{hash(raw)}", raw, lambda: self.marked.append(name))], now_in, settings
        )
        return action

    def read(self, mails: Sequence[RawMail], now_in: timedelta, settings: Delivery = SETTINGS) -> list[Action]:
        return list(returns.apply(self.store, mails, KEYS, KEY, settings, NOW + now_in))

    def bounced(self, ref: int, status: str, now_in: timedelta = DAY, action: str = "failed") -> str:
        return self.back(a_status(verp(ref, KEYS, "example.com"), status, action), now_in).what

    @property
    def state(self) -> str:
        with self.store.reading() as tx:
            known = people.by_id(tx, self.ann)
            assert known is not None
            return known.state

    def mark(self, ref: int) -> str:
        with self.store.reading() as tx:
            return str(tx.execute(select(t.deliveries.c.bounce).where(t.deliveries.c.ref == ref)).scalar())


@pytest.fixture
def post(store: Store) -> Post:
    return Post(store)


# --------------------------------------------------------------------------- proof


def test_a_hard_bounce_with_our_envelope_sender_ends_the_subscription(post: Post) -> None:
    ref = post.sent(0)
    action = post.back(a_status(verp(ref, KEYS, "example.com"), "5.1.1"))
    assert (action.kind, action.what, action.address, action.issue) == ("hard", "ended", ANN, "issue-0")
    assert (post.state, post.mark(ref)) == ("bounced", "hard 5.1.1")
    with post.store.transaction() as tx:
        hashed = address_hash(KEY, ANN)
        assert people.suppressed(tx, [hashed]) == {hashed: "hard"}
        assert send(tx, NOW + WEEK) == []


@pytest.mark.parametrize(
    "forged",
    [
        a_status("bounces@example.com", "5.1.1", returned=f"To: {ANN}\nMessage-ID: <guessed@example.com>\n"),
        a_status(verp(7, FOREIGN, "example.com"), "5.1.1"),
        a_status(verp(7, KEYS, "example.com"), "5.1.1"),
        a_complaint(f"To: {ANN}\nMessage-ID: <1@example.com>\n"),
        f"From: {ANN}\nTo: unsubscribe@example.com\nSubject: unsubscribe\n\n".encode(),
    ],
)
def test_a_mail_that_proves_nothing_does_nothing_and_is_told(post: Post, forged: bytes) -> None:
    post.sent(0)
    assert post.back(forged).what == "unproven"
    assert post.state == "active"


def test_a_complaint_is_known_by_the_whole_message_id_of_what_was_sent(post: Post) -> None:
    ref = post.sent(0)
    assert post.back(a_complaint(f"Message-ID: <{ref}@example.co>\n")).what == "unproven"
    action = post.back(a_complaint(f"Message-ID: <{ref}@example.com>\n"))
    assert (action.what, action.issue, post.state, post.mark(ref)) == ("ended", "issue-0", "complained", "complaint")


def test_a_complaint_is_known_by_the_link_to_unsubscribe_in_what_it_returns(post: Post) -> None:
    ref = post.sent(0)
    with post.store.reading() as tx:
        known = people.by_id(tx, post.ann)
        assert known is not None
    link = f"List-Unsubscribe: <https://l.example.org/u/{token('unsubscribe', known.ref, KEYS)}>\n"
    action = post.back(a_complaint(f"{link}Message-ID: <{ref}@example.com>\n"))
    assert (action.what, action.issue, post.state) == ("ended", "issue-0", "complained")


def test_a_mail_to_the_signed_address_unsubscribes_with_a_goodbye(post: Post) -> None:
    to = verp(post.sent(0), KEYS, "example.com", "unsubscribe")
    action = post.back(f"From: {ANN}\nTo: {to}\nSubject: unsubscribe\n\n".encode())
    assert (action.kind, action.what, post.state) == ("unsubscribe", "ended", "unsubscribed")
    with post.store.transaction() as tx:
        assert [claim.issue.split("/2")[0] for claim in send(tx, NOW + DAY)] == ["mail/goodbye"]


# --------------------------------------------------------------------------- soft, policy, and the rest


def test_soft_bounces_end_a_subscription_when_there_are_enough_in_a_row(post: Post) -> None:
    assert [post.bounced(post.sent(week), "4.2.2", week * WEEK + DAY) for week in range(3)] == [
        "counted",
        "counted",
        "ended",
    ]
    assert post.state == "bounced"


def test_a_letter_that_has_not_come_back_for_two_weeks_begins_the_count_anew(post: Post) -> None:
    assert [post.bounced(post.sent(week), "4.2.2", week * WEEK + DAY) for week in range(2)] == ["counted"] * 2
    post.sent(2)
    post.sent(3)
    assert [post.bounced(post.sent(week), "4.2.2", week * WEEK + DAY) for week in (4, 5)] == ["counted"] * 2
    assert post.bounced(post.sent(6), "4.2.2", 6 * WEEK + DAY) == "ended"


def test_one_letter_in_between_that_may_still_come_back_does_not_begin_it_anew(post: Post) -> None:
    assert [post.bounced(post.sent(week), "4.2.2", week * WEEK + DAY) for week in range(2)] == ["counted"] * 2
    post.sent(2)
    assert post.bounced(post.sent(3), "4.2.2", 3 * WEEK + DAY) == "ended"


def test_a_delay_that_is_told_again_and_again_is_one_bounce(post: Post) -> None:
    ref = post.sent(0)
    told = [post.bounced(ref, f"4.4.{number}", DAY, "delayed") for number in range(4)]
    assert told == ["counted", "nothing", "nothing", "nothing"]
    assert post.bounced(ref, "4.4.7", 5 * DAY) == "nothing"
    assert post.bounced(ref, "5.1.1", 5 * DAY) == "ended"


def test_policy_is_noted_and_the_reader_stays(post: Post) -> None:
    refs = [post.sent(week) for week in range(5)]
    assert [post.bounced(ref, "5.7.1") for ref in refs] == ["noted"] * 5
    assert (post.state, post.mark(refs[0])) == ("active", "policy 5.7.1")


def test_an_automatic_reply_is_nothing_and_is_not_kept(post: Post) -> None:
    to = verp(post.sent(0), KEYS, "example.com")
    away = f"From: {ANN}\nTo: {to}\nSubject: Out of office\nAuto-Submitted: auto-replied\n\nAway.\n".encode()
    assert post.back(away).what == "nothing"
    assert post.state == "active"
    with post.store.reading() as tx:
        assert tx.execute(select(t.bounces.c.raw)).scalars().all() == [None]


def test_a_message_in_doubt_that_comes_back_was_sent(post: Post) -> None:
    ref = post.sent(0, Outcome("in_doubt", "reply"))
    post.bounced(ref, "4.2.2")
    with post.store.reading() as tx:
        assert tx.execute(select(t.deliveries.c.state).where(t.deliveries.c.ref == ref)).scalar() == "sent"


# --------------------------------------------------------------------------- once, and kept for a while


def test_the_same_mail_is_counted_once_and_marked_as_done_each_time(post: Post) -> None:
    raw = a_status(verp(post.sent(0), KEYS, "example.com"), "4.2.2")
    whats = [post.back(raw, name="maildir:1").what for _ in range(3)]
    assert whats == ["counted", "again", "again"]
    assert post.marked == ["maildir:1"] * 3
    with post.store.reading() as tx:
        known = people.by_id(tx, post.ann)
        assert known is not None
        assert known.soft_bounces == 1


def test_a_mail_is_not_marked_as_done_when_the_store_did_not_take_it(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = a_status(verp(post.sent(0), KEYS, "example.com"), "5.1.1")

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(leaving, "bounce", killed)
        with pytest.raises(KeyboardInterrupt):
            post.back(raw, name="mbox:1")
    assert (post.marked, post.state) == ([], "active")
    assert post.back(raw, name="mbox:1").what == "ended"


def test_a_mail_is_kept_as_it_came_for_as_long_as_it_is_to_be(post: Post) -> None:
    raw = a_status(verp(post.sent(0), KEYS, "example.com"), "4.2.2")
    post.back(raw, name="x")

    def kept() -> list[bytes | None]:
        with post.store.reading() as tx:
            return list(tx.execute(select(t.bounces.c.raw)).scalars())

    assert returns.purge(post.store, NOW + 90 * DAY) == 0
    assert kept() == [raw]
    assert returns.purge(post.store, NOW + 91 * DAY) == 1
    assert kept() == [None]
    assert post.back(raw, 92 * DAY, name="x").what == "again"


def test_nothing_is_kept_where_nothing_is_to_be_kept(post: Post) -> None:
    post.back(a_status(verp(post.sent(0), KEYS, "example.com"), "4.2.2"), settings=Delivery(keep_bounces=0))
    with post.store.reading() as tx:
        assert tx.execute(select(t.bounces.c.raw)).scalars().all() == [None]


def test_nothing_is_kept_of_who_was_erased(post: Post) -> None:
    ref = post.sent(0)
    with post.store.transaction() as tx:
        erase(tx, post.ann, address_hash(KEY, ANN), NOW)
    assert post.bounced(ref, "5.1.1") == "nothing"
    with post.store.reading() as tx:
        told = repr([tx.execute(select(table)).all() for table in t.metadata.sorted_tables])
    assert ANN not in told
