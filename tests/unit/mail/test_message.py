import email
import email.policy
import re
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import fields, replace

from pipeline.errors import WriteError
from pipeline.mail import bodies, headers
from pipeline.mail import message as mail
from pipeline.mail.message import Copy, Letter, Mailbox, Picture, is_answer, prepare
from pipeline.mail.placeholders import fill, in_html

ONCE = ("From", "To", "Subject", "Date", "Message-ID", "List-Unsubscribe", "List-Unsubscribe-Post", "List-Id")
# What RFC 5322 counts as no text: a header may lose it, and must not be split by it.
NASTY = ["a\r\nBcc: x@example.org", "a\nb", "a\rb", "a\x00b", "a\u2028b", "x" * 300, "שלום לך", "a  b", "=?utf-8?Q?a?="]
VALUES = {
    "name": "Reader",
    "greeting": "Dear Reader,",
    "unsubscribe_url": "https://example.com/unsubscribe",
    "preferences_url": "https://example.com/preferences",
    "archive_url": "https://example.com/archive",
    "postal_address": "1 Example Street",
}
PLAIN = Letter(
    sender=Mailbox("A. Sender", "letters@example.com"),
    sequence="letters",
    title="Letters",
    name="one",
    kind="issue",
    language="en-US",
    subject="A subject",
    text="Hello\n",
    html="<p>Hello</p>\n",
    pictures=(Picture("pic@example.com", "pic.png", "image/png", b"\x89PNG" * 50),),
)
COPY = Copy(
    recipient=Mailbox("Reader", "reader@example.com"),
    sent=datetime(2026, 11, 22, 8, tzinfo=UTC),
    message_id="abc@example.com",
    values=VALUES,
)


def made(letter: Letter = PLAIN, copy: Copy = COPY, **changes: object) -> bytes:
    """Return a message; `changes` go to its letter, to its copy, or to the values of its placeholders."""
    names = {kind: {field.name for field in fields(kind)} for kind in (Letter, Copy)}
    of_letter = {name: value for name, value in changes.items() if name in names[Letter]}
    of_copy = {name: value for name, value in changes.items() if name in names[Copy]}
    values = {name: value for name, value in changes.items() if name not in names[Letter] | names[Copy]}
    copy = replace(copy, values={**copy.values, **values}, **of_copy)  # type: ignore[dict-item]
    return prepare(replace(letter, **of_letter)).message(copy)


def parsed(raw: bytes) -> EmailMessage:
    return email.message_from_bytes(raw, _class=EmailMessage, policy=email.policy.default)  # type: ignore[arg-type]


def head_of(raw: bytes) -> list[bytes]:
    return raw.split(b"\r\n\r\n")[0].split(b"\r\n")


def names_of(raw: bytes) -> list[bytes]:
    return [line.split(b":")[0] for line in head_of(raw) if not line.startswith(b" ")]


# --------------------------------------------------------------------------- headers


@pytest.mark.parametrize("name", ONCE)
def test_each_header_stands_once(name: str) -> None:
    assert len(parsed(made()).get_all(name, [])) == 1


def test_a_long_unsubscribe_address_stays_whole_on_one_logical_line() -> None:
    url = "https://example.com/unsubscribe/" + "t" * 300
    raw = made(unsubscribe_url=url)
    assert f"List-Unsubscribe: <{url}>\r\n".encode() in raw
    assert b"=?" not in b"".join(head_of(raw))


def test_an_address_that_no_line_can_hold_is_refused() -> None:
    with pytest.raises(WriteError, match="List-Unsubscribe"):
        made(unsubscribe_url="https://example.com/" + "t" * 1000)


@pytest.mark.parametrize("url", ["https://example.com/a b", "https://example.com/\r\nBcc:x"])
def test_an_address_with_a_gap_in_it_is_refused(url: str) -> None:
    with pytest.raises(WriteError):
        made(unsubscribe_url=url)


def test_header_lines_are_folded_at_78_where_a_token_allows() -> None:
    raw = made(subject="a few words " * 30, title="a long name " * 10)
    assert max(map(len, head_of(raw))) <= 78
    assert parsed(raw)["Subject"] == ("a few words " * 30).strip()


@pytest.mark.parametrize("subject", ["Grüße", "日本語" * 40, "😀 smile", "naïve, “quoted” — and long " * 8, *NASTY])
def test_a_subject_reads_back_as_it_was_without_its_control_characters(subject: str) -> None:
    raw = made(subject=subject)
    assert parsed(raw)["Subject"] == headers.cleaned(subject)
    assert max(map(len, head_of(raw))) <= 78 or subject == "x" * 300


@pytest.mark.parametrize("name", ["Zoë", "O'Neill, Pat", 'The "Best"', "back\\slash", "A. Sender", "名前" * 30, *NASTY])
def test_a_display_name_reads_back_and_leaves_the_address_alone(name: str) -> None:
    # Not by policy.default: Python's reader of addresses puts spaces between encoded words, against RFC 2047 §6.2.
    header = email.message_from_bytes(made(sender=Mailbox(name, "a@example.com")))["From"]
    shown, address = parseaddr(header)
    assert address == "a@example.com"
    assert str(make_header(decode_header(shown))) == headers.cleaned(name)


@given(st.text(max_size=400), st.text(max_size=400))
def test_no_text_ever_splits_or_adds_a_header(subject: str, name: str) -> None:
    raw = made(subject=subject, sender=Mailbox(name, "a@example.com"), title=name)
    assert names_of(raw) == names_of(made())
    assert all(len(line) <= 998 for line in head_of(raw))
    assert b"\x00" not in raw


def test_encoded_words_are_short_and_never_split_a_character() -> None:
    for word in headers.encoded_words("äöü€😀" * 40):
        assert len(word) <= 64
        assert str(make_header(decode_header(word)))


@pytest.mark.parametrize("address", ["a b@example.com", "a@b@c", "<a@example.com>", "a@example.com,b@example.com"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(WriteError, match="is not an address"):
        made(recipient=Mailbox("", address))


def test_an_address_beyond_ascii_stands_as_it_is() -> None:
    assert "To: <zoë@example.com>\r\n".encode() in made(recipient=Mailbox("", "zoë@example.com"))


def test_a_domain_beyond_ascii_is_written_in_ascii() -> None:
    assert mail.domain_of("a@Bücher.example") == "xn--bcher-kva.example"


def test_page_addresses_in_headers_are_https_and_ascii() -> None:
    assert mail.secure_url("http://bücher.example/é a?q=ü") == "https://xn--bcher-kva.example/%C3%A9%20a?q=%C3%BC"
    assert mail.secure_url("https://example.com/a%20b") == "https://example.com/a%20b"


def test_a_message_id_is_the_same_for_the_same_parts_only() -> None:
    ids = {mail.message_id("example.com", *parts) for parts in (("a", "b"), ("a", "b"), ("a", "c"), ("ab", ""))}
    assert len(ids) == 3
    assert all(name.endswith("@example.com") for name in ids)


# --------------------------------------------------------------------------- bodies


def test_text_comes_first_and_the_picture_stands_with_the_html() -> None:
    message = parsed(made())
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
    ]
    picture = list(message.walk())[-1]
    assert picture["Content-ID"] == "<pic@example.com>"
    assert picture.get_content_disposition() == "inline"
    assert picture.get_content() == b"\x89PNG" * 50


def test_without_pictures_the_html_stands_alone() -> None:
    kinds = [part.get_content_type() for part in parsed(made(pictures=())).walk()]
    assert kinds == ["multipart/alternative", "text/plain", "text/html"]


def test_every_line_ends_in_crlf_and_is_short() -> None:
    raw = made(text="long " * 900 + "\n.\n.dot\nend  \n", html="<p>" + "é" * 4000 + "</p>")
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert b"\r" not in raw.replace(b"\r\n", b"")
    assert max(map(len, raw.split(b"\r\n"))) <= 78


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("plain words\n", "quoted-printable"),
        ("a naïve word among others, " * 9, "quoted-printable"),
        ("日本語" * 99, "base64"),
    ],
)
def test_the_shorter_transfer_encoding_is_chosen(text: str, encoding: str) -> None:
    assert bodies.encoded(text)[0] == encoding


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=300))
def test_a_body_reads_back_as_it_was(text: str) -> None:
    part = list(parsed(made(text=text)).walk())[1]
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    assert content.decode().replace("\r\n", "\n").rstrip("\n") == text.rstrip("\n")


def test_boundaries_depend_on_the_content_alone() -> None:
    assert made() == made()
    assert made().split(b'boundary="')[1][:30] != made(text="Other\n").split(b'boundary="')[1][:30]


def test_a_file_name_beyond_ascii_is_written_as_rfc_2231_wants_it() -> None:
    raw = made(pictures=(Picture("p@example.com", "Zoë 1.png", "image/png", b"x"),))
    assert b"filename*=utf-8''Zo%C3%AB%201.png" in raw
    assert list(parsed(raw).walk())[-1].get_filename() == "Zoë 1.png"


# --------------------------------------------------------------------------- one reader's own


def body_of(raw: bytes, number: int) -> str:
    content = list(parsed(raw).walk())[number].get_payload(decode=True)
    assert isinstance(content, bytes)
    return content.decode().replace("\r\n", "\n")


TEMPLATE = "{{ greeting }}\n\nDear {{ name }}, {{ name }}{{ name }}: {{ archive_url }}.\n{{ postal_address }}\n"
FOREIGN = "日本語の手紙" * 40 + "\n" + TEMPLATE
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


@pytest.mark.parametrize(
    "template", [TEMPLATE, FOREIGN, "x" * 75 + "{{ name }}", "é" * 25 + "{{ name }}", "{{ name }}"]
)
@pytest.mark.parametrize(
    "name", ["", " ", "Ann", "Zoë " * 40, "x" * 76, "y" * 75, ".", "=", "名前" * 60, "{{ greeting }}", *NASTY]
)
def test_a_filled_body_reads_as_the_template_with_its_values(template: str, name: str) -> None:
    copy = replace(COPY, values={**VALUES, "name": name})
    raw = made(copy=copy, text=template, html=f"<p>{template}")
    assert body_of(raw, 1).rstrip("\n") == fill(template, copy.values).rstrip("\n")
    assert body_of(raw, 3).rstrip("\n") == "<p>" + fill(template, copy.values, in_html).rstrip("\n")
    assert max(map(len, raw.split(b"\r\n"))) <= 78


@given(
    st.lists(st.one_of(st.sampled_from(["{{ name }}", "{{ greeting }}", "\n", " ", "."]), TEXTS), max_size=12),
    TEXTS,
    TEXTS,
)
def test_whatever_stands_around_a_value_every_line_is_short_and_reads_back(
    pieces: list[str], name: str, greeting: str
) -> None:
    template = re.sub(r"\r\n|\r", "\n", "".join(pieces))
    values = {**VALUES, "name": name, "greeting": greeting}
    raw = made(copy=replace(COPY, values=values), text=template)
    expected = fill(template.rstrip("\n"), values)
    assert body_of(raw, 1) == expected + "\n"
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert max(map(len, raw.split(b"\r\n"))) <= 78


def test_a_body_in_another_script_is_base64_with_its_values_inside() -> None:
    raw = made(text=FOREIGN)
    part = list(parsed(raw).walk())[1]
    assert part["Content-Transfer-Encoding"] == "base64"
    assert "Dear Reader," in body_of(raw, 1)


def test_one_preparation_serves_all_readers_and_changes_with_none() -> None:
    prepared = prepare(replace(PLAIN, text=TEMPLATE))
    ann, bob = (replace(COPY, values={**VALUES, "name": name}) for name in ("Ann", "Bob"))
    first = prepared.message(ann)
    assert "Dear Bob, " in body_of(prepared.message(bob), 1)
    assert prepared.message(ann) == first


@pytest.mark.parametrize("name", ["Ann", "Zoë", *NASTY])
def test_a_subject_with_a_name_in_it_reads_back_and_splits_no_header(name: str) -> None:
    raw = made(copy=replace(COPY, values={**VALUES, "name": name}), subject="For {{ name }}: a letter")
    assert parsed(raw)["Subject"] == headers.cleaned(fill("For {{ name }}: a letter", {"name": name}))
    assert names_of(raw) == names_of(made())


@pytest.mark.parametrize(("name", "said"), [("Ann", "Ann"), ("", "you & me")])
def test_where_a_value_is_empty_its_fallback_stands(name: str, said: str) -> None:
    copy = replace(COPY, values={**VALUES, "name": name})
    raw = made(copy=copy, subject="{{ name|you & me }}", text="{{ name|you & me }}", html="{{ name|you &amp; me }}")
    assert parsed(raw)["Subject"] == said
    assert body_of(raw, 1) == said + "\n"
    assert body_of(raw, 3) == said.replace("&", "&amp;") + "\n"


def test_a_placeholder_without_a_value_is_never_sent() -> None:
    with pytest.raises(KeyError, match="confirm_url"):
        made(text="{{ confirm_url }}")


def test_who_leaves_by_mail_finds_the_address_second() -> None:
    raw = made(unsubscribe_mail="leave+token@example.com?subject=unsubscribe")
    both = "<https://example.com/unsubscribe>, <mailto:leave+token@example.com?subject=unsubscribe>"
    assert parsed(raw)["List-Unsubscribe"] == both
    assert len(parsed(raw).get_all("List-Unsubscribe-Post", [])) == 1


def test_a_mail_of_the_list_says_how_to_get_help_and_where_the_archive_is() -> None:
    message = parsed(made())
    assert message["List-Help"] == "<https://example.com/preferences>"
    assert message["List-Archive"] == "<https://example.com/archive>"
    assert message["List-Id"] == "Letters <letters.example.com>"
    assert message["Feedback-ID"] == "one:letters:issue:quire"
    assert message["Precedence"] == "bulk"
    assert message["Auto-Submitted"] is None


def test_a_list_keeps_its_id_when_it_is_renamed_and_from_letter_to_letter() -> None:
    ids = [parsed(made(**changes))["List-Id"] for changes in ({}, {"title": "Łódź, anew"}, {"name": "two"})]
    assert {one.rpartition(" ")[2] for one in ids} == {"<letters.example.com>"}
    assert ids[1] != ids[0]


@pytest.mark.parametrize(("kind", "said"), [("confirmation", "auto-generated"), ("goodbye", None)])
def test_an_answer_is_no_mail_of_the_list_and_a_question_to_a_stranger_says_who_asks(kind: str, said: str) -> None:
    message = parsed(made(kind=kind, is_listed=False))
    assert message["Auto-Submitted"] == said
    assert not [name for name in message if name.startswith("List-") or name == "Precedence"]


@pytest.mark.parametrize(
    ("said", "is_one"),
    [
        ("mail/goodbye:letters:goodbye:quire", True),
        (" mail/confirmation:letters:confirmation:quire ", True),
        ("mail/welcome:letters:welcome:quire", False),
        ("one:letters:issue:quire", False),
        ("goodbye:letters:issue:quire", False),
        ("mail/goodbye:letters:goodbye:acme", False),
        ("mail/goodbye::goodbye:quire", False),
        ("mail/goodbye", False),
        ("", False),
    ],
)
def test_an_answer_is_known_by_the_feedback_id_that_it_was_given(said: str, is_one: bool) -> None:
    assert is_answer(said) is is_one
    assert is_answer(str(parsed(made(kind="goodbye", name="mail/goodbye", is_listed=False))["Feedback-ID"]))


def test_a_test_message_is_marked_in_a_header_of_its_own() -> None:
    assert parsed(made(is_test=True))["X-Quire-Test"] == "yes"
    assert parsed(made())["X-Quire-Test"] is None
