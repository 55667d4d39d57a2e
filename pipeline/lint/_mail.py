"""The plain model of a mail, which every rule here reads: headers, HTML with computed looks, and the text part."""

import re
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import TypeAlias

from msgspec import Struct

from pipeline.errors import Finding, PartLocation, Severity
from pipeline.mail.placeholders import PLACEHOLDERS

# How many words of a text stand in a message.
_WORDS = 7
# What fills up an inbox's preview, or keeps a cell open, and is no text.
_BLANK = re.compile(r"[\s\u00ad\u034f\u061c\u115f\u180e\u200b-\u200f\u2007\u202a-\u202e\u2060-\u2064\ufeff]+")
_PLACEHOLDER = re.compile(r"\{\{ (?:" + "|".join(PLACEHOLDERS) + r") \}\}")
# What services fill in before a mail goes out: what stands in its place can't be known.
# Short of any end, none of them may make the search run on through the text.
_FILLED_LATER = re.compile(
    r"\{\{.{0,80}?\}\}|\{%.{0,80}?%\}|\*\|.{0,80}?\|\*|%%.{0,80}?%%|<%.{0,80}?%>|\[\[.{0,80}?\]\]|\{\$.{0,80}?\}|%[A-Za-z_]{2,40}%"
)


Values: TypeAlias = dict[str, str]


class Declaration(Struct, frozen=True):
    """A property with its value, as written, and its line."""

    name: str
    value: str
    line: int
    is_important: bool = False


class StyleRule(Struct, frozen=True):
    """A rule of a style element, and the media queries around it; `scope` names what other at-rules are around it."""

    selector: str
    media: tuple[str, ...]
    declarations: tuple[Declaration, ...]
    line: int
    scope: str = ""


class AtRule(Struct, frozen=True):
    """An at-rule: its name in small letters, what stands between it and its block, and the media around it."""

    name: str
    prelude: str
    line: int
    media: tuple[str, ...] = ()


class Look(Struct, frozen=True):
    """How an element's own text looks: hex colors, empty where they can't be known; `size` in CSS pixels."""

    color: str = "#000000"
    ground: str = "#ffffff"
    size: float = 16.0
    is_bold: bool = False
    is_hidden: bool = False


class Element(Struct, frozen=True):
    """An element: its number, its parent's (-1 at the root), and which pieces of text are in it.

    `dark` is None where the mail has no colors of its own for a dark inbox, `outlook` where it has none for Outlook's.
    """

    number: int
    parent: int
    tag: str
    attributes: dict[str, str]
    line: int
    first: int
    last: int
    style: tuple[Declaration, ...] = ()
    light: Look = Look()
    dark: Look | None = None
    outlook: Look | None = None

    def get(self, name: str) -> str:
        """Return an attribute without white space around it; empty where there is none."""
        return self.attributes.get(name, "").strip()

    def declared(self, name: str) -> str:
        """Return the value of a property in the style attribute; empty where there is none."""
        return next((one.value for one in reversed(self.style) if one.name == name), "")


class Piece(Struct, frozen=True):
    """A run of text, and the number of the element that it is in."""

    text: str
    element: int


class Comment(Struct, frozen=True):
    text: str
    line: int


class Link(Struct, frozen=True):
    """A link: where it leads, the words or the picture's alternative text that say so, and its line."""

    href: str
    text: str
    line: int


class Html(Struct, frozen=True, dict=True):
    """The HTML of a mail. Elements and pieces of text are in the order of the source; `size` is in bytes."""

    place: PartLocation
    size: int
    elements: tuple[Element, ...] = ()
    pieces: tuple[Piece, ...] = ()
    rules: tuple[StyleRule, ...] = ()
    at_rules: tuple[AtRule, ...] = ()
    comments: tuple[Comment, ...] = ()

    def all(self, *tags: str) -> Iterator[Element]:
        """Yield the elements of some tags; all elements where none is named."""
        return (element for element in self.elements if not tags or element.tag in tags)

    def text(self, element: Element, *, hidden: bool = False) -> str:
        """Return an element's text with single spaces, without what isn't shown unless `hidden`."""
        pieces = self.pieces[element.first : element.last]
        shown = (piece.text for piece in pieces if hidden or not self.elements[piece.element].light.is_hidden)
        return squeezed("".join(shown))

    def ancestors(self, element: Element) -> Iterator[Element]:
        """Yield the elements around an element, the nearest first."""
        while element.parent >= 0:
            element = self.elements[element.parent]
            yield element

    @cached_property
    def links(self) -> tuple[Link, ...]:
        """Return the links in the order of the source, those of image maps too."""
        pictures: dict[int, list[str]] = {}
        for picture in self.all("img"):
            for around in self.ancestors(picture):
                if around.tag == "a":
                    pictures.setdefault(around.number, []).append(picture.get("alt"))
                    break
        return tuple(
            Link(
                element.get("href"),
                self.text(element)
                or element.get("aria-label")
                or " ".join(pictures.get(element.number, [element.get("alt")])),
                element.line,
            )
            for element in self.all("a", "area")
            if "href" in element.attributes
        )

    @cached_property
    def title(self) -> str:
        return next((self.text(element, hidden=True) for element in self.all("title")), "")


class Text(Struct, frozen=True):
    """The text part of a mail; `is_first` says that it stands before the HTML, as it must."""

    place: PartLocation
    text: str
    is_first: bool = True


class Header(Struct, frozen=True):
    """A header as it stands in the file, unfolded, and decoded."""

    name: str
    raw: str
    value: str
    line: int


class Attached(Struct, frozen=True):
    """A further part of a message; its content id without angle brackets."""

    media_type: str
    content_id: str
    size: int


class Mail(Struct, frozen=True):
    """A mail as it was read: a message, or only its HTML.

    Where `is_message` is false there are no headers to look at; `html` has no elements where there is none. `raw` is
    the message as it stands in its file. `beside` are the names of files beside it: a mail's pictures, which travel in
    it once it is sent, or all that is published with a web page (`is_web_page`). `postal_address` is the sender's,
    where it is known. `faults` are what was found while it was read. Nobody can leave a list through an answer by a
    machine, so `is_bulk` is false for one.
    """

    path: str
    html: Html
    text: Text | None
    is_message: bool = False
    headers: tuple[Header, ...] = ()
    attached: tuple[Attached, ...] = ()
    raw: bytes = b""
    is_bulk: bool = True
    subject: str = ""
    postal_address: str = ""
    beside: tuple[str, ...] = ()
    is_web_page: bool = False
    faults: tuple[Finding, ...] = ()

    def named(self, name: str) -> tuple[Header, ...]:
        """Return all headers of a name."""
        return tuple(header for header in self.headers if header.name.lower() == name.lower())

    def finding(self, line: int, code: str, message: str, hint: str, severity: Severity = "error") -> Finding:
        """Return a finding at a line of the file."""
        return Finding(PartLocation(self.path, line), code, message, hint, severity)


class Limits(Struct, frozen=True):
    """What book.yaml sets: how many characters a subject may have."""

    subject_characters: int = 60


Rule = Callable[[Mail, Limits], Iterator[Finding]]


def found(part: Html | Text, line: int, code: str, message: str, hint: str, severity: Severity = "error") -> Finding:
    """Return a finding at a line of a part."""
    return Finding(PartLocation(part.place.path, line, part.place.part), code, message, hint, severity)


def squeezed(text: str) -> str:
    """Return a text with single spaces, and without characters that nobody sees."""
    return _BLANK.sub(" ", text).strip()


def quoted(text: str) -> str:
    """Return the first words of a text in quotation marks."""
    words = text.split()
    shown = " ".join(words[:_WORDS])
    return f"“{shown[:80]}{'…' if len(words) > _WORDS or len(shown) > 80 else ''}”"


def is_filled_later(text: str) -> bool:
    """Return whether something in a text is filled in before the mail goes out."""
    return bool(_FILLED_LATER.search(text))


def is_placeholder(text: str) -> bool:
    """Return whether a text is one of Quire's own placeholders and nothing else."""
    return bool(_PLACEHOLDER.fullmatch(text.strip()))
