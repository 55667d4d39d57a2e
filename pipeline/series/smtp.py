"""Messages in; what one mail server says to them out, over one connection that is used again (RFC 5321).

Connecting, TLS and AUTH are smtplib's. The handing over is our own, since smtplib's waits for three replies where one
round trip would do (RFC 2920), and doesn't tell a message that surely isn't there from one that may be.
"""

import contextlib
import re
import select
import smtplib
import ssl
import time
from collections.abc import Callable

from pipeline.errors import PermanentDeliveryError
from pipeline.series._connection import Patience as Patience
from pipeline.series._connection import Server as Server
from pipeline.series._connection import Unreached, believed, connected
from pipeline.series._replies import GONE, outcome_of, words_of
from pipeline.series.message import Envelope
from pipeline.series.outcome import Outcome, Stage

_UNSAFE = re.compile(r"[\s<>\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
# “Authentication required”, “needs encryption”: that is never about one message.
_ABOUT_US = (530, 534, 535, 538)
# How long to listen to a server that has stopped listening, in seconds.
_LAST_WORDS = 2.0


class SmtpTransport:
    """One connection to a server, made when the first message comes, and again when it has ended."""

    def __init__(
        self,
        server: Server,
        password: str = "",
        context: ssl.SSLContext | None = None,
        patience: Patience = Patience(),  # noqa: B008 (frozen)
        *,
        most: int = 100,
        pause: Callable[[float], object] = time.sleep,
    ) -> None:
        """Take a server; after `most` messages the connection is made anew."""
        self.server, self._password, self._context = server, password, context
        self._patience, self._most, self._pause = patience, most, pause
        self._smtp: smtplib.SMTP | None = None
        self._taken = 0
        self._stage: Stage = "connect"

    def send(self, envelope: Envelope, content: bytes) -> Outcome:
        """Hand a message over and return what became of it; `content` has CRLF at each line's end.

        Raises PermanentDeliveryError for what would stop every other message too.
        """
        if not content.count(b"\r\n") == content.count(b"\n") == content.count(b"\r"):
            raise ValueError("a line of a message ends otherwise than in CRLF")
        if any(_UNSAFE.search(address) for address in (envelope.sender, envelope.recipient)):
            return Outcome("refused", "rcpt", enhanced="5.1.3", text="an address of the envelope is none")
        is_reused = self._is_alive()
        outcome = self._attempt(envelope, content)
        if is_reused and outcome.kind == "deferred" and outcome.stage == "mail" and not outcome.code:
            # The server had ended the connection that was left open, before it heard of this message.
            outcome = self._attempt(envelope, content)
        return outcome

    def close(self) -> None:
        """Say good-bye and end the connection."""
        if self._smtp is not None:
            with contextlib.suppress(*GONE):
                self._wait(self._patience.connect)
                self._smtp.docmd("QUIT")
        self._drop()

    # ----------------------------------------------------------------------- one message

    def _attempt(self, envelope: Envelope, content: bytes) -> Outcome:
        try:
            smtp = self._connection()
            lacking = _lacking(smtp, envelope, content)
            if lacking is not None:
                return lacking
            outcome = self._announced(smtp, envelope, content) or self._handed_over(smtp, content)
        except Unreached as unreached:
            return unreached.outcome
        except GONE as error:
            self._drop()
            return Outcome("in_doubt" if self._stage == "reply" else "deferred", self._stage, text=words_of(error))
        self._settle(outcome)
        return outcome

    def _settle(self, outcome: Outcome) -> None:
        """Leave the connection ready for the next message, or ended."""
        if outcome.code in _ABOUT_US and outcome.stage in ("mail", "rcpt", "data"):
            self._drop()
            raise PermanentDeliveryError(
                f"{self.server.host} takes nothing from us: {outcome.code} {outcome.text}\n"
                "    Name the account in the server's address, and set QUIRE_SMTP_PASSWORD."
            )
        if outcome.kind == "accepted":
            self._taken += 1
            if self._taken >= self._most:
                self.close()
        elif outcome.code == 421 or outcome.kind == "in_doubt":
            self._drop()
        elif self._smtp is not None and outcome.stage != "reply":
            try:
                self._wait(self._patience.command)
                is_reset = self._smtp.docmd("RSET")[0] == 250
            except GONE:
                is_reset = False
            if not is_reset:
                self._drop()

    def _announced(self, smtp: smtplib.SMTP, envelope: Envelope, content: bytes) -> Outcome | None:
        """Name sender and recipient and ask to send; return why not, or None where the server waits for the content."""
        commands: list[tuple[Stage, bytes]] = [
            ("mail", _mail(smtp, envelope, content)),
            ("rcpt", f"RCPT TO:<{envelope.recipient}>\r\n".encode()),
            ("data", b"DATA\r\n"),
        ]
        at_once = smtp.has_extn("pipelining")
        self._wait(self._patience.command)
        self._stage = "mail"
        if at_once:
            _write(smtp, b"".join(command for _, command in commands))
        refusal: Outcome | None = None
        for stage, command in commands:
            self._stage = stage
            try:
                if not at_once:
                    _write(smtp, command)
                code, text = smtp.getreply()
            except GONE:
                # Once refused, it doesn't matter how the rest ends.
                if refusal is None:
                    raise
                self._drop()
                return refusal
            if not (code == 354 if stage == "data" else 200 <= code < 300):
                refusal = refusal or outcome_of(stage, code, text)
                if code == 421 or not at_once:
                    return refusal
            elif stage == "data" and refusal is not None:
                # It waits for a message that it refused. RFC 2920 §3.1 would send it an empty one, which some deliver.
                self._drop()
        return refusal

    def _handed_over(self, smtp: smtplib.SMTP, content: bytes) -> Outcome:
        """Send the content and return what the server says to it."""
        self._stage = "content"
        self._wait(self._patience.content)
        try:
            _write(smtp, _stuffed(content))
        except OSError:
            # Not all of it has left us, so the message isn't there; what the server said before it hung up may say why.
            self._wait(_LAST_WORDS)
            code, text = smtp.getreply()
            self._drop()
            return outcome_of("content", code, text)
        self._stage = "reply"
        self._wait(self._patience.reply)
        code, text = smtp.getreply()
        return outcome_of("reply", code, text)

    # ----------------------------------------------------------------------- the connection

    def _is_alive(self) -> bool:
        """Say whether there is a connection, after dropping one on which the server has spoken or hung up unasked."""
        if self._smtp is None or self._smtp.sock is None:
            self._drop()
            return False
        try:
            has_spoken = bool(select.select([self._smtp.sock], [], [], 0)[0])
        except (OSError, ValueError):
            has_spoken = True
        if has_spoken:
            self._drop()
        return not has_spoken

    def _connection(self) -> smtplib.SMTP:
        """Return the connection, made anew where there is none."""
        if self._smtp is None:
            self._stage = "connect"
            self._context = self._context or believed()
            self._smtp = connected(self.server, self._password, self._context, self._patience, self._pause)
            self._taken = 0
        return self._smtp

    def _wait(self, seconds: float) -> None:
        if self._smtp is not None and self._smtp.sock is not None:
            self._smtp.sock.settimeout(seconds)

    def _drop(self) -> None:
        if self._smtp is not None:
            with contextlib.suppress(OSError):
                self._smtp.close()
        self._smtp = None


# --------------------------------------------------------------------------- bytes


def _lacking(smtp: smtplib.SMTP, envelope: Envelope, content: bytes) -> Outcome | None:
    """Return why a server can't take a message at all, by what it offers."""
    most = smtp.esmtp_features.get("size", "")
    if most.isdecimal() and 0 < int(most) < len(content):
        text = f"the message has {len(content):,} bytes; the server takes {int(most):,}"
        return Outcome("refused", "mail", enhanced="5.3.4", text=text)
    if envelope.needs_smtputf8 and not smtp.has_extn("smtputf8"):
        text = "the server takes no addresses beyond ASCII (SMTPUTF8)"
        return Outcome("refused", "mail", enhanced="5.6.7", text=text)
    if not content.isascii() and not smtp.has_extn("8bitmime"):
        return Outcome("refused", "mail", enhanced="5.6.3", text="the server takes no bytes beyond ASCII (8BITMIME)")
    return None


def _mail(smtp: smtplib.SMTP, envelope: Envelope, content: bytes) -> bytes:
    options = [f"SIZE={len(content)}"] if smtp.has_extn("size") else []
    options += ["BODY=8BITMIME"] if not content.isascii() else []
    options += ["SMTPUTF8"] if envelope.needs_smtputf8 else []
    return " ".join([f"MAIL FROM:<{envelope.sender}>", *options]).encode() + b"\r\n"


def _stuffed(content: bytes) -> bytes:
    """Return content as it goes over the wire: lone dots doubled, and a lone dot at the end (RFC 5321 §4.5.2)."""
    stuffed = content.replace(b"\r\n.", b"\r\n..")
    start = b"." if content.startswith(b".") else b""
    end = b".\r\n" if content.endswith(b"\r\n") or not content else b"\r\n.\r\n"
    return start + stuffed + end


def _write(smtp: smtplib.SMTP, content: bytes) -> None:
    if smtp.sock is None:
        raise smtplib.SMTPServerDisconnected("the connection has ended")
    smtp.sock.sendall(content)
