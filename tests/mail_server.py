"""Mail servers on loopback to send to: a real one that keeps what it gets, and one that follows a test's script."""

import asyncio
import contextlib
import datetime
import ipaddress
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

HOST = "127.0.0.1"


class Received:
    """What a server keeps, and how it acts: `acts` by stage is a reply, a number of seconds to wait, or “drop”."""

    def __init__(self, *extensions: str) -> None:
        self.messages: list[Envelope] = []
        self.sessions: list[Session] = []
        self.acts: dict[str, str | float] = {}
        self._extensions = extensions

    async def handle_EHLO(  # noqa: N802 (aiosmtpd's names)
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        # The first line is the server's own name.
        return [responses[0], *(f"250-{extension}" for extension in self._extensions), *responses[1:]]

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        said = await self._act("mail", server)
        if said.startswith("2"):
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return said

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        said = await self._act("rcpt", server)
        if said.startswith("2"):
            envelope.rcpt_tos.append(address)
        return said

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        said = await self._act("reply", server)
        if said.startswith("2"):
            self.messages.append(envelope)
            self.sessions.append(session)
        return said

    async def _act(self, stage: str, server: SMTP) -> str:
        act = self.acts.get(stage, "250 2.0.0 Ok")
        if act == "drop":
            assert server.transport is not None
            server.transport.abort()
            # What follows has nobody to go to.
            return "250 Ok"
        if isinstance(act, float):
            await asyncio.sleep(act)
            return "250 2.0.0 Ok, at last"
        return str(act)

    def contents(self) -> list[bytes]:
        return [bytes(message.original_content or b"") for message in self.messages]


@contextlib.contextmanager
def a_mail_server(received: Received, **options: Any) -> Iterator[int]:
    """Give the port of a real server that hands what it gets to `received`."""
    options = {"enable_SMTPUTF8": True, **options}
    controller = Controller(received, hostname=HOST, port=_free_port(), ready_timeout=20, **options)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


def lets_in(user: str, password: str) -> Callable[..., AuthResult]:
    """Return what lets one user in with a password."""

    def authenticate(server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: Any) -> AuthResult:
        is_right = isinstance(given, LoginPassword) and (given.login, given.password) == (
            user.encode(),
            password.encode(),
        )
        return AuthResult(success=is_right, handled=False)

    return authenticate


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


# --------------------------------------------------------------------------- a script


class Dialog:
    """One connection of a server that a test writes: lines in, lines out."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._file: BinaryIO = connection.makefile("rb")

    def say(self, *lines: str) -> None:
        self._connection.sendall("".join(f"{line}\r\n" for line in lines).encode())

    def hear(self) -> str:
        return self._file.readline().decode().strip()

    def hear_content(self) -> bytes:
        lines = []
        while (line := self._file.readline()) not in (b".\r\n", b""):
            lines.append(line)
        return b"".join(lines)

    def greet(self, *extensions: str) -> None:
        """Greet, and answer the client's greeting."""
        self.say("220 ready")
        self.hear()
        self.say("250-localhost", *(f"250-{extension}" for extension in extensions), "250 HELP")

    def reset(self) -> None:
        """End the connection at once, whatever is still under way."""
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self) -> None:
        self._file.close()
        self._connection.close()


@contextlib.contextmanager
def a_scripted_server(*scripts: Callable[[Dialog], None]) -> Iterator[int]:
    """Give the port of a server that meets its first connection with the first script, and so on."""
    with socket.create_server((HOST, 0)) as listening:
        listening.settimeout(20)
        failures: list[AssertionError] = []

        def serve() -> None:
            for script in scripts:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                connection.settimeout(20)
                dialog = Dialog(connection)
                try:
                    script(dialog)
                except OSError:
                    # The client may hang up as well.
                    pass
                except AssertionError as error:
                    failures.append(error)
                finally:
                    with contextlib.suppress(OSError):
                        dialog.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield int(listening.getsockname()[1])
    thread.join(timeout=20)
    assert not thread.is_alive()
    assert not failures


# --------------------------------------------------------------------------- certificates


def certificate(folder: Path, name: str = "localhost") -> tuple[Path, Path]:
    """Write a self-made certificate for a name and 127.0.0.1, and its key; return their paths."""
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = generate_private_key(SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    today = datetime.datetime.now(datetime.UTC)
    names = x509.SubjectAlternativeName([x509.DNSName(name), x509.IPAddress(ipaddress.ip_address(HOST))])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(made.public_bytes(Encoding.PEM))
    paths[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return paths


def server_context(folder: Path) -> ssl.SSLContext:
    """Return the TLS settings of a server with a self-made certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate(folder))
    return context
