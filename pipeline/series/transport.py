"""An address in; a way to hand messages over out: a mail server, a folder, a maildir, or memory for tests."""

import os
import re
import secrets
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec

from pipeline.delivery import ServerAddress
from pipeline.errors import ConfigError, PermanentDeliveryError
from pipeline.series.message import Envelope
from pipeline.series.outcome import Outcome

_LOOPBACK = ("localhost", "127.0.0.1")
_FORMS = "smtp://ann@mail.example.org:587, smtps://mail.example.org, folder:PATH, or maildir:PATH"
_NO_NAME = re.compile(r"[^A-Za-z0-9@._+-]+")


class Transport(Protocol):
    """Hands messages over, one at a time; it belongs to one thread."""

    def send(self, envelope: Envelope, content: bytes) -> Outcome:
        """Hand a message over and return what became of it.

        Raises DeliveryError only for what would stop every other message too: a wrong password, no TLS, no such host.
        """

    def close(self) -> None:
        """End the connection, if there is one."""


def open_transport(address: str, password: str = "", context: ssl.SSLContext | None = None) -> Transport:
    """Return the transport that an address names; none is connected before its first message.

    For a server, `password` is that of the account in the address, and `context` says whose certificates are believed,
    by default the system's. TLS is asked for, from the start (`smtps`) or by STARTTLS, unless the address says
    `?security=none`. A pool is several of these, one for each thread. Raises ConfigError for what is no such address,
    and where a password would go out unencrypted.
    """
    kind, _, rest = address.partition(":")
    if kind in ("folder", "maildir") and rest:
        return FolderTransport(Path(rest)) if kind == "folder" else MaildirTransport(Path(rest))
    return _server(address, password, context)


def takes_password(address: str) -> bool:
    """Say whether an address names an account, which has a password."""
    return address.startswith("smtp") and bool(urlsplit(address).username)


def _server(address: str, password: str, context: ssl.SSLContext | None) -> Transport:
    from pipeline.series.smtp import Server, SmtpTransport

    try:
        msgspec.convert(address, type=ServerAddress)
        parts = urlsplit(address)
        port = parts.port
    except (msgspec.ValidationError, ValueError):
        parts, port = urlsplit(""), None
    if parts.hostname is None:
        # The address isn't shown: somebody may have written a password into it.
        raise ConfigError(f"the mail server's address is none\n    Write one such as {_FORMS}.")
    is_open = parse_qs(parts.query).get("security") == ["none"]
    security = "tls" if parts.scheme == "smtps" else "none" if is_open else "starttls"
    user = unquote(parts.username or "")
    if user and security == "none" and parts.hostname not in _LOOPBACK:
        raise ConfigError(
            f"the password for {parts.hostname} would be sent unencrypted\n"
            "    Leave out “?security=none”, or the account."
        )
    ports = {"tls": 465, "starttls": 587, "none": 25}
    server = Server(parts.hostname, port or ports[security], security, user)  # type: ignore[arg-type]
    return SmtpTransport(server, password, context)


# --------------------------------------------------------------------------- no server


class FolderTransport:
    """Writes each message into a folder as a file of its own, `.eml`, as a server would have left it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, envelope: Envelope, content: bytes) -> Outcome:
        # A message that is sent twice is there twice, which is what somebody who looks wants to know.
        name = f"{_NO_NAME.sub('-', envelope.recipient)[:80]}.{secrets.token_hex(6)}.eml"
        temporary = self._folder / f".{name}"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            _write(temporary, _delivered(envelope, content))
            temporary.replace(self._folder / name)
        except OSError as error:
            raise _cant_write(self._folder, error) from error
        return Outcome("accepted", "reply", text=name)

    def close(self) -> None:
        pass


class MaildirTransport:
    """Delivers each message into a maildir, where mail programs find it as a new one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, envelope: Envelope, content: bytes) -> Outcome:
        name = f"{secrets.token_hex(12)}.quire"
        try:
            for part in ("tmp", "new", "cur"):
                (self._folder / part).mkdir(parents=True, exist_ok=True)
            temporary = self._folder / "tmp" / name
            # On a disk of Unix lines end in LF.
            _write(temporary, _delivered(envelope, content).replace(b"\r\n", b"\n"))
            temporary.replace(self._folder / "new" / name)
        except OSError as error:
            raise _cant_write(self._folder, error) from error
        return Outcome("accepted", "reply", text=name)

    def close(self) -> None:
        pass


class MemoryTransport:
    """Keeps messages, for tests; `answer` says what becomes of each, and those that aren't taken aren't kept."""

    def __init__(self, answer: Callable[[Envelope, bytes], Outcome] | None = None) -> None:
        self.sent: list[tuple[Envelope, bytes]] = []
        self.is_closed = False
        self._answer = answer

    def send(self, envelope: Envelope, content: bytes) -> Outcome:
        outcome = self._answer(envelope, content) if self._answer else Outcome("accepted", "reply", 250, "2.0.0", "Ok")
        # The message that is in doubt may have arrived; here it has.
        if outcome.kind in ("accepted", "in_doubt"):
            self.sent.append((envelope, content))
        return outcome

    def close(self) -> None:
        self.is_closed = True


def _delivered(envelope: Envelope, content: bytes) -> bytes:
    """Return a message with its envelope in front, as delivery leaves it (RFC 5321 §4.4)."""
    return f"Return-Path: <{envelope.sender}>\r\nDelivered-To: {envelope.recipient}\r\n".encode() + content


def _write(path: Path, content: bytes) -> None:
    """Write a new file so that it is on the disk, and not only on its way there."""
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _cant_write(folder: Path, error: OSError) -> PermanentDeliveryError:
    return PermanentDeliveryError(
        f"{folder}: can't be written: {error.strerror or error}\n    Free the disk or the folder, or name another."
    )
