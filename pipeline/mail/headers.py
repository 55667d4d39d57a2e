"""Names, texts and addresses in; header lines out (RFC 5322, 2047), folded between tokens only.

The standard library's `EmailMessage` does not write them: its policy encodes a long address in a header as RFC 2047
words, which breaks one-click unsubscribe, and it takes a NUL.
"""

import base64
import re
from collections.abc import Iterable
from urllib.parse import quote

from msgspec import Struct

from pipeline.errors import WriteError

LINE = 78
MOST = 998
# RFC 2047 allows an encoded word 75 characters and its line 76; this leaves room for the name before the first.
_WORD = 64
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_CONTROL_OR_SPACE = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029]")
# What RFC 5322 lets stand in a display name without quotation marks.
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*")
# A lone surrogate is what is left of bytes that were no UTF-8.
_NO_ADDRESS = re.compile(r"[\s<>,;:\"\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_Q_SAFE = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!*+-/")


class Mailbox(Struct, frozen=True):
    name: str
    address: str


def header(name: str, tokens: Iterable[str]) -> bytes:
    """Return a header folded before the tokens that would pass column 78; a token is never broken or encoded.

    Raises WriteError where a token is empty, holds a space or a control character, or is too long for any line.
    """
    line, used, lines = f"{name}:", len(name) + 1, []
    is_fresh = True
    for token in tokens:
        if not token or _CONTROL_OR_SPACE.search(token):
            raise WriteError(f"{name}: “{token[:80]}” can't stand in a header")
        width = len(token) if token.isascii() else len(token.encode())
        # The first token stays beside the name: a line of white space alone is obsolete (RFC 5322 §3.2.2).
        if is_fresh or used + 1 + width <= LINE:
            line += f" {token}"
            used += 1 + width
        else:
            lines.append(line)
            line, used = f" {token}", 1 + width
        if used > MOST:
            raise WriteError(f"{name}: an address of more than {MOST} bytes can't stand in a header")
        is_fresh = False
    return "\r\n".join([*lines, line, ""]).encode()


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


def mailbox(box: Mailbox) -> list[str]:
    """Return a name and an address as tokens; an address beyond ASCII stays so, and asks for SMTPUTF8 (RFC 6532).

    Raises WriteError for what is no address.
    """
    local, at, domain = box.address.partition("@")
    if not (local and at and domain) or "@" in domain or _NO_ADDRESS.search(box.address):
        raise WriteError(f"“{box.address[:80]}” is not an address")
    return [*display_name(box.name), f"<{box.address}>"]


def display_name(name: str) -> list[str]:
    """Return a name as the tokens that stand before an address: words, a quoted string, or RFC 2047 words."""
    name = cleaned(name)
    if not name:
        return []
    tokens = phrase(name)
    if tokens[0].startswith("=?") or _ATOMS.fullmatch(name):
        return tokens
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'.split(" ")


def file_name(parameter: str, name: str) -> list[str]:
    """Return a file's name as a parameter; beyond ASCII as RFC 2231 writes it."""
    if re.fullmatch(r"[A-Za-z0-9._-]+", name):
        return [f'{parameter}="{name}"']
    return [f"{parameter}*=utf-8''{quote(name, safe='')}"]
