"""What the pages behind links do: looking changes nothing, leaving takes one step, and old links go on working."""

import email
import email.policy
import re
from pathlib import Path

import msgspec
import pytest
from built_newsletter import a_built_newsletter
from series_builders import DAY, NOW, WEEKLY, asked, confirmed, letters, person, published, send
from sqlalchemy import select

from pipeline.errors import ConfigError
from pipeline.series import requests
from pipeline.series.addresses import address_hash
from pipeline.series.built import read_built
from pipeline.series.links import Keys, links_for, token
from pipeline.series.message import Outgoing, Reader
from pipeline.series.requests import Door, View
from pipeline.series.store import _schema as t
from pipeline.series.store import coming, leaving, people
from pipeline.series.store.courses import sequence_id_of
from pipeline.series.store.engine import Store
from pipeline.series.store.people import Consent
from pipeline.series.store.publications import publish

KEY = b"k" * 32
OLD, NEW, FOREIGN = ("a" * 43, "b" * 43, "c" * 43)
ANN = "ann@example.org"


@pytest.fixture
def door(store: Store) -> Door:
    with store.transaction() as tx:
        published(tx, "one", "two", "three")
    return Door(store, Keys((OLD,)), KEY)


def ref_of(door: Door, *, is_confirmed: bool = True) -> int:
    with door.store.transaction() as tx:
        number = (confirmed if is_confirmed else asked)(tx, ANN)
        known = people.by_id(tx, number)
        assert known is not None
        return known.ref


def sends(door: Door, days: int) -> list[str]:
    with door.store.transaction() as tx:
        return [claim.issue.split("/2")[0] for claim in send(tx, NOW + days * DAY)]


def state(view: View | None) -> str:
    assert view is not None
    return view.state


def test_looking_changes_nothing_whatever_the_link_is_for(door: Door) -> None:
    ref = ref_of(door, is_confirmed=False)
    with door.store.reading() as tx:
        before = [tx.execute(select(table)).all() for table in t.metadata.sorted_tables]
    for purpose in ("confirm", "unsubscribe", "preferences", "pause"):
        assert state(requests.look(door, purpose, token(purpose, ref, door.keys))) == "pending"
    with door.store.reading() as tx:
        assert [tx.execute(select(table)).all() for table in t.metadata.sorted_tables] == before


def test_saying_yes_begins_the_series_and_saying_it_again_changes_nothing(door: Door) -> None:
    link = token("confirm", ref_of(door, is_confirmed=False), door.keys)
    first, second = (requests.confirm(door, link, NOW) for _ in range(2))
    assert first is not None
    assert second is not None
    assert (first.state, first.changed, second.state, second.changed) == ("active", True, "active", False)
    assert first.courses[0].title == "Letters"
    assert "one" in sends(door, 1)


def test_the_page_of_a_confirmation_shows_which_newsletter_it_is_about(door: Door) -> None:
    ref = ref_of(door)
    with door.store.transaction() as tx:
        publish(tx, "others", "Others", b"head", letters("eins"), WEEKLY, NOW)
        other = sequence_id_of(tx, "others")
        assert other is not None
        coming.ask(tx, person(ANN), other, NOW, Consent(NOW, "the other form"))
    link = token("confirm", ref, door.keys)
    shown = requests.look(door, "confirm", link)
    assert shown is not None
    assert [(one.title, one.state) for one in shown.courses] == [("Letters", "active"), ("Others", "waiting")]
    done = requests.confirm(door, link, NOW)
    assert done is not None
    assert ([one.state for one in done.courses], done.changed) == (["active", "active"], True)
    gone = requests.unsubscribe(door, token("unsubscribe", ref, door.keys), NOW + DAY)
    assert gone is not None
    assert (gone.state, [one.state for one in gone.courses]) == ("unsubscribed", ["stopped", "stopped"])


def test_leaving_takes_one_step_says_goodbye_once_and_can_be_repeated(door: Door) -> None:
    link = token("unsubscribe", ref_of(door), door.keys)
    views = [requests.unsubscribe(door, link, NOW) for _ in range(3)]
    assert [view and (view.state, view.changed) for view in views] == [
        ("unsubscribed", True),
        ("unsubscribed", False),
        ("unsubscribed", False),
    ]
    assert sends(door, 1) == ["mail/goodbye"]
    assert sends(door, 30) == []
    with door.store.reading() as tx:
        hashed = address_hash(KEY, ANN)
        assert people.suppressed(tx, [hashed]) == {hashed: "unsubscribed"}


def test_who_never_said_yes_gets_no_goodbye(door: Door) -> None:
    requests.unsubscribe(door, token("unsubscribe", ref_of(door, is_confirmed=False), door.keys), NOW)
    assert sends(door, 1) == []


def test_an_old_link_to_confirm_brings_nobody_back_who_has_left(door: Door) -> None:
    ref = ref_of(door)
    requests.unsubscribe(door, token("unsubscribe", ref, door.keys), NOW)
    view = requests.confirm(door, token("confirm", ref, door.keys), NOW + DAY)
    assert view is not None
    assert (view.state, view.changed) == ("unsubscribed", False)


def test_links_work_after_keys_were_changed_as_long_as_theirs_is_there(door: Door) -> None:
    link = token("unsubscribe", ref_of(door), door.keys)
    without, rotated = Keys((NEW,)), Keys((NEW, OLD))
    assert requests.unsubscribe(msgspec.structs.replace(door, keys=without), link, NOW) is None
    assert state(requests.unsubscribe(msgspec.structs.replace(door, keys=rotated), link, NOW)) == "unsubscribed"


def test_links_work_after_the_newsletter_was_renamed_and_the_address_has_changed(door: Door) -> None:
    link = token("unsubscribe", ref_of(door), door.keys)
    with door.store.transaction() as tx:
        tx.execute(t.sequences.update().values(name="other", title="Other", version=2))
        tx.execute(t.subscribers.update().values(address="new@example.org", identity="new@example.org"))
    view = requests.unsubscribe(door, link, NOW)
    assert view is not None
    assert (view.state, view.courses[0].sequence, view.address) == ("unsubscribed", "other", "n…@example.org")


@pytest.mark.parametrize("act", [requests.confirm, requests.unsubscribe, requests.pause, requests.resume])
def test_what_we_did_not_sign_for_this_changes_nothing(door: Door, act: object) -> None:
    ref = ref_of(door)
    for link in (token("archive", ref, door.keys), token("unsubscribe", ref, Keys((FOREIGN,))), "x" * 32, ""):
        assert act(door, link, NOW) is None  # type: ignore[operator]
    assert act(door, token("worksheet", ref + 1, door.keys), NOW) is None  # type: ignore[operator]
    assert sends(door, 0) == ["one"]


def test_pausing_and_resuming_take_the_link_of_preferences(door: Door) -> None:
    link = token("preferences", ref_of(door), door.keys)
    paused = requests.pause(door, link, NOW)
    assert paused is not None
    assert paused.is_paused
    assert paused.changed
    assert sends(door, 8) == []
    resumed = requests.resume(door, link, NOW + 8 * DAY)
    assert resumed is not None
    assert not resumed.is_paused
    assert resumed.courses[0].next_at is not None
    assert sends(door, 15) == ["one"]


def test_preferences_are_kept_and_what_cannot_be_is_told(door: Door) -> None:
    link = token("preferences", ref_of(door), door.keys)
    view = requests.preferences(door, link, {"name": "Ann", "time_zone": "Asia/Tokyo"}, NOW)
    assert view is not None
    assert (view.name, view.time_zone, view.changed) == ("Ann", "Asia/Tokyo", True)
    for wanted in ({"name": "Ann\nBcc: x"}, {"name": "n" * 201}, {"time_zone": "Mars/Olympus"}):
        with pytest.raises(ConfigError):
            requests.preferences(door, link, wanted, NOW)
    again = requests.preferences(door, link, {}, NOW)
    assert again is not None
    assert (again.name, again.changed) == ("Ann", False)


def test_nothing_of_who_was_erased_is_shown_and_their_links_still_answer(door: Door) -> None:
    ref = ref_of(door)
    with door.store.transaction() as tx:
        known = people.by_ref(tx, ref)
        assert known is not None
        leaving.erase(tx, known.id, address_hash(KEY, ANN), NOW)
    view = requests.unsubscribe(door, token("unsubscribe", ref, door.keys), NOW)
    assert view is not None
    assert (view.state, view.address, view.changed) == ("erased", "", False)


def test_a_message_is_unsubscribed_by_its_own_header(door: Door, tmp_path: Path) -> None:
    ref = ref_of(door)
    head, letters = read_built(a_built_newsletter(tmp_path / "newsletter"))
    issue = next(letter for letter in letters if letter.number == 1)
    links = links_for("https://letters.example.org", door.keys, ref, 99)
    made = Outgoing(head, issue).message(Reader(ref, ANN), links, "bounces@example.com", NOW, "1@example.com")
    message = email.message_from_bytes(made[1], policy=email.policy.default)
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    [link] = re.findall(r"<https://letters\.example\.org/u/([^>]+)>", message["List-Unsubscribe"])
    assert state(requests.unsubscribe(door, link, NOW)) == "unsubscribed"
    assert sends(door, 0) == ["mail/goodbye"]


# --------------------------------------------------------------------------- coming back


def test_who_left_comes_back_by_the_goodbyes_link_and_goes_on_where_they_were(door: Door) -> None:
    ref = ref_of(door)
    assert sends(door, 0) == ["one"]
    requests.unsubscribe(door, token("unsubscribe", ref, door.keys), NOW + DAY)
    link = token("preferences", ref, door.keys)
    back = requests.come_back(door, link, NOW + 2 * DAY)
    assert (state(back), back.changed if back else None) == ("active", True)
    again = requests.come_back(door, link, NOW + 2 * DAY)
    assert again is not None
    assert not again.changed
    assert "two" in [issue for day in range(2, 16) for issue in sends(door, day)]


@pytest.mark.parametrize("reason", ["complaint", "hard", "manual", "erased"])
def test_no_link_brings_back_who_went_otherwise(door: Door, reason: leaving.Reason) -> None:
    ref = ref_of(door)
    with door.store.transaction() as tx:
        known = people.by_ref(tx, ref)
        assert known is not None
        if reason == "erased":
            leaving.erase(tx, known.id, address_hash(KEY, ANN), NOW)
        else:
            leaving.leave(tx, known.id, reason, NOW, address_hash(KEY, ANN))
    back = requests.come_back(door, token("preferences", ref, door.keys), NOW)
    assert back is not None
    assert (back.changed, back.state == "active") == (False, False)
