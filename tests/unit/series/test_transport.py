import mailbox
from pathlib import Path

import pytest

from pipeline.errors import ConfigError, PermanentDeliveryError
from pipeline.series.message import Envelope
from pipeline.series.outcome import Outcome
from pipeline.series.smtp import Server, SmtpTransport
from pipeline.series.transport import (
    FolderTransport,
    MaildirTransport,
    MemoryTransport,
    open_transport,
    takes_password,
)

ENVELOPE = Envelope("bounces+token@example.com", "ann@example.org")
CONTENT = b"From: a@example.com\r\nSubject: A subject\r\n\r\nHello.\r\n.dot\r\n"
BEFORE = b"Return-Path: <bounces+token@example.com>\r\nDelivered-To: ann@example.org\r\n"


# --------------------------------------------------------------------------- files


def test_a_folder_holds_each_message_with_its_envelope_in_front(tmp_path: Path) -> None:
    transport = FolderTransport(tmp_path / "sent")
    assert transport.send(ENVELOPE, CONTENT).kind == "accepted"
    [path] = (tmp_path / "sent").iterdir()
    assert path.suffix == ".eml"
    assert path.name.startswith("ann@example.org.")
    assert path.read_bytes() == BEFORE + CONTENT


def test_a_message_that_is_sent_twice_is_in_the_folder_twice(tmp_path: Path) -> None:
    transport = FolderTransport(tmp_path)
    for _ in range(2):
        transport.send(ENVELOPE, CONTENT)
    assert len(list(tmp_path.glob("*.eml"))) == len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize(
    "address", ["../../up@example.org", "a/b@example.org", "zoë@example.org", "x" * 300 + "@example.org"]
)
def test_no_address_leads_out_of_the_folder(tmp_path: Path, address: str) -> None:
    folder = tmp_path / "deep" / "sent"
    FolderTransport(folder).send(Envelope("", address), CONTENT)
    assert len(list(folder.glob("*.eml"))) == 1
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == list(folder.glob("*.eml"))


def test_a_maildir_is_read_by_python_s_own_reader(tmp_path: Path) -> None:
    transport = MaildirTransport(tmp_path / "box")
    for _ in range(3):
        transport.send(ENVELOPE, CONTENT)
    messages = list(mailbox.Maildir(tmp_path / "box", create=False))
    assert [message["Subject"] for message in messages] == ["A subject"] * 3
    assert messages[0]["Return-Path"] == "<bounces+token@example.com>"
    assert messages[0].get_subdir() == "new"
    assert not list((tmp_path / "box" / "tmp").iterdir())


@pytest.mark.parametrize("transport", [FolderTransport, MaildirTransport])
def test_a_folder_that_cannot_be_written_stops_the_sending(
    tmp_path: Path, transport: type[FolderTransport] | type[MaildirTransport]
) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(PermanentDeliveryError, match="can't be written"):
        transport(tmp_path / "file").send(ENVELOPE, CONTENT)


def test_memory_keeps_what_is_taken_and_what_may_have_been() -> None:
    answers = iter(["accepted", "refused", "deferred", "in_doubt"])
    transport = MemoryTransport(lambda envelope, content: Outcome(next(answers), "reply"))  # type: ignore[arg-type]
    kinds = [transport.send(ENVELOPE, CONTENT).kind for _ in range(4)]
    assert kinds == ["accepted", "refused", "deferred", "in_doubt"]
    assert transport.sent == [(ENVELOPE, CONTENT)] * 2


# --------------------------------------------------------------------------- addresses


@pytest.mark.parametrize(
    ("address", "server"),
    [
        ("smtp://mail.example.org", Server("mail.example.org", 587, "starttls")),
        ("smtp://mail.example.org:2525?security=starttls", Server("mail.example.org", 2525, "starttls")),
        ("smtps://ann@mail.example.org", Server("mail.example.org", 465, "tls", "ann")),
        ("smtp://ann%40example.org@mail.example.org", Server("mail.example.org", 587, "starttls", "ann@example.org")),
        ("smtp://mail.example.org?security=none", Server("mail.example.org", 25, "none")),
        ("smtp://ann@localhost:1025?security=none", Server("localhost", 1025, "none", "ann")),
    ],
)
def test_an_address_names_a_server_a_port_and_how_safely(address: str, server: Server) -> None:
    transport = open_transport(address)
    assert isinstance(transport, SmtpTransport)
    assert transport.server == server


def test_an_address_may_name_a_folder_or_a_maildir(tmp_path: Path) -> None:
    assert isinstance(open_transport(f"folder:{tmp_path}"), FolderTransport)
    assert isinstance(open_transport(f"maildir:{tmp_path}"), MaildirTransport)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "mail.example.org",
        "folder:",
        "http://mail.example.org",
        "smtp://",
        "smtp://mail.example.org:99999",
        "smtp://ann:secret@mail.example.org",
        "smtp://mail.example.org?security=maybe",
        "smtp://mail.example.org\r\n.evil",
    ],
)
def test_what_is_no_address_of_a_server_is_refused_and_not_shown(address: str) -> None:
    with pytest.raises(ConfigError, match="the mail server's address is none") as caught:
        open_transport(address)
    assert "secret" not in str(caught.value)


def test_a_password_never_goes_out_unencrypted() -> None:
    with pytest.raises(ConfigError, match=r"the password for mail\.example\.org would be sent unencrypted"):
        open_transport("smtp://ann@mail.example.org?security=none", "secret")


@pytest.mark.parametrize(
    ("address", "expected"),
    [("smtp://ann@h.example", True), ("smtps://h.example", False), ("folder:a@b", False), ("", False)],
)
def test_only_an_account_at_a_server_has_a_password(address: str, expected: bool) -> None:
    assert takes_password(address) is expected
