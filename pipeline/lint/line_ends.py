"""Lines that don't end in CRLF, as mail's lines do."""

from collections.abc import Iterator

from pipeline.errors import Finding
from pipeline.lint._mail import Limits, Mail


def check(mail: Mail, limits: Limits) -> Iterator[Finding]:
    """Yield an error for line ends of two kinds, a warning for a message that was saved with LF throughout."""
    if not mail.raw:
        return
    both = mail.raw.count(b"\r\n")
    feeds, returns = mail.raw.count(b"\n") - both, mail.raw.count(b"\r") - both
    hint = "Mail's lines end in CRLF (RFC 5322 §2.3). Save it as the mail program wrote it."
    if returns or (feeds and both):
        message = f"lines end in different ways: {both:,} in CRLF, {feeds:,} in LF alone, {returns:,} in CR alone"
        yield mail.finding(_first(mail.raw), "line-ends", message, hint)
    elif feeds:
        yield mail.finding(1, "line-ends", "the lines end in LF alone, as a file's do", hint, "warning")


def _first(raw: bytes) -> int:
    """Return the first line with an end that isn't CRLF."""
    for number, line in enumerate(raw.split(b"\n"), start=1):
        if not line.endswith(b"\r") or b"\r" in line[:-1]:
            return number
    return 1
