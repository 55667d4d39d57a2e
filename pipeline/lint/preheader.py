"""The line that inboxes show after the subject: missing, shown in the letter, too long, or the subject again."""

import re
from collections.abc import Iterator

from pipeline.errors import Finding
from pipeline.lint._mail import Element, Html, Limits, Mail, found, quoted, squeezed
from pipeline.lint._words import words

_NAME = re.compile(r"pre-?header|preview-?text", re.IGNORECASE)


def check(mail: Mail, limits: Limits) -> Iterator[Finding]:
    """Yield a finding for what is wrong with the preheader."""
    html = mail.html
    body = next(html.all("body"), None)
    if body is None:
        return
    for element in html.all():
        if _NAME.search(f"{element.get('class')} {element.get('id')}") and html.text(element):
            hint = 'Hide it: style="display: none; max-height: 0; overflow: hidden; mso-hide: all".'
            yield found(html, element.line, "preheader", "the preheader shows in the letter", hint)
            return
    first = _first(html)
    if first is None:
        message = "there is no preheader, so inboxes show the letter's first words"
        hint = "Begin the body with a hidden line that goes on from the subject."
        yield found(html, body.line, "preheader", message, hint, "warning")
        return
    text, shown = html.text(first, hidden=True), html.text(body)
    if len(text) > len(shown):
        message = f"the preheader has {len(text)} characters, and the letter only {len(shown)}"
        yield found(html, first.line, "preheader", message, "Shorten it to 90 or less.")
    if mail.subject and (words(mail.subject) == words(text) or _contains(text, mail.subject)):
        message = f"the preheader says the subject again: {quoted(text)}"
        yield found(html, first.line, "preheader", message, "Say what the subject doesn't.", "warning")


def _first(html: Html) -> Element | None:
    """Return the hidden element that the body's text begins with; None where it begins with what is shown."""
    for piece in html.pieces:
        element = html.elements[piece.element]
        around = (element, *html.ancestors(element))
        if not squeezed(piece.text) or not any(one.tag == "body" for one in around):
            continue
        hidden = [one for one in around if one.light.is_hidden]
        return hidden[-1] if hidden else None
    return None


def _contains(text: str, subject: str) -> bool:
    return f" {' '.join(words(subject))} " in f" {' '.join(words(text))} "
