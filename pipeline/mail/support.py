"""caniemail's data in; what the mail programs that Quire writes for know of HTML and CSS, feature by feature, out.

The data is a reduced copy of the npm package `caniemail` (MIT, see caniemail.LICENSE.txt); `make caniemail` refreshes
it. What is known in part only is in `LIMITS` where it can be said as elements and values.
"""

import re
from functools import lru_cache
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from pipeline.mail._features import Kind, named

State = Literal["supported", "partial", "unsupported", "unknown"]
_STATES: dict[str, State] = {"y": "supported", "a": "partial", "n": "unsupported"}
_DATA = Path(__file__).parent / "caniemail.json"


class Client(Struct, frozen=True):
    """A mail program: what people call it, and its family and platform in the data."""

    title: str
    family: str
    platform: str


CLIENTS = {
    "gmail-web": Client("Gmail on the web", "gmail", "desktop-webmail"),
    "gmail-ios": Client("Gmail for iOS", "gmail", "ios"),
    "gmail-android": Client("Gmail for Android", "gmail", "android"),
    "apple-mail-macos": Client("Apple Mail for macOS", "apple-mail", "macos"),
    "apple-mail-ios": Client("Apple Mail for iOS", "apple-mail", "ios"),
    "outlook-windows": Client("Outlook for Windows", "outlook", "windows"),
    "outlook-macos": Client("Outlook for macOS", "outlook", "macos"),
    "outlook-web": Client("Outlook on the web", "outlook", "outlook-com"),
    "yahoo": Client("Yahoo Mail", "yahoo", "desktop-webmail"),
    "thunderbird": Client("Thunderbird", "thunderbird", "macos"),
    "samsung": Client("Samsung Email", "samsung-email", "android"),
}


class Feature(Struct, frozen=True):
    """A feature: its name in the data, its title, its kind, and what sources call it.

    Where `values` isn't empty, only these values of the property, or these types of the element, are meant. The name
    `--` stands for every custom property.
    """

    slug: str
    title: str
    kind: Kind
    names: tuple[str, ...]
    values: tuple[str, ...] = ()


class Support(Struct, frozen=True):
    """How far a program knows a feature, and what the data notes on it."""

    state: State
    notes: tuple[str, ...] = ()


class Limit(Struct, frozen=True):
    """What a program lacks of a property that it knows in part.

    It lacks the property on the elements in `not_on`, on all but those in `only_on`, and with values that `without`, a
    pattern, matches.
    """

    slug: str
    only_on: frozenset[str] = frozenset()
    not_on: frozenset[str] = frozenset()
    without: str = ""

    def lacks(self, element: str, value: str) -> bool:
        """Return whether the program lacks the property on an element (empty: any) with this value."""
        elsewhere = bool(element) and (element in self.not_on or bool(self.only_on and element not in self.only_on))
        return elsewhere or bool(self.without and re.search(self.without, value, re.IGNORECASE))


# From the notes in the data.
_TEXT_BOXES = frozenset({"body", "span", "div", "p"})
_NEGATIVE = r"(^|\s)-[\d.]"
_SPACED_RGB = r"rgba?\([^,]*\)"
LIMITS: dict[str, tuple[Limit, ...]] = {
    "outlook-windows": (
        Limit("css-background", without=r"url\(|gradient\("),
        Limit("css-border", not_on=frozenset({"p", "div"}), without=r"\b(9|[1-9]\d+)(\.\d+)?px\b"),
        Limit("css-display", without=r"^(?!none$)"),
        Limit("css-display-none", not_on=frozenset({"img"})),
        Limit("css-height", not_on=_TEXT_BOXES),
        Limit("css-margin", not_on=frozenset({"span", "body"}), without=rf"\bauto\b|{_NEGATIVE}"),
        Limit("css-max-width", only_on=frozenset({"table"})),
        Limit("css-padding", only_on=frozenset({"td", "th"})),
        Limit("css-rgb", without=r"/|(,[^,]*){3}"),
        Limit("css-text-align", without=r"\b(start|end|match-parent)\b"),
        Limit("css-text-decoration", without=r"\boverline\b|\S\s+\S"),
        Limit("css-text-transform", without=r"\blowercase\b"),
        Limit("css-width", not_on=_TEXT_BOXES | {"img"}),
        Limit("html-background", only_on=frozenset({"body"})),
    ),
    **{
        client: (
            Limit("css-margin", without=_NEGATIVE),
            Limit("css-rgb", without=_SPACED_RGB),
            *more,
        )
        for client, more in {
            "gmail-web": (),
            "gmail-ios": (Limit("css-white-space", without=r"^pre$"),),
            "gmail-android": (Limit("css-white-space", without=r"^pre$"),),
            "yahoo": (
                Limit("css-background", without=r"url\("),
                Limit("css-border-radius", without="/"),
                Limit("css-display", without=r"flow-root|contents|inline-(flex|grid)"),
                Limit("css-position", without=r"absolute|fixed|sticky"),
                Limit("html-role", only_on=frozenset({"table"})),
            ),
        }.items()
    },
    **{
        client: (Limit("css-margin", without=_NEGATIVE), Limit("css-position", without=r"absolute|fixed|relative"))
        for client in ("outlook-macos", "outlook-web")
    },
    **{
        client: (Limit("css-position", without=r"fixed|sticky"),)
        for client in ("apple-mail-macos", "apple-mail-ios", "samsung")
    },
}


class _Stored(Struct, frozen=True):
    slug: str
    title: str
    support: dict[str, str]
    notes: dict[str, str]


class _Copy(Struct, frozen=True):
    version: str
    updated: str
    features: tuple[_Stored, ...]


@lru_cache(maxsize=1)
def _copy() -> _Copy:
    return msgspec.json.decode(_DATA.read_bytes(), type=_Copy)


@lru_cache(maxsize=1)
def _stored() -> dict[str, _Stored]:
    return {entry.slug: entry for entry in _copy().features}


def source() -> str:
    """Return which data this is, for people: its name, version and day."""
    return f"caniemail {_copy().version}, data of {_copy().updated}"


@lru_cache(maxsize=1)
def features() -> tuple[Feature, ...]:
    """Return all features, in the order of the data."""
    found = []
    for entry in _copy().features:
        kind_and_names = named(entry.slug, entry.title)
        if kind_and_names is not None:
            found.append(Feature(entry.slug, entry.title, *kind_and_names))
    return tuple(found)


@lru_cache(maxsize=8192)
def support(slug: str, client: str) -> Support:
    """Return how far a client (a key of `CLIENTS`) knows a feature, by the newest version that was tested."""
    stored = _stored()[slug]
    result, *numbers = stored.support.get(client, "u").split("#")
    notes = (stored.notes.get(number.strip(), "") for number in numbers)
    return Support(_STATES.get(result.strip(), "unknown"), tuple(note for note in notes if note))


def lacking(client: str) -> tuple[Feature, ...]:
    """Return the features that a client doesn't know at all; see `LIMITS` for what it knows in part."""
    return tuple(feature for feature in features() if support(feature.slug, client).state == "unsupported")
