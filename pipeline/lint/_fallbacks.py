"""What a mail uses in; what which mail program lacks of it, and what stands in for it there, out.

The table below is the whole of what counts as a fallback. Each entry says what people see instead, and where that is
so only under a condition, which.
"""

import re
from collections.abc import Callable

from msgspec import Struct

from pipeline.lint._mail import Element, Html, Mail
from pipeline.lint._usage import Use, uses
from pipeline.mail.support import CLIENTS, LIMITS, support

Condition = Callable[[Use, Html], bool]
_NOTHING = re.compile(r"(0(px|%|pt|em)?\s*)+(!important)?")


class Fallback(Struct, frozen=True):
    """What people see instead of a feature; `when` says whether it holds for a use."""

    instead: str
    when: Condition | None = None


class Lack(Struct, frozen=True):
    """What clients lack of a mail: the feature, as it is written at its first place, and how often.

    `clients` are titles. `instead` is empty where nothing stands in. `is_partial` is for a feature that the clients
    know, though not in this use. `note` is what the data says of it.
    """

    feature: str
    shown: str
    line: int
    count: int
    clients: tuple[str, ...]
    instead: str
    is_partial: bool = False
    note: str = ""


# --------------------------------------------------------------------------- conditions


def _has_ghost_table(use: Use, html: Html) -> bool:
    """Whether there is a table of fixed width between comments for Outlook's engine."""
    return any(
        re.match(r"\s*\[if[^\]]{0,80}\bmso\b", comment.text, re.IGNORECASE)
        and re.search(r"<table\b[^>]{0,400}?\swidth\s*=", comment.text, re.IGNORECASE)
        for comment in html.comments
    )


def _has(attribute: str) -> Condition:
    return lambda use, html: use.element is not None and bool(use.element.get(attribute))


def _is_on(*tags: str) -> Condition:
    return lambda use, html: use.element is not None and use.element.tag in tags


def _is_in_cell(use: Use, html: Html) -> bool:
    return use.element is not None and any(around.tag in ("td", "th") for around in html.ancestors(use.element))


def _says(pattern: str) -> Condition:
    return lambda use, html: re.fullmatch(pattern, use.value.strip()) is not None


def _all(*conditions: Condition) -> Condition:
    return lambda use, html: all(condition(use, html) for condition in conditions)


def _any(*conditions: Condition) -> Condition:
    return lambda use, html: any(condition(use, html) for condition in conditions)


def _is_nothing(use: Use, html: Html) -> bool:
    return _NOTHING.fullmatch(use.value.strip()) is not None


def _has_ground(use: Use, html: Html) -> bool:
    element = use.element
    return element is not None and bool(element.declared("background-color") or element.get("bgcolor"))


def _is_hidden(use: Use, html: Html) -> bool:
    return use.element is not None and use.element.light.is_hidden


def _is_centered(use: Use, html: Html) -> bool:
    """Whether an attribute does what `margin: auto` asks for."""
    element = use.element
    if element is None:
        return False
    return any(_centers(around) for around in (element, *html.ancestors(element)))


def _centers(element: Element) -> bool:
    return element.get("align").lower() == "center" or element.tag == "center"


def _has_words_inside(use: Use, html: Html) -> bool:
    return use.element is not None and bool(html.text(use.element))


def _has_wrapper(use: Use, html: Html) -> bool:
    body = next(html.all("body"), None)
    inside = (one for one in html.all("div", "table", "center") if body and one.parent == body.number)
    return any(one.get("lang") or one.get("class") or one.style for one in inside)


# --------------------------------------------------------------------------- the table

_DECORATION = "it is not drawn; nothing to read is lost"
_AT_REST = "it looks as it does at rest"
_STILL = "it stands still"
_LEFT_OUT = "what is inlined holds: the wide, light letter"
_READ_OUT = "it is read out without this hint; its words say the same"
_NEXT_FAMILY = "the next family of the stack"
_PLAIN_LINE = "a plain line under the words"

FALLBACKS: dict[str, tuple[Fallback, ...]] = {
    # ------------------------------------------------ decoration
    "css-border-radius": (Fallback("square corners"),),
    "css-border-radius-logical": (Fallback("square corners"),),
    **{
        f"css-{name}": (Fallback(_DECORATION),)
        for name in ("box-shadow", "text-shadow", "outline", "outline-offset", "cursor", "accent-color", "user-select")
    },
    **{f"css-{name}": (Fallback(_STILL),) for name in ("animation", "transition", "at-keyframes")},
    **{f"css-text-decoration-{name}": (Fallback(_PLAIN_LINE),) for name in ("color", "line", "style", "thickness")},
    "css-text-decoration-skip-ink": (Fallback(_PLAIN_LINE),),
    "css-text-underline-offset": (Fallback(_PLAIN_LINE),),
    "css-text-underline-position": (Fallback(_PLAIN_LINE),),
    "css-opacity": (Fallback("it is drawn at full strength"),),
    "css-list-style-image": (Fallback("the usual bullet"),),
    "css-list-style-position": (Fallback("the bullet stands outside"),),
    # ------------------------------------------------ type
    "css-at-font-face": (Fallback(_NEXT_FAMILY),),
    "css-sytem-ui": (Fallback(_NEXT_FAMILY),),
    **{f"css-font-{name}": (Fallback("the font as it is"),) for name in ("kerning", "size-adjust", "stretch")},
    **{
        f"css-{name}": (Fallback("lines and words break as the program does it"),)
        for name in ("hyphens", "word-break", "word-wrap", "overflow-wrap", "text-wrap", "orphans", "widows")
    },
    "css-tab-size": (Fallback("tabs of eight"),),
    "css-white-space": (
        Fallback("the line may break", _says("nowrap")),
        Fallback("the element itself keeps its spaces", _is_on("pre", "textarea")),
    ),
    # ------------------------------------------------ what is asked of the screen
    "css-at-media": (Fallback(_LEFT_OUT),),
    "css-at-supports": (Fallback("what stands outside the block holds"),),
    "css-at-media-prefers-color-scheme": (Fallback("the light letter, or the program's own way to darken it"),),
    "css-color-scheme": (Fallback("the light letter, or the program's own way to darken it"),),
    "html-meta-color-scheme": (Fallback("the light letter, or the program's own way to darken it"),),
    **{
        f"css-at-media-{name}": (Fallback(_LEFT_OUT),)
        for name in ("prefers-reduced-motion", "hover", "orientation", "device-pixel-ratio")
    },
    **{
        f"css-pseudo-class-{name}": (Fallback(_AT_REST),)
        for name in ("hover", "active", "focus", "focus-visible", "focus-within", "visited")
    },
    # ------------------------------------------------ boxes
    "css-max-width": (
        Fallback("the width attribute", _all(_is_on("img"), _has("width"))),
        Fallback("a table of fixed width between comments for Outlook", _has_ghost_table),
    ),
    "css-width": (
        Fallback("the width attribute", _has("width")),
        Fallback("as wide as what is around it, which is the same", _says(r"100%|auto")),
        Fallback("a table of fixed width between comments for Outlook", _has_ghost_table),
    ),
    "css-height": (
        Fallback("the height attribute", _has("height")),
        Fallback("as high as what is in it, or higher"),
    ),
    **{
        f"css-{name}": (Fallback("it isn't shown at all", _is_hidden), Fallback("as high as what is in it"))
        for name in ("max-height", "min-height")
    },
    "css-min-width": (Fallback("the width attribute", _has("width")),),
    "css-overflow": (
        Fallback("it isn't shown at all", _is_hidden),
        Fallback("what is too long for its box shows"),
    ),
    "css-box-sizing": (Fallback("cells and tables measure the same without it"),),
    "css-border-spacing": (Fallback("the cellspacing attribute", _has("cellspacing")),),
    "css-border": (Fallback("a border that may be missing on a paragraph, and 8 px at most"),),
    "css-table-layout": (Fallback("columns as wide as their words ask for"),),
    "css-float": (Fallback("the align attribute", _has("align")),),
    "css-display": (
        Fallback("a link in a cell, whose own padding makes the button", _all(_is_on("a"), _is_in_cell)),
        Fallback("it stands as elements of its kind do", _says("block|inline|table|table-cell|table-row|list-item")),
        Fallback("a table between comments for Outlook", _has_ghost_table),
    ),
    "css-padding": (
        Fallback("there is none to lose", _is_nothing),
        Fallback("the program's own indent", _is_on("ul", "ol", "li", "dl", "dd", "blockquote")),
        Fallback("the padding of the cell around it, or mso-padding-alt", _all(_is_on("a"), _is_in_cell)),
    ),
    "css-margin": (
        Fallback("there is none to lose", _is_nothing),
        Fallback("the align attribute, here or around it", _all(_says(r"[^-]*\bauto\b[^-]*"), _is_centered)),
    ),
    # ------------------------------------------------ grounds
    **{
        f"css-background{name}": (Fallback("its background color", _has_ground),)
        for name in ("", "-image", "-size", "-position", "-repeat", "-origin", "-clip", "-blend-mode")
    },
    **{
        f"css-{name}-gradient": (Fallback("its background color", _has_ground),)
        for name in ("linear", "radial", "conic")
    },
    "html-background": (Fallback("its background color", _has_ground),),
    # ------------------------------------------------ HTML
    **{
        f"html-{name}": (Fallback(_READ_OUT),)
        for name in ("role", "aria-hidden", "aria-label", "aria-labelledby", "aria-describedby", "aria-live")
    },
    "html-lang": (Fallback(_READ_OUT),),
    **{
        f"html-{name}": (Fallback("its words remain"),)
        for name in ("abbr", "acronym", "dfn", "bdi", "rp", "rt", "ruby")
    },
    "html-semantics": (Fallback("a plain block or its words"),),
    "html-body": (Fallback("an element inside carries its colors and its language", _has_wrapper),),
    "html-target": (Fallback("the link opens as the program pleases"),),
    "html-wbr": (Fallback("the word isn't broken there"),),
    "html-loading-attribute": (Fallback("the picture loads at once"),),
    "html-srcset": (Fallback("the picture in src", _has("src")), Fallback("the picture in img", _is_on("source"))),
    "html-picture": (Fallback("the img inside it"),),
    "html-hidden": (Fallback("display: none", _is_hidden),),
    **{
        f"html-{name}": (Fallback("what stands inside the element", _has_words_inside),)
        for name in ("video", "meter", "progress", "marquee")
    },
    "image-apng": (Fallback("its first picture"),),
    "image-gif": (Fallback("its first picture"),),
}


# --------------------------------------------------------------------------- a mail


def lacks(mail: Mail) -> tuple[Lack, ...]:
    """Return what clients lack of a mail's HTML, by line, each use with the same outcome once."""
    found: dict[tuple[str, str, tuple[str, ...], bool], list[Use]] = {}
    every = list(uses(mail.html))
    # Who doesn't know “flex” needn't be told to know “display” in part.
    told = {(use.line, use.shown, client) for use in every for client in _unsupported(use)}
    for use in every:
        limited = tuple(client for client in _limited(use) if (use.line, use.shown, client) not in told)
        for is_partial, clients in ((False, _unsupported(use)), (True, limited)):
            if clients:
                key = (use.feature.slug, _instead(use, mail.html), clients, is_partial)
                found.setdefault(key, []).append(use)
    made = [_lack(key, sorted(group, key=lambda use: use.line)) for key, group in found.items()]
    return tuple(sorted(made, key=lambda lack: (lack.line, lack.feature, lack.clients)))


def _lack(key: tuple[str, str, tuple[str, ...], bool], group: list[Use]) -> Lack:
    slug, instead, clients, is_partial = key
    notes = support(slug, clients[0]).notes
    titles = tuple(CLIENTS[client].title for client in clients)
    return Lack(slug, group[0].shown, group[0].line, len(group), titles, instead, is_partial, " ".join(notes))


def _unsupported(use: Use) -> tuple[str, ...]:
    slug = use.feature.slug
    return tuple(one for one in CLIENTS if one in use.clients and support(slug, one).state == "unsupported")


def _limited(use: Use) -> tuple[str, ...]:
    """Return the clients that know a feature, but not on this element or not with this value."""
    tag = use.element.tag if use.element else ""
    return tuple(
        client
        for client in CLIENTS
        if client in use.clients
        and support(use.feature.slug, client).state == "partial"
        and any(limit.slug == use.feature.slug and limit.lacks(tag, use.value) for limit in LIMITS.get(client, ()))
    )


def _instead(use: Use, html: Html) -> str:
    for fallback in FALLBACKS.get(use.feature.slug, ()):
        if fallback.when is None or fallback.when(use, html):
            return fallback.instead
    return ""
