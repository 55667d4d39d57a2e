"""A mail address in; what is wrong with it, its form for sending, its form for comparing, and its keyed hash out."""

import hmac
import re
import unicodedata

from msgspec import Struct

# RFC 5321 §4.5.3.1: 64 octets, an @, and what remains of a path of 256 with its brackets.
_LONGEST = 254
# Addresses as nearly all are. The names that the pattern leaves out are no public domains (RFC 6761).
_PLAIN = re.compile(
    r"[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*@(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+"
    r"(?!(?:arpa|invalid|local|localhost|onion|test)\Z)[a-z]{2,}",
    re.ASCII | re.IGNORECASE,
)
# Control characters, the ends of lines, and bytes that were no text.
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
LONGEST_NAME = 200


class Address(Struct, frozen=True):
    """An address that somebody may be written to at: as it is sent to, and as it is compared."""

    normalised: str
    identity: str


def read_address(text: str) -> Address | str:
    """Return an address, or why nobody can be written to at it; as strict as `address_fault`, and mostly faster."""
    text = text.strip()
    if is_plain(text):
        small = text.lower()
        at = text.index("@")
        return Address(text[:at] + small[at:], small)
    return address_fault(text) or Address(normalised(text), identity(text))


def is_plain(address: str) -> bool:
    """Return whether an address is surely in order, by its letters alone; most are, and others may be too."""
    at = address.find("@")
    return at <= 64 and len(address) - at <= 64 and _PLAIN.fullmatch(address) is not None


def name_fault(name: str) -> str:
    """Return why a name can't be put into a header, and nothing where it can."""
    if len(name) > LONGEST_NAME:
        return f"the name is longer than {LONGEST_NAME} characters"
    if not name.isprintable() and _UNPRINTABLE.search(name):
        return "the name holds a line break or a control character, or is no text"
    return ""


def words_fault(words: str) -> str:
    """Return why somebody's words can't be kept as they are, and nothing where they can: several lines may."""
    if _UNPRINTABLE.search(re.sub(r"[\n\t]", " ", words)):
        return "holds a control character, or bytes that are no text"
    return ""


def address_fault(address: str) -> str:
    """Return why nobody can be written to at an address, and nothing where somebody may be.

    Looks at its form only, without DNS; an address beyond ASCII is in order (RFC 6531).
    """
    from email_validator import EmailNotValidError, validate_email

    if not address.strip():
        return "there is no address"
    if _UNPRINTABLE.search(address):
        return "it holds a line break or a control character"
    if len(address.encode(errors="replace")) > _LONGEST:
        return f"it is longer than {_LONGEST} bytes"
    try:
        validate_email(address, check_deliverability=False, allow_smtputf8=True, strict=True)
    except EmailNotValidError as error:
        # The library's sentences end with a period, and ours don't.
        return str(error).rstrip(".")
    return ""


def normalised(address: str) -> str:
    """Return an address as it is sent to: the domain in small letters and ASCII (IDNA 2008), the local part as it is.

    Never fails: a domain that can't be put into ASCII stays as it is. Nothing is guessed of what stands behind a plus
    or of dots, since only the receiving server knows what they mean.
    """
    local, at, domain = unicodedata.normalize("NFC", address.strip()).rpartition("@")
    return f"{local}{at}{_ascii(domain)}"


def identity(address: str) -> str:
    """Return an address as it is compared: as it is sent to, and the local part in small letters as well."""
    local, at, domain = normalised(address).rpartition("@")
    return f"{unicodedata.normalize('NFC', local.lower())}{at}{domain}"


def address_hash(key: bytes, address: str) -> bytes:
    """Return 32 bytes that tell whether an address is the same, and not what it is (HMAC-SHA256 of its identity).

    `key` must stay the same for as long as the hashes are to be of use, so it is not one of the keys of links, which
    change.
    """
    return identity_hash(key, identity(address))


def identity_hash(key: bytes, identity: str) -> bytes:
    """Return the `address_hash` of the address whose identity this is."""
    # By its name, OpenSSL does it in one call.
    return hmac.digest(key, b"quire address\0" + identity.encode(errors="surrogatepass"), "sha256")


def key_check(key: bytes) -> bytes:
    """Return 32 bytes that tell whether a key of hashes is the same, and not what it is."""
    return hmac.digest(key, b"quire address key", "sha256")


def _ascii(domain: str) -> str:
    import idna

    domain = domain.strip().rstrip(".").lower()
    if domain.isascii():
        return domain
    try:
        return idna.encode(domain, uts46=True).decode().lower()
    except (idna.IDNAError, UnicodeError):
        return domain
