"""A ref and keys in; signed tokens for pages' addresses and for envelope senders out, and the ref back from either.

A token says what it is for and whom it concerns, and no more: no address, no name, no sequence. It works for as long
as one of the keys is the one that signed it.
"""

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from functools import lru_cache
from typing import Literal

from itsdangerous import Signer
from itsdangerous.encoding import base64_decode, base64_encode
from itsdangerous.signer import SigningAlgorithm
from msgspec import Struct

from pipeline.errors import ConfigError

Purpose = Literal["confirm", "unsubscribe", "preferences", "archive", "worksheet", "pause"]

# A purpose is one letter, the same in a token and in the path of its page. These never change: old links hold them.
LETTERS: dict[Purpose, str] = {
    "confirm": "c",
    "unsubscribe": "u",
    "preferences": "p",
    "archive": "a",
    "worksheet": "w",
    "pause": "h",
}
# Whose token opens a page besides the page's own: who may end a subscription may as well change it.
_OPENS: dict[Purpose, tuple[Purpose, ...]] = {"preferences": ("unsubscribe",)}
LEAST_KEY = 32
# 120 bits in an address, and 56 in an envelope sender, whose local part has room for 64 characters (RFC 5321
# §4.5.3.1.1). Both are whole characters of base64 and base32, so that no character has a bit to spare.
_LINK_BYTES = 15
_VERP_BYTES = 7
_TOKEN = re.compile(r"([A-Za-z0-9_-]{20})(([A-Za-z0-9_-]{11})([a-z]))")
# Forwarders and mail programs change case, and some write another sign for the plus.
_LOCAL = re.compile(r"(?:^|[^a-z0-9])([a-z][a-z0-9]{0,30})[+=_-]([a-z2-7]{24})$")
_LONGEST_ADDRESS = 320


class Keys(Struct, frozen=True):
    """Keys that links are signed with, the newest first: it signs, and what any of them signed is accepted."""

    values: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Keys(<{len(self.values)}>)"


class Links(Struct, frozen=True):
    """The addresses of one reader's pages; an address is empty where the message has no such page."""

    unsubscribe: str
    preferences: str
    archive: str = ""
    worksheet: str = ""
    confirm: str = ""


def new_key() -> str:
    """Return a new random key of 256 bits, as text without white space."""
    return secrets.token_urlsafe(32)


def read_keys(text: str) -> Keys:
    """Return the keys that QUIRE_LINK_KEYS holds: newest first, separated by white space.

    Raises ConfigError where there is none, or one is too short to be random.
    """
    keys = tuple(dict.fromkeys(text.split()))
    if not keys or any(len(key) < LEAST_KEY for key in keys):
        raise ConfigError(
            f"QUIRE_LINK_KEYS: a key has at least {LEAST_KEY} characters\n    `quire series key` makes one."
        )
    return Keys(keys)


# --------------------------------------------------------------------------- addresses of pages


def token(purpose: Purpose, ref: int, keys: Keys) -> str:
    """Return the token, 32 characters, that opens a page for the subscriber or delivery `ref`.

    Its last character is a letter, since some mail programs take a final hyphen as no part of an address.
    """
    value = base64_encode(_packed(ref)).decode() + LETTERS[purpose]
    return _signer(keys, "link", _LINK_BYTES).get_signature(value).decode() + value


def opened(text: str, purpose: Purpose, keys: Keys) -> int | None:
    """Return the ref in a token for this purpose, or None: for another one, changed, foreign, or none at all.

    A token to unsubscribe opens the preferences too.
    """
    match = _TOKEN.fullmatch(text) if len(text) == 32 else None
    if match is None or not _signer(keys, "link", _LINK_BYTES).verify_signature(match[2], match[1]):
        return None
    letters = [LETTERS[one] for one in (purpose, *_OPENS.get(purpose, ()))]
    return int.from_bytes(base64_decode(match[3])) if match[4] in letters else None


def links_for(
    base: str,
    keys: Keys,
    subscriber_ref: int,
    delivery_ref: int | None = None,
    *,
    worksheet: bool = True,
    confirm: bool = False,
) -> Links:
    """Return the addresses in one message; `base` is what `delivery: links` holds.

    To unsubscribe, for preferences and to confirm they carry the subscriber's ref, and so never change. The archived
    issue and its worksheet carry the delivery's: whoever a message is forwarded to can read that issue with them, and
    nothing else. Raises ConfigError where `base` isn't https.
    """
    if not re.fullmatch(r"https://[^\s\"<>?#]+", base):
        raise ConfigError(
            "book.yaml: “delivery: links” is not an https address\n    Write links: https://letters.example.org."
        )

    def address(purpose: Purpose, ref: int) -> str:
        return f"{base.rstrip('/')}/{LETTERS[purpose]}/{token(purpose, ref, keys)}"

    return Links(
        address("unsubscribe", subscriber_ref),
        address("preferences", subscriber_ref),
        address("archive", delivery_ref) if delivery_ref is not None else "",
        address("worksheet", delivery_ref) if delivery_ref is not None and worksheet else "",
        address("confirm", subscriber_ref) if confirm else "",
    )


# --------------------------------------------------------------------------- envelope senders


def verp(ref: int, keys: Keys, domain: str, local: str = "bounces") -> str:
    """Return the envelope sender of a delivery, so that a bounce names it (variable envelope return path).

    The token is base32 in small letters, since local parts may lose their case on the way. It holds for this `local`
    only: with “unsubscribe” it makes an address to unsubscribe by mail, which nobody can derive from a bounce's.
    Raises ValueError for a `local` that isn't small letters and digits, 31 at the most.
    """
    if not re.fullmatch(r"[a-z][a-z0-9]{0,30}", local):
        raise ValueError(f"“{local}” can't begin an envelope sender")
    value = _packed(ref)
    signature = base64_decode(_signer(keys, f"verp {local}", _VERP_BYTES).get_signature(value))
    return f"{local}+{base64.b32encode(value + signature).decode().lower()}@{domain}"


def verp_ref(address: str, keys: Keys, local: str = "bounces") -> int | None:
    """Return the ref in an envelope sender that we signed, or None.

    Also where its case has changed, where it is quoted or in angle brackets, where a server put something before it
    (as BATV does), and where the plus has become another sign.
    """
    if len(address) > _LONGEST_ADDRESS or not address.isascii():
        return None
    part = address.strip().strip("<>").rpartition("@")[0].strip('"').lower()
    match = _LOCAL.search(part)
    if match is None or match[1] != local:
        return None
    try:
        raw = base64.b32decode(match[2].upper())
    except binascii.Error:
        return None
    value, signature = raw[:8], base64_encode(raw[8:])
    is_ours = _signer(keys, f"verp {local}", _VERP_BYTES).verify_signature(value, signature)
    return int.from_bytes(value) if is_ours else None


class _Short(SigningAlgorithm):
    """HMAC with SHA-256, cut to so many bytes (RFC 2104 §5)."""

    def __init__(self, size: int) -> None:
        self.size = size

    def get_signature(self, key: bytes, value: bytes) -> bytes:
        return hmac.digest(key, value, "sha256")[: self.size]


@lru_cache(maxsize=32)
def _signer(keys: Keys, salt: str, size: int) -> Signer:
    # The library wants the newest key last.
    return Signer(
        list(reversed(keys.values)),
        salt=f"quire {salt}".encode(),
        key_derivation="hmac",
        digest_method=hashlib.sha256,
        algorithm=_Short(size),
    )


def _packed(ref: int) -> bytes:
    """Return a ref as eight bytes. Raises ValueError where it isn't one."""
    try:
        return ref.to_bytes(8)
    except OverflowError as error:
        raise ValueError("a ref is a number from 0, of 64 bits at the most") from error
