"""WeasyPrint in; the same with some of its long ways shortened, in time or in room, out.

Each shortcut asks WeasyPrint itself for whatever it doesn't know to be the same. Together they spare a fifth of the
time that a chapter takes. A test sets the same pages with and without them.
"""

import zlib
from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree


def _style_what_is_not_styled_at_once() -> None:
    """Give a property that no rule sets its initial or its parent's value, without asking what it might have been."""
    from weasyprint import css

    # The computed values of these depend on others, or on more than the parent.
    involved = {name for name in css.INITIAL_VALUES if name.startswith("text_decoration_")}
    involved |= {"display", "float", "page", "position"}
    initial: dict[str, Any] = {}
    inherited = set()
    # A property may be set by its logical name too: margin-left as margin-inline-start, or -end from right to left.
    other_names: dict[str, frozenset[str]] = {}
    for name in css.INITIAL_VALUES.keys() - involved:
        logical = css.PHYSICAL_FUNCTIONS.get(name)
        if logical:
            other_names[name] = frozenset(logical(block="ttb", inline=inline) for inline in ("ltr", "rtl"))
        if name in css.INHERITED:
            if not logical:
                inherited.add(name)
        elif name not in css.INITIAL_NOT_COMPUTED:
            initial[name] = css.INITIAL_VALUES[name]
    original = css.ComputedStyle.__missing__

    def missing(style: Any, name: str) -> Any:
        if name not in style.cascaded:
            if name in inherited:
                if style.parent_style is not None:
                    value = style[name] = style.parent_style[name]
                    return value
            elif name in initial and (name not in other_names or other_names[name].isdisjoint(style.cascaded)):
                value = style[name] = initial[name]
                return value
        return original(style, name)

    css.ComputedStyle.__missing__ = missing


def _style_pseudo_elements_alike_at_once() -> None:
    """Give pseudo-elements that the same rules style in like elements one style, as WeasyPrint does with elements.

    Its own stylesheet has rules for three of each element. In an index their styles are most of what is in memory.
    """
    from weasyprint.css import StyleFor

    original = StyleFor.set_computed_styles

    def set_computed_styles(
        styles: Any, element: Any, parent: Any, root: Any = None, pseudo_type: str | None = None, **named: Any
    ) -> None:
        computed = styles.get_computed_styles()
        # What a page has in its margins is asked for in the same way, and is left alone.
        if pseudo_type is None or not isinstance(element, ElementTree.Element):
            original(styles, element, parent, root, pseudo_type, **named)
            return
        cascaded = styles.get_cascaded_styles()[element, pseudo_type]
        # Values are those of the stylesheet's own declarations, and the parent's style is kept as long as this one.
        values = tuple((name, id(value)) for name, (value, _) in cascaded.items())
        alike = vars(styles).setdefault("_alike", {})
        key = (id(computed[parent, None]), pseudo_type, values)
        if key not in alike:
            original(styles, element, parent, root, pseudo_type, **named)
            alike[key] = computed[element, pseudo_type]
        computed[element, pseudo_type] = alike[key]

    StyleFor.set_computed_styles = set_computed_styles


def _copy_boxes_in_little_room() -> None:
    """Copy a box's attributes to a dictionary of their own size.

    Python keeps thirty in little room, and makes room for three times as many when there is one more, as there is in
    each box that is laid out.
    """
    from weasyprint.formatting_structure.boxes import Box

    def copy(box: Any) -> Any:
        made = object.__new__(type(box))
        made.__dict__ = {**box.__dict__}
        return made

    Box.copy = copy


def _leave_bare_margins_alone() -> None:
    """Lay out no box in a page's margins where no rule puts one: Quire draws running heads when it binds."""
    from weasyprint import layout

    original = layout.make_margin_boxes
    edges = dict.fromkeys(("top", "bottom"), ("left", "center", "right"))
    edges |= dict.fromkeys(("left", "right"), ("top", "middle", "bottom"))
    names = [f"@{side}-{part}" for side, parts in edges.items() for part in parts]
    names += [f"@{end}-{side}-corner" for end in ("top", "bottom") for side in ("left", "right")]

    def make_margin_boxes(context: Any, page: Any, state: Any) -> Iterable[Any]:
        if all(context.style_for(page.page_type, name) is None for name in names):
            return ()
        made: Iterable[Any] = original(context, page, state)
        return made

    layout.make_margin_boxes = make_margin_boxes


def _deflate_as_usual() -> None:
    """Compress streams at zlib's usual level: the highest takes twice as long, and saves some bytes in a million."""
    import pydyf

    pydyf.zlib = SimpleNamespace(compress=zlib.compress, compressobj=lambda level: zlib.compressobj())


SHORTCUTS = (
    _style_what_is_not_styled_at_once,
    _style_pseudo_elements_alike_at_once,
    _copy_boxes_in_little_room,
    _leave_bare_margins_alone,
    _deflate_as_usual,
)
