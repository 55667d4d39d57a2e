"""Headings that skip a level, or that there are none of."""

from collections.abc import Iterator

from pipeline.errors import Finding
from pipeline.lint._mail import Limits, Mail, found, quoted

IS_ABOUT_PAGES_TOO = True

_LEVELS = ("h1", "h2", "h3", "h4", "h5", "h6")


def check(mail: Mail, limits: Limits) -> Iterator[Finding]:
    """Yield an error for a heading that skips a level or is empty, a warning for a letter without any."""
    html = mail.html
    if not html.elements:
        return
    headings = [one for one in html.all(*_LEVELS) if not one.light.is_hidden]
    if not headings:
        hint = "Make its title an h1: screen readers go from heading to heading."
        yield found(html, 1, "heading-levels", "the letter has no heading", hint, "warning")
    pictures = (picture for picture in html.all("img") if picture.get("alt"))
    with_pictures = {around.number for picture in pictures for around in html.ancestors(picture)}
    before = 0
    for heading in headings:
        level = int(heading.tag[1])
        text = html.text(heading)
        if not text and heading.number not in with_pictures:
            yield found(html, heading.line, "heading-levels", "a heading is empty", "Take it out; space is for styles.")
        if level > before + 1:
            above = f"h{before}" if before else "the letter's beginning"
            message = f"h{level} {quoted(text)} comes right after {above}"
            yield found(html, heading.line, "heading-levels", message, f"Make it h{before + 1}.")
        before = level
