"""What delivery fills in for each reader: a closed set of names, as they stand in a built letter.

A placeholder is `{{ name }}`. Nothing that the author wrote is ever one: in HTML the author's braces are character
references, in text they are kept apart, `{ {`.
"""

import re
from collections.abc import Callable, Mapping

PLACEHOLDERS = (
    "greeting",
    "name",
    "unsubscribe_url",
    "preferences_url",
    "archive_url",
    "worksheet_url",
    "confirm_url",
    "postal_address",
)
_PLACEHOLDER = re.compile(r"\{\{ (" + "|".join(PLACEHOLDERS) + r") \}\}")


def fill(template: str, values: Mapping[str, str], escape: Callable[[str], str] = str) -> str:
    """Return a template with its placeholders filled in one pass: what stands in a value is never filled again."""
    return _PLACEHOLDER.sub(lambda match: escape(values[match[1]]), template)


def split(template: str) -> tuple[str, ...]:
    """Return a template as what stands between its placeholders, and their names, in turns; text first and last."""
    return tuple(_PLACEHOLDER.split(template))


def placeholders_in(*templates: str) -> tuple[str, ...]:
    """Return the names of the placeholders in templates, in the order of the closed set."""
    used = {name for template in templates for name in _PLACEHOLDER.findall(template)}
    return tuple(name for name in PLACEHOLDERS if name in used)
