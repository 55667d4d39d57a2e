"""A message and a private key in; the message with its DKIM signature (RFC 6376, RFC 8463) out.

The arithmetic is that of `cryptography`. A library that signs whole messages takes ten times as long for them as it
takes to make them; here the canonical form of a body is a few replacements. Tests let such a library verify it.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from pipeline.errors import ConfigError
from pipeline.mail.headers import LINE, header

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

VARIABLE = "QUIRE_DKIM_KEY"
# What is signed where it is there: all that makes a message one of a list's too (RFC 8058 §4).
_SIGNED = (
    b"from",
    b"to",
    b"subject",
    b"date",
    b"message-id",
    b"mime-version",
    b"content-type",
    b"content-language",
    b"list-id",
    b"list-unsubscribe",
    b"list-unsubscribe-post",
    b"list-help",
    b"list-archive",
    b"feedback-id",
    b"precedence",
    b"auto-submitted",
)
# Signed once more than they are there, so that nobody adds another (RFC 6376 §5.4).
_OVERSIGNED = (b"from", b"to", b"subject", b"date", b"reply-to")
_FIELD_ENDS = re.compile(rb"\r\n(?![ \t])")
_SPACE = re.compile(rb"[ \t]+")
_LEAST_RSA = 1024


class Signer:
    """Signs messages for a domain with one key, as relaxed/relaxed."""

    def __init__(self, domain: str, selector: str, key: str) -> None:
        """Take a private key: PEM of RSA or Ed25519, or the 32 bytes of Ed25519 in base64.

        Raises ConfigError, which holds nothing of the key, where it is none of these.
        """
        self.domain, self.selector = domain, selector
        self._key = _Key(key)

    def signed(self, content: bytes, at: datetime) -> bytes:
        """Return a message with its signature in front; `at` is what the signature says of when it was made."""
        head, _, body = content.partition(b"\r\n\r\n")
        fields = [_field(line) for line in _FIELD_ENDS.split(head)]
        names = [name.lower() for name, _ in fields]
        chosen = [name for name in _SIGNED for _ in range(names.count(name))]
        body_hash = base64.b64encode(hashlib.sha256(relaxed_body(body)).digest()).decode()
        unsigned = self._signature_field([*chosen, *_OVERSIGNED], body_hash, at)
        signature = self._key.sign(self._hashed(fields, chosen, unsigned))
        # The white space that folding adds is not part of the value (RFC 6376 §3.5).
        return unsigned + _folded(base64.b64encode(signature)) + b"\r\n" + content

    def record(self) -> tuple[str, str]:
        """Return the name and the text of the DNS record by which others verify the signatures."""
        public = base64.b64encode(self._key.public).decode()
        return f"{self.selector}._domainkey.{self.domain}", f"v=DKIM1; k={self._key.kind}; p={public}"

    def _signature_field(self, names: Sequence[bytes], body_hash: str, at: datetime) -> bytes:
        signed = [f"{name.decode()}:" for name in names]
        signed = [f"h={signed[0]}", *signed[1:-1], f"{signed[-1].removesuffix(':')};"]
        start = [
            "v=1;",
            f"a={self._key.kind}-sha256;",
            "c=relaxed/relaxed;",
            f"d={self.domain};",
            f"s={self.selector};",
        ]
        tokens = [*start, f"t={int(at.timestamp())};", *signed, f"bh={body_hash};", "b="]
        return header("DKIM-Signature", tokens).removesuffix(b"\r\n")

    def _hashed(self, fields: Sequence[tuple[bytes, bytes]], chosen: Sequence[bytes], signature: bytes) -> bytes:
        """Return what the signature is of: chosen fields, the lowest of a name first, then its own without a value."""
        left = {name: [field for field in fields if field[0].lower() == name] for name in set(chosen)}
        picked = [left[name].pop() for name in chosen]
        return b"\r\n".join(relaxed_field(name, value) for name, value in [*picked, _field(signature)])


class _Key:
    """A private key of either kind: its name in DNS, what it signs with, and its public half."""

    kind: str
    public: bytes
    sign: Callable[[bytes], bytes]

    def __init__(self, text: str) -> None:
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        key = _loaded(text)
        if isinstance(key, RSAPrivateKey):
            if key.key_size < _LEAST_RSA:
                raise ConfigError(f"{VARIABLE}: {key.key_size} bits are too few for RSA\n    Make a key of 2048 bits.")
            rsa, padding, digest = key, PKCS1v15(), SHA256()
            self.kind = "rsa"
            self.public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
            self.sign = lambda content: rsa.sign(content, padding, digest)
        else:
            ed25519 = key
            self.kind = "ed25519"
            self.public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
            # RFC 8463 §3: Ed25519 signs the hash.
            self.sign = lambda content: ed25519.sign(hashlib.sha256(content).digest())


def _loaded(text: str) -> "RSAPrivateKey | Ed25519PrivateKey":
    """Return the private key in a text. Raises ConfigError where there is none of a kind that DKIM knows."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        if "-----BEGIN" in text:
            key: object = load_pem_private_key(text.encode(), password=None)
        else:
            key = Ed25519PrivateKey.from_private_bytes(base64.b64decode("".join(text.split()), validate=True))
    except (ValueError, TypeError, binascii.Error, UnsupportedAlgorithm):
        # The library's own words may quote the key.
        key = None
    if not isinstance(key, RSAPrivateKey | Ed25519PrivateKey):
        raise ConfigError(
            f"{VARIABLE} is no private key without a password\n"
            "    Make one: openssl genpkey -algorithm ed25519. PEM, or 32 bytes in base64."
        ) from None
    return key


# --------------------------------------------------------------------------- canonical form


def relaxed_field(name: bytes, value: bytes) -> bytes:
    """Return a header field in its relaxed form, without the end of its line (RFC 6376 §3.4.2)."""
    return name.lower().rstrip() + b":" + _SPACE.sub(b" ", value.replace(b"\r\n", b"")).strip(b" \t")


def relaxed_body(body: bytes) -> bytes:
    """Return a body in its relaxed form (RFC 6376 §3.4.4); its lines end in CRLF."""
    body = body.replace(b"\t", b" ")
    while b"  " in body:
        body = body.replace(b"  ", b" ")
    body = body.replace(b" \r\n", b"\r\n")
    end = len(body)
    while body.endswith(b"\r\n", 0, end):
        end -= 2
    return body[:end] + b"\r\n" if end else b""


def _field(line: bytes) -> tuple[bytes, bytes]:
    name, _, value = line.partition(b":")
    return name, value


def _folded(text: bytes) -> bytes:
    width = LINE - 2
    return b"".join(b"\r\n " + text[start : start + width] for start in range(0, len(text), width))
