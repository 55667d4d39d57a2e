"""The bytes of any mail in, however broken; its headers, texts, and report fields out, each within limits."""

import base64
import binascii
import quopri
import re
from collections.abc import Iterable
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.parser import HeaderParser, Parser
from email.policy import compat32

from msgspec import Struct

# What is read of a mail. A report stands before the mail that it returns, so a long one only loses that.
MOST = 262_144
# A mail with more parts than this tells nothing that we want to know, and the parser goes as deep as its parts do.
_MOST_PARTS = 60
_MOST_VALUE = 4_000
_MOST_WORDS = 1_000
_MOST_TEXT = 32_768
_MOST_HEADERS = 400
_REPORTS = re.compile(r"message/(global-)?delivery-status|message/feedback-report")
_RETURNED = re.compile(r"message/(rfc822|global)|(text|message)/(rfc822-headers|global-headers)")

ADDRESS = re.compile(r"[^\s<>\"(),:;@]{1,128}@[^\s<>\"(),:;@]{1,255}")

Headers = dict[str, tuple[str, ...]]


class Part(Struct, frozen=True):
    """A leaf of a mail: its media type, its text where it is text, and its blocks of fields where it is a report."""

    media_type: str
    text: str = ""
    blocks: tuple[Headers, ...] = ()


class Mail(Struct, frozen=True):
    """A mail as far as reports need it: names of headers in small letters, values unfolded.

    `returned` is the headers of the mail that it brings back.
    """

    headers: Headers
    parts: tuple[Part, ...] = ()
    returned: Headers = {}

    def header(self, name: str) -> str:
        return self.headers.get(name, ("",))[0]

    def words(self, name: str) -> str:
        """Return a header's first value as people read it, without RFC 2047's encoding."""
        value = self.header(name)[:_MOST_WORDS]
        try:
            return _unfolded(str(make_header(decode_header(value))))
        except (HeaderParseError, LookupError, ValueError):
            return value

    def blocks(self, media_type: str) -> tuple[Headers, ...]:
        """Return the blocks of fields of all reports whose type ends so."""
        return tuple(block for part in self.parts if part.media_type.endswith(media_type) for block in part.blocks)

    def text(self) -> str:
        """Return what a person would read of it: the plain texts, or the HTML ones without their tags."""
        plain = [part.text for part in self.parts if part.media_type == "text/plain"]
        return "\n".join(plain or [part.text for part in self.parts if part.media_type == "text/html"])[:_MOST_TEXT]


def parse(raw: bytes) -> Mail:
    """Return a mail's contents. Never raises: what can't be read is left out."""
    raw = raw[:MOST]
    # As Latin-1 every byte is a character, and the parser decodes nothing by whatever charset a mail names.
    source = raw.decode("latin-1")
    if source.lower().count("content-type") > _MOST_PARTS:
        return Mail(_headers(HeaderParser(policy=compat32).parsestr(source[: MOST // 4])))
    message = Parser(policy=compat32).parsestr(source)
    parts, returned = [], []
    for part in _leaves(message):
        kind = part.get_content_type()
        if _REPORTS.fullmatch(kind):
            parts.append(Part(kind, blocks=tuple(_blocks(part))))
        elif _RETURNED.fullmatch(kind):
            returned.append(_first_block(part))
        elif kind.startswith("text/"):
            text = _decoded(_content(part))[:_MOST_TEXT]
            parts.append(Part(kind, _without_tags(text) if kind == "text/html" else text))
        else:
            parts.append(Part(kind))
    return Mail(_headers(message), tuple(parts), next((headers for headers in returned if headers), {}))


def _leaves(message: Message) -> Iterable[Message]:
    """Yield the parts that are no containers, in order; what is inside a returned mail is none of them."""
    waiting, seen = [message], 0
    while waiting and seen <= 2 * _MOST_PARTS:
        part, seen = waiting.pop(), seen + 1
        children = part.get_payload()
        if part.get_content_maintype() == "multipart" and isinstance(children, list):
            waiting.extend(child for child in reversed(children) if isinstance(child, Message))
        else:
            yield part


# --------------------------------------------------------------------------- fields


def _headers(message: Message) -> Headers:
    found: dict[str, list[str]] = {}
    for name, value in list(message.raw_items())[:_MOST_HEADERS]:
        found.setdefault(name.lower(), []).append(_unfolded(_decoded(_bytes(value))[:_MOST_VALUE]))
    return {name: tuple(values) for name, values in found.items()}


def _unfolded(value: str) -> str:
    return re.sub(r"[\x00-\x20\x7f-\xa0\u2028\u2029]+", " ", value).strip()


def _blocks(part: Message) -> list[Headers]:
    """Return the blocks of fields of a report (RFC 3464 §2.1: one for the message, then one for each recipient)."""
    # The parser makes messages of some of these parts; as bytes they are all the same.
    text = _decoded(_content(part))
    blocks = [_fields(block) for block in re.split(r"\n[ \t]*\n", text.replace("\r\n", "\n").strip())]
    return [block for block in blocks if block][:_MOST_PARTS]


def _first_block(part: Message) -> Headers:
    text = _decoded(_content(part)).replace("\r\n", "\n").lstrip("\n")
    return _fields(text.partition("\n\n")[0])


def _fields(text: str) -> Headers:
    found: dict[str, list[str]] = {}
    for line in re.sub(r"\n[ \t]+", " ", text).split("\n")[:_MOST_HEADERS]:
        name, colon, value = line.partition(":")
        if colon and re.fullmatch(r"[!-9;-~]{1,80}[ \t]*", name):
            found.setdefault(name.strip().lower(), []).append(_unfolded(value[:_MOST_VALUE]))
    return {name: tuple(values) for name, values in found.items()}


# --------------------------------------------------------------------------- contents


def _content(part: Message) -> bytes:
    """Return a part's content as bytes, without its transfer encoding."""
    payload = part.get_payload()
    if isinstance(payload, list):
        text = "\n".join(_source(child) for child in payload if isinstance(child, Message))
    else:
        text = str(payload)
    raw = _bytes(text)
    encoding = str(part.get("Content-Transfer-Encoding", "")).strip().lower()
    if encoding == "base64":
        packed = re.sub(rb"[^A-Za-z0-9+/]", b"", raw)
        try:
            return base64.b64decode(packed[: len(packed) // 4 * 4] + _rest(packed))
        except binascii.Error:
            return raw
    return quopri.decodestring(raw) if encoding == "quoted-printable" else raw


def _rest(packed: bytes) -> bytes:
    """Return the last characters of base64 with the padding that they lack; a single one says nothing."""
    rest = packed[len(packed) // 4 * 4 :]
    return rest.ljust(4, b"=") if len(rest) > 1 else b""


def _source(message: Message) -> str:
    """Return the head of a message, and its body where that is text, as they were written."""
    payload = message.get_payload()
    head = "".join(f"{name}: {value}\n" for name, value in list(message.raw_items())[:_MOST_HEADERS])
    body = payload if isinstance(payload, str) else ""
    return f"{head}\n{body}" if head else body


def _bytes(source: object) -> bytes:
    """Return what the parser gives as the bytes that it was."""
    return str(source).encode("latin-1", "replace")


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _without_tags(text: str) -> str:
    return re.sub(r"<[^<>]*>", " ", re.sub(r"(?i)<(br|p|div|tr|li)\b[^<>]*>", "\n", text)).replace("&nbsp;", " ")
