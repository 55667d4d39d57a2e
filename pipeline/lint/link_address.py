"""A link that leads nowhere, or not safely."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from pipeline.errors import Finding
from pipeline.lint._mail import Limits, Mail, found, is_filled_later

IS_ABOUT_PAGES_TOO = True

_SCHEMES = frozenset({"https", "mailto", "tel", "sms"})


def check(mail: Mail, limits: Limits) -> Iterator[Finding]:
    """Yield a finding for each address that is empty, without a scheme or a host, not https, or no address at all."""
    for link in mail.html.links:
        if mail.is_web_page and _is_beside(link.href, mail):
            continue
        wrong = _wrong(link.href, is_web_page=mail.is_web_page)
        if wrong:
            yield found(mail.html, link.line, "link-address", *wrong)


def _is_beside(href: str, mail: Mail) -> bool:
    """Return whether an address is that of a file beside the page, or of a place in the page itself."""
    name, _, place = href.partition("#")
    if name:
        return name in mail.beside
    return any(element.get("id") == place for element in mail.html.elements)


def _wrong(href: str, *, is_web_page: bool) -> tuple[str, str] | None:
    if href in ("", "#"):
        return "a link has no address", "Give it one, or take the link away."
    shown = f"“{href[:60]}”"
    if href.startswith("#"):
        return (f"a link leads to no place on this page: {shown}", "Check the name after #.") if is_web_page else None
    # What comes first decides; the rest may be filled in later.
    scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]*):(?!\d)", href)
    if scheme is None:
        if is_filled_later(href):
            return None
        if is_web_page:
            return f"a link leads to no file beside this page: {shown}", "Publish it there, or write https://."
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
