"""A bounce that is written for people in; whom it concerns, and the server's reason, out."""

import re
from email.message import Message

from msgspec import Struct

from pipeline.series._mime import ADDRESS, Mail
from pipeline.series._reasons import Reason, reason, says_why, status_in

# Behind such a line stands the mail that came back, whose words are ours and not the server's.
_COPY = re.compile(
    r"(?im)^[^\w\n]*(?:(?:here|this) is (?:a copy of|your returned|the returned|the original|your original)\b"
    r"|below (?:this|the next) line is a copy|original message(?: follows?| attached)?\W*$"
    r"|(?:returned|unsent) (?:message|mail)\b|message (?:headers?|text) follow|begin forwarded|included is a copy"
    r"|a copy of (?:the|your) (?:original )?message|old message:|(?:return-path|received|dkim-signature): ).*$"
)
_WAITS = re.compile(r"not yet been|delivery delayed|(has|been) delayed|will (be retried|keep trying|continue)")
_CODE = re.compile(r"(?<![\d.])[45][0-5]\d[ #-]|(?<![\d.])[245]\.[0-7]\.\d{1,3}(?!\d|\.\d)")
_MESSAGE_ID = re.compile(r"(?im)^[ \t>]*message-id:\s{0,4}<([^<>\s]{1,250})>")
_LONGEST_LINE = 320
# Headers that the library looks at: whole, or the addresses in them, since it goes as deep as their parentheses.
_WHOLE = ("subject", "x-mailer")
_ADDRESSES = ("from", "x-failed-recipients")


class Failure(Struct, frozen=True):
    """What a server's prose tells: the address as it stands there, and its own words about it."""

    kind: Reason
    address: str
    status: str
    words: str
    message_id: str


def read_text(mail: Mail) -> Failure | None:
    """Return the failure that a mail's prose tells of, or None where it tells of none.

    A failure without any reason is soft.
    """
    text = mail.text()
    copy = _COPY.search(text)
    said, rest = (text[: copy.start()], text[copy.start() :]) if copy else (text, "")
    temporary, permanent = _detected(mail, text)
    address = min(permanent or temporary, default="")
    words = _reason_in(said, address)
    status = status_in(words)
    if not (temporary or permanent or status or says_why(words)):
        return None
    is_waiting = bool(temporary and not permanent) or bool(_WAITS.search(said.lower()))
    returned = _MESSAGE_ID.search(rest)
    return Failure(
        "soft" if is_waiting else reason(status, words),
        address,
        status,
        words,
        returned[1] if returned else "",
    )


def _reason_in(text: str, address: str) -> str:
    """Return the lines that give the reason: from the one with the address, or with a code, to the paragraph's end."""
    lines = [line.strip() for line in text.splitlines()]
    coded = [number for number, line in enumerate(lines) if _CODE.search(line)]
    named = [number for number, line in enumerate(lines) if address and address in line]
    first = named[-1] if named else coded[0] if coded else None
    if first is None:
        return " ".join(lines)[:2_000]
    told: list[str] = []
    for line in lines[first:]:
        # An address often stands alone, with the reason in the next paragraph.
        if not line and len(told) > 1:
            break
        told.append(line)
    if coded and not any(_CODE.search(line) for line in told):
        told.append(lines[coded[0]])
    return " ".join(filter(None, told))[:2_000]


def _detected(mail: Mail, text: str) -> tuple[list[str], list[str]]:
    """Return the addresses for which a mail says that delivery is delayed, and that it has failed.

    The library gets a mail of its own making, plain ASCII with short lines and a few headers, and nothing that it
    could stumble over.
    """
    from flufl.bounce import all_failures

    body = "\n".join(line[:_LONGEST_LINE] for line in _plain(text).splitlines())
    rebuilt = Message()
    for name in _WHOLE:
        if value := _plain(mail.header(name)):
            rebuilt[name] = value
    for name in _ADDRESSES:
        # It stumbles over a mail that is from nobody.
        found = ADDRESS.findall(_plain(mail.header(name)))[:20] or ["nobody@invalid"] * (name == "from")
        if found:
            rebuilt[name] = ", ".join(found)
    if len(mail.parts) > 1:
        # Some are known by a part with this description only.
        part = Message()
        part["Content-Type"] = "text/plain"
        part["Content-Description"] = "Notification"
        part.set_payload(body)
        rebuilt["Content-Type"] = "multipart/mixed"
        rebuilt.set_payload([part])
    else:
        rebuilt["Content-Type"] = "text/plain"
        rebuilt.set_payload(body)
    temporary, permanent = all_failures(rebuilt)
    return sorted(map(_text, temporary)), sorted(map(_text, permanent))


def _text(address: bytes) -> str:
    return address.decode("ascii", "replace")


def _plain(text: str) -> str:
    return re.sub(r"[^\n\x20-\x7e]", " ", text)
