"""What stands in a line: text and what is marked in it."""

from typing import TypeAlias

from msgspec import Struct

from pipeline.errors import Location


class Text(Struct, frozen=True, tag="text"):
    text: str


class Emphasis(Struct, frozen=True, tag="emphasis"):
    children: "tuple[Inline, ...]"


class Strong(Struct, frozen=True, tag="strong"):
    children: "tuple[Inline, ...]"


class Code(Struct, frozen=True, tag="code"):
    text: str


class Link(Struct, frozen=True, tag="link"):
    """A link to a web or mail address."""

    href: str
    children: "tuple[Inline, ...]"
    location: Location


class LineBreak(Struct, frozen=True, tag="line_break"):
    pass


class Cite(Struct, frozen=True, tag="cite"):
    """A citation of works by key; `narrative` puts the names in the sentence."""

    keys: tuple[str, ...]
    narrative: bool
    location: Location


class Term(Struct, frozen=True, tag="term"):
    """Words linked to the glossary; `target` is the word as written, resolved by `Book.terms`."""

    target: str
    children: "tuple[Inline, ...]"
    location: Location


class Ref(Struct, frozen=True, tag="ref"):
    """A cross-reference; without children the format writes the target's own label."""

    target: str
    children: "tuple[Inline, ...]"
    location: Location


class IndexMark(Struct, frozen=True, tag="index_mark"):
    """An index entry at this place: `entry` is the heading and its sub-headings; see-entries name another."""

    id: str
    entry: tuple[str, ...]
    children: "tuple[Inline, ...]"
    location: Location
    see: str = ""
    see_also: str = ""


class FootnoteRef(Struct, frozen=True, tag="footnote_ref"):
    number: int
    location: Location


class WorksheetLink(Struct, frozen=True, tag="worksheet_link"):
    """A link to the printable worksheet of the chapter that an issue belongs to."""

    children: "tuple[Inline, ...]"
    location: Location


class ConfirmLink(Struct, frozen=True, tag="confirm_link"):
    """A link by which a reader confirms that the newsletter was asked for."""

    children: "tuple[Inline, ...]"
    location: Location


class Placeholder(Struct, frozen=True, tag="placeholder"):
    """What delivery fills in for each reader, by its name in `mail.placeholders`; `fallback` where it has nothing."""

    name: str
    fallback: str
    location: Location


class Blank(Struct, frozen=True, tag="blank"):
    """A gap to write in, `width` underscores wide in the manuscript."""

    width: int


Inline: TypeAlias = (
    Text
    | Emphasis
    | Strong
    | Code
    | Link
    | LineBreak
    | Cite
    | Term
    | Ref
    | IndexMark
    | FootnoteRef
    | WorksheetLink
    | ConfirmLink
    | Placeholder
    | Blank
)
