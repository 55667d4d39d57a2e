"""What kept a mail from being read as it stands."""

from collections.abc import Iterator

from pipeline.errors import Finding
from pipeline.lint._mail import Limits, Mail


def check(mail: Mail, limits: Limits) -> Iterator[Finding]:
    """Yield what the reading found: broken MIME, unknown character sets, bytes that are no text, what is no mail."""
    yield from mail.faults
