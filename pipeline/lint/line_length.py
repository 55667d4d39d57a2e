"""Lines of a message that are longer than servers let through, or than headers should be."""

from collections.abc import Iterator

from pipeline.errors import Finding
from pipeline.lint._mail import Limits, Mail
from pipeline.mail.headers import LINE, MOST

# Told once for each kind: one long line is seldom alone.
_TOLD = 3


def check(mail: Mail, limits: Limits) -> Iterator[Finding]:
    """Yield an error for lines over 998 bytes (RFC 5322 §2.1.1), a warning for header lines that should be folded."""
    told = 0
    is_head = True
    for number, line in enumerate(mail.raw.replace(b"\r\n", b"\n").split(b"\n"), start=1):
        is_head = is_head and bool(line)
        if len(line) > MOST:
            message = f"the line has {len(line):,} bytes; servers let {MOST} through"
            yield mail.finding(number, "line-length", message, "Encode the part as quoted-printable or base64.")
        elif is_head and len(line) > LINE and b" " in line.partition(b":")[2].strip() and told < _TOLD:
            told += 1
            message = f"the header line has {len(line)} bytes; it should be folded at {LINE}"
            yield mail.finding(number, "line-length", message, "Break it before a space.", "warning")
