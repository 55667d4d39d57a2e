"""One address under two texts, or one text for two addresses."""

from collections.abc import Iterator

from pipeline.errors import Finding
from pipeline.lint._mail import Limits, Link, Mail, found, quoted

IS_ABOUT_PAGES_TOO = True


def check(mail: Mail, limits: Limits) -> Iterator[Finding]:
    """Yield a warning for each link whose address or text was there before with another text or address."""
    html = mail.html
    by_address: dict[str, Link] = {}
    by_text: dict[str, Link] = {}
    for link in html.links:
        text = link.text.casefold()
        # On a page, what leads to a note or a source below is told apart by where it stands.
        if not link.href or not text or (mail.is_web_page and link.href.startswith("#")):
            continue
        before = by_address.setdefault(link.href, link)
        if before.text.casefold() != text:
            message = f"{quoted(link.text)} leads where {quoted(before.text)} on line {before.line} leads"
            hint = "Give both the same words: who hears a list of links takes them for two places."
            yield found(html, link.line, "link-twice", message, hint, "warning")
        before = by_text.setdefault(text, link)
        if before.href != link.href:
            message = f"{quoted(link.text)} leads to another place than the same words on line {before.line}"
            yield found(html, link.line, "link-twice", message, "Say with each where it leads.", "warning")
