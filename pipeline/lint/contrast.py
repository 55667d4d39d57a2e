"""Text that stands out too little from its ground, in a light or a dark inbox, or where Outlook darkens."""

from collections.abc import Iterator

from pipeline.errors import Finding
from pipeline.lint._mail import Element, Html, Limits, Look, Mail, found, quoted, squeezed
from pipeline.theme import contrast

IS_ABOUT_PAGES_TOO = True

# WCAG 2.2, 1.4.3: large is 18 points, or 14 when bold.
_LARGE, _LARGE_BOLD = 24.0, 18.66


def check(mail: Mail, limits: Limits) -> Iterator[Finding]:
    """Yield an error for each pair of colors below WCAG 2.2 AA, at its first text, in each scheme."""
    first: dict[tuple[str, str, str], tuple[int, str, float]] = {}
    for element, words, scheme, look in _texts(mail.html):
        if not look.color or not look.ground:
            continue
        ratio = contrast(look.color, look.ground)
        is_large = look.size >= _LARGE or (look.is_bold and look.size >= _LARGE_BOLD)
        # What is drawn in characters, such as a blank to write on, is no text (1.4.11).
        if ratio < (3.0 if is_large or element.get("role") == "img" else 4.5):
            first.setdefault((scheme, look.color, look.ground), (element.line, words, ratio))
    for (scheme, color, ground), (line, words, ratio) in first.items():
        message = f"{quoted(words)} has a contrast of {ratio:.1f} in {scheme}: {color} on {ground}"
        hint = "WCAG 2.2 AA asks for 4.5, and for 3 in large type."
        yield found(mail.html, line, "contrast", message, hint)


def _texts(html: Html) -> Iterator[tuple[Element, str, str, Look]]:
    """Yield each run of text that is shown, with what it is in, in each scheme that the mail has."""
    for piece in html.pieces:
        words = squeezed(piece.text)
        if not words:
            continue
        element = html.elements[piece.element]
        if not element.light.is_hidden:
            yield element, words, "a light inbox", element.light
        if element.dark is not None and not element.dark.is_hidden:
            yield element, words, "a dark inbox", element.dark
        if element.outlook is not None and not element.outlook.is_hidden:
            yield element, words, "a dark Outlook", element.outlook
