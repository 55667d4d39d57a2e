"""CSS in; its rules with their lines, and what they tell an element in light and in dark inboxes, out."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from pipeline.lint._mail import AtRule, Declaration, StyleRule, Values

# A stranger's CSS may nest without end; nobody's that is meant does.
_DEEPEST = 30
_OPEN, _CLOSE = frozenset("({["), frozenset(")}]")
_PROPERTIES = frozenset(
    {"color", "background", "background-color", "background-image", "font", "font-size", "font-weight", "display"}
    | {"visibility", "max-height", "mso-hide", "opacity", "overflow"}
)
_DARK = re.compile(r"prefers-color-scheme\s*:\s*dark")
_LIGHT = re.compile(r"prefers-color-scheme\s*:\s*light")
# Outlook on the web and on phones marks what it has darkened, and rules for those marks take a color back.
_OUTLOOKS_MARK = re.compile(r"\[\s*data-ogs[cb]\s*\]", re.IGNORECASE)
# Other questions, such as for a width, are left alone: they change sizes, and seldom colors.
_PLAIN_MEDIA = re.compile(r"(only\s+)?(screen|all)?")


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
    """The rules of a page's style elements, ready to be asked for what an element is told in one scheme.

    With `outlook`, rules for the marks that Outlook sets in the dark hold as if everything had them.
    """

    def __init__(self, rules: Sequence[StyleRule], *, dark: bool = False, outlook: bool = False) -> None:
        import cssselect2

        self._matcher = cssselect2.Matcher()
        for rule in rules:
            if rule.scope or not all(_is_for(query, dark=dark) for query in rule.media):
                continue
            wanted = tuple(one for one in rule.declarations if one.name in _PROPERTIES)
            if not wanted or is_too_deep(rule.selector):
                continue
            is_outlooks = outlook and bool(_OUTLOOKS_MARK.search(rule.selector))
            try:
                selectors = cssselect2.compile_selector_list(
                    _without_marks(rule.selector) if is_outlooks else rule.selector
                )
            except cssselect2.SelectorError:
                continue
            for selector in selectors:
                if selector.pseudo_element is None:
                    self._matcher.add_selector(selector, (is_outlooks, wanted))

    def values(self, wrapped: Any, style: Sequence[Declaration], *, outlooks: bool = False) -> Values:
        """Return the values that hold for an element, by the order of CSS: importance, place, specificity, order.

        With `outlooks`, only those that rules for its marks have set.
        """
        told = [
            ((one.is_important, False, specificity, order), is_outlooks, one)
            for specificity, order, _, (is_outlooks, block) in self._matcher.match(wrapped)
            for one in block
        ]
        told += [((one.is_important, True, (0, 0, 0), 0), False, one) for one in style if one.name in _PROPERTIES]
        values: Values = {}
        set_for_outlook: dict[str, bool] = {}
        for _, is_outlooks, one in sorted(told, key=lambda row: row[0]):
            set_for_outlook[one.name] = is_outlooks
            if one.name == "background":
                # A shorthand takes back what was said before it.
                values.pop("background-color", None)
                values.pop("background-image", None)
            elif one.name == "font":
                values.pop("font-size", None)
                values.pop("font-weight", None)
            values[one.name] = one.value
        return {name: value for name, value in values.items() if set_for_outlook[name]} if outlooks else values


def has_dark_colors(rules: Sequence[StyleRule]) -> bool:
    """Return whether a rule sets a color for dark inboxes."""
    return any(
        _DARK.search(query.lower())
        and any("color" in one.name or one.name == "background" for one in rule.declarations)
        for rule in rules
        for query in rule.media
    )


def has_outlooks_colors(rules: Sequence[StyleRule]) -> bool:
    """Return whether a rule sets a color for what Outlook has darkened."""
    return any(
        _OUTLOOKS_MARK.search(rule.selector)
        and any("color" in one.name or one.name == "background" for one in rule.declarations)
        for rule in rules
    )


def _without_marks(selector: str) -> str:
    """Return a selector as it is where every element has Outlook's marks."""
    # What only stands between commas or combinators then is any element.
    kept = (_OUTLOOKS_MARK.sub("", one).strip() or "*" for one in selector.split(","))
    return ", ".join(kept)


def _is_for(query: str, *, dark: bool) -> bool:
    words = query.lower()
    if _DARK.search(words):
        return dark and "max-width" not in words
    if _LIGHT.search(words):
        return not dark
    return bool(_PLAIN_MEDIA.fullmatch(words.strip()))
