"""The bytes of one mail and keys in; what it reports of a delivery out: a bounce, a complaint, a wish to leave.

Anybody can write a mail that looks like a bounce. So a report names a delivery only where the mail holds a token that
we signed: in the address that it came to, in what the report says of the envelope, or in the mail that it returns. All
else in a report is hearsay, for a person to read; `message_id` may be looked up, and names a delivery only where it is
wholly the one that was sent.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from pipeline.mail.headers import cleaned
from pipeline.series._mime import ADDRESS, MOST, Headers, Mail, parse
from pipeline.series._odd_servers import read_text
from pipeline.series._reasons import best_status, reason
from pipeline.series.addresses import normalised
from pipeline.series.links import Keys, opened, verp_ref

__all__ = ["MOST", "Kind", "Report", "read_report"]

Kind = Literal["hard", "soft", "policy", "complaint", "unsubscribe", "auto_reply", "unknown"]

_MOST_TOLD = 500
# Where servers write the envelope's recipient, the surest first.
_RECIPIENTS = (
    *("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-delivered-to", "x-rcpt-to"),
    *("resent-to", "to", "cc"),
)
_SENDERS = ("x-postfix-sender", "original-mail-from", "return-path", "x-envelope-from", "sender")
_IN_BRACKETS = re.compile(rf"<({ADDRESS.pattern})>")
# An address of ours, which may have been quoted on its way.
_ANY_ADDRESS = re.compile(r"[^\s<>(),:;@]{1,128}@[^\s<>(),:;@]{1,255}")
_LINK_TOKEN = re.compile(r"/u/([A-Za-z0-9_-]{32})(?![A-Za-z0-9_-])")
_DAEMON = re.compile(r"mailer-?daemon|postmaster|mail delivery (sub)?system|mailadm|bounce-?handler", re.IGNORECASE)
_RETURNED_SUBJECT = re.compile(
    r"undeliver(able|ed)|delivery (status|failure|delayed|incomplete|has failed)|returned mail|failure notice"
    r"|mail delivery failed|non remis|unzustellbar|no se puede entregar|mancato recapito",
    re.IGNORECASE,
)
_AWAY_SUBJECT = re.compile(
    r"(re: ?)?(out of (the )?office|automatic reply|auto(matic)?[- ]?(reply|response|responder)\b|autoreply|abwesenheit"
    r"|automatische antwort|réponse automatique|respuesta automática|risposta automatica|resposta automática|vacation)",
    re.IGNORECASE,
)
_LEAVES_SUBJECT = re.compile(r"(re: ?)?unsubscribe[.!]?", re.IGNORECASE)
# RFC 5965 §7.3, and those that followed it. Others tell of viruses, or of tests.
_FEEDBACK: dict[str, Kind] = {
    "abuse": "complaint",
    "fraud": "complaint",
    "opt-out": "unsubscribe",
    "opt-out-list": "unsubscribe",
    "not-spam": "auto_reply",
    "auth-failure": "policy",
}
# What Outlook.com adds to a message that a reader complained of, where it sends that back without a report.
_OUTLOOK = "x-hmxmroriginalrecipient"
# RFC 3464 §2.3.3. What was delivered, or handed on, is no bounce.
_ACTIONS = ("failed", "delayed", "delivered", "relayed", "expanded")
# The mildest first: an address that stands for several people isn't dead because one of them has gone.
_MILDEST: tuple[Kind, ...] = ("auto_reply", "soft", "policy", "hard")


class Report(Struct, frozen=True):
    """What one mail tells.

    `delivery_ref` and `subscriber_ref` are from tokens that we signed, and None without one. `address` is the reader's
    as the mail has it, `message_id` that of the mail that came back, without brackets. `status` (RFC 3463),
    `diagnostic` and `reporting_mta` are the server's words, cleaned of control characters. `action` is a delivery
    status' own (RFC 3464) or a complaint's type. `arrival` is when the server had the message, in UTC.

    `auto_reply` is what a machine says that is no failure: out of office, delivered, read. Nothing is to be done for
    it, nor for `policy` and `unknown` other than to show them.
    """

    kind: Kind
    delivery_ref: int | None = None
    subscriber_ref: int | None = None
    message_id: str = ""
    address: str | None = None
    status: str = ""
    diagnostic: str = ""
    action: str = ""
    reporting_mta: str = ""
    arrival: datetime | None = None


def read_report(raw: bytes, keys: Keys) -> Report:
    """Return what a mail reports; `unknown` where it is none of ours, or of nobody's making.

    Never raises, whatever the bytes. Reads delivery status notifications (RFC 3464, 6533), abuse reports (RFC 5965),
    the prose of servers that know neither, automatic replies (RFC 3834), and mails that ask to unsubscribe.
    """
    mail = parse(raw)
    leaving = _first(_addresses_in(mail.headers, _RECIPIENTS), keys, "unsubscribe")
    if feedback := mail.blocks("feedback-report"):
        report = _complaint(feedback[0])
    elif statuses := mail.blocks("delivery-status"):
        report = _bounce(statuses)
    elif complainer := mail.returned.get(_OUTLOOK):
        report = Report("complaint", address=_address(complainer[0]), action="abuse")
    elif leaving is not None and not _is_automatic(mail):
        report = Report("unsubscribe", leaving, address=_address(mail.header("from")))
    else:
        report = _prose(mail)
    return _signed(report, mail, keys) if report.delivery_ref is None else report


# --------------------------------------------------------------------------- kinds of mails


def _bounce(blocks: tuple[Headers, ...]) -> Report:
    """Return what a delivery status notification reports; of several recipients, the one who fared best."""
    message, told = blocks[0], [block for block in blocks if "action" in block or "status" in block]
    reports = [_recipient(block) for block in told]
    if not reports:
        return Report("unknown", diagnostic="a delivery status without a recipient")
    report = min(reports, key=lambda one: _MILDEST.index(one.kind))
    return replace(
        report,
        reporting_mta=_after_type(_value(message, "reporting-mta"))[:_MOST_TOLD],
        arrival=_moment(_value(message, "arrival-date")),
    )


def _recipient(block: Headers) -> Report:
    action = _value(block, "action").split(" ")[0].lower()
    words = _after_type(_value(block, "diagnostic-code"))
    status = best_status(_value(block, "status").split(" ")[0].strip("()"), words)
    if action in ("delivered", "relayed", "expanded") or (action not in _ACTIONS and status.startswith("2")):
        kind: Kind = "auto_reply"
    elif action == "delayed":
        kind = "soft"
    else:
        kind = reason(status, words)
    original, final = (_address(_value(block, f"{name}-recipient")) for name in ("original", "final"))
    return Report(
        kind,
        address=original or final,
        status=status[:16],
        diagnostic=_told(words),
        action=action if action in _ACTIONS else "",
    )


def _complaint(block: Headers) -> Report:
    kind = _value(block, "feedback-type").lower()
    recipients = (_address(_value(block, name)) for name in ("original-rcpt-to", "removal-recipient"))
    return Report(
        _FEEDBACK.get(kind, "unknown"),
        address=next((address for address in recipients if address), None),
        diagnostic=_told(_value(block, "user-agent")),
        action=kind[:40],
        reporting_mta=_after_type(_value(block, "reporting-mta"))[:_MOST_TOLD],
        arrival=_moment(_value(block, "arrival-date") or _value(block, "received-date")),
    )


def _prose(mail: Mail) -> Report:
    """Return what a mail reports that was written for people."""
    sender, subject = mail.header("from"), mail.words("subject")
    is_daemon = bool(_DAEMON.search(sender)) or "x-failed-recipients" in mail.headers
    if any(part.media_type == "message/disposition-notification" for part in mail.parts):
        return Report("auto_reply")
    if is_daemon or (_RETURNED_SUBJECT.search(subject) and mail.header("return-path") in ("", "<>")):
        failure = read_text(mail)
        if failure is not None:
            words = failure.words
            return Report(
                failure.kind,
                message_id=failure.message_id,
                address=_address(failure.address) or _address(mail.header("x-failed-recipients")),
                status=failure.status,
                diagnostic=_told(words),
                arrival=_moment(mail.header("date")),
            )
    if _is_automatic(mail) or _AWAY_SUBJECT.match(subject):
        return Report("auto_reply", address=_address(sender))
    if _LEAVES_SUBJECT.fullmatch(subject):
        return Report("unsubscribe", address=_address(sender))
    return Report("unknown", address=None if is_daemon else _address(sender), diagnostic=_told(subject))


def _is_automatic(mail: Mail) -> bool:
    """Return whether a mail calls itself a machine's answer (RFC 3834 §5, and older ways)."""
    if mail.header("auto-submitted").lower().partition(";")[0].strip() not in ("", "no"):
        return True
    if mail.header("precedence").lower() in ("auto_reply", "auto-reply"):
        return True
    return any(name in mail.headers for name in ("x-autoreply", "x-autorespond", "x-autoresponse", "x-auto-reply"))


# --------------------------------------------------------------------------- whose delivery


def _signed(report: Report, mail: Mail, keys: Keys) -> Report:
    """Return a report with what tokens of ours in the mail say: whose delivery, and whose subscription."""
    statuses = (*mail.blocks("delivery-status")[:1], *mail.blocks("feedback-report")[:1])
    places = (
        _addresses_in(mail.headers, _RECIPIENTS),
        (address for block in statuses for address in _addresses_in(block, _SENDERS)),
        _addresses_in(mail.returned, _SENDERS),
    )
    refs = (_first(addresses, keys, "bounces") for addresses in places)
    links = _LINK_TOKEN.findall(" ".join(mail.returned.get("list-unsubscribe", ())))
    readers = (opened(one, "unsubscribe", keys) for one in links[:8])
    returned = re.search(r"<([^<>\s]{1,250})>", _value(mail.returned, "message-id"))
    return replace(
        report,
        delivery_ref=next((ref for ref in refs if ref is not None), None),
        subscriber_ref=next((ref for ref in readers if ref is not None), None),
        message_id=returned[1] if returned else report.message_id,
    )


def _first(addresses: Iterable[str], keys: Keys, local: str) -> int | None:
    refs = (verp_ref(address, keys, local) for address in addresses)
    return next((ref for ref in refs if ref is not None), None)


def _addresses_in(headers: Headers, names: Iterable[str]) -> Iterator[str]:
    """Yield what looks like an address in these headers; at most twenty in each, since none of ours is behind more."""
    for name in names:
        for value in headers.get(name, ())[:8]:
            yield from _ANY_ADDRESS.findall(value)[:20]


# --------------------------------------------------------------------------- values


def _value(block: Headers, name: str) -> str:
    return block.get(name, ("",))[0]


def _after_type(value: str) -> str:
    """Return a field's value without its type, as in `smtp; 550 …` (RFC 3464 §2.1.2)."""
    kind, semicolon, rest = value.partition(";")
    return rest.strip() if semicolon and re.fullmatch(r"[A-Za-z0-9-]{1,40}", kind.strip()) else value.strip()


def _address(value: str) -> str | None:
    """Return the address in a field or header, as it is sent to, or None."""
    text = re.sub(r"\\x\{([0-9A-Fa-f]{2,6})\}", _character, _after_type(value)[:1_000])
    # The library's own way with addresses goes as deep as their parentheses.
    match = _IN_BRACKETS.search(text) or ADDRESS.search(text)
    return normalised(match[match.lastindex or 0])[:320] if match else None


def _character(match: re.Match[str]) -> str:
    """Return the character that RFC 6533 §3 writes as its number."""
    number = int(match[1], 16)
    return chr(number) if number <= 0x10FFFF and not 0xD800 <= number <= 0xDFFF else ""


def _told(words: str) -> str:
    return cleaned(words)[:_MOST_TOLD]


def _moment(value: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
