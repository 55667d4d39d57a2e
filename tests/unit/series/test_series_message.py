import email
import email.policy
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest
from built_newsletter import ANN, PICTURE, Pages, a_built_newsletter
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pipeline.errors import WriteError
from pipeline.series.built import read_built
from pipeline.series.message import Envelope, Outgoing, Reader

SENT = datetime(2027, 1, 4, 7, tzinfo=UTC)
VERP = "bounces+token@bounces.example.com"


@pytest.fixture(scope="module")
def confirmation(tmp_path_factory: pytest.TempPathFactory) -> Outgoing:
    head, letters = read_built(a_built_newsletter(tmp_path_factory.mktemp("built")))
    return Outgoing(head, letters[0])


@pytest.fixture(scope="module")
def issue(tmp_path_factory: pytest.TempPathFactory) -> Outgoing:
    head, letters = read_built(a_built_newsletter(tmp_path_factory.mktemp("built")))
    return Outgoing(head, letters[1])


def sent(outgoing: Outgoing, reader: Reader = ANN, **options: object) -> tuple[Envelope, EmailMessage]:
    envelope, raw = raw_of(outgoing, reader, **options)
    return envelope, email.message_from_bytes(raw, _class=EmailMessage, policy=email.policy.default)  # type: ignore[arg-type]


def raw_of(outgoing: Outgoing, reader: Reader = ANN, **options: object) -> tuple[Envelope, bytes]:
    message_id = outgoing.message_id(str(reader.ref))
    return outgoing.message(reader, Pages(), VERP, SENT, message_id, **options)  # type: ignore[arg-type]


def texts_of(message: EmailMessage) -> tuple[str, str]:
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert html is not None
    return text.get_content(), html.get_content()


def test_the_envelope_is_the_deliverys_own(issue: Outgoing) -> None:
    envelope, message = sent(issue)
    assert envelope == Envelope(VERP, "ann@example.org", needs_smtputf8=False)
    assert message["From"] == '"A. Sender" <letters@example.com>'
    assert message["To"] == "Ann <ann@example.org>"
    assert message["Date"] == "Mon, 04 Jan 2027 07:00:00 +0000"


def test_both_parts_hold_the_readers_own_values(issue: Outgoing) -> None:
    _, message = sent(issue)
    for content in texts_of(message):
        assert "Dear Ann," in content
        assert "https://letters.example.org/w/token" in content
        assert "https://letters.example.org/u/token" in content
        assert "{{" not in content
    assert message["List-Unsubscribe"] == "<https://letters.example.org/u/token>"


def test_who_gave_no_name_is_greeted_without_one(issue: Outgoing) -> None:
    _, message = sent(issue, replace(ANN, name=""))
    assert all("Hello," in content for content in texts_of(message))
    assert message["To"] == "ann@example.org"


def test_pictures_are_inside_the_message_and_the_html_names_them(issue: Outgoing) -> None:
    _, message = sent(issue)
    [picture] = [part for part in message.walk() if part.get_content_maintype() == "image"]
    assert picture.get_content() == PICTURE
    assert f'src="cid:{picture["Content-ID"].strip("<>")}"' in texts_of(message)[1]
    assert "01-letter-1.png" not in texts_of(message)[1]


def test_the_same_arguments_make_the_same_bytes(issue: Outgoing) -> None:
    assert raw_of(issue) == raw_of(issue)


def test_message_ids_differ_by_letter_and_by_reader(issue: Outgoing, confirmation: Outgoing) -> None:
    ids = {outgoing.message_id(ref) for outgoing in (issue, confirmation) for ref in ("7", "8")}
    assert len(ids) == 4
    assert issue.message_id("7") == issue.message_id("7")


def test_a_confirmation_is_no_mail_of_the_list(confirmation: Outgoing) -> None:
    pages = Pages(confirm="https://letters.example.org/c/token")
    _, raw = confirmation.message(ANN, pages, VERP, SENT, "id@example.com")
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Unsubscribe"] is None
    assert b"Ann" not in raw.partition(b"\r\n\r\n")[2]


def test_a_local_part_beyond_ascii_asks_for_smtputf8(issue: Outgoing) -> None:
    envelope, raw = raw_of(issue, replace(ANN, address="zoë@example.org"))
    assert envelope.needs_smtputf8
    assert "<zoë@example.org>".encode() in raw


def test_a_domain_beyond_ascii_is_sent_to_in_ascii(issue: Outgoing) -> None:
    envelope, raw = raw_of(issue, replace(ANN, address="ann@bücher.example"))
    assert envelope == Envelope(VERP, "ann@xn--bcher-kva.example")
    assert raw.isascii()


@pytest.mark.parametrize(
    "address", ["", "ann", "ann@", "@example.org", "ann@example.org\r\nBcc: x@example.com", "a b@c.d"]
)
def test_what_is_no_address_is_never_sent_to(issue: Outgoing, address: str) -> None:
    with pytest.raises(WriteError):
        raw_of(issue, replace(ANN, address=address))


def test_a_mail_may_show_more_than_an_issue_does(issue: Outgoing) -> None:
    counting = Outgoing(issue.head, replace(issue.letter, subject="{{ issues_sent }} of them"))
    _, message = sent(counting, more={"issues_sent": "7"})
    assert message["Subject"] == "7 of them"


def test_a_link_that_would_lead_nowhere_is_never_sent(issue: Outgoing, confirmation: Outgoing) -> None:
    with pytest.raises(WriteError, match="“letter-1” shows worksheet_url, and there is none"):
        issue.message(ANN, Pages(worksheet=""), VERP, SENT, "id@example.com")
    with pytest.raises(WriteError, match="“mail/confirmation” shows confirm_url"):
        raw_of(confirmation)


def test_what_only_some_mails_show_must_be_given(issue: Outgoing) -> None:
    counting = Outgoing(issue.head, replace(issue.letter, text="{{ issues_left }} to come\n"))
    with pytest.raises(WriteError, match="shows issues_left"):
        raw_of(counting)


@given(st.text(max_size=300))
def test_no_name_ever_splits_a_header_or_hides_a_link(issue: Outgoing, name: str) -> None:
    raw = raw_of(issue, replace(ANN, name=name))[1]
    message = email.message_from_bytes(raw)
    assert message.keys() == email.message_from_bytes(raw_of(issue)[1]).keys()
    assert message["List-Unsubscribe"] == "<https://letters.example.org/u/token>"
    assert b"\x00" not in raw
    assert max(map(len, raw.split(b"\r\n"))) <= 998
