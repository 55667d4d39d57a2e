"""The bytes of anybody's mail in, an .eml or its HTML; a mail as a value out, with what is malformed in it."""

import email
import email.errors
import email.policy
import re
from collections.abc import Iterator, Mapping
from email.header import decode_header, make_header
from email.message import Message

from pipeline.errors import Finding, PartLocation
from pipeline.lint._html import MOST_READ, parse, with_plain_line_ends
from pipeline.lint._mail import Attached, Header, Html, Mail, Text
from pipeline.mail.message import is_answer

# Attachments are allowed to be large; headers and parts without end are only ever an attack.
MOST_BYTES = 25_000_000
_MOST_HEADERS = 100_000
_MOST_PARTS = 100
_CODE = "malformed"
_DEFECTS = {
    "NoBoundaryInMultipartDefect": "a multipart names no boundary between its parts",
    "StartBoundaryNotFoundDefect": "a multipart's boundary never comes",
    "CloseBoundaryNotFoundDefect": "a multipart has no end: its last boundary is missing, as in a message cut off",
    "MultipartInvariantViolationDefect": "a part calls itself multipart and has no parts",
    "InvalidMultipartContentTransferEncodingDefect": "a multipart has a transfer encoding, as only its parts may",
    "InvalidBase64PaddingDefect": "a part's base64 ends too soon",
    "InvalidBase64CharactersDefect": "a part's base64 has characters that are none of it",
    "InvalidBase64LengthDefect": "a part's base64 has a length that it can't have",
    "MissingHeaderBodySeparatorDefect": "a line among the headers is none",
    "FirstHeaderLineIsContinuationDefect": "the first header line is a continuation of nothing",
    "MisplacedEnvelopeHeaderDefect": "a line “From ” of a mailbox file stands among the headers",
    "UndecodableBytesDefect": "a header has bytes that are no text",
}


def read_page(
    path: str,
    content: bytes,
    *,
    text: Text | None = None,
    subject: str = "",
    is_bulk: bool = True,
    postal_address: str = "",
    beside: tuple[str, ...] = (),
    is_web_page: bool = False,
) -> Mail:
    """Return a mail of which only the HTML is there, in UTF-8, with what else is known of it."""
    place = PartLocation(path)
    source, faults = _utf_8(content, place)
    html, more = parse(with_plain_line_ends(source), place)
    return Mail(
        path,
        html,
        text,
        is_bulk=is_bulk,
        subject=subject or html.title,
        postal_address=postal_address,
        beside=beside,
        is_web_page=is_web_page,
        faults=(*faults, *more),
    )


def read_message(path: str, content: bytes, *, is_bulk: bool = True, postal_address: str = "") -> Mail:
    """Return a message (RFC 5322) with its parts. Whatever the bytes are, this returns.

    One that says of itself that a machine answers (RFC 3834), or by its Feedback-ID that it is a confirmation or a
    goodbye which Quire made, is no bulk mail, whatever `is_bulk` says.
    """
    place = PartLocation(path)
    fault = _what_keeps_from_reading(content)
    if fault:
        return Mail(path, Html(place, 0), None, is_message=True, raw=b"", faults=(Finding(place, _CODE, *fault),))
    headers, faults = _headers(path, content)
    message = email.message_from_bytes(content, policy=email.policy.compat32)
    html, has_html = Html(place, 0), False
    text: Text | None = None
    attached = []
    for part in message.walk():
        is_attached = str(part.get("Content-Disposition", "")).strip().lower().startswith("attachment")
        kind = part.get_content_type()
        if part.is_multipart():
            pass
        elif kind == "text/html" and not has_html and not is_attached:
            where = PartLocation(path, part="HTML part")
            source, found = _decoded(part, where)
            html, more = parse(source, where)
            faults += found + more
            has_html = True
        elif kind == "text/plain" and text is None and not is_attached:
            where = PartLocation(path, part="text part")
            source, found = _decoded(part, where)
            text = Text(where, source, is_first=not has_html)
            faults += found
        else:
            content_id = str(part.get("Content-ID", "")).strip().strip("<>")
            attached.append(Attached(kind, content_id, len(str(part.get_payload()))))
        # Some are only known once the part has been decoded.
        faults += _defects(part, place)
    if not has_html:
        hint = "A plain message needs no lint but its headers'."
        faults.append(Finding(place, _CODE, "the message has no HTML part", hint, "warning"))
    values = {header.name.lower(): header.value for header in reversed(headers)}
    return Mail(
        path,
        html,
        text,
        is_message=True,
        headers=tuple(headers),
        attached=tuple(attached),
        raw=content,
        is_bulk=is_bulk and not _is_an_answer(values),
        subject=values.get("subject", ""),
        postal_address=postal_address,
        faults=tuple(faults),
    )


def _is_an_answer(values: Mapping[str, str]) -> bool:
    by_machine = values.get("auto-submitted", "no").strip().lower()
    return not by_machine.startswith("no") or is_answer(values.get("feedback-id", ""))


def _what_keeps_from_reading(content: bytes) -> tuple[str, str] | None:
    """Return what is wrong with bytes that aren't worth or aren't safe to take apart, and what to do."""
    if len(content) > MOST_BYTES:
        return f"the file has {len(content) / 1e6:,.0f} MB; no mail has", "Check that it is the right file."
    if not content.strip():
        return "the file is empty", "Save the message again, with all its headers (as .eml)."
    if re.match(rb"[A-Za-z][A-Za-z0-9-]*[ \t]*:|From ", content) is None:
        return "the file doesn't begin with a header, as every message does", "Save the message as .eml, not its text."
    head = re.split(rb"\r?\n\r?\n", content, maxsplit=1)[0]
    if len(head) > _MOST_HEADERS:
        return f"its headers take {len(head) / 1000:,.0f} kB", "Check that it is the right file."
    if len(re.findall(rb"(?im)^content-type[ \t]*:", content)) > _MOST_PARTS:
        return f"it has more than {_MOST_PARTS} parts", "Check that it is the right file."
    return None


def _utf_8(content: bytes, place: PartLocation) -> tuple[str, list[Finding]]:
    try:
        return content.decode("utf-8-sig"), []
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        where = PartLocation(place.path, line, place.part)
        return content.decode(errors="replace"), [
            Finding(where, _CODE, "the line has bytes that aren't UTF-8", "Save the file as UTF-8.")
        ]


# --------------------------------------------------------------------------- headers


def _headers(path: str, content: bytes) -> tuple[list[Header], list[Finding]]:
    """Return the headers of a message with their lines, and the lines among them that are none."""
    headers: list[Header] = []
    faults = []
    head = re.split(rb"\r?\n\r?\n", content, maxsplit=1)[0]
    for number, line in enumerate(re.split(r"\r\n|\n|\r", head.decode(errors="replace")), start=1):
        name, colon, value = line.partition(":")
        if line[:1] in (" ", "\t") and headers:
            last = headers.pop()
            raw = f"{last.raw}{line}"
            headers.append(Header(last.name, raw, _value(raw), last.line))
        elif colon and re.fullmatch(r"[!-9;-~]+[ \t]*", name):
            headers.append(Header(name.strip(), value, _value(value), number))
        else:
            where = PartLocation(path, number)
            message = f"a line among the headers is none: “{line[:60]}”"
            faults.append(Finding(where, _CODE, message, "Headers are “Name: value”; the first empty line ends them."))
    return headers, faults


def _value(raw: str) -> str:
    """Return a header's value decoded (RFC 2047), or as it stands where it can't be."""
    raw = raw.strip()
    try:
        return str(make_header(decode_header(raw)))
    except (email.errors.HeaderParseError, LookupError, ValueError):
        return raw


# --------------------------------------------------------------------------- parts


def _defects(part: Message, place: PartLocation) -> Iterator[Finding]:
    for defect in part.defects:
        name = type(defect).__name__
        words = _DEFECTS.get(name) or " ".join(re.findall("[A-Z][a-z0-9]*", name)).lower()
        # Lines that are no headers were told of with their place.
        if name not in ("MissingHeaderBodySeparatorDefect", "FirstHeaderLineIsContinuationDefect"):
            yield Finding(place, _CODE, words, "Save or send the message again; see RFC 2046 §5.")


def _decoded(part: Message, place: PartLocation) -> tuple[str, list[Finding]]:
    """Return a part's text with plain line ends, and what kept it from being decoded."""
    payload = part.get_payload(decode=True)
    content = payload if isinstance(payload, bytes) else b""
    is_named = bool(part.get_content_charset())
    charset = str(part.get_content_charset() or "utf-8")
    faults = []
    try:
        text = content.decode(charset)
    except (LookupError, ValueError):
        text = content.decode(errors="replace")
        says = f"“{charset[:40]}”, as it says, or there is no such character set"
        message = f"its text isn't {says if is_named else 'UTF-8, and it names no other character set'}"
        faults.append(Finding(place, _CODE, message, "Write the part in UTF-8."))
    if len(text) > MOST_READ and place.part == "text part":
        message = f"its text has {len(text) / 1000:,.0f} kB, which is no letter; it was not read to its end"
        faults.append(Finding(place, _CODE, message, "Check the message."))
        text = text[:MOST_READ]
    return with_plain_line_ends(text), faults
