"""The headers that every message has once, and in a form that others can read."""

import re
from collections.abc import Iterator
from email.utils import getaddresses, parsedate_to_datetime

from pipeline.errors import Finding
from pipeline.lint._mail import Header, Limits, Mail
from pipeline.mail.headers import MOST

_ONCE = ("From", "To", "Date", "Message-ID", "Subject")
_AT_MOST_ONCE = ("Reply-To", "Cc", "Sender", "MIME-Version", "Content-Type", "List-Id", "Auto-Submitted")


def check(mail: Mail, limits: Limits) -> Iterator[Finding]:
    """Yield an error for a header that is missing, there twice, or not in its form (RFC 5322 §3.6)."""
    if not mail.headers:
        return
    for name in _ONCE:
        there = mail.named(name)
        if not there:
            yield mail.finding(1, "headers", f"there is no {name}", "A message has exactly one (RFC 5322 §3.6).")
    for name in (*_ONCE, *_AT_MOST_ONCE):
        for header in mail.named(name)[1:]:
            message = f"{name} is there again; the first is on line {mail.named(name)[0].line}"
            yield mail.finding(header.line, "headers", message, "Keep one: filters refuse the message.")
    for header in mail.headers:
        for message, hint in _wrong(header):
            yield mail.finding(header.line, "headers", message, hint)


def _wrong(header: Header) -> Iterator[tuple[str, str]]:
    name, raw = header.name.lower(), header.raw.strip()
    if re.search(r"[\x00-\x08\x0b-\x1f\x7f]", header.raw):
        yield f"{header.name} has a control character", "Take it out; servers cut the message there, or refuse it."
    if name == "from" and not _is_one_address(raw):
        yield f"From isn't one mailbox: “{raw[:60]}”", "Write Name <name@example.com>."
    if name == "date" and not _is_date(raw):
        yield f"Date isn't one: “{raw[:60]}”", "Write it as RFC 5322 does: Mon, 04 Jan 2027 08:00:00 +0100."
    if name == "message-id" and not re.fullmatch(r"<[^<>@\s]+@[^<>@\s]+>", raw):
        yield f"Message-ID isn't one: “{raw[:60]}”", "Write <something-unique@your-domain>."


def _is_one_address(raw: str) -> bool:
    # Comments may nest, and the parser follows them.
    if len(raw) > MOST or raw.count("(") > 20:
        return False
    try:
        found = [address for _, address in getaddresses([raw]) if address]
    except (ValueError, IndexError):
        return False
    return len(found) == 1 and re.fullmatch(r"[^@\s]+@[^@\s]+", found[0]) is not None


def _is_date(raw: str) -> bool:
    try:
        parsedate_to_datetime(raw)
    except (TypeError, ValueError, IndexError, OverflowError):
        return False
    return True
