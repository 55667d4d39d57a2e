import base64
import email
import re
from collections.abc import Callable
from datetime import UTC, datetime

import dkim
import pytest
from dkim.canonicalization import Relaxed
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ConfigError
from pipeline.mail.message import Copy, Letter, Mailbox, prepare
from pipeline.series.dkim import Signer, relaxed_body, relaxed_field

SEED = base64.b64encode(bytes(range(32))).decode()
AT = datetime(2026, 11, 22, 8, tzinfo=UTC)
LETTER = Letter(
    sender=Mailbox("A. Sender", "letters@example.com"),
    sequence="letters",
    title="Letters",
    name="one",
    kind="issue",
    language="en-US",
    subject="A subject that is long enough for its header to be folded onto a second line",
    text="Hello {{ name }}  \t and\n\n\n",
    html="<p>Hello {{ name }}</p>\n",
)
COPY = Copy(
    recipient=Mailbox("Zoë", "zoe@example.org"),
    sent=AT,
    message_id="abc@example.com",
    values={"name": "Zoë", "unsubscribe_url": "https://example.com/u", "archive_url": "https://example.com/a"},
)
MESSAGE = prepare(LETTER).message(COPY)


def pem(bits: int) -> str:
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = generate_private_key(65537, bits)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.fixture(scope="module", params=["rsa", "ed25519"])
def signer(request: pytest.FixtureRequest) -> Signer:
    return Signer("example.com", "s1", pem(2048) if request.param == "rsa" else SEED)


def dns_of(signer: Signer) -> Callable[..., bytes]:
    """Return a name server that knows the signer's record and nothing else."""
    name, text = signer.record()
    return lambda asked, timeout=5: text.encode() if asked == f"{name}.".encode() else b""


def test_another_library_verifies_the_signature(signer: Signer) -> None:
    assert dkim.verify(signer.signed(MESSAGE, AT), dnsfunc=dns_of(signer))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"Hello", b"Hullo"),
        (b"Subject: A ", b"Subject: No "),
        (b"https://example.com/u", b"https://example.com/x"),
        (b"One-Click", b"Two-Click"),
        (b"Date: Sun", b"Date: Mon"),
    ],
)
def test_a_message_that_was_changed_does_not_verify(signer: Signer, old: bytes, new: bytes) -> None:
    signed = signer.signed(MESSAGE, AT)
    assert old in signed
    assert not dkim.verify(signed.replace(old, new), dnsfunc=dns_of(signer))


@pytest.mark.parametrize("name", ["From", "Subject", "To", "Date", "Reply-To"])
def test_nobody_can_add_a_second_header_that_readers_are_shown(signer: Signer, name: str) -> None:
    signed = signer.signed(MESSAGE, AT)
    assert not dkim.verify(f"{name}: forged@example.net\r\n".encode() + signed, dnsfunc=dns_of(signer))


def test_every_header_of_a_list_is_signed_and_from_twice() -> None:
    signature = email.message_from_bytes(Signer("example.com", "s1", SEED).signed(MESSAGE, AT))["DKIM-Signature"]
    [names] = re.findall(r"\sh=([^;]*);", signature)
    signed = [name.strip() for name in names.split(":")]
    there = [name.lower() for name in email.message_from_bytes(MESSAGE) if name.lower().startswith("list-")]
    assert len(there) == 4
    assert set(there) <= set(signed)
    assert signed.count("from") == 2
    assert f"t={int(AT.timestamp())};" in signature


def test_the_signature_is_folded_and_the_same_each_time(signer: Signer) -> None:
    signed = signer.signed(MESSAGE, AT)
    assert max(map(len, signed.split(b"\r\n\r\n")[0].split(b"\r\n"))) <= 78
    assert signed == signer.signed(MESSAGE, AT)
    assert signed.endswith(MESSAGE)


BODIES = st.lists(st.sampled_from([b" ", b"\t", b"\r\n", b"a", b".", b"=20"]), max_size=40).map(b"".join)


@given(BODIES)
def test_a_body_has_the_canonical_form_that_another_library_gives_it(body: bytes) -> None:
    assert relaxed_body(body + b"\r\n") == Relaxed.canonicalize_body(body + b"\r\n")


@given(BODIES)
def test_a_header_has_the_canonical_form_that_another_library_gives_it(value: bytes) -> None:
    [(name, expected)] = Relaxed.canonicalize_headers([(b"SubJect ", value)])
    assert relaxed_field(b"SubJect ", value) + b"\r\n" == name + b":" + expected


@pytest.mark.parametrize("key", ["", "secret words", "AAAA", SEED[:-4], "-----BEGIN PRIVATE KEY-----\nsecret\n"])
def test_what_is_no_key_is_refused_without_a_word_of_it(key: str) -> None:
    with pytest.raises(ConfigError, match="QUIRE_DKIM_KEY") as caught:
        Signer("example.com", "s1", key)
    assert "secret" not in str(caught.value)


def test_a_pem_of_an_ed25519_key_signs_as_its_bytes_do() -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    signed = [Signer("example.com", "s1", one).signed(MESSAGE, AT) for one in (text, SEED)]
    assert signed[0] == signed[1]
