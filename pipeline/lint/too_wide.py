"""Something that is wider than a letter may be."""

import re
from collections.abc import Iterator

from pipeline.errors import Finding
from pipeline.lint._mail import Element, Limits, Mail, found

_MOST = 640


def check(mail: Mail, limits: Limits) -> Iterator[Finding]:
    """Yield an error for each element that is told to be wider than 640 px, the outermost of those in one another."""
    told: set[int] = set()
    for element in mail.html.elements:
        width = _width(element)
        if element.parent in told:
            told.add(element.number)
        elif width > _MOST:
            told.add(element.number)
            message = f"<{element.tag}> is {width} px wide; a letter has at most {_MOST}"
            hint = "Make it 600: reading panes and phones show no more, and readers have to move it from side to side."
            yield found(mail.html, element.line, "too-wide", message, hint)


def _width(element: Element) -> int:
    said = [element.get("width") if element.tag in ("table", "td", "th", "img", "col") else ""]
    said += [element.declared("width"), element.declared("min-width")]
    pixels = (re.fullmatch(r"(\d{1,6})(?:\.\d+)?(?:px)?", one.strip()) for one in said)
    return max((int(match[1]) for match in pixels if match), default=0)
