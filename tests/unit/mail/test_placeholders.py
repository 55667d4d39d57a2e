import html
import re
import unicodedata
from email import message_from_bytes, policy
from email.message import EmailMessage
from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.mail.placeholders import (
    IN_PROSE,
    MAY_BE_EMPTY,
    PLACEHOLDERS,
    Greeting,
    Slot,
    as_for_nobody,
    direction_of,
    fill,
    in_address,
    in_html,
    isolated,
    pieces,
    placeholders_in,
)

NASTY = [
    "<b>Ann</b>",
    '"Ann" O\'Hara & Söhne',
    "Ann\r\nBcc: eve@example.com",
    "Ann\x00\x0b\x1f",
    "Ann\u2028Ben\u2029",
    "{{ name }} {{ unsubscribe_url }}",
    "A" * 300,
    "דָּוִד",
    "Ann \u202eneb\u2066",
    "=?utf-8?q?x?=",
    "😀" * 80,
    "\ud800",
    "--></style><script>",
]
names = st.one_of(st.sampled_from(NASTY), st.text(max_size=300))
CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def shown(name: str) -> str:
    """Return what is left of a name on one line, whatever is invisible gone."""
    kept = "".join(c for c in name if unicodedata.category(c) not in ("Cc", "Cs", "Cf", "Zl", "Zp", "Cn"))
    return "".join(kept.split())


# --------------------------------------------------------------------------- any name


@given(names)
def test_a_name_in_html_is_text_and_nothing_else(name):
    page = fill('<p title="{{ name|x }}">{{ name|x }}</p>', {"name": name}, in_html)
    value = page.removeprefix('<p title="').partition('"')[0]
    assert page == f'<p title="{value}">{value}</p>'
    assert not re.search(r"[<>\"'{}]", value)
    if shown(name):
        assert shown(html.unescape(value)) == shown(name)


@given(names)
def test_a_name_in_text_takes_one_line_and_is_not_filled_again(name):
    text = fill(
        "Dear {{ name|friend }},\n{{ unsubscribe_url }}\n", {"name": name, "unsubscribe_url": "https://x.example"}
    )
    assert text.count("\n") == 2
    assert text.endswith(",\nhttps://x.example\n")
    assert not CONTROLS.search(text.replace("\n", ""))


@given(names)
def test_a_name_never_splits_a_header_or_adds_one(name):
    subject = fill("A letter, {{ name|friend }}", {"name": name})
    assert not CONTROLS.search(subject)
    message = EmailMessage(policy=policy.SMTP)
    message["Subject"] = subject
    message["To"] = "reader@example.com"
    parsed = message_from_bytes(message.as_bytes(), policy=policy.default)
    assert parsed.keys() == ["Subject", "To"]


@given(names)
def test_a_name_in_an_address_is_one_piece_of_it(name):
    piece = fill("{{ name|x }}", {"name": name}, in_address)
    assert re.fullmatch(r"[A-Za-z0-9._~%-]+", piece)
    if shown(name):
        assert shown(unquote(piece)) == shown(name)


@given(names)
def test_an_address_can_hold_nothing_that_ends_it(name):
    address = fill("{{ unsubscribe_url }}", {"unsubscribe_url": f"https://example.com/u/{name}"}, in_html)
    assert not re.search(r"[\s<>\"{}]", address)


@given(names)
@example("שרה")
@example("Ann \u2067\u2069\u2069 after")
def test_a_name_leaves_the_text_around_it_in_its_direction(name):
    text = fill("{{ name|x }}", {"name": name})
    inside = text.removeprefix("\u2068").removesuffix("\u2069")
    assert not re.search(r"[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]", inside)
    turns = any(unicodedata.bidirectional(character) in ("R", "AL") for character in inside)
    assert (text != inside) == turns


# --------------------------------------------------------------------------- one rule each


def test_a_name_is_isolated_where_its_direction_differs_and_only_there():
    assert isolated("Ann") == "Ann"
    assert isolated("דוד") == "\u2068דוד\u2069"
    assert isolated("דוד", "rtl") == "דוד"
    assert isolated("Ann", "rtl") == "\u2068Ann\u2069"
    assert isolated("Ann 2", "ltr") == "Ann 2"


@pytest.mark.parametrize(("language", "direction"), [("en-US", "ltr"), ("he", "rtl"), ("ar-EG", "rtl"), ("arn", "ltr")])
def test_a_language_has_its_direction(language, direction):
    assert direction_of(language) == direction


@pytest.mark.parametrize("name", ["", " ", "\r\n", "\x00"])
def test_without_a_name_the_fallback_stands_as_the_file_has_it(name):
    assert fill("Hi, {{ name|A &amp; B }}.", {"name": name}, in_html) == "Hi, A &amp; B."
    assert fill("Hi, {{ name|A & B }}.", {}) == "Hi, A & B."


def test_a_placeholder_without_fallback_or_value_is_an_error_and_not_a_gap():
    with pytest.raises(KeyError):
        fill("{{ unsubscribe_url }}", {})


@pytest.mark.parametrize("name", ["", "  ", "\u2028"])
def test_who_gave_no_name_is_greeted_without_one(name):
    assert Greeting().for_name(name) == "Hello,"


def test_a_greeting_isolates_the_name_within_it():
    greeting = Greeting("Dear {{ name }},", "Hello,").for_name("דוד")
    assert greeting == "Dear \u2068דוד\u2069,"
    assert fill("{{ greeting }}", {"greeting": greeting}, in_html) == greeting


def test_pieces_are_text_and_slots_in_order_and_make_the_template_again():
    template = "A {{ name|my friend }}, {{ password }} {{ greeting }}"
    found = list(pieces(template))
    assert found == ["A ", Slot("name", "my friend"), ", {{ password }} ", Slot("greeting")]
    assert "".join(map(str, found)) == template


def test_without_a_reader_a_subject_shows_what_stands_for_nobody():
    assert as_for_nobody("For {{ name|you }}: {{ issues_left }} to go") == "For you: … to go"


def test_what_an_author_may_write_is_of_the_closed_set_and_a_confirmation_shows_nothing():
    assert {name for allowed in IN_PROSE.values() for name in allowed} <= set(PLACEHOLDERS)
    assert set(MAY_BE_EMPTY) <= set(PLACEHOLDERS)
    assert IN_PROSE["confirmation"] == ()


def test_placeholders_are_named_once_in_the_order_of_the_set():
    assert placeholders_in("{{ name|x }} {{ greeting }}", "{{ name }}") == ("greeting", "name")
