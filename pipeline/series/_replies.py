"""Replies and errors of a mail server in; what they mean for a message out."""

import re
import smtplib
from typing import Literal

from pipeline.series.outcome import Outcome, Stage

# What a connection that has ended raises; all of smtplib's errors are OSErrors.
GONE = (smtplib.SMTPServerDisconnected, OSError)
_ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3})\s+")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_LONGEST_TEXT = 500


def outcome_of(stage: Stage, code: int, text: bytes | str) -> Outcome:
    """Return what a reply means for a message; what is no reply leaves it in doubt where it may have been taken."""
    words = text.decode(errors="replace") if isinstance(text, bytes) else text
    words = _CONTROLS.sub(" ", words).strip()
    enhanced = _ENHANCED.match(words + " ")
    kind: Literal["accepted", "deferred", "refused", "in_doubt"]
    match code // 100:
        case 2 if stage == "reply":
            kind = "accepted"
        case 4:
            kind = "deferred"
        case 5:
            kind = "refused"
        case _:
            kind = "in_doubt" if stage == "reply" else "deferred"
    said = words[enhanced.end() :] if enhanced else words
    return Outcome(kind, stage, max(code, 0), enhanced[1] if enhanced else "", said[:_LONGEST_TEXT])


def words_of(error: Exception) -> str:
    """Return what an error says, in one line."""
    # smtplib wraps what the socket raised.
    if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
        return "no answer in time"
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return "the connection ended"
    reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or str(error)
    return _CONTROLS.sub(" ", str(reason)).strip()[:_LONGEST_TEXT] or type(error).__name__
