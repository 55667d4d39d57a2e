"""A mail server's address and a password in; a connection that takes messages out: TLS begun, logged in (smtplib)."""

import contextlib
import smtplib
import socket
import ssl
from base64 import b64encode
from collections.abc import Callable
from typing import Literal

from msgspec import Struct

from pipeline.errors import DeliveryError, PermanentDeliveryError
from pipeline.series._replies import outcome_of, words_of
from pipeline.series.outcome import Outcome, Stage


class Server(Struct, frozen=True):
    """Where to hand messages over: TLS from the start, by STARTTLS, or none; no `user` is no login."""

    host: str
    port: int
    security: Literal["tls", "starttls", "none"] = "starttls"
    user: str = ""


class Patience(Struct, frozen=True):
    """How long to wait at each stage, in seconds; RFC 5321 §4.5.3.2 asks for no less at the last two.

    A server's name that isn't found is looked up so many times, with longer pauses each time, before it is none.
    """

    connect: float = 30
    command: float = 120
    content: float = 180
    reply: float = 600
    tries: int = 3


class Unreached(Exception):  # noqa: N818 (it carries an outcome, and is no error)
    """There is no connection for now."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.text)
        self.outcome = outcome


def believed() -> ssl.SSLContext:
    """Return the settings for TLS: from 1.2, with certificates that the system believes."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def connected(
    server: Server, password: str, context: ssl.SSLContext, patience: Patience, pause: Callable[[float], object]
) -> smtplib.SMTP:
    """Return a connection over which messages can go.

    Raises Unreached where there is none for now, PermanentDeliveryError where nobody but a person can help.
    """
    return _Connecting(server, password, context, patience, pause).done()


class _Connecting:
    """The way to a connection: how far it has come is `stage`."""

    def __init__(
        self,
        server: Server,
        password: str,
        context: ssl.SSLContext,
        patience: Patience,
        pause: Callable[[float], object],
    ) -> None:
        self._server, self._password, self._context = server, password, context
        self._patience, self._pause = patience, pause
        self._stage: Stage = "connect"
        self._smtp: smtplib.SMTP | None = None

    def done(self) -> smtplib.SMTP:
        try:
            return self._ready()
        except (DeliveryError, OSError) as error:
            if self._smtp is not None:
                with contextlib.suppress(OSError):
                    self._smtp.close()
            raise self._told(error) from error

    def _ready(self) -> smtplib.SMTP:
        # Kept before it is ready, so that what fails closes it.
        smtp = self._smtp = self._reached()
        if smtp.sock is not None:
            smtp.sock.settimeout(self._patience.command)
        smtp.ehlo_or_helo_if_needed()
        if self._server.security == "starttls":
            self._stage = "tls"
            self._encrypt(smtp)
        if self._server.user:
            self._stage = "auth"
            self._log_in(smtp)
        return smtp

    def _reached(self) -> smtplib.SMTP:
        host, port, seconds = self._server.host, self._server.port, self._patience.connect
        for more in reversed(range(self._patience.tries)):
            try:
                if self._server.security == "tls":
                    return smtplib.SMTP_SSL(host, port, timeout=seconds, context=self._context)
                return smtplib.SMTP(host, port, timeout=seconds)
            except socket.gaierror as error:
                if error.errno == socket.EAI_AGAIN:
                    raise
                if not more:
                    raise PermanentDeliveryError(
                        f"there is no host {host}\n    Check the server's address, and this machine's network."
                    ) from error
                self._pause(self._patience.tries - more)
        raise AssertionError("a server is tried at least once")

    def _encrypt(self, smtp: smtplib.SMTP) -> None:
        if not smtp.has_extn("starttls"):
            raise PermanentDeliveryError(
                f"{self._server.host}: no TLS: it offers no STARTTLS on port {self._server.port}\n"
                "    Name a port that does, or smtps://; with “?security=none” messages go unencrypted."
            )
        smtp.starttls(context=self._context)
        smtp.ehlo_or_helo_if_needed()

    def _log_in(self, smtp: smtplib.SMTP) -> None:
        user, password = self._server.user, self._password
        if not smtp.has_extn("auth"):
            raise PermanentDeliveryError(
                f"{self._server.host} offers no login on port {self._server.port}\n"
                "    Name another port, or leave the account out of the address."
            )
        if user.isascii() and password.isascii():
            try:
                smtp.login(user, password)
            except (smtplib.SMTPResponseException, smtplib.SMTPServerDisconnected):
                raise
            except smtplib.SMTPException as error:
                raise PermanentDeliveryError(
                    f"{self._server.host} offers no way to log in that is known here\n    Name another port or server."
                ) from error
        else:
            # smtplib knows passwords in ASCII only; RFC 4616 wants UTF-8.
            code, text = smtp.docmd("AUTH", "PLAIN " + b64encode(f"\0{user}\0{password}".encode()).decode())
            if code != 235:
                raise smtplib.SMTPAuthenticationError(code, text)

    def _told(self, error: Exception) -> Exception:
        """Return what an error on the way means: to try later, or that a person must help."""
        host = self._server.host
        match error:
            case DeliveryError():
                return error
            case smtplib.SMTPResponseException():
                outcome = outcome_of(self._stage, error.smtp_code, error.smtp_error)
                return self._refused(outcome) if outcome.kind == "refused" else Unreached(outcome)
            # The server hung up on the way, which it may not do the next time.
            case ssl.SSLEOFError() | ssl.SSLZeroReturnError():
                return Unreached(Outcome("deferred", "tls", text=words_of(error)))
            case ssl.SSLError():
                return PermanentDeliveryError(
                    f"{host}: no TLS: {words_of(error)}\n"
                    "    Check the server's name, its port and its certificate; nothing is sent without encryption."
                )
            case _:
                return Unreached(Outcome("deferred", self._stage, text=words_of(error)))

    def _refused(self, outcome: Outcome) -> PermanentDeliveryError:
        said = f"{outcome.code} {outcome.text}".strip()
        match outcome.stage:
            case "auth":
                return PermanentDeliveryError(
                    f"{self._server.host} doesn't let {self._server.user} in: {said}\n"
                    "    Check the account in the server's address, and QUIRE_SMTP_PASSWORD."
                )
            case "tls":
                return PermanentDeliveryError(f"{self._server.host}: no TLS: {said}\n    Ask who runs the server.")
            case _:
                return PermanentDeliveryError(
                    f"{self._server.host} doesn't talk to this machine: {said}\n    Ask who runs the server."
                )
