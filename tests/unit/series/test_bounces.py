"""Mails that report: whose delivery they name, and that no mail whatever stops the reading of the next one.

What is made of each server's own way is in tests/cases/bounces.
"""

import pytest
from builders import CASES
from hypothesis import given
from hypothesis import strategies as st

from pipeline.series.bounces import MOST, Report, read_report
from pipeline.series.links import Keys, verp

KEYS, FOREIGN = Keys(("a" * 43,)), Keys(("b" * 43,))
SAMPLES = [path.read_bytes() for path in sorted((CASES / "bounces").glob("*/mail.eml"))]
PIECES = st.sampled_from(
    [
        *(
            b"\n",
            b"\n\n",
            b"\r\n",
            b"\0",
            b"\xff\xfe",
            b"=",
            b"(",
            b'"',
            b"<",
            b";",
            b"@",
            b"--=_report\n",
            b"--=_arf--\n",
        ),
        *(
            b"Content-Type: message/rfc822\n\n",
            b"Content-Type: multipart/mixed; boundary==_report\n\n",
            b"Status: 5.1.1\n",
        ),
        *(
            b'Content-Type: text/plain; charset="a\0b"\n\n\xfc',
            b"Content-Transfer-Encoding: base64\n",
            b"Content-Transfer-Encoding: \xfc\n",
            b"Content-Type: \xfc/\xfc; a*0*=x\n",
        ),
        *(b"Date: Mon, 99 Foo 99999 99:99:99 +9999\n", b"Arrival-Date: 1 Jan 0001 00:00:00 +2300\n", b"=?utf-8?b?_?="),
    ]
)


def a_bounce(recipient: str, status: str = "5.1.1", returned: str = "Subject: Issue 7\n") -> bytes:
    return f"""\
From: MAILER-DAEMON@mx.example.net
To: {recipient}
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; bea@example.net
Action: failed
Status: {status}

--b
Content-Type: message/rfc822

{returned}
--b--
""".encode()


@given(st.binary(max_size=2_000))
def test_any_bytes_are_a_report_of_something(raw):
    assert isinstance(read_report(raw, KEYS), Report)


@given(
    st.sampled_from(SAMPLES), st.lists(st.tuples(st.floats(0, 1), PIECES, st.integers(0, 60)), min_size=1, max_size=6)
)
def test_a_damaged_bounce_is_still_read_to_its_end_and_its_words_are_clean(raw, damages):
    for place, piece, cut in damages:
        at = int(place * len(raw))
        raw = raw[:at] + piece + raw[at + cut :]
    report = read_report(raw, KEYS)
    assert report.delivery_ref in (None, 4242)
    words = (report.diagnostic, report.reporting_mta, report.status, report.action, report.address or "")
    assert all(word.isprintable() for word in words)
    assert all(len(word) <= 500 for word in words)
    assert report.arrival is None or report.arrival.utcoffset() is not None


@given(st.integers(0, 2**64 - 1))
def test_a_bounce_names_its_delivery(ref):
    assert read_report(a_bounce(verp(ref, KEYS, "example.org")), KEYS).delivery_ref == ref


def test_a_bounce_signed_by_somebody_else_names_no_delivery():
    raw = a_bounce(verp(7, FOREIGN, "example.org"))
    assert read_report(raw, KEYS).delivery_ref is None
    assert read_report(raw, KEYS).address == "bea@example.net"


def test_a_bounce_from_before_the_keys_changed_names_its_delivery():
    raw = a_bounce(verp(7, KEYS, "example.org"))
    assert read_report(raw, Keys(FOREIGN.values + KEYS.values)).delivery_ref == 7


def test_the_address_that_a_bounce_came_to_counts_more_than_the_mail_that_it_returns():
    returned = f"Return-Path: <{verp(8, KEYS, 'example.org')}>\n"
    assert read_report(a_bounce(verp(7, KEYS, "example.org"), returned=returned), KEYS).delivery_ref == 7
    assert read_report(a_bounce("postmaster@example.org", returned=returned), KEYS).delivery_ref == 8


def test_an_address_to_unsubscribe_is_no_envelope_sender():
    assert read_report(a_bounce(verp(7, KEYS, "example.org", "unsubscribe")), KEYS).delivery_ref is None


def test_a_machines_answer_to_the_address_to_unsubscribe_does_not_unsubscribe():
    address = verp(7, KEYS, "example.org", "unsubscribe")
    mail = f"From: bea@example.net\nTo: {address}\nSubject: I am away\n"
    assert read_report(f"{mail}\n".encode(), KEYS).kind == "unsubscribe"
    assert read_report(f"{mail}Auto-Submitted: auto-replied\n\n".encode(), KEYS).kind == "auto_reply"
    assert read_report(f"{mail}Auto-Submitted: no\n\n".encode(), KEYS).kind == "unsubscribe"


# --------------------------------------------------------------------------- what would be too much


def _nested(depth: int, leaf: bytes) -> bytes:
    for level in range(depth):
        leaf = b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n%s\n--%d--\n' % (level, level, leaf, level)
    return leaf


DAEMON = b"From: MAILER-DAEMON@example.net\nSubject: failure notice\n"
TOO_MUCH = {
    "multiparts in multiparts": _nested(3_000, b"x"),
    "multiparts as deep as is read": _nested(28, b"x\n" * 1_000),
    "mails in mails": b"Content-Type: message/rfc822\n\n" * 5_000,
    "mails in mails as deep as is read": b"Content-Type: message/rfc822\n\n" * 60,
    "headers": b"a:\n" * 50_000,
    "a header": b"Subject: " + b"\n x" * 50_000,
    "parts": b"Content-Type: multipart/digest; boundary=b\n\n" + b"--b\n\n" * 20_000,
    "parentheses": b"X-Failed-Recipients: " + b"(" * 50_000 + b"\nFrom: " + b"(" * 50_000 + b"\n\nx",
    "parameters": b"Content-Type: multipart/mixed;" + b" a*0*=x;" * 5_000 + b"\n\n",
    "a line": DAEMON + b"\nThe following addresses had\n" + b"a@" * 100_000,
    "lines": DAEMON + b"\nYour message could not be delivered to\n" + (b"a" * 320 + b"\n") * 500,
    "tags": DAEMON + b"Content-Type: text/html\n\n" + b"<" * 200_000,
    "a mail": a_bounce(verp(7, KEYS, "example.org")) + b"x" * 5_000_000,
}


@pytest.mark.parametrize("raw", TOO_MUCH.values(), ids=TOO_MUCH)
def test_too_much_of_anything_is_read_to_a_limit(raw):
    assert isinstance(read_report(raw, KEYS), Report)


def test_what_is_behind_the_limit_changes_nothing():
    raw = a_bounce(verp(7, KEYS, "example.org"))
    assert read_report(raw.ljust(MOST), KEYS) == read_report(raw.ljust(MOST) + SAMPLES[0], KEYS)
