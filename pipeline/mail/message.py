"""A letter's parts and addresses in; the bytes of an Internet message (RFC 5322, 2045 to 2047) out, the same each time.

The standard library's `EmailMessage` does not write it: its policy encodes a long address in a header as RFC 2047
words, which breaks one-click unsubscribe, and it takes a NUL. Here addresses stay whole, and lines are folded between
tokens only.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from email.utils import format_datetime
from urllib.parse import quote, urlsplit, urlunsplit

from msgspec import Struct

from pipeline.errors import WriteError

LINE = 78
MOST = 998
# RFC 2047 allows an encoded word 75 characters and its line 76; this leaves room for the name before the first.
_WORD = 64
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
# What RFC 5322 lets stand in a display name without quotation marks.
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*")
_Q_SAFE = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!*+-/")


class Picture(Struct, frozen=True):
    """A picture that the HTML part names as `cid:` and its content id."""

    content_id: str
    name: str
    media_type: str
    content: bytes


class Mailbox(Struct, frozen=True):
    name: str
    address: str


class Letter(Struct, frozen=True):
    """All that a message is made of; `sent` is aware; addresses of pages begin with https.

    What is empty is left out. `is_automatic` is for an answer by a machine, which no other machine is to answer.
    """

    sender: Mailbox
    recipient: Mailbox
    subject: str
    sent: datetime
    message_id: str
    list_name: str
    list_id: str
    language: str
    unsubscribe_url: str
    preferences_url: str
    archive_url: str
    feedback_id: str
    text: str
    html: str
    pictures: tuple[Picture, ...] = ()
    is_automatic: bool = False


def build(letter: Letter) -> bytes:
    """Return a letter as bytes: text, then HTML with its pictures.

    Raises WriteError where a header has no lawful form.
    """
    headers = [
        _header("From", _mailbox(letter.sender)),
        _header("To", _mailbox(letter.recipient)),
        _header("Subject", phrase(letter.subject)),
        _header("Date", format_datetime(letter.sent).split(" ")),
        _header("Message-ID", [f"<{letter.message_id}>"]),
        *_list_headers(letter),
        _header("Feedback-ID", [letter.feedback_id]),
        # RFC 3834 §5.
        *([_header("Auto-Submitted", ["auto-generated"])] if letter.is_automatic else []),
        _header("Content-Language", [letter.language]),
        _header("MIME-Version", ["1.0"]),
    ]
    html = _text_part("text/html", letter.html)
    if letter.pictures:
        html = _multipart("related", [html, *map(_picture_part, letter.pictures)], 'type="text/html";')
    return b"".join(headers) + _multipart("alternative", [_text_part("text/plain", letter.text), html])


def _list_headers(letter: Letter) -> list[bytes]:
    """Return what makes a message one of a list's."""
    headers = []
    if letter.unsubscribe_url:
        # RFC 2369: one logical line; RFC 8058: https, and a POST is enough.
        headers.append(_header("List-Unsubscribe", [f"<{letter.unsubscribe_url}>"]))
        headers.append(_header("List-Unsubscribe-Post", ["List-Unsubscribe=One-Click"]))
    if letter.list_id:
        headers.append(_header("List-Id", [*_display_name(letter.list_name), f"<{letter.list_id}>"]))
        headers.append(_header("Precedence", ["bulk"]))
    pages = {"List-Help": letter.preferences_url, "List-Archive": letter.archive_url}
    return headers + [_header(name, [f"<{address}>"]) for name, address in pages.items() if address]


# --------------------------------------------------------------------------- parts


def _multipart(kind: str, parts: Sequence[bytes], *parameters: str) -> bytes:
    # A boundary with “=_” occurs in no part: quoted-printable and base64 never write it.
    boundary = f"=_{kind[:3]}-{hashlib.sha256(b''.join(parts)).hexdigest()[:24]}"
    head = _header("Content-Type", [f"multipart/{kind};", *parameters, f'boundary="{boundary}"'])
    bodies = b"".join(b"--%s\r\n%s\r\n" % (boundary.encode(), part) for part in parts)
    return head + b"\r\n" + bodies + b"--%s--\r\n" % boundary.encode()


def _text_part(media_type: str, text: str) -> bytes:
    encoding, body = encoded(text)
    return (
        _header("Content-Type", [f"{media_type};", 'charset="utf-8"'])
        + _header("Content-Transfer-Encoding", [encoding])
        + b"\r\n"
        + body
    )


def _picture_part(picture: Picture) -> bytes:
    return (
        _header("Content-Type", [f"{picture.media_type};", *_file_name("name", picture.name)])
        + _header("Content-Transfer-Encoding", ["base64"])
        + _header("Content-ID", [f"<{picture.content_id}>"])
        + _header("Content-Disposition", ["inline;", *_file_name("filename", picture.name)])
        + b"\r\n"
        + _base64(picture.content)
    )


def encoded(text: str) -> tuple[str, bytes]:
    """Return the shorter of quoted-printable and base64, its name first; lines hold at most 76 characters and CRLF."""
    content = "\r\n".join(re.split(r"\r\n|\r|\n", text.rstrip("\r\n"))).encode(errors="replace") + b"\r\n"
    quoted = binascii.b2a_qp(content, istext=True)
    packed = _base64(content)
    return ("quoted-printable", quoted) if len(quoted) <= len(packed) else ("base64", packed)


def _base64(content: bytes) -> bytes:
    return base64.encodebytes(content).replace(b"\n", b"\r\n")


def _file_name(parameter: str, name: str) -> list[str]:
    """Return a file's name as a parameter; beyond ASCII as RFC 2231 writes it."""
    if re.fullmatch(r"[A-Za-z0-9._-]+", name):
        return [f'{parameter}="{name}"']
    return [f"{parameter}*=utf-8''{quote(name, safe='')}"]


# --------------------------------------------------------------------------- headers


def _header(name: str, tokens: Iterable[str]) -> bytes:
    """Return a header folded before the tokens that would pass column 78; a token is never broken or encoded."""
    lines = [f"{name}:"]
    is_fresh = True
    for token in tokens:
        if not token or _CONTROL.search(token) or " " in token:
            raise WriteError(f"{name}: “{token[:80]}” can't stand in a header")
        # The first token stays beside the name: a line of white space alone is obsolete (RFC 5322 §3.2.2).
        if is_fresh or len(lines[-1].encode()) + 1 + len(token.encode()) <= LINE:
            lines[-1] += f" {token}"
        else:
            lines.append(f" {token}")
        is_fresh = False
    if any(len(line.encode()) > MOST for line in lines):
        raise WriteError(f"{name}: an address of more than {MOST} bytes can't stand in a header")
    return "\r\n".join(lines).encode() + b"\r\n"


def cleaned(text: str) -> str:
    """Return text with each run of line ends and control characters as one space: a header can't be split by it."""
    return _CONTROL.sub(" ", text).strip()


def phrase(text: str) -> list[str]:
    """Return unstructured text as tokens: its words, or RFC 2047 words where it isn't plain ASCII that folds."""
    text = cleaned(text)
    words = text.split(" ")
    is_plain = text.isascii() and "=?" not in text and all(words) and max(map(len, words)) <= _WORD
    return words if is_plain else encoded_words(text)


def encoded_words(text: str) -> list[str]:
    """Return text as RFC 2047 words of at most 64 characters, no character split, in the shorter of Q and B."""
    raw = text.encode(errors="replace")
    quoted = sum(1 if byte in _Q_SAFE or byte == 0x20 else 3 for byte in raw)
    encode, room = (_q, _WORD - 12) if quoted <= -(-len(raw) // 3) * 4 else (_b, _WORD - 12)
    words, piece = [], ""
    for character in text:
        if piece and len(encode(piece + character)) > room:
            words.append(piece)
            piece = ""
        piece += character
    letter = "Q" if encode is _q else "B"
    return [f"=?utf-8?{letter}?{encode(word)}?=" for word in [*words, piece]]


def _q(text: str) -> str:
    raw = text.encode(errors="replace")
    return "".join(chr(byte) if byte in _Q_SAFE else "_" if byte == 0x20 else f"={byte:02X}" for byte in raw)


def _b(text: str) -> str:
    return base64.b64encode(text.encode(errors="replace")).decode()


def _mailbox(mailbox: Mailbox) -> list[str]:
    """Return a name and an address as tokens; an address beyond ASCII stays so, and asks for SMTPUTF8 (RFC 6532)."""
    if re.search(r"[\s<>,;:\"]", mailbox.address) or mailbox.address.count("@") != 1:
        raise WriteError(f"“{mailbox.address[:80]}” is not an address")
    return [*_display_name(mailbox.name), f"<{mailbox.address}>"]


def _display_name(name: str) -> list[str]:
    name = cleaned(name)
    if not name:
        return []
    tokens = phrase(name)
    if tokens[0].startswith("=?") or _ATOMS.fullmatch(name):
        return tokens
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'.split(" ")


# --------------------------------------------------------------------------- addresses


def domain_of(address: str) -> str:
    """Return the domain of a mail address in ASCII (IDNA). Raises WriteError where it has none."""
    domain = address.rpartition("@")[2].lower()
    try:
        return domain.encode("idna").decode()
    except UnicodeError as error:
        raise WriteError(f"“{domain[:80]}” is not a domain: {error}") from error


def secure_url(address: str) -> str:
    """Return a page's address as headers want it: https, in ASCII, with a percent for what isn't."""
    parts = urlsplit(address)
    host = parts.netloc if parts.netloc.isascii() else domain_of(parts.netloc)
    path, query = (quote(piece, safe="/%:=&?~#+!$,;'@()*[]") for piece in (parts.path, parts.query))
    return urlunsplit(("https", host, path, query, ""))


def message_id(domain: str, *parts: str) -> str:
    """Return an id for a message, the same whenever `parts` are the same, without its angle brackets."""
    digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()
    return f"{digest[:32]}@{domain}"
