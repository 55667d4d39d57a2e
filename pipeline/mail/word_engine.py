"""The HTML of a mail in; the same as Outlook for Windows, which sets letters with Word's engine, comes to see it, out.

What the engine lacks is taken out, by caniemail's data (`support`): the rest draws in a browser much as it does there.
What is left of style elements stands in the elements themselves. This shows what is missing and what stands in, not the
engine's own measures: its line heights, its spaces around tables and its pictures on sharp screens are other ones.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from pipeline.mail.conditional_comments import conditions_met
from pipeline.mail.support import LIMITS, Feature, features, lacking

CLIENT = "outlook-windows"
# Fonts that come with Windows and Office; a stack that begins with another is set in Times New Roman.
_FONTS = frozenset(
    {"arial", "arial black", "book antiqua", "bookman old style", "calibri", "cambria", "candara", "century gothic"}
    | {"comic sans ms", "consolas", "constantia", "corbel", "courier", "courier new", "franklin gothic medium"}
    | {"garamond", "georgia", "helvetica", "impact", "lucida console", "lucida sans unicode", "palatino linotype"}
    | {"segoe ui", "tahoma", "times", "times new roman", "trebuchet ms", "verdana"}
    | {"serif", "sans-serif", "monospace", "inherit"}
)
_MISSING_FONT = "'Times New Roman', serif"

_FUNCTION = re.compile(r"(-?[a-z][a-z0-9-]*)\(", re.IGNORECASE)
_UNIT = re.compile(r"(?<![\w#.-])[-+]?(?:\d+\.?\d*|\.\d+)(%|[a-z]+)", re.IGNORECASE)
_STRINGS = re.compile(r"\"[^\"]*\"|'[^']*'|url\([^)]*\)", re.IGNORECASE)
_COMBINATORS = {"attribute": "[", "universal": "*", "child": ">", "adjacent-sibling": "+", "general-sibling": "~"}
_PSEUDO = re.compile(r"::?([a-z-]+)", re.IGNORECASE)
# Elements that show nothing of what is in them, where they aren't known.
_GONE = frozenset({"svg", "input", "select", "textarea", "object", "script", "xml", "link", "base", "template"})
# Void elements that the parser is too old to know as such, and puts what follows into.
_NEVER_VOID = frozenset({"source", "track"})
_VENDORS = ("-webkit-", "-moz-", "-ms-", "-o-")
_ROW_CELLS = ("td", "th")
# `display: none` doesn't reach tables in what it hides; `mso-hide: all` does.
_HIDDEN_WITH_TABLES = "display:none !important"


def as_word_shows(html: str) -> str:
    """Return a page that a browser shows much as Outlook for Windows shows a mail's HTML; empty for no HTML."""
    from lxml import etree

    parser = etree.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False, remove_pis=True, remove_comments=True)
    source = conditions_met(html).replace("\0", "\ufffd").encode(errors="replace")
    if not source.strip():
        return ""
    root = etree.fromstring(source, parser)
    if root is None:
        return ""
    styles = _styles_of(root)
    for element in list(root.iter(etree.Element)):
        _keep_what_is_known(element, styles.get(element, ()))
    for style in list(root.iter("style")):
        _take_out(style)
    _show_tables_in_what_is_hidden(root)
    shown: str = etree.tostring(root, method="html", encoding="unicode", doctype="<!DOCTYPE html>")
    return shown


# --------------------------------------------------------------------------- what is known


@lru_cache(maxsize=1)
def _lacked() -> dict[tuple[str, str], tuple[Feature, ...]]:
    found: dict[tuple[str, str], list[Feature]] = {}
    for feature in lacking(CLIENT):
        for name in feature.names:
            found.setdefault((feature.kind, name), []).append(feature)
    return {key: tuple(value) for key, value in found.items()}


@lru_cache(maxsize=1)
def _limited() -> dict[str, tuple[tuple[Feature, Any], ...]]:
    by_slug = {feature.slug: feature for feature in features()}
    found: dict[str, list[tuple[Feature, Any]]] = {}
    for limit in LIMITS[CLIENT]:
        for name in by_slug[limit.slug].names:
            found.setdefault(name, []).append((by_slug[limit.slug], limit))
    return {key: tuple(value) for key, value in found.items()}


def lacks(element: str, name: str, value: str) -> bool:
    """Return whether Word's engine lacks a property with this value on an element; names in lower case."""
    lacked, value = _lacked(), value.lower()
    if name.startswith("--") or name.startswith(_VENDORS):
        return True
    if any(not feature.values or value in feature.values for feature in lacked.get(("property", name), ())):
        return True
    if any(
        (not feature.values or value in feature.values) and limit.lacks(element, value)
        for feature, limit in _limited().get(name, ())
        if feature.kind == "property"
    ):
        return True
    if name in ("font-family", "font"):
        return False
    plain = _STRINGS.sub(" ", value)
    functions = _FUNCTION.findall(plain)
    return (
        any(("function", function) in lacked or function == "var" for function in functions)
        or any(("unit", unit) in lacked for unit in _UNIT.findall(plain))
        or any(("value", word) in lacked for word in re.findall(r"[a-z-]+", plain))
        or any(limit.lacks(element, value) for f in functions for _, limit in _limited().get(f, ()))
    )


def _is_known_selector(selector: str) -> bool:
    lacked = _lacked()
    plain = _STRINGS.sub("", selector)
    if any(sign in plain and ("selector", name) in lacked for name, sign in _COMBINATORS.items()):
        return False
    return all(
        ("pseudo-class", name.lower()) not in lacked and ("pseudo-element", name.lower()) not in lacked
        for name in _PSEUDO.findall(plain)
    )


# --------------------------------------------------------------------------- styles


def _styles_of(root: Any) -> Mapping[Any, tuple[tuple[str, str], ...]]:
    """Return what each element is told, by the order of CSS, from style elements and its own attribute."""
    import cssselect2

    matcher = cssselect2.Matcher()
    for style in root.iter("style"):
        for selector, block in _rules(style.text or ""):
            try:
                compiled = cssselect2.compile_selector_list(selector)
            except cssselect2.SelectorError:
                continue
            for one in compiled:
                if one.pseudo_element is None:
                    matcher.add_selector(one, block)
    told = {}
    for wrapped in cssselect2.ElementWrapper.from_html_root(root).iter_subtree():
        own = _declarations(wrapped.etree_element.get("style", ""))
        every = [
            ((is_important, False, specificity, order), name, value)
            for specificity, order, _, block in matcher.match(wrapped)
            for name, value, is_important in block
        ]
        every += [((is_important, True, (0, 0, 0), 0), name, value) for name, value, is_important in own]
        told[wrapped.etree_element] = tuple((name, value) for _, name, value in sorted(every, key=lambda one: one[0]))
    return told


def _rules(css: str) -> Iterator[tuple[str, tuple[tuple[str, str, bool], ...]]]:
    """Yield the rules that the engine reads: none in an at-rule, none with a selector that it doesn't know."""
    import tinycss2

    for node in tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True):
        if node.type == "qualified-rule":
            block = tuple(_declarations(tinycss2.serialize(node.content)))
            for selector in tinycss2.serialize(node.prelude).split(","):
                if _is_known_selector(selector):
                    yield selector.strip(), block


def _declarations(css: str) -> list[tuple[str, str, bool]]:
    import tinycss2

    nodes = tinycss2.parse_blocks_contents(css, skip_comments=True, skip_whitespace=True)
    return [
        (node.lower_name, tinycss2.serialize(node.value).strip(), node.important)
        for node in nodes
        if node.type == "declaration"
    ]


def _style(element: str, told: tuple[tuple[str, str], ...]) -> str:
    """Return the style of an element as the engine takes it; its own properties count where a browser has the like."""
    kept = []
    for name, value in told:
        if name == "mso-hide" and value.lower() == "all":
            return _HIDDEN_WITH_TABLES
        if name == "mso-padding-alt" and element in _ROW_CELLS:
            kept.append(("padding", value))
        elif name == "font-weight" and value.isdigit():
            kept.append((name, "bold" if int(value) >= 600 else "normal"))
        elif name == "font-family":
            first = value.partition(",")[0].strip(" '\"").lower()
            kept.append((name, value if first in _FONTS else _MISSING_FONT))
        elif not name.startswith("mso-") and not lacks(element, name, value):
            kept.append((name, value.lower() if name == "display" else value))
    return ";".join(f"{name}:{value}" for name, value in kept)


# --------------------------------------------------------------------------- elements


def _keep_what_is_known(element: Any, told: tuple[tuple[str, str], ...]) -> None:
    lacked, tag = _lacked(), element.tag.lower()
    if tag in _GONE or (tag == "meta" and element.get("name", "").lower() == "color-scheme"):
        _take_out(element)
        return
    is_unknown = any(
        not feature.values or element.get("type", "text").lower() in feature.values
        for feature in lacked.get(("element", tag), ())
    )
    if (is_unknown or tag in _NEVER_VOID or ":" in tag) and element.getparent() is not None:
        _unwrap(element)
        return
    for name in list(element.attrib):
        limits = [limit for f, limit in _limited().get(name, ()) if f.kind == "attribute"]
        if ("attribute", name) in lacked or any(limit.lacks(tag, element.get(name)) for limit in limits):
            del element.attrib[name]
    element.attrib.pop("style", None)
    style = _style(tag, told)
    if style:
        element.set("style", style)
    if tag == "img":
        ending = element.get("src", "").partition("?")[0].rpartition(".")[2].lower()
        if ("image", ending) in lacked:
            # The alt text stands in.
            del element.attrib["src"]


def _show_tables_in_what_is_hidden(root: Any) -> None:
    """Keep of what `display: none` hides the tables, which Word's engine shows all the same."""
    for element in list(root.iter()):
        style = element.get("style", "") if isinstance(element.tag, str) else ""
        if "display:none" in style and _HIDDEN_WITH_TABLES not in style and element.tag != "table":
            tables = [table for table in element.iter("table") if next(table.iterancestors("table"), None) is None]
            if not tables or element.getparent() is None:
                continue
            for table in tables:
                table.tail = None
            tail = element.tail
            element[:] = tables
            element.text, element.tail = None, tail
            element.attrib.pop("style")


def _take_out(element: Any) -> None:
    """Take an element out, and leave the text behind it."""
    _replace(element, "", ())


def _unwrap(element: Any) -> None:
    """Put what stands in an element in its place."""
    _replace(element, element.text or "", tuple(element))


def _replace(element: Any, text: str, children: tuple[Any, ...]) -> None:
    around = element.getparent()
    if around is None:
        return
    place, tail = around.index(element), element.tail or ""
    element.tail = None
    around.remove(element)
    before = around[place - 1] if place else None
    if before is None:
        around.text = (around.text or "") + text
    else:
        before.tail = (before.tail or "") + text
    for offset, child in enumerate(children):
        around.insert(place + offset, child)
    if children:
        children[-1].tail = (children[-1].tail or "") + tail
    elif before is None:
        around.text = (around.text or "") + tail
    else:
        before.tail = (before.tail or "") + tail
