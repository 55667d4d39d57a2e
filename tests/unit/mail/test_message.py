import email
import email.policy
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import WriteError
from pipeline.mail import message as mail
from pipeline.mail.message import Letter, Mailbox, Picture, build

ONCE = ("From", "To", "Subject", "Date", "Message-ID", "List-Unsubscribe", "List-Unsubscribe-Post", "List-Id")
# What RFC 5322 counts as no text: a header may lose it, and must not be split by it.
NASTY = ["a\r\nBcc: x@example.org", "a\nb", "a\rb", "a\x00b", "a\u2028b", "x" * 300, "שלום לך", "a  b", "=?utf-8?Q?a?="]


def letter(**changes: object) -> Letter:
    plain = Letter(
        sender=Mailbox("A. Sender", "letters@example.com"),
        recipient=Mailbox("Reader", "reader@example.com"),
        subject="A subject",
        sent=datetime(2026, 11, 22, 8, tzinfo=UTC),
        message_id="abc@example.com",
        list_name="Letters",
        list_id="letters.example.com",
        language="en-US",
        unsubscribe_url="https://example.com/unsubscribe",
        preferences_url="https://example.com/preferences",
        archive_url="https://example.com/archive",
        feedback_id="a:b:c:d",
        text="Hello\n",
        html="<p>Hello</p>\n",
        pictures=(Picture("pic@example.com", "pic.png", "image/png", b"\x89PNG" * 50),),
    )
    return msgspec.structs.replace(plain, **changes)


def parsed(raw: bytes) -> EmailMessage:
    return email.message_from_bytes(raw, _class=EmailMessage, policy=email.policy.default)  # type: ignore[arg-type]


def head_of(raw: bytes) -> list[bytes]:
    return raw.split(b"\r\n\r\n")[0].split(b"\r\n")


def names_of(raw: bytes) -> list[bytes]:
    return [line.split(b":")[0] for line in head_of(raw) if not line.startswith(b" ")]


# --------------------------------------------------------------------------- headers


@pytest.mark.parametrize("name", ONCE)
def test_each_header_stands_once(name: str) -> None:
    assert len(parsed(build(letter())).get_all(name, [])) == 1


def test_a_long_unsubscribe_address_stays_whole_on_one_logical_line() -> None:
    url = "https://example.com/unsubscribe/" + "t" * 300
    raw = build(letter(unsubscribe_url=url))
    assert f"List-Unsubscribe: <{url}>\r\n".encode() in raw
    assert b"=?" not in b"".join(head_of(raw))


def test_an_address_that_no_line_can_hold_is_refused() -> None:
    with pytest.raises(WriteError, match="List-Unsubscribe"):
        build(letter(unsubscribe_url="https://example.com/" + "t" * 1000))


@pytest.mark.parametrize("url", ["https://example.com/a b", "https://example.com/\r\nBcc:x"])
def test_an_address_with_a_gap_in_it_is_refused(url: str) -> None:
    with pytest.raises(WriteError):
        build(letter(unsubscribe_url=url))


def test_header_lines_are_folded_at_78_where_a_token_allows() -> None:
    raw = build(letter(subject="a few words " * 30, list_name="a long name " * 10))
    assert max(map(len, head_of(raw))) <= 78
    assert parsed(raw)["Subject"] == ("a few words " * 30).strip()


@pytest.mark.parametrize("subject", ["Grüße", "日本語" * 40, "😀 smile", "naïve, “quoted” — and long " * 8, *NASTY])
def test_a_subject_reads_back_as_it_was_without_its_control_characters(subject: str) -> None:
    raw = build(letter(subject=subject))
    assert parsed(raw)["Subject"] == mail.cleaned(subject)
    assert max(map(len, head_of(raw))) <= 78 or subject == "x" * 300


@pytest.mark.parametrize("name", ["Zoë", "O'Neill, Pat", 'The "Best"', "back\\slash", "A. Sender", "名前" * 30, *NASTY])
def test_a_display_name_reads_back_and_leaves_the_address_alone(name: str) -> None:
    # Not by policy.default: Python's reader of addresses puts spaces between encoded words, against RFC 2047 §6.2.
    header = email.message_from_bytes(build(letter(sender=Mailbox(name, "a@example.com"))))["From"]
    shown, address = parseaddr(header)
    assert address == "a@example.com"
    assert str(make_header(decode_header(shown))) == mail.cleaned(name)


@given(st.text(max_size=400), st.text(max_size=400))
def test_no_text_ever_splits_or_adds_a_header(subject: str, name: str) -> None:
    raw = build(letter(subject=subject, sender=Mailbox(name, "a@example.com"), list_name=name))
    assert names_of(raw) == names_of(build(letter()))
    assert all(len(line) <= 998 for line in head_of(raw))
    assert b"\x00" not in raw


def test_encoded_words_are_short_and_never_split_a_character() -> None:
    for word in mail.encoded_words("äöü€😀" * 40):
        assert len(word) <= 64
        assert str(make_header(decode_header(word)))


@pytest.mark.parametrize("address", ["a b@example.com", "a@b@c", "<a@example.com>", "a@example.com,b@example.com"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(WriteError, match="is not an address"):
        build(letter(recipient=Mailbox("", address)))


def test_an_address_beyond_ascii_stands_as_it_is() -> None:
    assert "To: <zoë@example.com>\r\n".encode() in build(letter(recipient=Mailbox("", "zoë@example.com")))


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
    message = parsed(build(letter()))
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
    kinds = [part.get_content_type() for part in parsed(build(letter(pictures=()))).walk()]
    assert kinds == ["multipart/alternative", "text/plain", "text/html"]


def test_every_line_ends_in_crlf_and_is_short() -> None:
    raw = build(letter(text="long " * 900 + "\n.\n.dot\nend  \n", html="<p>" + "é" * 4000 + "</p>"))
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
    assert mail.encoded(text)[0] == encoding


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=300))
def test_a_body_reads_back_as_it_was(text: str) -> None:
    part = list(parsed(build(letter(text=text))).walk())[1]
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    assert content.decode().replace("\r\n", "\n").rstrip("\n") == text.rstrip("\n")


def test_boundaries_depend_on_the_content_alone() -> None:
    assert build(letter()) == build(letter())
    assert build(letter()).split(b'boundary="')[1][:30] != build(letter(text="Other\n")).split(b'boundary="')[1][:30]


def test_a_file_name_beyond_ascii_is_written_as_rfc_2231_wants_it() -> None:
    raw = build(letter(pictures=(Picture("p@example.com", "Zoë 1.png", "image/png", b"x"),)))
    assert b"filename*=utf-8''Zo%C3%AB%201.png" in raw
    assert list(parsed(raw).walk())[-1].get_filename() == "Zoë 1.png"
