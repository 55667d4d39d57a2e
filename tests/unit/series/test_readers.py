"""What is done with readers by their address, all of it or nothing; and everything that is known of one, told."""

import csv
import io
import json
from datetime import timedelta

import pytest
from series_builders import ACCEPTED, DAY, NOW, WEEKLY, letters, published, send

from pipeline.errors import ConfigError, StoreError
from pipeline.series import readers, roster
from pipeline.series.readers import Register, act
from pipeline.series.store import ledger, people
from pipeline.series.store.engine import Store
from pipeline.series.store.people import Consent
from pipeline.series.store.publications import publish

ANN, BEA = "Ann@example.org", "bea@example.org"
CONSENT = Consent(NOW, "the fair in May")


@pytest.fixture
def register(store: Store) -> Register:
    with store.transaction() as tx:
        published(tx, "one", "two", "three")
    return Register(store, b"k" * 32)


def add(register: Register, address: str = ANN, name: str = "", *, confirmed: bool = True) -> str:
    who = readers.person(register, address, name)
    return readers.add(register, who, CONSENT, NOW, confirmed=confirmed)


def sent(register: Register, days: int) -> list[tuple[str, str]]:
    with register.store.transaction() as tx:
        return [(one.address, one.issue.split("/2")[0]) for one in send(tx, NOW + days * DAY)]


# --------------------------------------------------------------------------- adding


def test_somebody_is_asked_first_and_enrolled_at_once_only_where_that_is_said(register: Register) -> None:
    assert (add(register, confirmed=False), add(register, BEA)) == ("asked", "added")
    assert (add(register, confirmed=False), add(register, BEA)) == ("asked", "known")
    assert set(sent(register, 1)) == {(ANN, "mail/confirmation"), (BEA, "one")}


def test_a_reader_of_one_newsletter_is_asked_about_another(register: Register) -> None:
    add(register)
    with register.store.transaction() as tx:
        publish(tx, "notes", "Notes", b"", letters("eins"), WEEKLY, NOW)
    who = readers.person(register, ANN)
    assert readers.add(register, who, CONSENT, NOW, "letters") == "known"
    assert [readers.add(register, who, CONSENT, NOW, "notes") for _ in range(2)] == ["asked"] * 2
    # Who is asked stays asked, whatever somebody else says of them.
    assert readers.add(register, who, CONSENT, NOW, "notes", confirmed=True) == "known"
    assert set(sent(register, 0)) == {(ANN, "mail/confirmation"), (ANN, "one")}
    assert {row.sequence: row.state for row in readers.about(register, ANN).standings} == {
        "letters": "active",
        "notes": "waiting",
    }


def test_everything_that_is_wrong_with_somebody_is_told_at_once(register: Register) -> None:
    with pytest.raises(ConfigError) as caught:
        readers.person(register, "nobody", "n" * 201, "Mars/Olympus", "english")
    assert len(str(caught.value).splitlines()) == 4


def test_nobody_is_asked_without_a_mail_to_ask_with(store: Store) -> None:
    with store.transaction() as tx:
        only = [one for one in letters("one") if not one.issue.startswith("mail/")]
        publish(tx, "letters", "Letters", b"", only, WEEKLY, NOW)
    with pytest.raises(StoreError, match="without a mail that asks"):
        add(Register(store, b"k" * 32), confirmed=False)


def test_a_newsletter_has_to_be_published_and_named_where_there_are_several(store: Store) -> None:
    register = Register(store, b"k" * 32)
    with pytest.raises(StoreError, match="no newsletter has been published yet"):
        add(register)
    with store.transaction() as tx:
        for name in ("letters", "notes"):
            publish(tx, name, name, b"", letters("one"), WEEKLY, NOW)
    with pytest.raises(StoreError, match=r"several newsletters were published\n.*letters, notes"):
        add(register)
    assert readers.add(register, readers.person(register, ANN), CONSENT, NOW, "notes", confirmed=True) == "added"
    with pytest.raises(StoreError, match="no newsletter named “other” was published"):
        readers.skip(register, ANN, NOW, "other")


# --------------------------------------------------------------------------- doing


def test_an_address_is_found_however_it_is_written(register: Register) -> None:
    add(register)
    assert act(register, "pause", ["ANN@EXAMPLE.ORG"], NOW) == [("ANN@EXAMPLE.ORG", True)]
    assert sent(register, 1) == []
    assert act(register, "pause", [ANN], NOW) == [(ANN, False)]
    assert act(register, "resume", [ANN], NOW + DAY) == [(ANN, True)]
    assert sent(register, 8) == [(ANN, "one")]


def test_one_unknown_address_and_nothing_is_done(register: Register) -> None:
    add(register)
    with pytest.raises(StoreError, match=r"x@example\.org: there is no such subscriber"):
        act(register, "unsubscribe", [ANN, "x@example.org"], NOW)
    assert sent(register, 1) == [(ANN, "one")]


def test_unsubscribing_by_hand_says_goodbye_like_the_link_does(register: Register) -> None:
    add(register)
    assert act(register, "unsubscribe", [ANN], NOW) == [(ANN, True)]
    assert sent(register, 1) == [(ANN, "mail/goodbye")]


def test_anybody_can_be_suppressed_subscriber_or_not(register: Register) -> None:
    add(register)
    assert act(register, "suppress", [ANN, BEA], NOW) == [(ANN, True), (BEA, True)]
    assert act(register, "suppress", [ANN, BEA], NOW) == [(ANN, False), (BEA, False)]
    assert (add(register, ANN), add(register, BEA)) == ("suppressed", "suppressed")
    assert sent(register, 1) == []
    with pytest.raises(ConfigError, match="nobody: "):
        act(register, "suppress", ["nobody"], NOW)


def test_who_is_erased_cannot_be_found_and_not_be_added(register: Register) -> None:
    add(register)
    assert act(register, "erase", [ANN], NOW) == [(ANN, True)]
    assert add(register) == "erased"
    with pytest.raises(StoreError, match=r"no subscriber, and suppressed \(erased\)"):
        readers.about(register, ANN)


def test_skipping_and_beginning_again(register: Register) -> None:
    add(register)
    assert readers.skip(register, ANN, NOW) == "one"
    assert sent(register, 1) == [(ANN, "two")]
    assert readers.restart(register, ANN, NOW + 2 * DAY)
    assert sent(register, 9) == [(ANN, "one")]
    assert not readers.restart(register, (add(register, BEA), act(register, "unsubscribe", [BEA], NOW), BEA)[2], NOW)


def test_a_pace_moves_the_next_issue_and_one_that_is_none_is_told(register: Register) -> None:
    add(register)
    assert sent(register, 0) == [(ANN, "one")]
    row = readers.pace(register, ANN, {"every": "day"}, NOW + timedelta(hours=1))
    assert row is not None
    assert row.due_at == NOW + DAY
    for wrong in ({"every": "blue moon"}, {"on": ["someday"]}, {"at": "25:00"}, {"time_zone": "Mars/Olympus"}):
        with pytest.raises(ConfigError):
            readers.pace(register, ANN, wrong, NOW)
    assert sent(register, 1) == [(ANN, "two")]


# --------------------------------------------------------------------------- telling


def test_everything_that_is_known_of_somebody_is_told(register: Register) -> None:
    add(register, name="Ann")
    with register.store.transaction() as tx:
        claims = ledger.claim(tx, NOW, "me", DAY, 10)
        ledger.begin(tx, claims, "me", NOW)
        ended = [ledger.Ended(claims[0], ACCEPTED, NOW, "7@example.com", b"Dear Ann \xff", b"h")]
        ledger.end(tx, ended, "me", ledger.Rules())
    told = json.loads(roster.as_json(readers.about(register, ANN)))
    assert told["subscriber"]["name"] == "Ann"
    assert told["subscriber"]["consent_source"] == CONSENT.source
    assert told["standings"][0]["next_issue"] == "two"
    [letter] = told["deliveries"]
    assert (letter["issue"], letter["subject"], letter["state"]) == ("one", "About one", "sent")
    assert (letter["message_id"], letter["filled"]) == ("7@example.com", "Dear Ann \\xff")


def test_a_table_of_all_has_no_formula_and_can_be_imported_again(register: Register) -> None:
    names = ["=HYPERLINK(1)", "+1", "-1", "@SUM(A1)", "a,b", "“q”", "\"'"]
    for number, name in enumerate(names):
        add(register, f"{number}@example.org", name)
    add(register, "+plus@example.org")
    rows = list(csv.DictReader(io.StringIO("\r\n".join(roster.as_csv(register.store)))))
    assert all(not cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())
    assert [row["name"].removeprefix("'") for row in rows[:-1]] == names
    assert rows[-1]["address"] == "'+plus@example.org"


def test_the_erased_are_in_no_export(register: Register) -> None:
    add(register)
    add(register, BEA)
    act(register, "erase", [ANN], NOW)
    assert [json.loads(line)["address"] for line in roster.as_json_lines(register.store)] == [BEA]


def test_who_stands_where_is_counted(register: Register) -> None:
    add(register)
    add(register, BEA, confirmed=False)
    with register.store.reading() as tx:
        assert people.counts(tx) == {"active": 1, "pending": 1}
        assert people.enrolled(tx) == {"letters": {"active": 1, "waiting": 1}}
