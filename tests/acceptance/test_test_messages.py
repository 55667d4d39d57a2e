"""`quire series test` and a real mail server: every letter of the real book arrives as it was built."""

import base64
import email
import email.policy
import json
import subprocess
from email.message import EmailMessage
from pathlib import Path

import dkim
import pytest
from acceptance.conftest import copy_of_the_book, environment, quire_command
from mail_server import Received, a_mail_server, lets_in, server_context

from pipeline.series.dkim import Signer

pytestmark = pytest.mark.heavy

# What a test message has of its own.
OWN = {"To", "Date", "Message-ID", "X-Quire-Test", "DKIM-Signature"}
KEY = base64.b64encode(bytes(range(32))).decode()


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return this repository's book, its newsletter built, with settings to sign what goes out."""
    project = copy_of_the_book(tmp_path_factory.mktemp("mailed"))
    with (project / "content" / "book.yaml").open("a", encoding="utf-8") as settings:
        settings.write("\ndelivery:\n  dkim:\n    selector: s1\n")
    done = subprocess.run(
        quire_command("-C", str(project), "build", "newsletter"), env=environment(), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return project


@pytest.fixture(scope="module")
def received(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Received:
    """Return what a server that asks for TLS and a password has taken from one run of the command."""
    folder = tmp_path_factory.mktemp("server")
    received = Received("PIPELINING")
    options = {"tls_context": server_context(folder), "authenticator": lets_in("ann@example.com", "hidden")}
    password = folder / "password"
    password.write_text("hidden\n", encoding="utf-8")
    password.chmod(0o600)
    with a_mail_server(received, **options, auth_required=True, require_starttls=True) as port:
        done = subprocess.run(
            quire_command("-C", str(project), "series", "test", "zoe@example.org", "--all", "--live"),
            env=environment(
                QUIRE_SMTP=f"smtp://ann%40example.com@localhost:{port}",
                QUIRE_SMTP_PASSWORD_FILE=str(password),
                QUIRE_DKIM_KEY=KEY,
                SSL_CERT_FILE=str(folder / "certificate.pem"),
            ),
            capture_output=True,
            text=True,
        )
    assert done.returncode == 0, done.stderr
    assert "hidden" not in done.stdout + done.stderr
    assert all(" accepted 250 " in line for line in done.stdout.splitlines())
    return received


def stems(project: Path) -> list[str]:
    """Return the names of all letters' files, mails first, as the sequence has them."""
    sequence = json.loads((project / "output/newsletter/sequence.json").read_text(encoding="utf-8"))
    letters = [*sequence["mails"].values(), *sequence["issues"]]
    return [letter["files"]["eml"]["name"] for letter in letters]


def parsed(raw: bytes) -> EmailMessage:
    return email.message_from_bytes(raw, _class=EmailMessage, policy=email.policy.default)  # type: ignore[arg-type]


def shape(message: EmailMessage) -> list[tuple[str, dict[str, str], bytes]]:
    """Return a message's parts: what they are, their headers, and what they hold."""
    return [
        (part.get_content_type(), {name: str(value) for name, value in part.items() if name not in OWN}, _held(part))
        for part in message.walk()
    ]


def _held(part: EmailMessage) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def test_every_letter_arrives_as_it_was_built(project: Path, received: Received) -> None:
    names = stems(project)
    assert len(names) >= 22
    assert len(received.messages) == len(names)
    for name, raw in zip(names, received.contents(), strict=True):
        built = parsed((project / "output/newsletter" / name).read_bytes())
        assert shape(parsed(raw)) == shape(built), name


def test_every_message_is_a_test_to_one_address_over_one_connection(received: Received) -> None:
    messages = [parsed(raw) for raw in received.contents()]
    assert {message["To"] for message in messages} == {"Reader <zoe@example.org>"}
    assert {message["X-Quire-Test"] for message in messages} == {"yes"}
    assert len({message["Message-ID"] for message in messages}) == len(messages)
    assert {tuple(message.rcpt_tos) for message in received.messages} == {("zoe@example.org",)}
    assert len({session.peer for session in received.sessions}) == 1


def test_every_message_is_signed_and_verifies(received: Received) -> None:
    _, record = Signer("example.com", "s1", KEY).record()
    for raw in received.contents():
        assert dkim.verify(raw, dnsfunc=lambda name, timeout=5: record.encode())
