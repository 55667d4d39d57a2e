"""Text with placeholders and pictures in; encoded MIME parts out, as pieces between which values only need joining.

Quoted-printable is encoded a piece at a time: a soft line break before and after a value keeps every line short,
whatever the value's length (RFC 2045 §6.7). Base64 can't be cut so; such a body is filled first and then encoded.
"""

import base64
import binascii
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from msgspec import Struct

from pipeline.mail.bidi import Direction
from pipeline.mail.placeholders import Slot, filled, pieces

_LINE_ENDS = re.compile(r"\r\n|\r|\n")
_SOFT = b"=\r\n"
# A line of quoted-printable and of base64 may hold so many characters.
_MOST = 76
Escape: TypeAlias = Callable[[str], str]


class Quoted(Struct, frozen=True):
    """A placeholder in quoted-printable; the flags say on which sides of its value a line goes on."""

    slot: Slot
    escape: Escape
    direction: Direction
    goes_on_before: bool
    goes_on_after: bool

    def filled(self, values: Mapping[str, str]) -> bytes:
        value = _quoted(filled(self.slot, values, self.escape, self.direction))
        before = _SOFT if self.goes_on_before else b""
        return before + value + _SOFT if value and self.goes_on_after else before + value


class Packed(Struct, frozen=True):
    """A whole body that is filled before it is encoded as base64."""

    pieces: tuple[str | Slot, ...]
    escape: Escape
    direction: Direction

    def filled(self, values: Mapping[str, str]) -> bytes:
        texts = [
            piece if isinstance(piece, str) else filled(piece, values, self.escape, self.direction)
            for piece in self.pieces
        ]
        return packed("".join(texts).encode(errors="replace"))


Piece: TypeAlias = bytes | Quoted | Packed


def encoded(text: str) -> tuple[str, bytes]:
    """Return the shorter of quoted-printable and base64, its name first; lines hold at most 76 characters and CRLF."""
    content = _ended(text).encode(errors="replace")
    quoted, base = binascii.b2a_qp(content, istext=True), packed(content)
    return ("quoted-printable", quoted) if len(quoted) <= len(base) else ("base64", base)


def body(template: str, escape: Escape, direction: Direction = "ltr") -> tuple[str, Sequence[Piece]]:
    """Return the name of a template's transfer encoding, and its pieces; which is shorter is asked without values."""
    template = _ended(template)
    encoding, whole = encoded(template)
    parts = tuple(pieces(template))
    if all(isinstance(part, str) for part in parts):
        return encoding, (whole,)
    if encoding == "base64":
        return encoding, (Packed(parts, escape, direction),)
    made: list[Piece] = []
    for place, part in enumerate(parts):
        if isinstance(part, str):
            made.append(_quoted(part))
            continue
        # After another value the soft break behind that has begun a line; the last part is the text's own end.
        before, after = parts[place - 1] if place else "", parts[place + 1]
        goes_on_before = isinstance(before, str) and before != "" and not before.endswith("\n")
        goes_on_after = not (isinstance(after, str) and after.startswith("\r\n"))
        made.append(Quoted(part, escape, direction, goes_on_before, goes_on_after))
    return encoding, made


def _ended(text: str) -> str:
    """Return text with CRLF at each line's end, and one at its own."""
    return "\r\n".join(_LINE_ENDS.split(text.rstrip("\r\n"))) + "\r\n"


def _quoted(text: str) -> bytes:
    """Return a piece of text in quoted-printable; its last line has room for a soft break."""
    if not text:
        return b""
    # The end of the line that is added and taken away again makes Python break with CRLF, and encode a last space.
    content = binascii.b2a_qp(text.encode(errors="replace") + b"\r\n", istext=True)[:-2]
    start = content.rfind(b"\n") + 1
    if len(content) - start < _MOST:
        return content
    cut = start + _MOST - 4
    # Not within the three characters of an encoded byte.
    cut -= next((back for back in (1, 2) if content[cut - back : cut - back + 1] == b"="), 0)
    return content[:cut] + _SOFT + content[cut:]


def packed(content: bytes) -> bytes:
    """Return bytes as base64, 76 characters a line, each ended by CRLF."""
    whole = base64.b64encode(content)
    lines = [whole[start : start + _MOST] for start in range(0, len(whole), _MOST)]
    return b"\r\n".join([*lines, b""])
