"""Anybody's HTML in; its elements with lines, texts and looks out. Nothing is fetched, and no entity is expanded."""

import re
from typing import Any

import msgspec

from pipeline.errors import Finding, PartLocation
from pipeline.lint import _looks, _styles
from pipeline.lint._mail import AtRule, Comment, Element, Html, Look, Piece, StyleRule

# Ten times what Gmail shows: more is no letter, and would take long.
MOST_READ = 1_000_000
# Words on both sides of these stand apart.
_PARTS_WORDS = frozenset(
    {"br", "p", "div", "td", "th", "tr", "table", "li", "ul", "ol", "dl", "dt", "dd", "hr", "pre", "blockquote", "img"}
    | {"h1", "h2", "h3", "h4", "h5", "h6", "section", "article", "header", "footer", "center", "form", "figure"}
)
BLOCKS = _PARTS_WORDS - {"br", "hr", "img"}
_LINE_END = re.compile(r"\r\n?")


def parse(source: str, place: PartLocation) -> tuple[Html, list[Finding]]:
    """Return the HTML as a value, and what kept it from being read as it stands."""
    size = len(source.encode(errors="replace"))
    if size > MOST_READ:
        message = f"its HTML has {size / 1000:,.0f} kB, which is no letter; only its size was looked at"
        return Html(place, size), [Finding(place, "malformed", message, "Check the file.")]
    faults = []
    # The parser stops at a NUL, and lone surrogates have no bytes.
    if "\0" in source:
        line = source[: source.index("\0")].count("\n") + 1
        message, hint = "its HTML has a NUL character", "Delete it."
        faults.append(Finding(msgspec.structs.replace(place, line=line), "malformed", message, hint))
    root = _root(source.replace("\0", "\ufffd").encode(errors="replace"))
    if root is None:
        return Html(place, size), [*faults, Finding(place, "malformed", "its HTML is empty", "Check the file.")]
    return _html(root, place, size), faults


def _root(source: bytes) -> Any:
    from lxml import etree

    parser = etree.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False, remove_pis=True)
    try:
        return etree.fromstring(source, parser)
    except etree.LxmlError:
        return None


def _html(root: Any, place: PartLocation, size: int) -> Html:
    import cssselect2
    from lxml import etree

    rules: list[StyleRule] = []
    at_rules: list[AtRule] = []
    for style in root.iter("style"):
        # A media attribute is a media query around the whole element.
        found, at = _styles.sheet(style.text or "", style.sourceline or 1)
        around = (style.get("media"),) if style.get("media") else ()
        rules += (msgspec.structs.replace(rule, media=(*around, *rule.media)) for rule in found)
        at_rules += at
    wrapped = {id(one.etree_element): one for one in cssselect2.ElementWrapper.from_html_root(root).iter_subtree()}
    light = _styles.Cascade(rules)
    dark = _styles.Cascade(rules, dark=True) if _styles.has_dark_colors(rules) else None
    outlook = _styles.Cascade(rules, outlook=True) if _styles.has_outlooks_colors(rules) else None
    builder = _Builder(wrapped, light, dark, outlook)
    builder.comments += (
        Comment(node.text or "", node.sourceline or 1)
        for node in root.itersiblings(preceding=True)
        if node.tag is etree.Comment
    )
    builder.walk(root)
    elements, pieces = builder.finished()
    return Html(place, size, elements, pieces, tuple(rules), tuple(at_rules), tuple(builder.comments))


class _Builder:
    """Walks a tree once, without recursion: a stranger's nesting can't use up the stack."""

    def __init__(
        self,
        wrapped: dict[int, Any],
        light: _styles.Cascade,
        dark: _styles.Cascade | None,
        outlook: _styles.Cascade | None,
    ) -> None:
        self._wrapped, self._light, self._dark, self._outlook = wrapped, light, dark, outlook
        self._elements: list[Element] = []
        self._ends: list[int] = []
        self._pieces: list[Piece] = []
        self.comments: list[Comment] = []

    def walk(self, root: Any) -> None:
        from lxml import etree

        inside: list[int] = []
        for event, node in etree.iterwalk(root, events=("start", "end", "comment")):
            parts = event != "comment" and str(node.tag).lower() in _PARTS_WORDS
            if event == "start":
                if parts:
                    self._add(" ", inside)
                inside.append(self._enter(node, inside[-1] if inside else -1))
                self._add(node.text, inside)
                continue
            if event == "end":
                self._ends[inside.pop()] = len(self._pieces)
                if parts:
                    self._add(" ", inside)
            else:
                self.comments.append(Comment(node.text or "", node.sourceline or 1))
            self._add(node.tail, inside)

    def finished(self) -> tuple[tuple[Element, ...], tuple[Piece, ...]]:
        elements = (
            msgspec.structs.replace(element, last=end) for element, end in zip(self._elements, self._ends, strict=True)
        )
        return tuple(elements), tuple(self._pieces)

    def _add(self, text: str | None, inside: list[int]) -> None:
        if text and inside:
            self._pieces.append(Piece(text, inside[-1]))

    def _enter(self, node: Any, parent: int) -> int:
        number, line = len(self._elements), node.sourceline or 1
        attributes = {str(name).lower(): str(value) for name, value in node.attrib.items()}
        tag = node.tag.lower()
        style = _styles.declarations(attributes.get("style", ""), line)
        around = self._elements[parent] if parent >= 0 else None
        wrapped = self._wrapped[id(node)]
        light = _looks.look(tag, attributes, self._light.values(wrapped, style), around.light if around else Look())
        dark = None
        if self._dark is not None:
            values = self._dark.values(wrapped, style)
            dark = _looks.look(tag, attributes, values, (around.dark if around else None) or Look())
        outlook = None
        if self._outlook is not None:
            values = self._outlook.values(wrapped, style)
            own = self._outlook.values(wrapped, style, outlooks=True)
            before = (around.outlook if around else None) or Look(color="", ground="")
            outlook = _looks.darkened(tag, attributes, values, own, light, before)
        start = len(self._pieces)
        self._elements.append(Element(number, parent, tag, attributes, line, start, start, style, light, dark, outlook))
        self._ends.append(start)
        return number


def with_plain_line_ends(text: str) -> str:
    """Return a text whose lines end in LF, so that lines count as editors count them."""
    return _LINE_END.sub("\n", text)
