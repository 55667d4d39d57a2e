"""Scripts, forms, and whatever else a page would run or fetch: mail programs drop it, and filters mistrust it."""

import re
from collections.abc import Iterator

from pipeline.errors import Finding
from pipeline.lint._mail import Element, Html, Limits, Mail, found

IS_ABOUT_PAGES_TOO = True

_DROPPED = {
    "script": "a script",
    "iframe": "a frame",
    "frame": "a frame",
    "frameset": "a frameset",
    "object": "an object",
    "embed": "an embedded object",
    "applet": "an applet",
    "audio": "a sound",
    "form": "a form",
    "input": "a form's field",
    "textarea": "a form's field",
    "select": "a form's field",
    "button": "a form's button",
    "dialog": "a dialog",
    "base": "a base for addresses",
    "canvas": "a canvas",
}


def check(mail: Mail, limits: Limits) -> Iterator[Finding]:
    """Yield an error for each script, form, frame, external stylesheet and handler of events."""
    html = mail.html
    for element in html.elements:
        for what, hint in _wrong(element):
            yield found(html, element.line, "active-content", what, hint)
    yield from _imports(html)


def _wrong(element: Element) -> Iterator[tuple[str, str]]:
    if element.tag in _DROPPED:
        hint = "Link to a page that has it." if element.tag != "base" else "Write whole addresses."
        yield f"{_DROPPED[element.tag]}, which mail programs drop: <{element.tag}>", hint
    if element.tag == "link" and "stylesheet" in element.get("rel").lower():
        yield f"a stylesheet from elsewhere: “{element.get('href')[:60]}”", "Inline its styles."
    if element.tag == "meta" and element.get("http-equiv").lower() == "refresh":
        yield "a page that moves on by itself (meta refresh)", "Take it out."
    for name in element.attributes:
        if re.fullmatch(r"on[a-z]+", name):
            yield f"a handler of events: {name}=", "Take it out; mail runs no scripts."
    if re.match(r"\s*(javascript|vbscript):", element.get("href"), re.IGNORECASE):
        yield "a link that runs a script", "Link to a page."


def _imports(html: Html) -> Iterator[Finding]:
    for at_rule in html.at_rules:
        if at_rule.name == "import":
            message = f"a stylesheet from elsewhere: @import {at_rule.prelude[:60]}"
            yield found(html, at_rule.line, "active-content", message, "Write its rules here, or inline them.")
