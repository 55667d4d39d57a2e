"""Something that a mail program doesn't know, and for which nothing stands in."""

from collections.abc import Iterator

from pipeline.errors import Finding, Severity
from pipeline.lint._fallbacks import Lack, lacks
from pipeline.lint._mail import Limits, Mail, found


def check(mail: Mail, limits: Limits) -> Iterator[Finding]:
    """Yield an error for each use that some client of the set doesn't know, a warning where it knows it in part."""
    for style in mail.html.all("style"):
        if any(around.tag == "body" for around in mail.html.ancestors(style)):
            message, hint = "Gmail drops a style element in the body", "Put it into the head."
            yield found(mail.html, style.line, "unsupported", message, hint, "warning")
    for lack in lacks(mail):
        if not lack.instead:
            hint = f"Write it in a way that all know. caniemail notes: {lack.note}" if lack.note else _HINT
            severity: Severity = "warning" if lack.is_partial else "error"
            yield found(mail.html, lack.line, "unsupported", _message(lack), hint, severity)


_HINT = "Write it in a way that all know, or see with “--fallbacks” what may stand in."


def _message(lack: Lack) -> str:
    first, *others = lack.clients
    also = f" and {len(others)} more" if len(others) > 1 else f" and {others[0]}" if others else ""
    verb = "don't know" if others else "doesn't know"
    times = f", here and {lack.count - 1} times more" if lack.count > 1 else ""
    here = " in this place" if lack.is_partial else ""
    return f"{first}{also} {verb} “{lack.shown}”{here}{times}"
