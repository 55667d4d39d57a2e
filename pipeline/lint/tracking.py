"""Pictures that only report who reads, and links that go by way of a counter."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from pipeline.errors import Finding
from pipeline.lint._mail import Element, Limits, Mail, found

IS_ABOUT_PAGES_TOO = True

_REDIRECT_PATH = re.compile(
    r"/(track(ing)?/)?(click|clicks|ls/click|wf/click|cl0|redirect|redir|r/click|track/click|e/c)(/|$|\?)",
    re.IGNORECASE,
)
_REDIRECT_HOST = re.compile(
    r"(^|\.)(click|clicks|links?|track|trk|email-links|list-manage\d*|ct\.sendgrid|mandrillapp|awstrack)\.",
    re.IGNORECASE,
)
_INNER = re.compile(r"[?&/=]https?(%3a%2f%2f|://)", re.IGNORECASE)


def check(mail: Mail, limits: Limits) -> Iterator[Finding]:
    """Yield an error for each picture of a pixel, and for each link that hides another in it."""
    html = mail.html
    for picture in html.all("img"):
        if _is_pixel(picture):
            hint = "Take it out: it tells on those who read, and many programs fetch it whoever reads or not."
            yield found(html, picture.line, "tracking", f"a picture of a pixel: “{picture.get('src')[:60]}”", hint)
    for link in html.links:
        if _is_redirect(link.href):
            message = f"a link goes by way of a counter: “{link.href[:60]}”"
            yield found(html, link.line, "tracking", message, "Link to the page itself.")


def _is_pixel(picture: Element) -> bool:
    if picture.light.is_hidden and picture.get("src").lower().startswith("http"):
        return True
    sides = [_pixels(picture.get(side)) or _pixels(picture.declared(side)) for side in ("width", "height")]
    return all(side is not None and side <= 2 for side in sides)


def _pixels(length: str) -> int | None:
    match = re.fullmatch(r"(\d{1,6})(?:\.\d+)?(px)?", length.strip())
    return int(match[1]) if match else None


def _is_redirect(href: str) -> bool:
    if not href.lower().startswith(("http:", "https:")):
        return False
    try:
        parts = urlsplit(href)
    except ValueError:
        return False
    hides = bool(_INNER.search(f"{parts.path}?{parts.query}"))
    return hides or bool(_REDIRECT_PATH.search(parts.path)) or bool(_REDIRECT_HOST.search(parts.netloc))
