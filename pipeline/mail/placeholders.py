"""What delivery fills in for each reader: a closed set of names, as they stand in a built letter.

A placeholder is `{{ name }}`, or `{{ name|friend }}` with what is said where there is no value; that stands in a file
as the file's own format writes it. Nothing else that the author wrote is ever one: in HTML other braces are character
references, in text they are kept apart, `{ {`.
"""

import html
import re
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import quote

from msgspec import Struct

from pipeline.mail.bidi import Direction as Direction
from pipeline.mail.bidi import direction_of as direction_of
from pipeline.mail.bidi import isolated as isolated

# What an author may write, by the kind of letter. A confirmation shows nothing that a stranger may have typed.
IN_PROSE: dict[str, tuple[str, ...]] = {
    "issue": ("name",),
    "confirmation": (),
    "welcome": ("name",),
    "progress": ("name", "issues_sent", "issues_left", "next_issue"),
    "goodbye": ("name",),
}
# What a reader may lack: such a placeholder says what stands there then.
MAY_BE_EMPTY = ("name", "next_issue")

PLACEHOLDERS = (
    "greeting",
    "name",
    "unsubscribe_url",
    "preferences_url",
    "archive_url",
    "worksheet_url",
    "confirm_url",
    "resubscribe_url",
    "postal_address",
    "issues_sent",
    "issues_left",
    "next_issue",
)
_PLACEHOLDER = re.compile(r"\{\{ (" + "|".join(PLACEHOLDERS) + r")(?:\|([^{}]*))? \}\}")

# Line ends and controls: none has a place in a value, and in a header they would end it (RFC 5322 §2.2).
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]+")
# Everything that may stand in an address as it is (RFC 3986 §2), the percent sign among it.
_IN_ADDRESS = "%:/?#[]@!$&'()*+,;=-._~"


class Slot(Struct, frozen=True):
    """A placeholder in a template, with its fallback as the template's format writes it."""

    name: str
    fallback: str = ""

    def __str__(self) -> str:
        return f"{{{{ {self.name}|{self.fallback} }}}}" if self.fallback else f"{{{{ {self.name} }}}}"


class Greeting(Struct, frozen=True):
    """The two forms of the greeting: `with_name` holds `{{ name }}`, `without_name` is for readers who gave none."""

    with_name: str = "Dear {{ name }},"
    without_name: str = "Hello,"

    def for_name(self, name: str, direction: Direction = "ltr") -> str:
        """Return the greeting of a reader, who may have no name."""
        return fill(self.with_name, {"name": name}, str, direction) if on_one_line(name) else self.without_name


def pieces(template: str) -> Iterator[str | Slot]:
    """Yield a template's text and its placeholders, in order; no text is empty."""
    end = 0
    for match in _PLACEHOLDER.finditer(template):
        if match.start() > end:
            yield template[end : match.start()]
        yield Slot(match[1], match[2] or "")
        end = match.end()
    if end < len(template):
        yield template[end:]


def fill(
    template: str, values: Mapping[str, str], escape: Callable[[str], str] = str, direction: Direction = "ltr"
) -> str:
    """Return a template with its placeholders filled in one pass: what stands in a value is never filled again.

    `escape` is `in_html` for HTML, `str` for text, `in_address` for a piece of an address, and what writes RFC 2047
    words for a header; it gets a value on one line. `direction` is that of the text around. An empty value gives way
    to its fallback. Raises KeyError where a placeholder without a fallback has no value.
    """
    return "".join(
        piece if isinstance(piece, str) else filled(piece, values, escape, direction) for piece in pieces(template)
    )


def filled(
    slot: Slot, values: Mapping[str, str], escape: Callable[[str], str] = str, direction: Direction = "ltr"
) -> str:
    """Return what stands in a placeholder's stead."""
    raw = values.get(slot.name, "") if slot.fallback else values[slot.name]
    value = prepared(slot.name, raw, direction)
    return escape(value) if value else slot.fallback


def prepared(name: str, value: str, direction: Direction = "ltr") -> str:
    """Return a value as it is before any format's escaping: on one line, isolated from text of the other direction.

    What isn't allowed in an address is percent-encoded in one. A greeting is taken to come from `Greeting`.
    """
    value = on_one_line(value)
    if name.endswith("_url"):
        return quote(value, safe=_IN_ADDRESS)
    return value if name == "greeting" else isolated(value, direction)


def on_one_line(value: str) -> str:
    """Return text with each run of controls, line ends, and surrogates as one space, and none at its ends."""
    return _CONTROLS.sub(" ", value).strip()


def in_html(value: str) -> str:
    """Return a value as HTML's text and quoted attributes hold it; braces are references too, and never a template."""
    return html.escape(value).replace("{", "&#123;").replace("}", "&#125;")


def in_address(value: str) -> str:
    """Return a value as one piece of an address: all but unreserved characters percent-encoded (RFC 3986 §2.3)."""
    return quote(value, safe="")


def as_for_nobody(template: str) -> str:
    """Return a subject or a preheader as it reads without a reader: fallbacks and, for numbers, an ellipsis."""
    return "".join(piece if isinstance(piece, str) else piece.fallback or "…" for piece in pieces(template))


def placeholders_in(*templates: str) -> tuple[str, ...]:
    """Return the names of the placeholders in templates, in the order of the closed set."""
    used = {piece.name for template in templates for piece in pieces(template) if isinstance(piece, Slot)}
    return tuple(name for name in PLACEHOLDERS if name in used)
