"""The real book's newsletter delivered to a real mail server by the command, and what its readers can do with it."""

import email
import email.policy
import re
import subprocess
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import dkim
import pytest
from acceptance.conftest import copy_of_the_book, environment, quire_command
from mail_server import Received, a_mail_server, lets_in, server_context
from sqlalchemy import select, update

from pipeline.series.dkim import Signer
from pipeline.series.links import read_keys
from pipeline.series.requests import Door, confirm, look, unsubscribe
from pipeline.series.store import _schema as t
from pipeline.series.store.engine import Store, open_store
from pipeline.series.store.people import by_identity

pytestmark = pytest.mark.heavy

KEYS, ADDRESS_KEY = "l" * 43, "a" * 43
DKIM_KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
SETTINGS = """
delivery:
  links: https://letters.ann-writes.net
  bounces: back.ann-writes.net
  dkim: {selector: s1}
"""


class Author:
    """Somebody who publishes the book's newsletter, with a mail server and its password."""

    def __init__(self, project: Path, port: int, folder: Path) -> None:
        self.project, self._port, self._folder = project, port, folder

    def quire(self, *arguments: str, code: int = 0, password: str = "hidden") -> str:
        done = subprocess.run(
            quire_command("-C", str(self.project), *arguments),
            env=environment(
                QUIRE_LINK_KEYS=KEYS,
                QUIRE_ADDRESS_KEY=ADDRESS_KEY,
                QUIRE_DKIM_KEY=DKIM_KEY,
                QUIRE_SMTP=f"smtp://ann%40ann-writes.net@localhost:{self._port}",
                QUIRE_SMTP_PASSWORD=password,
                SSL_CERT_FILE=str(self._folder / "certificate.pem"),
            ),
            capture_output=True,
            text=True,
        )
        assert done.returncode == code, done.stdout + done.stderr
        assert password not in done.stdout + done.stderr
        return done.stdout + done.stderr

    def store(self) -> "closing[Store]":
        return closing(open_store(str(self.project / ".quire" / "series.db")))

    def let_a_week_pass(self) -> None:
        """Let everybody's next issue be due, and their last one be a week ago."""
        with self.store() as store, store.transaction() as tx:
            moment = datetime.now(UTC) - timedelta(minutes=1)
            which = t.enrolments.c.due_at.is_not(None)
            tx.execute(update(t.enrolments).where(which).values(slot_at=moment, due_at=moment))
            tx.execute(update(t.subscribers).values(last_sent_at=moment - timedelta(days=7)))


@pytest.fixture(scope="module")
def received() -> Received:
    return Received("PIPELINING")


@pytest.fixture(scope="module")
def author(tmp_path_factory: pytest.TempPathFactory, received: Received) -> Iterator[Author]:
    """Yield an author whose newsletter is published, and whose two readers have been asked, and added."""
    folder, project = tmp_path_factory.mktemp("server"), copy_of_the_book(tmp_path_factory.mktemp("delivered"))
    settings = project / "content" / "book.yaml"
    text = settings.read_text(encoding="utf-8").replace("letters@example.com", "ann@ann-writes.net")
    text = text.replace("1 Example Street, Example City", "12 Bridge Lane, Springfield")
    settings.write_text(text + SETTINGS, encoding="utf-8")
    options = {"tls_context": server_context(folder), "authenticator": lets_in("ann@ann-writes.net", "hidden")}
    with a_mail_server(received, **options, auth_required=True, require_starttls=True) as port:
        author = Author(project, port, folder)
        author.quire("build", "newsletter")
        author.quire("series", "publish")
        author.quire("subscribers", "add", "zoe@example.org", "--name", "Zoë")
        author.quire("subscribers", "add", "ben@example.org", "--consent", "the fair", "--no-confirm")
        yield author


def mails(received: Received, address: str) -> list[EmailMessage]:
    """Return what a reader has got, oldest first."""
    got = [message.original_content for message in received.messages if message.rcpt_tos == [address]]
    parsed = [email.message_from_bytes(bytes(content or b""), policy=email.policy.default) for content in got]
    return [one for one in parsed if isinstance(one, EmailMessage)]


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def test_a_wrong_password_stops_it_and_nothing_has_failed(author: Author, received: Received) -> None:
    said = author.quire("series", "send", "--live", code=6, password="wrong-word")
    assert "localhost doesn't let ann@ann-writes.net in: 535" in said
    assert received.messages == []
    with author.store() as store, store.reading() as tx:
        assert set(tx.execute(select(t.deliveries.c.state)).scalars()) == {"due"}


def test_a_reader_says_yes_reads_and_leaves_by_the_header_of_a_message(author: Author, received: Received) -> None:
    author.quire("series", "send", "--live")
    [question] = mails(received, "zoe@example.org")
    assert "List-Unsubscribe" not in question
    with author.store() as store:
        door = Door(store, read_keys(KEYS), ADDRESS_KEY.encode())
        token = re.search(r"https://letters\.ann-writes\.net/c/(\S+)", text_of(question))
        assert token
        view = look(door, "confirm", token[1])
        assert view is not None
        assert (view.state, view.address) == ("pending", "z…@example.org")
        done = confirm(door, token[1], datetime.now(UTC))
        assert done is not None
        assert done.state == "active"

    author.quire("series", "send", "--live")
    author.let_a_week_pass()
    author.quire("series", "send", "--live")
    _, welcome, first = mails(received, "zoe@example.org")
    assert "Zoë" in text_of(first)
    assert welcome["Subject"] != first["Subject"]
    assert str(first["List-Unsubscribe-Post"]) == "List-Unsubscribe=One-Click"
    [https, mailto] = re.findall(r"<([^>]+)>", str(first["List-Unsubscribe"]))
    assert mailto.startswith("mailto:unsubscribe+")

    with author.store() as store:
        door = Door(store, read_keys(KEYS), ADDRESS_KEY.encode())
        address, _, token_of_header = https.rpartition("/")
        assert address == "https://letters.ann-writes.net/u"
        # Following the link changes nothing; the POST that the header promises does.
        assert look(door, "unsubscribe", token_of_header) is not None
        with store.reading() as tx:
            assert by_identity(tx, "zoe@example.org").state == "active"  # type: ignore[union-attr]
        gone = unsubscribe(door, token_of_header, datetime.now(UTC))
        assert gone is not None
        assert (gone.state, gone.changed) == ("unsubscribed", True)

    author.let_a_week_pass()
    author.quire("series", "send", "--live")
    goodbye = mails(received, "zoe@example.org")[3:]
    assert [str(one["Feedback-ID"]).partition(":")[0] for one in goodbye] == ["mail/goodbye"]
    assert "letters.ann-writes.net/p/" in text_of(goodbye[0])


def test_a_mail_to_the_address_of_the_header_unsubscribes_too(
    author: Author, received: Received, tmp_path: Path
) -> None:
    author.let_a_week_pass()
    author.quire("series", "send", "--live")
    mailto = re.findall(r"<mailto:([^>]+)>", str(mails(received, "ben@example.org")[-1]["List-Unsubscribe"]))[0]
    mail = tmp_path / "leave.eml"
    mail.write_text(
        f"Return-Path: <ben@example.org>\nDelivered-To: {mailto}\nFrom: ben@example.org\nTo: {mailto}\n"
        "Message-ID: <1@example.org>\nSubject: unsubscribe\n\n\n",
        encoding="utf-8",
    )
    said = author.quire("series", "bounces", str(mail))
    assert "unsubscribe" in said
    with author.store() as store, store.reading() as tx:
        assert by_identity(tx, "ben@example.org").state == "unsubscribed"  # type: ignore[union-attr]


def test_every_message_is_signed_and_can_be_made_again(author: Author, received: Received, tmp_path: Path) -> None:
    record = Signer("ann-writes.net", "s1", DKIM_KEY).record()
    assert record[0] == "s1._domainkey.ann-writes.net"
    assert received.messages
    for message in received.messages:
        content = bytes(message.original_content or b"")
        assert dkim.verify(content, dnsfunc=lambda name, timeout=5: record[1].encode())
    author.quire("series", "message", "ben@example.org", "the-power-of-distance", "-o", str(tmp_path / "first.eml"))
    sent = [bytes(message.original_content or b"") for message in received.messages]
    assert (tmp_path / "first.eml").read_bytes() in sent


def test_how_it_went_is_told(author: Author) -> None:
    status = author.quire("series", "status")
    assert re.search(r"1\s+the-power-of-distance", status)
    log = author.quire("series", "log", "zoe@example.org")
    assert [line.split("  ")[2].partition("/2")[0] for line in log.splitlines()] == [
        "mail/confirmation",
        "mail/welcome",
        "the-power-of-distance",
        "mail/goodbye",
    ]
