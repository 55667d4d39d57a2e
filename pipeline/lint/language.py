"""A mail that doesn't say its language, or the direction of its script, where programs keep it."""

from collections.abc import Iterator

from pipeline.errors import Finding, Severity
from pipeline.lint._mail import Html, Limits, Mail, found

IS_ABOUT_PAGES_TOO = True

_CODE = "language"


def check(mail: Mail, limits: Limits) -> Iterator[Finding]:
    """Yield a finding where html, or an element around the whole letter, lacks lang or dir."""
    html = mail.html
    root = next(html.all("html"), None)
    if root is None:
        return
    hint = 'Screen readers choose a voice by it: <html lang="en" dir="ltr">.'
    if not root.get("lang"):
        yield found(html, root.line, _CODE, "the html element has no lang", hint)
    if not root.get("dir"):
        yield found(html, root.line, _CODE, "the html element has no dir", hint, "warning")
    if not mail.is_web_page:
        yield from _wrapper(html, root.get("lang"))


def _wrapper(html: Html, language: str) -> Iterator[Finding]:
    body = next(html.all("body"), None)
    if body is None:
        return
    inside = [one for one in html.elements if one.parent == body.number and html.text(one)]
    # Webmail throws html and body away, and all that they say.
    hint = "Webmail drops html and body: put lang and dir on one element around the letter as well."
    for element in inside:
        missing = [name for name in ("lang", "dir") if not element.get(name)]
        if missing:
            message = f"<{element.tag}> around the letter has no {' and no '.join(missing)}"
            severity: Severity = "error" if "lang" in missing else "warning"
            yield found(html, element.line, _CODE, message, hint, severity)
            return
        if language and element.get("lang").lower() != language.lower():
            message = f"the letter's element says “{element.get('lang')}”, and html says “{language}”"
            yield found(html, element.line, _CODE, message, "Say the same in both.", "warning")
            return
