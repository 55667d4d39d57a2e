"""A mail so large that programs cut it off, or that it loads slowly."""

from collections.abc import Iterator

from pipeline.errors import Finding
from pipeline.lint._mail import Limits, Mail, found
from pipeline.mail.sequence import MOST_HTML

# With what is inside it, such as pictures: on a slow phone this takes some seconds.
_MOST_MESSAGE = 500_000
# Gmail drops a whole style element beyond this.
_MOST_STYLE = 16_000


def check(mail: Mail, limits: Limits) -> Iterator[Finding]:
    """Yield a finding for HTML over 90 kB, for styles over 16 kB, and for a message over half a megabyte."""
    if mail.html.size > MOST_HTML:
        message = f"its HTML has {mail.html.size / 1000:.0f} kB; Gmail cuts off past about 102, and some room is needed"
        yield found(
            mail.html, 1, "clipped", message, f"Keep it under {MOST_HTML // 1000} kB: shorten it, or make two of it."
        )
    for style in mail.html.all("style"):
        size = len(mail.html.text(style, hidden=True))
        if size > _MOST_STYLE:
            message = f"this style element has {size / 1000:.0f} kB; Gmail drops one over {_MOST_STYLE // 1000}"
            yield found(mail.html, style.line, "clipped", message, "Inline what can be, and divide the rest.")
    if len(mail.raw) > _MOST_MESSAGE:
        message = f"the message has {len(mail.raw) / 1000:,.0f} kB"
        yield mail.finding(1, "clipped", message, "Make its pictures smaller, or link to what is attached.", "warning")
