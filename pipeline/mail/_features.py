"""The name of a feature in caniemail's data in; the kind of thing that it is, and what sources call it, out."""

import re
from typing import Literal

Kind = Literal[
    "property",
    "value",
    "unit",
    "function",
    "at-rule",
    "media-feature",
    "pseudo-class",
    "pseudo-element",
    "selector",
    "element",
    "attribute",
    "image",
    "link",
    "meta",
]
# A kind, the names, and the values that alone are meant where not all are.
Named = tuple[Kind, tuple[str, ...], tuple[str, ...]]

# Of no use to what a letter is made of, or about more than one thing.
UNCLASSIFIED = frozenset(
    {
        "amp",
        "bimi",
        "css-comments",
        "css-important",
        "css-nesting",
        "html-comments",
        "html-doctype",
        "css-selector-chaining",
    }
)
_SIDES = ("top", "right", "bottom", "left")
_BORDERS = ("border", *(f"border-{part}" for part in ("width", "style", "color", *_SIDES)))
_BORDERS += tuple(f"border-{side}-{part}" for side in _SIDES for part in ("width", "style", "color"))
_CORNERS = tuple(f"border-{edge}-{side}-radius" for edge in ("top", "bottom") for side in ("left", "right"))
_FLOW = ("inline", "block")
_ENDS = ("start", "end")

_ELEMENTS = {
    "html-button-reset": ("button",),
    "html-button-submit": ("button",),
    "html-h1-h6": ("h1", "h2", "h3", "h4", "h5", "h6"),
    "html-image-maps": ("map", "area"),
    "html-lists": ("ul", "ol", "dl"),
    "html-semantics": (
        *("article", "aside", "details", "figcaption", "figure", "footer", "header", "main", "mark", "nav", "section"),
        *("summary", "time"),
    ),
}
_ATTRIBUTES = {
    "css-inert-attribute": ("inert",),
    "html-loading-attribute": ("loading",),
    "html-srcset": ("srcset", "sizes"),
    **{f"html-{name}": (name,) for name in ("align", "background", "cellpadding", "cellspacing", "dir", "height")},
    **{f"html-{name}": (name,) for name in ("hidden", "lang", "popover", "required", "role", "target", "valign")},
    "html-width": ("width",),
}
_PROPERTIES = {
    "css-block-inline-size": ("block-size",),
    "css-border": _BORDERS,
    "css-border-inline-block": ("border-inline", "border-block"),
    "css-border-inline-block-individual": tuple(f"border-{flow}-{end}" for flow in _FLOW for end in _ENDS),
    "css-border-inline-block-longhand": tuple(
        f"border-{f}-{part}" for f in _FLOW for part in ("width", "style", "color")
    ),
    "css-border-radius": ("border-radius", *_CORNERS),
    "css-border-radius-logical": tuple(f"border-{one}-{two}-radius" for one in _ENDS for two in _ENDS),
    "css-column-layout-properties": ("columns", "column-fill", "column-rule", "column-span", "column-width"),
    "css-gap": ("gap", "column-gap", "row-gap"),
    "css-grid-template": ("grid-template", "grid-template-columns", "grid-template-rows", "grid-template-areas"),
    "css-left-right-top-bottom": _SIDES,
    "css-margin": ("margin", *(f"margin-{side}" for side in _SIDES)),
    "css-margin-block-start-end": ("margin-block-start", "margin-block-end"),
    "css-margin-inline-block": ("margin-inline", "margin-block"),
    "css-margin-inline-start-end": ("margin-inline-start", "margin-inline-end"),
    "css-outline": ("outline", "outline-width", "outline-style", "outline-color"),
    "css-overflow": ("overflow", "overflow-x", "overflow-y"),
    "css-padding": ("padding", *(f"padding-{side}" for side in _SIDES)),
    "css-padding-block-start-end": ("padding-block-start", "padding-block-end"),
    "css-padding-inline-block": ("padding-inline", "padding-block"),
    "css-padding-inline-start-end": ("padding-inline-start", "padding-inline-end"),
    "css-scroll-snap": ("scroll-snap-type", "scroll-snap-align", "scroll-snap-stop"),
    "css-text-emphasis": ("text-emphasis", "text-emphasis-style", "text-emphasis-color"),
    "css-animation": ("animation", "animation-name", "animation-duration", "animation-delay"),
    "css-transition": ("transition", "transition-property", "transition-duration"),
    "css-variables": ("--",),
}
_VALUES: dict[str, tuple[str, tuple[str, ...]]] = {
    "css-display-flex": ("display", ("flex", "inline-flex")),
    "css-display-grid": ("display", ("grid", "inline-grid")),
    "css-display-none": ("display", ("none",)),
    "css-flex-direction": ("flex-direction", ("column", "column-reverse")),
    "css-flex-wrap": ("flex-wrap", ("wrap", "wrap-reverse")),
}
_WORDS = {
    "css-intrinsic-size": ("fit-content", "min-content", "max-content"),
    "css-sytem-ui": ("system-ui", "ui-serif", "ui-sans-serif", "ui-rounded", "ui-monospace"),
    "css-unit-initial": ("initial",),
}
_FUNCTIONS = {
    "css-modern-color": ("lch", "oklch", "lab", "oklab"),
    "css-unit-calc": ("calc",),
    **{f"css-{name}": (name,) for name in ("rgb", "rgba", "linear-gradient", "radial-gradient", "conic-gradient")},
}
_MEDIA = {
    "css-at-media-device-pixel-ratio": tuple(
        f"{bound}device-pixel-ratio" for bound in ("-webkit-", "-webkit-min-", "-webkit-max-")
    ),
    "css-at-media-hover": ("hover", "any-hover"),
}
_IMAGES = {
    "image-base64": ("data:",),
    "image-jpg": ("jpg", "jpeg"),
    "image-tiff": ("tif", "tiff"),
    "image-heif": ("heif", "heic"),
}
_PREFIXES: tuple[tuple[str, Kind], ...] = (
    ("css-at-media-", "media-feature"),
    ("css-at-", "at-rule"),
    ("css-pseudo-class-", "pseudo-class"),
    ("css-pseudo-element-", "pseudo-element"),
    ("css-selector-", "selector"),
    ("css-function-", "function"),
    ("css-unit-", "unit"),
    ("image-", "image"),
)


def named(slug: str, title: str) -> Named | None:
    """Return what a feature is: its kind, its names in sources, and its values; None where this isn't known."""
    if slug in _VALUES:
        name, values = _VALUES[slug]
        return "property", (name,), values
    tables: tuple[tuple[Kind, dict[str, tuple[str, ...]]], ...] = (
        ("element", _ELEMENTS),
        ("attribute", _ATTRIBUTES),
        ("property", _PROPERTIES),
        ("value", _WORDS),
        ("function", _FUNCTIONS),
        ("media-feature", _MEDIA),
        ("image", _IMAGES),
    )
    for kind, table in tables:
        if slug in table:
            return kind, table[slug], ()
    if slug == "css-unit-percent":
        return "unit", ("%",), ()
    for prefix, kind in _PREFIXES:
        if slug.startswith(prefix):
            return kind, (slug.removeprefix(prefix),), ()
    return _plain(slug, title)


def _plain(slug: str, title: str) -> Named | None:
    """Return what a feature is whose name is that of the element, the attribute or the property itself."""
    group, _, name = slug.partition("-")
    if slug in ("html-anchor-links", "html-mailto-links"):
        return "link", (name.removesuffix("-links"),), ()
    if slug == "html-meta-color-scheme":
        return "meta", ("color-scheme",), ()
    if group == "css":
        return "property", (name,), ()
    if slug.startswith("html-input-"):
        return "element", ("input",), (name.removeprefix("input-"),)
    if slug.startswith("html-aria-"):
        return "attribute", (name,), ()
    if group == "html" and re.fullmatch(r"[a-z]+", name):
        return "element", (name,), ()
    return None
