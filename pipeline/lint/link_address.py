"""A link that leads nowhere, or not safely."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from pipeline.errors import Finding
from pipeline.lint._mail import Limits, Mail, found, is_filled_later

_SCHEMES = frozenset({"https", "mailto", "tel", "sms"})


def check(mail: Mail, limits: Limits) -> Iterator[Finding]:
    """Yield a finding for each address that is empty, without a scheme or a host, not https, or no address at all."""
    for link in mail.html.links:
        wrong = _wrong(link.href)
        if wrong:
            yield found(mail.html, link.line, "link-address", *wrong)


def _wrong(href: str) -> tuple[str, str] | None:
    if href in ("", "#"):
        return "a link has no address", "Give it one, or take the link away."
    shown = f"“{href[:60]}”"
    if href.startswith("#"):
        return None
    # What comes first decides; the rest may be filled in later.
    scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]*):(?!\d)", href)
    if scheme is None:
        if is_filled_later(href):
            return None
        return f"a link has no scheme: {shown}", f"Write https://{href.lstrip('/')[:60]}, if that is meant."
    name = scheme[1].lower()
    if name == "http":
        return f"a link isn't safe: {shown}", "Write https://; most sites have it."
    if name not in _SCHEMES:
        return f"a link of a kind that mail programs don't follow: {shown}", "Link to a page by https://."
    if re.search(r"[\s\x00-\x1f]", href) and not is_filled_later(href):
        return f"a link's address has a space in it: {shown}", "Write %20 for it, or take it out."
    if name == "https" and not _host(href):
        return f"a link names no host: {shown}", "Write the whole address."
    if name == "mailto" and "@" not in href and not is_filled_later(href):
        return f"a link to a mail address without one: {shown}", "Write mailto:name@example.com."
    return None


def _host(href: str) -> str:
    try:
        return urlsplit(href).netloc
    except ValueError:
        return ""
