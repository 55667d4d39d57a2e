"""A letter and what is a reader's own of it in; the bytes of an Internet message (RFC 5322, 2045 to 2047) out.

A letter is prepared once: everything that is the same for all of its readers is encoded then. What is left to do for
each reader is a few headers, a few values, and one joining of bytes.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import quote, urlsplit, urlunsplit

from msgspec import Struct

from pipeline.errors import WriteError
from pipeline.mail.bidi import Direction, direction_of
from pipeline.mail.bodies import Escape, Packed, Piece, Quoted, body, packed
from pipeline.mail.headers import Mailbox as Mailbox
from pipeline.mail.headers import display_name, file_name, header, mailbox, phrase
from pipeline.mail.placeholders import fill, in_html, placeholders_in

# Kinds of mails that answer what somebody has just done, who isn't on the list yet, or is no longer.
ANSWERS = frozenset({"confirmation", "goodbye"})


class Picture(Struct, frozen=True):
    """A picture that the HTML part names as `cid:` and its content id."""

    content_id: str
    name: str
    media_type: str
    content: bytes


class Letter(Struct, frozen=True):
    """All of a message that its readers share; subject, text and HTML may hold placeholders.

    `title` and `sequence` are what the list is called by people and in addresses; `name` is the letter's own there, and
    `kind` what it is: an issue, or one of the mails. What is no mail of the list (`is_listed`) is an answer to what
    somebody did, and can't be left.
    """

    sender: Mailbox
    sequence: str
    title: str
    name: str
    kind: str
    language: str
    subject: str
    text: str
    html: str
    pictures: tuple[Picture, ...] = ()
    is_listed: bool = True


class Copy(Struct, frozen=True):
    """All of a message that is one reader's own: `values` by placeholder, as plain text; `sent` is aware.

    Addresses of pages begin with https. `unsubscribe_mail` is an address, with or without a query, for those who leave
    by mail.
    """

    recipient: Mailbox
    sent: datetime
    message_id: str
    values: Mapping[str, str]
    unsubscribe_mail: str = ""
    is_test: bool = False


# --------------------------------------------------------------------------- preparing


def prepare(letter: Letter) -> "Prepared":
    """Return a letter ready to be filled in for each of its readers.

    Text comes first, then HTML with its pictures. Raises WriteError where a header has no lawful form.
    """
    towards = direction_of(letter.language)
    whole = _text_part("text/html", letter.html, in_html, towards)
    if letter.pictures:
        whole = _multipart("related", [whole, *map(_picture_part, letter.pictures)], 'type="text/html";')
    parts = _multipart("alternative", [_text_part("text/plain", letter.text, str, towards), whole])
    return Prepared(letter, _joined([_shared_headers(letter), *parts]))


class Prepared:
    """A letter of which only a reader's own is missing."""

    def __init__(self, letter: Letter, pieces: Sequence[Piece]) -> None:
        self.letter = letter
        self._pieces = tuple(pieces)
        # Most subjects name nobody, and are the same for all.
        self._subject = None if placeholders_in(letter.subject) else header("Subject", phrase(letter.subject))
        self._direction = direction_of(letter.language)
        self._sender = header("From", mailbox(letter.sender))

    def message(self, copy: Copy) -> bytes:
        """Return the message for one reader: the same bytes for the same copy.

        Raises WriteError where a header has no lawful form, KeyError where a placeholder has no value.
        """
        head = [
            self._sender,
            header("To", mailbox(copy.recipient)),
            self._subject or header("Subject", phrase(fill(self.letter.subject, copy.values, str, self._direction))),
            f"Date: {format_datetime(copy.sent.astimezone(UTC))}\r\n".encode(),
            header("Message-ID", (f"<{copy.message_id}>",)),
            *(_list_headers(copy) if self.letter.is_listed else ()),
            *((b"X-Quire-Test: yes\r\n",) if copy.is_test else ()),
        ]
        filled = [piece if isinstance(piece, bytes) else piece.filled(copy.values) for piece in self._pieces]
        return b"".join(head + filled)


def _list_headers(copy: Copy) -> list[bytes]:
    """Return the addresses by which a reader leaves the list, gets help, and finds the archive."""
    headers, values = [], copy.values
    if values.get("unsubscribe_url"):
        ways = [f"<{values['unsubscribe_url']}>"]
        if copy.unsubscribe_mail:
            ways = [f"{ways[0]},", f"<mailto:{copy.unsubscribe_mail}>"]
        # RFC 2369: one logical line; RFC 8058: https first, and a POST is enough.
        headers.append(header("List-Unsubscribe", ways))
        headers.append(b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n")
    for name, placeholder in (("List-Help", "preferences_url"), ("List-Archive", "archive_url")):
        if values.get(placeholder):
            headers.append(header(name, (f"<{values[placeholder]}>",)))
    return headers


def _shared_headers(letter: Letter) -> bytes:
    domain = domain_of(letter.sender.address)
    listed = [header("List-Id", [*display_name(letter.title), f"<{letter.sequence}.{domain}>"])]
    listed.append(b"Precedence: bulk\r\n")
    headers = [
        *(listed if letter.is_listed else ()),
        # RFC 3834 §5: whom it asks may be nobody, and no machine is to answer.
        *([b"Auto-Submitted: auto-generated\r\n"] if letter.kind == "confirmation" else ()),
        header("Feedback-ID", [f"{letter.name}:{letter.sequence}:{letter.kind}:quire"]),
        header("Content-Language", [letter.language]),
        b"MIME-Version: 1.0\r\n",
    ]
    return b"".join(headers)


# --------------------------------------------------------------------------- parts


def _multipart(kind: str, parts: Sequence[Sequence[Piece]], *parameters: str) -> Sequence[Piece]:
    # A boundary with “=_” occurs in no part: quoted-printable and base64 never write it.
    digest = hashlib.sha256(b"".join(_signature(piece) for part in parts for piece in part)).hexdigest()
    boundary = f"=_{kind[:3]}-{digest[:24]}"
    pieces: list[Piece] = [header("Content-Type", [f"multipart/{kind};", *parameters, f'boundary="{boundary}"'])]
    pieces.append(b"\r\n")
    for part in parts:
        pieces += [b"--%s\r\n" % boundary.encode(), *part, b"\r\n"]
    return [*pieces, b"--%s--\r\n" % boundary.encode()]


def _signature(piece: Piece) -> bytes:
    """Return what tells a piece from others."""
    match piece:
        case Quoted(slot=slot):
            return str(slot).encode(errors="replace")
        case Packed(pieces=pieces):
            return "".join(map(str, pieces)).encode(errors="replace")
        case _:
            return piece


def _joined(pieces: Sequence[Piece]) -> Sequence[Piece]:
    """Return pieces with neighbors that never change as one."""
    joined: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, bytes) and joined and isinstance(joined[-1], bytes):
            joined[-1] += piece
        else:
            joined.append(piece)
    return joined


def _text_part(media_type: str, template: str, escape: Escape, towards: Direction) -> Sequence[Piece]:
    encoding, pieces = body(template, escape, towards)
    return [
        header("Content-Type", [f"{media_type};", 'charset="utf-8"']),
        header("Content-Transfer-Encoding", [encoding]),
        b"\r\n",
        *pieces,
    ]


def _picture_part(picture: Picture) -> Sequence[Piece]:
    return [
        header("Content-Type", [f"{picture.media_type};", *file_name("name", picture.name)]),
        b"Content-Transfer-Encoding: base64\r\n",
        header("Content-ID", [f"<{picture.content_id}>"]),
        header("Content-Disposition", ["inline;", *file_name("filename", picture.name)]),
        b"\r\n",
        packed(picture.content),
    ]


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


def is_answer(feedback_id: str) -> bool:
    """Whether a message's Feedback-ID, as `prepare` writes it, is that of an answer to what somebody has just done."""
    name, _, rest = feedback_id.strip().partition(":")
    sequence, kind, maker = (*rest.split(":"), "", "")[:3]
    return maker == "quire" and bool(sequence) and kind in ANSWERS and name == f"mail/{kind}"


def message_id(domain: str, *parts: str) -> str:
    """Return an id for a message, the same whenever `parts` are the same, without its angle brackets."""
    digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()
    return f"{digest[:32]}@{domain}"
