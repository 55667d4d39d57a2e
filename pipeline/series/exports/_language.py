"""A letter in; the same with a service's own placeholders out.

What an author wrote must not be taken for a template there. In the HTML of a built letter the author's braces are
references already; what else could begin a placeholder is parted by a space.
"""

import html
import re
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Literal

from msgspec import Struct

from pipeline.errors import ConfigError
from pipeline.mail.placeholders import Greeting, Slot, as_for_nobody, in_html, pieces, placeholders_in
from pipeline.mail.sample import sample_addresses
from pipeline.series.exports._material import Material
from pipeline.series.message import LetterContent

Form = Literal["html", "text", "subject"]
_OPENINGS = re.compile(r"\{(?=[{%#])")


class Place(Enum):
    """Where a service finds what it has no placeholder of its own for."""

    # The same page for all readers, on the author's site.
    SITE = "site"
    # The words of book.yaml.
    SENDER = "sender"
    # Nowhere: a letter that needs it stays behind.
    NONE = "none"


def apart(text: str, form: Form) -> str:
    """Return text in which nothing begins a tag of Go's, Liquid's or Django's templates."""
    return _OPENINGS.sub("{ ", text)


class Language(Struct, frozen=True):
    """How a service writes what differs from reader to reader.

    `places` has every placeholder but `name` and `greeting`. `either` takes what is said with a name and without one.
    `names_in_subjects` is False where a service promises none there.
    """

    name: Callable[[Form], str]
    either: Callable[[str, str], str]
    places: Mapping[str, str | Place]
    guarded: Callable[[str, Form], str] = apart
    names_in_subjects: bool = True

    def lacks(self, letter: LetterContent) -> tuple[str, ...]:
        """Return the placeholders of a letter for which the service has nothing."""
        used = placeholders_in(letter.subject, letter.text, letter.html)
        return tuple(name for name in used if self.places.get(name) is Place.NONE)


class Translated(Struct, frozen=True):
    """A letter as a service wants it."""

    letter: LetterContent
    subject: str
    text: str
    html: str


def translated(material: Material, letter: LetterContent, language: Language, picture: str = "") -> Translated:
    """Return a letter in a service's language; the address of a picture begins with `picture`, or is its name.

    Raises ConfigError where a page or a picture has no address.
    """
    addresses = sample_addresses(material.site, letter.stem, letter.worksheet)

    def said(slot: Slot, form: Form) -> str:
        match slot.name:
            case "greeting":
                return _greeting(material.head.greeting, language, form)
            case "name":
                fallback = language.guarded(slot.fallback, form)
                return language.either(language.name(form), fallback) if fallback else language.name(form)
        match language.places[slot.name]:
            case Place.SITE:
                if not material.site:
                    raise ConfigError(_no_site(f"“{letter.subject}” leads to a page of the book's own"))
                return html.escape(addresses[slot.name]) if form == "html" else addresses[slot.name]
            case Place.SENDER:
                return _written(material.head.sender.postal_address, language, form)
            case str(expression):
                return expression
        return slot.fallback

    def whole(template: str, form: Form) -> str:
        parts = pieces(template)
        return "".join(language.guarded(part, form) if isinstance(part, str) else said(part, form) for part in parts)

    subject = letter.subject if language.names_in_subjects else as_for_nobody(letter.subject)
    page = whole(letter.html, "html")
    for shown in letter.pictures if picture else ():
        page = page.replace(f'src="{shown.name}"', f'src="{html.escape(f"{picture}/{shown.name}")}"')
    return Translated(letter, whole(subject, "subject"), whole(letter.text, "text"), page)


def picture_folder(material: Material) -> str:
    """Return what the addresses of pictures begin with. Raises ConfigError where they have none."""
    if not material.picture_folder and any(letter.pictures for letter in material.letters):
        raise ConfigError(
            "the letters have pictures, and these have no address\n"
            "    Say where you will put them: --pictures https://…; or write “website” in content/book.yaml."
        )
    return material.picture_folder


def _greeting(greeting: Greeting, language: Language, form: Form) -> str:
    """Return a greeting with a name or without one, as the reader has it."""
    with_name = "".join(
        _written(part, language, form) if isinstance(part, str) else language.name(form)
        for part in pieces(greeting.with_name)
    )
    return language.either(with_name, _written(greeting.without_name, language, form))


def _written(text: str, language: Language, form: Form) -> str:
    """Return the author's words as a form holds them."""
    return language.guarded(in_html(text) if form == "html" else text, form)


def _no_site(what: str) -> str:
    return f"{what}, and the book has no site\n    Write “website” in content/book.yaml."
