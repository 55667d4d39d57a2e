"""CSS in; its rules with their lines, and how the elements of a page look in a light and in a dark inbox, out."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from pipeline.lint._mail import AtRule, Declaration, Look, StyleRule

# A stranger's CSS may nest without end; nobody's that is meant does.
_DEEPEST = 30
_OPEN, _CLOSE = frozenset("({["), frozenset(")}]")
_PROPERTIES = frozenset(
    {"color", "background", "background-color", "background-image", "font", "font-size", "font-weight", "display"}
    | {"visibility", "max-height", "mso-hide", "opacity", "overflow"}
)
_SIZES = {"small": 13.0, "medium": 16.0, "large": 18.0, "x-large": 24.0, "xx-large": 32.0, "x-small": 10.0}
_UNITS = {"px": 1.0, "pt": 4 / 3, "pc": 16.0, "in": 96.0, "cm": 96 / 2.54, "mm": 96 / 25.4, "rem": 16.0}
_BOLD = re.compile(r"bold|bolder|[6-9]\d\d")
_HEADINGS = {"h1": 32.0, "h2": 24.0, "h3": 18.72, "h4": 16.0, "h5": 13.28, "h6": 10.72}
_BOLD_TAGS = frozenset({"b", "strong", "th", *_HEADINGS})
_NEVER_SHOWN = frozenset({"head", "title", "style", "script", "template", "noscript", "meta", "link"})
_DARK = re.compile(r"prefers-color-scheme\s*:\s*dark")
_LIGHT = re.compile(r"prefers-color-scheme\s*:\s*light")
# Other questions, such as for a width, are left alone: they change sizes, and seldom colors.
_PLAIN_MEDIA = re.compile(r"(only\s+)?(screen|all)?")

Values: TypeAlias = dict[str, str]


def is_too_deep(css: str) -> bool:
    """Return whether brackets nest deeper than anything that can be meant."""
    depth = 0
    for character in css:
        depth += (character in _OPEN) - (character in _CLOSE)
        if depth > _DEEPEST:
            return True
    return False


def declarations(css: str, line: int = 1) -> tuple[Declaration, ...]:
    """Return the declarations of a style attribute or of a rule's block, the first on `line`."""
    import tinycss2

    if is_too_deep(css):
        return ()
    return tuple(_declarations(tinycss2.parse_blocks_contents(css, skip_comments=True, skip_whitespace=True), line))


def _declarations(nodes: Sequence[Any], line: int) -> Iterator[Declaration]:
    import tinycss2

    for node in nodes:
        if node.type == "declaration":
            value = tinycss2.serialize(node.value).strip()
            yield Declaration(node.lower_name, value, line + node.source_line - 1, node.important)


def sheet(css: str, line: int) -> tuple[list[StyleRule], list[AtRule]]:
    """Return the rules and the at-rules of a style element whose text begins on `line`."""
    import tinycss2

    rules: list[StyleRule] = []
    at_rules: list[AtRule] = []
    if not is_too_deep(css):
        nodes = tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True)
        _collect(nodes, line, (), "", rules, at_rules)
    return rules, at_rules


def _collect(
    nodes: Sequence[Any],
    line: int,
    media: tuple[str, ...],
    scope: str,
    rules: list[StyleRule],
    at_rules: list[AtRule],
) -> None:
    import tinycss2

    for node in nodes:
        at = line + node.source_line - 1
        if node.type == "qualified-rule":
            selector = tinycss2.serialize(node.prelude).strip()
            inside = tinycss2.parse_blocks_contents(node.content, skip_comments=True, skip_whitespace=True)
            rules.append(StyleRule(selector, media, tuple(_declarations(inside, line)), at, scope))
        elif node.type == "at-rule":
            prelude = tinycss2.serialize(node.prelude).strip()
            at_rules.append(AtRule(node.lower_at_keyword, prelude, at, media))
            if node.content is not None and node.lower_at_keyword in ("media", "supports", "layer", "document"):
                inside = tinycss2.parse_rule_list(node.content, skip_comments=True, skip_whitespace=True)
                is_media = node.lower_at_keyword == "media"
                _collect(
                    inside,
                    line,
                    (*media, prelude) if is_media else media,
                    scope if is_media else node.lower_at_keyword,
                    rules,
                    at_rules,
                )


# --------------------------------------------------------------------------- the cascade


class Cascade:
    """The rules of a page's style elements, ready to be asked for what an element is told in one scheme."""

    def __init__(self, rules: Sequence[StyleRule], *, dark: bool) -> None:
        import cssselect2

        self._matcher = cssselect2.Matcher()
        for rule in rules:
            if rule.scope or not all(_is_for(query, dark=dark) for query in rule.media):
                continue
            wanted = tuple(one for one in rule.declarations if one.name in _PROPERTIES)
            if not wanted or is_too_deep(rule.selector):
                continue
            try:
                selectors = cssselect2.compile_selector_list(rule.selector)
            except cssselect2.SelectorError:
                continue
            for selector in selectors:
                if selector.pseudo_element is None:
                    self._matcher.add_selector(selector, wanted)

    def values(self, wrapped: Any, style: Sequence[Declaration]) -> Values:
        """Return the values that hold for an element, by the order of CSS: importance, place, specificity, order."""
        told = [
            ((one.is_important, False, specificity, order), one)
            for specificity, order, _, block in self._matcher.match(wrapped)
            for one in block
        ]
        told += [((one.is_important, True, (0, 0, 0), 0), one) for one in style if one.name in _PROPERTIES]
        values: Values = {}
        for _, one in sorted(told, key=lambda pair: pair[0]):
            if one.name == "background":
                # A shorthand takes back what was said before it.
                values.pop("background-color", None)
                values.pop("background-image", None)
            elif one.name == "font":
                values.pop("font-size", None)
                values.pop("font-weight", None)
            values[one.name] = one.value
        return values


def has_dark_colors(rules: Sequence[StyleRule]) -> bool:
    """Return whether a rule sets a color for dark inboxes."""
    return any(
        _DARK.search(query.lower())
        and any("color" in one.name or one.name == "background" for one in rule.declarations)
        for rule in rules
        for query in rule.media
    )


def _is_for(query: str, *, dark: bool) -> bool:
    words = query.lower()
    if _DARK.search(words):
        return dark and "max-width" not in words
    if _LIGHT.search(words):
        return not dark
    return bool(_PLAIN_MEDIA.fullmatch(words.strip()))


# --------------------------------------------------------------------------- what it comes to


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
