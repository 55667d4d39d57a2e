"""An imaps address in; the mails there that haven't been seen out, each with how to mark it as seen (RFC 3501)."""

import imaplib
import re
import ssl
from collections.abc import Callable, Iterator
from contextlib import suppress
from urllib.parse import unquote, urlsplit

from pipeline.errors import ConfigError, DeliveryError, TransientDeliveryError

_TIMEOUT = 60.0
_FORM = "imaps://user@host/INBOX"

Found = tuple[str, bytes, Callable[[], None]]


def unseen(
    address: str, password: Callable[[], str], most: int, context: ssl.SSLContext | None = None
) -> Iterator[Found]:
    """Yield (id, the first `most` bytes, how to mark it) of each mail that isn't marked as seen, the oldest first.

    `context` is how a server's certificate is verified: against the system's authorities where it isn't given. A mail
    that is looked at stays unseen until it is marked.
    """
    host, port, user, mailbox = parse(address)
    shown = f"imaps://{host}/{mailbox}"
    secret = password()
    server = None
    try:
        trust = context or ssl.create_default_context()
        server = imaplib.IMAP4_SSL(host, port, ssl_context=trust, timeout=_TIMEOUT)
        _log_in(server, shown, user, secret)
        validity = _select(server, shown, mailbox)
        for uid in _uids(server, shown):
            raw = _fetched(server, shown, uid, most)
            if raw is not None:
                yield f"imap:{validity}.{uid}", raw, _marker(server, shown, uid)
        server.logout()
    except (imaplib.IMAP4.error, OSError) as error:
        raise TransientDeliveryError(f"{shown}: {_reason(error)}\n    Try again later.") from error
    finally:
        # The library leaves the socket open where the server has gone.
        if server is not None:
            with suppress(OSError):
                server.shutdown()


def parse(address: str) -> tuple[str, int, str, str]:
    """Return host, port, user and mailbox of an imaps address. Raises ConfigError where it isn't one."""
    parts = urlsplit(address)
    try:
        host, port = parts.hostname or "", parts.port or 993
    except ValueError:
        host, port = "", 0
    user, mailbox = unquote(parts.username or ""), unquote(parts.path.strip("/")) or "INBOX"
    if parts.password is not None:
        raise ConfigError(f"imaps://{host}: a password in an address is seen by others\n    Set QUIRE_IMAP_PASSWORD.")
    if parts.scheme != "imaps" or not host or not user or re.search(r"[\x00-\x1f\x7f\"\\]|[^\x00-\x7f]", mailbox):
        raise ConfigError(f"{parts.scheme}://{host}: not an address of a mailbox\n    Write it as {_FORM}.")
    return host, port, user, mailbox


def _log_in(server: imaplib.IMAP4_SSL, shown: str, user: str, secret: str) -> None:
    try:
        if "AUTH=PLAIN" in server.capabilities:
            server.authenticate("PLAIN", lambda _: f"\0{user}\0{secret}".encode())
        elif user.isascii() and secret.isascii():
            server.login(user, secret)
        else:
            raise DeliveryError(f"{shown}: the server takes ASCII only\n    Choose a password in ASCII.")
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error as error:
        # Not what the library says: it may hold what was sent.
        raise DeliveryError(f"{shown}: the server refuses the password\n    See QUIRE_IMAP_PASSWORD.") from error


def _select(server: imaplib.IMAP4_SSL, shown: str, mailbox: str) -> str:
    """Open the mailbox and return its UIDVALIDITY: numbers of mails are good for as long as it is the same."""
    if server.select(f'"{mailbox}"')[0] != "OK":
        raise DeliveryError(f"{shown}: there is no such mailbox\n    Write the address as {_FORM}.")
    (validity,) = server.response("UIDVALIDITY")[1] or [None]
    return _text(validity) or "0"


def _uids(server: imaplib.IMAP4_SSL, shown: str) -> list[int]:
    kind, found = server.uid("SEARCH", "UNSEEN")
    if kind != "OK":
        raise DeliveryError(f"{shown}: the server doesn't search\n    Read the mailbox in another way.")
    return sorted(int(number) for line in found for number in _text(line).split() if number.isdigit())


def _fetched(server: imaplib.IMAP4_SSL, shown: str, uid: int, most: int) -> bytes | None:
    kind, found = server.uid("FETCH", str(uid), f"(BODY.PEEK[]<0.{most}>)")
    if kind != "OK":
        raise DeliveryError(f"{shown}: the server doesn't give mail {uid}\n    Try again later.")
    return next((bytes(item[1]) for item in found if isinstance(item, tuple)), None)


def _marker(server: imaplib.IMAP4_SSL, shown: str, uid: int) -> Callable[[], None]:
    def mark() -> None:
        try:
            kind, _ = server.uid("STORE", str(uid), "+FLAGS.SILENT", r"(\Seen)")
        except (imaplib.IMAP4.error, OSError) as error:
            raise TransientDeliveryError(f"{shown}: {_reason(error)}\n    Try again later.") from error
        if kind != "OK":
            raise DeliveryError(f"{shown}: mail {uid} can't be marked as seen\n    See who may write there.")

    return mark


def _reason(error: Exception) -> str:
    text = ""
    with suppress(AttributeError):
        text = error.verify_message if isinstance(error, ssl.SSLCertVerificationError) else error.strerror  # type: ignore[attr-defined]
    return re.sub(r"[\x00-\x1f\x7f]+", " ", text or str(error))[:200] or "the connection ended"


def _text(value: object) -> str:
    return value.decode("ascii", "replace") if isinstance(value, bytes) else ""
