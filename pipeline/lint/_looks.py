"""What an element is told in; how its text looks, colors and size, out."""

import re
from collections.abc import Mapping

import msgspec

from pipeline.lint._mail import Look, Values

_SIZES = {"small": 13.0, "medium": 16.0, "large": 18.0, "x-large": 24.0, "xx-large": 32.0, "x-small": 10.0}
_UNITS = {"px": 1.0, "pt": 4 / 3, "pc": 16.0, "in": 96.0, "cm": 96 / 2.54, "mm": 96 / 25.4, "rem": 16.0}
_BOLD = re.compile(r"bold|bolder|[6-9]\d\d")
_HEADINGS = {"h1": 32.0, "h2": 24.0, "h3": 18.72, "h4": 16.0, "h5": 13.28, "h6": 10.72}
_BOLD_TAGS = frozenset({"b", "strong", "th", *_HEADINGS})
_NEVER_SHOWN = frozenset({"head", "title", "style", "script", "template", "noscript", "meta", "link"})


def look(tag: str, attributes: Mapping[str, str], values: Values, around: Look) -> Look:
    """Return how an element's text looks, from what it is told and how its parent looks."""
    ground = _ground(attributes, values, around.ground)
    said = values.get("color") or _hint(tag, attributes)
    color = around.color
    if said:
        color = over(said, ground) or ("" if said.lower() not in ("inherit", "currentcolor") else around.color)
    size = _size(tag, values, around.size)
    weight = values.get("font-weight") or values.get("font", "")
    is_bold = bool(_BOLD.search(weight)) if values.get("font-weight") else bool(_BOLD.search(weight)) or around.is_bold
    if not weight and tag in _BOLD_TAGS:
        is_bold = True
    return Look(color, ground, size, is_bold, around.is_hidden or _is_hidden(tag, attributes, values))


def darkened(
    tag: str, attributes: Mapping[str, str], values: Values, outlooks: Values, light: Look, around: Look
) -> Look:
    """Return how an element looks where Outlook darkens; colors that it makes up by itself are not known.

    `values` is all that the element is told, and `outlooks` what rules for Outlook's marks tell it.
    """
    ground = around.ground
    own = outlooks.get("background-color") or _color_in(outlooks.get("background", ""))
    if own:
        ground = over(own, around.ground)
    elif {"background", "background-color", "background-image"} & values.keys() or {"bgcolor", "background"} & set(
        attributes
    ):
        ground = ""
    color = around.color
    if "color" in outlooks:
        color = over(outlooks["color"], ground)
    elif "color" in values or _hint(tag, attributes):
        color = ""
    return msgspec.structs.replace(light, color=color, ground=ground)


def _hint(tag: str, attributes: Mapping[str, str]) -> str:
    """Return the color that HTML itself gives: an attribute's, or a link's."""
    if tag == "font" and attributes.get("color"):
        return attributes["color"]
    if tag == "body" and attributes.get("text"):
        return attributes["text"]
    return "#0000ee" if tag == "a" and "href" in attributes else ""


def _ground(attributes: Mapping[str, str], values: Values, around: str) -> str:
    image = values.get("background-image", "")
    shorthand = values.get("background", "")
    said = values.get("background-color") or _color_in(shorthand) or attributes.get("bgcolor", "")
    if said and said.lower() not in ("transparent", "inherit", "initial"):
        ground = over(said, around)
        if ground:
            return ground
    has_picture = (
        any(word in f"{image} {shorthand}".lower() for word in ("url(", "gradient(")) or "background" in attributes
    )
    return "" if has_picture else around


def _color_in(shorthand: str) -> str:
    """Return the color in a shorthand; empty where there is none."""
    import tinycss2

    for node in tinycss2.parse_component_value_list(shorthand):
        text = str(tinycss2.serialize([node]))
        if _channels(text):
            return text
    return ""


def _size(tag: str, values: Values, around: float) -> float:
    said = values.get("font-size", "")
    if not said and "font" in values:
        match = re.search(r"[\d.]+(px|pt|em|rem|%)", values["font"])
        said = match[0] if match else ""
    match = re.fullmatch(r"([\d.]{1,12})(px|pt|pc|in|cm|mm|em|rem|%)?", said.strip().lower())
    if match:
        try:
            number = float(match[1])
        except ValueError:
            return around
        if match[2] in ("em", "%"):
            return number * around / (100 if match[2] == "%" else 1)
        return number * _UNITS.get(match[2] or "px", 1.0)
    return _SIZES.get(said.strip().lower(), around) if said else _HEADINGS.get(tag, around)


def _is_hidden(tag: str, attributes: Mapping[str, str], values: Values) -> bool:
    if tag in _NEVER_SHOWN or "hidden" in attributes:
        return True
    if values.get("display", "").lower() == "none" or values.get("visibility", "").lower() == "hidden":
        return True
    if re.fullmatch(r"0(px|%|\.0+)?", values.get("opacity", "1")) or values.get("mso-hide", "").lower() == "all":
        return True
    no_height = re.fullmatch(r"0(px|em|pt|%)?", values.get("max-height", "").lower())
    return bool(no_height) and values.get("overflow", "").lower() == "hidden"


# --------------------------------------------------------------------------- colors


def over(color: str, ground: str) -> str:
    """Return a color as `#rrggbb`, laid over a ground where it is translucent; empty where it isn't known."""
    channels = _channels(color)
    if channels is None:
        return ""
    *rgb, alpha = channels
    if alpha < 1:
        below = _channels(ground)
        if below is None:
            return ""
        rgb = [top * alpha + bottom * (1 - alpha) for top, bottom in zip(rgb, below[:3], strict=True)]
    return "#" + "".join(f"{round(max(0.0, min(1.0, value)) * 255):02x}" for value in rgb)


def _channels(color: str) -> tuple[float, float, float, float] | None:
    from tinycss2.color3 import parse_color

    try:
        found = parse_color(color.strip())
    except (ValueError, OverflowError):
        return None
    if found is None or isinstance(found, str):
        return None
    return (found.red, found.green, found.blue, found.alpha)
