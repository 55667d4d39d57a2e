"""Links and envelope senders: they lead back to their ref, and nothing that we didn't sign does."""

import re
import string
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ConfigError
from pipeline.series.links import LETTERS, Keys, Purpose, links_for, new_key, opened, read_keys, token, verp, verp_ref

OLD, NEW, FOREIGN = (Keys((letter * 43,)) for letter in "abc")
ROTATED = Keys(NEW.values + OLD.values)
PURPOSES = get_args(Purpose)
REFS = st.integers(0, 2**64 - 1)
ALPHABET = string.ascii_letters + string.digits + "-_+=.~/ "


@given(REFS, st.sampled_from(PURPOSES))
def test_a_token_leads_back_to_its_ref_and_is_short_and_fit_for_an_address(ref, purpose):
    text = token(purpose, ref, OLD)
    assert opened(text, purpose, OLD) == ref
    assert re.fullmatch(r"[A-Za-z0-9_-]{31}[a-z]", text)


@given(REFS, st.sampled_from(PURPOSES), st.sampled_from(PURPOSES))
def test_a_token_is_good_for_one_purpose_but_unsubscribe_opens_preferences(ref, made, asked):
    is_good = made == asked or (made, asked) == ("unsubscribe", "preferences")
    assert opened(token(made, ref, OLD), asked, OLD) == (ref if is_good else None)


@given(REFS, st.integers(0, 31), st.sampled_from(ALPHABET))
def test_a_token_with_another_character_is_none(ref, place, character):
    text = token("unsubscribe", ref, OLD)
    changed = text[:place] + character + text[place + 1 :]
    assert opened(changed, "unsubscribe", OLD) == (ref if changed == text else None)


@given(st.one_of(st.text(), st.text(ALPHABET, min_size=32, max_size=32)))
def test_no_other_text_is_a_token(text):
    assert opened(text, "unsubscribe", OLD) is None
    assert verp_ref(f"bounces+{text}@example.org", OLD) is None
    assert verp_ref(text, OLD) is None


@pytest.mark.parametrize(
    "change", [str.upper, lambda t: t + "a", lambda t: f" {t}", lambda t: f"{t}\n", lambda t: t[:-1]]
)
def test_a_token_that_is_nearly_one_is_none(change):
    assert opened(change(token("confirm", 7, OLD)), "confirm", OLD) is None


def test_new_keys_sign_and_old_ones_still_open():
    assert opened(token("archive", 7, OLD), "archive", ROTATED) == 7
    assert token("archive", 7, ROTATED) == token("archive", 7, NEW)
    assert opened(token("archive", 7, OLD), "archive", FOREIGN) is None
    assert verp_ref(verp(7, OLD, "example.org"), ROTATED) == 7
    assert verp_ref(verp(7, OLD, "example.org"), FOREIGN) is None


def test_tokens_never_change_since_letters_that_were_sent_hold_them():
    assert token("unsubscribe", 2**63 - 1, OLD) == "vZHiug8ATWYrSPdEjSBxf_________8u"
    assert verp(2**63 - 1, OLD, "example.org") == "bounces+p777777777776jchh4mheqri@example.org"


def test_each_purpose_has_a_letter_of_its_own():
    assert set(LETTERS) == set(PURPOSES)
    assert len(set(LETTERS.values())) == len(LETTERS)


def test_links_carry_the_readers_ref_where_they_concern_the_subscription_and_the_deliverys_elsewhere():
    links = links_for("https://letters.example.org/", OLD, 1, 2, confirm=True)
    asked = {"unsubscribe": 1, "preferences": 1, "archive": 2, "worksheet": 2, "confirm": 1}
    for purpose, ref in asked.items():
        base, letter, text = getattr(links, purpose).rsplit("/", 2)
        assert (base, letter) == ("https://letters.example.org", LETTERS[purpose])
        assert opened(text, purpose, OLD) == ref


def test_what_a_message_has_no_page_for_has_no_address():
    links = links_for("https://letters.example.org", OLD, 1)
    assert (links.archive, links.worksheet, links.confirm) == ("", "", "")
    assert links_for("https://letters.example.org", OLD, 1, 2, worksheet=False).worksheet == ""


@pytest.mark.parametrize("base", ["", "http://letters.example.org", "https://", "https://a b", "https://a?b"])
def test_links_are_https_only(base):
    with pytest.raises(ConfigError, match="not an https address"):
        links_for(base, OLD, 1, 2)


@pytest.mark.parametrize("ref", [-1, 2**64])
def test_what_is_no_ref_is_refused(ref):
    with pytest.raises(ValueError, match="a ref is"):
        token("archive", ref, OLD)


# --------------------------------------------------------------------------- envelope senders

CHANGES = {
    "as it is": lambda address: address,
    "upper case": str.upper,
    "mixed case": str.swapcase,
    "in brackets": lambda address: f"<{address}>",
    "with spaces": lambda address: f"  {address} ",
    "quoted": lambda address: '"{}"@{}'.format(*address.split("@")),
    "equals for plus": lambda address: address.replace("+", "="),
    "hyphen for plus": lambda address: address.replace("+", "-"),
    "signed by BATV": lambda address: f"prvs=0123abcdef={address}",
    "rewritten by SRS": lambda address: "SRS0=ab1C=X7=example.org={}@relay.example.net".format(address.split("@")[0]),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_an_envelope_sender_leads_back_to_its_ref_whatever_servers_make_of_it(change):
    assert verp_ref(change(verp(2**63 - 5, OLD, "bounce.example.org")), OLD) == 2**63 - 5


@given(REFS)
def test_an_envelope_sender_fits_its_local_part(ref):
    address = verp(ref, OLD, "example.org", "unsubscribe")
    assert len(address.partition("@")[0]) <= 64
    assert verp_ref(address, OLD, "unsubscribe") == ref


@given(REFS, st.integers(0, 23), st.sampled_from(string.ascii_lowercase + "234567"))
def test_an_envelope_sender_with_another_character_is_none(ref, place, character):
    address = verp(ref, OLD, "example.org")
    place += len("bounces+")
    changed = address[:place] + character + address[place + 1 :]
    assert verp_ref(changed, OLD) == (ref if changed == address else None)


def test_nobody_makes_an_address_to_unsubscribe_from_an_envelope_sender():
    address = verp(7, OLD, "example.org")
    assert verp_ref(address.replace("bounces", "unsubscribe"), OLD, "unsubscribe") is None
    assert verp_ref(address, OLD, "unsubscribe") is None
    assert verp_ref(verp(7, OLD, "example.org", "unsubscribe"), OLD) is None


@pytest.mark.parametrize("local", ["", "Bounces", "a+b", "a" * 32, "ä"])
def test_a_local_part_that_would_not_come_back_is_refused(local):
    with pytest.raises(ValueError, match="can't begin"):
        verp(7, OLD, "example.org", local)


# --------------------------------------------------------------------------- keys


def test_keys_are_never_shown():
    assert OLD.values[0] not in repr(OLD)
    assert OLD.values[0] not in str(OLD)


def test_keys_are_separated_by_white_space_and_the_newest_is_first():
    first, second = new_key(), new_key()
    assert read_keys(f" {first}\n\t{second} {first}").values == (first, second)


@pytest.mark.parametrize("text", ["", "short", f"{'a' * 43} short"])
def test_a_key_that_is_missing_or_short_is_refused_unseen(text):
    with pytest.raises(ConfigError, match="quire series key") as raised:
        read_keys(text)
    assert "short" not in str(raised.value)
