"""The HTML of a mail in; every use of a feature that caniemail's data knows, with its place, out."""

import re
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import urlsplit

from msgspec import Struct

from pipeline.lint._mail import Declaration, Element, Html, StyleRule
from pipeline.mail.support import CLIENTS, Feature, features, support

# Other rules tell of these, whoever knows them.
_TOLD_ELSEWHERE = frozenset(
    {"form", "input", "button", "select", "textarea", "link", "base", "object", "audio", "dialog"}
)
_FUNCTION = re.compile(r"(-?[a-z][a-z0-9-]*)\(", re.IGNORECASE)
_UNIT = re.compile(r"(?<![\w#.-])[-+]?(?:\d+\.?\d*|\.\d+)(%|[a-z]+)", re.IGNORECASE)
_STRINGS = re.compile(r"\"[^\"]*\"|'[^']*'|url\([^)]*\)", re.IGNORECASE)
_PSEUDO = re.compile(r"(::?)([a-z-]+)", re.IGNORECASE)
# Outlook on the web and for macOS put these on what they darken; elsewhere they match nothing.
_OUTLOOKS_OWN = re.compile(r"\[data-og(sc|sb|ac|ab)\]")
_DARK_OUTLOOKS = frozenset({"outlook-web", "outlook-macos"})
_MEDIA_NAMES = re.compile(r"\(\s*(-?[a-z-]+)", re.IGNORECASE)
_SPECIAL = ("mso-", "-ms-", "-moz-", "-webkit-", "-o-", "panose-")


class Use(Struct, frozen=True):
    """A use of a feature: as it is written, its line, the element if there is one, and which clients get to see it.

    `value` is that of a property.
    """

    feature: Feature
    shown: str
    line: int
    element: Element | None
    clients: frozenset[str]
    value: str = ""


@lru_cache(maxsize=1)
def _by_name() -> dict[tuple[str, str], tuple[Feature, ...]]:
    found: dict[tuple[str, str], list[Feature]] = {}
    for feature in features():
        for name in feature.names:
            found.setdefault((feature.kind, name), []).append(feature)
    return {key: tuple(value) for key, value in found.items()}


def uses(html: Html) -> Iterator[Use]:
    """Yield every use of a feature in the HTML; the same one in two places twice."""
    everyone = frozenset(CLIENTS)
    for element in html.elements:
        yield from _of_element(element, everyone)
        for one in element.style:
            yield from _of_declaration(one, element, everyone)
    for at_rule in html.at_rules:
        for feature in _named("at-rule", at_rule.name):
            yield Use(feature, f"@{at_rule.name}", at_rule.line, None, _seeing(at_rule.media))
        if at_rule.name == "media":
            yield from _of_media(at_rule.prelude, at_rule.line)
    for rule in html.rules:
        yield from _of_rule(rule)


def _named(kind: str, name: str) -> tuple[Feature, ...]:
    return _by_name().get((kind, name), ())


def _of_element(element: Element, everyone: frozenset[str]) -> Iterator[Use]:
    # A body that says nothing has nothing to lose; there is one in every page, written or not.
    if element.tag in _TOLD_ELSEWHERE or (element.tag == "body" and not element.attributes):
        return
    for feature in _named("element", element.tag):
        if not feature.values or element.get("type").lower() in feature.values:
            yield Use(feature, f"<{element.tag}>", element.line, element, everyone)
    for name in element.attributes:
        for feature in _named("attribute", name):
            yield Use(feature, f"{name}=", element.line, element, everyone, element.get(name))
    if element.tag == "meta" and element.get("name").lower() == "color-scheme":
        for feature in _named("meta", "color-scheme"):
            yield Use(feature, '<meta name="color-scheme">', element.line, element, everyone)
    if element.tag == "img":
        yield from _of_picture(element, everyone)
    if element.tag == "a":
        kind = {"#": "anchor", "m": "mailto"}.get(element.get("href")[:1].lower(), "")
        if kind == "anchor" or element.get("href").lower().startswith("mailto:"):
            for feature in _named("link", kind):
                yield Use(feature, f'href="{element.get("href")[:40]}"', element.line, element, everyone)


def _of_picture(element: Element, everyone: frozenset[str]) -> Iterator[Use]:
    try:
        path = urlsplit(element.get("src")).path
    except ValueError:
        return
    ending = path.rpartition(".")[2].lower()
    for feature in _named("image", ending):
        yield Use(feature, f"src=….{ending}", element.line, element, everyone)


# --------------------------------------------------------------------------- styles


def _of_rule(rule: StyleRule) -> Iterator[Use]:
    clients = _seeing(rule.media)
    if _OUTLOOKS_OWN.search(rule.selector):
        clients &= _DARK_OUTLOOKS
    else:
        yield from _of_selector(rule.selector, rule.line, clients)
    for one in rule.declarations:
        yield from _of_declaration(one, None, clients)


def _of_declaration(one: Declaration, element: Element | None, clients: frozenset[str]) -> Iterator[Use]:
    if one.name.startswith(_SPECIAL):
        return
    shown = f"{one.name}: {one.value[:40]}"
    value = one.value.lower()
    for feature in _named("property", "--" if one.name.startswith("--") else one.name):
        if not feature.values or value in feature.values:
            yield Use(feature, shown, one.line, element, clients, value)
    if one.name.startswith("--"):
        return
    plain = _STRINGS.sub(" ", value)
    for function in sorted(set(_FUNCTION.findall(plain))):
        for feature in _named("property", "--") if function == "var" else _named("function", function):
            yield Use(feature, shown, one.line, element, clients, value)
    for unit in sorted(set(_UNIT.findall(plain))):
        for feature in _named("unit", unit):
            yield Use(feature, shown, one.line, element, clients, value)
    for word in sorted(set(re.findall(r"[a-z-]+", plain))):
        for feature in _named("value", word):
            yield Use(feature, shown, one.line, element, clients, value)


def _of_selector(selector: str, line: int, clients: frozenset[str]) -> Iterator[Use]:
    # What stands in strings and brackets is not looked at, but that there are brackets is.
    plain = re.sub(r"\[[^\]]*\]", "[]", _STRINGS.sub("", selector))
    for colons, name in sorted(set(_PSEUDO.findall(plain))):
        kind = "pseudo-element" if colons == "::" or name.lower() in ("before", "after") else "pseudo-class"
        for feature in _named(kind, name.lower()):
            yield Use(feature, f"{colons}{name}", line, None, clients)
    signs = {"attribute": "[]", "universal": "*", "child": ">", "adjacent-sibling": "+", "general-sibling": "~"}
    outside = re.sub(r"\([^)]*\)", "", plain)
    for name, sign in signs.items():
        if sign in outside:
            for feature in _named("selector", name):
                yield Use(feature, selector[:40], line, None, clients)


def _of_media(prelude: str, line: int) -> Iterator[Use]:
    for name in sorted(set(_MEDIA_NAMES.findall(prelude))):
        for feature in _named("media-feature", name.lower()):
            yield Use(feature, f"@media ({name})", line, None, frozenset(CLIENTS))


@lru_cache(maxsize=256)
def _seeing(media: tuple[str, ...]) -> frozenset[str]:
    """Return the clients that look into a block of media queries."""
    clients = set(CLIENTS)
    for query in media:
        asked = [*_named("at-rule", "media")]
        for name in _MEDIA_NAMES.findall(query):
            asked += _named("media-feature", name.lower())
        clients = {
            client for client in clients if all(support(one.slug, client).state != "unsupported" for one in asked)
        }
    return frozenset(clients)
