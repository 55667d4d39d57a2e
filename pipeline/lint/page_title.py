"""A page without a title."""

from collections.abc import Iterator

from pipeline.errors import Finding
from pipeline.lint._mail import Limits, Mail, found

IS_ABOUT_PAGES_TOO = True


def check(mail: Mail, limits: Limits) -> Iterator[Finding]:
    """Yield an error where the HTML has no title, or an empty one."""
    html = mail.html
    if html.elements and not html.title:
        hint = "Write the subject into <title>: it is read out first where a letter opens in a browser."
        yield found(html, 1, "page-title", "the HTML has no title", hint)
