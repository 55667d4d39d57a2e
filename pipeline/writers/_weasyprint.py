"""WeasyPrint with our fonts and no others, its faults mended, and its long ways shortened.

Each mending and shortcut asks WeasyPrint itself for whatever it doesn't know to be the same.
"""

import hashlib
import html
import importlib
import os
import sys
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from xml.etree import ElementTree

from pipeline.errors import WriteError
from pipeline.writers import _tags


def prepare(fonts: tuple[str, ...], folder: str) -> None:
    """Load WeasyPrint with these font files and no others, in this process; `folder` keeps fontconfig's own cache.

    Raises WriteError where WeasyPrint's system libraries are missing.
    """
    offer(fonts, folder)
    load()


def offer(fonts: tuple[str, ...], folder: str) -> None:
    """Have this process know these font files and no others, if it hasn't loaded WeasyPrint yet."""
    folders = sorted({str(Path(font).parent) for font in fonts})
    rows = [f"<dir>{html.escape(name)}</dir>" for name in folders]
    accepted = "".join(f"<glob>{html.escape(font)}</glob>" for font in fonts)
    rows.append(f"<cachedir>{html.escape(str(Path(folder).resolve()))}</cachedir>")
    rows.append(f"<selectfont><acceptfont>{accepted}</acceptfont><rejectfont><glob>*</glob></rejectfont></selectfont>")
    text = '<?xml version="1.0"?>\n<!DOCTYPE fontconfig SYSTEM "fonts.dtd">\n'
    text += f"<fontconfig>{''.join(rows)}</fontconfig>\n"
    path = Path(folder) / f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.conf"
    if not path.exists():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # Several processes prepare at once, and none may read what another has half written.
            draft = path.with_suffix(f".{os.getpid()}")
            draft.write_text(text, encoding="utf-8")
            draft.replace(path)
        except OSError as error:
            raise WriteError(f"{path}: can't be written: {error.strerror}") from error
    os.environ["FONTCONFIG_FILE"] = str(path.resolve())


def warm_up() -> None:
    """Typeset a line of nothing, so that what every page needs is there: types of C, hyphenation, the subsetter.

    Processes do so while they wait for the manuscript.
    """
    words = "<p style='hyphens: auto; width: 3em'>Extraordinary <em>circumstances</em></p><input name='a'/>"
    page = parsed(f"<html lang='en'><head><title>-</title></head><body>{words}</body></html>", None)
    page.render(pdf_variant="pdf/ua-1", pdf_forms=True).write_pdf(pdf_variant="pdf/ua-1", pdf_forms=True)


def load() -> Any:
    """Return WeasyPrint, mended. Raises WriteError where its system libraries are missing."""
    try:
        # WeasyPrint falls back on these where it lacks HarfBuzz's subsetter, and they take a third of its time to load.
        with _no_search_for_libraries(), _put_off("fontTools.subset", "fontTools.varLib.instancer"):
            import weasyprint
    except OSError as error:
        raise WriteError(
            f"Pango is missing: {str(error).splitlines()[0]}\n"
            "    Debian, Ubuntu: sudo apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0\n"
            "    Fedora: sudo dnf install pango harfbuzz\n"
            "    macOS: brew install pango"
        ) from error
    _mend()
    return weasyprint


def parsed(page: str, fetcher: Any) -> Any:
    """Return a page as WeasyPrint's HTML: one that is well-formed XML is read as such, a tenth of the time."""
    weasyprint = load()
    try:
        # A drawing in the page itself has a namespace that only HTML's own rules give it.
        root = None if "<svg" in page or "<math" in page else ElementTree.fromstring(page)
    except ElementTree.ParseError:
        root = None
    if root is None:
        return weasyprint.HTML(string=page, url_fetcher=fetcher, media_type="print", base_url=None)
    return _read_as_xml()(root, fetcher)


@lru_cache(maxsize=1)
def _read_as_xml() -> Any:
    import cssselect2
    import weasyprint

    class ReadAsXml(weasyprint.HTML):
        def __init__(self, root: ElementTree.Element, fetcher: Any) -> None:
            self.base_url = None
            self.url_fetcher = fetcher
            self.media_type = "print"
            self.wrapper_element = cssselect2.ElementWrapper.from_html_root(root, content_language=None)
            self.etree_element = self.wrapper_element.etree_element

    return ReadAsXml


class _Later(ModuleType):
    """Stands for a module until one of its functions or classes is called."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)

        def call(*values: Any, **named: Any) -> Any:
            return getattr(importlib.import_module(self.__name__), name)(*values, **named)

        return call


@contextmanager
def _put_off(*names: str) -> Iterator[None]:
    """Let what is imported in the block have modules that load when they are first used."""
    put_off = [name for name in names if name not in sys.modules]
    sys.modules.update((name, _Later(name)) for name in put_off)
    try:
        yield
    finally:
        for name in put_off:
            del sys.modules[name]


@contextmanager
def _no_search_for_libraries() -> Iterator[None]:
    """Spare the search that cffi makes, with a compiler and a linker, for names that Linux doesn't use.

    WeasyPrint asks for each library by the names of all systems, and Linux loads it by one of the later ones.
    """
    if sys.platform != "linux":
        yield
        return
    import ctypes.util

    search = ctypes.util.find_library
    ctypes.util.find_library = lambda name: None
    try:
        yield
    finally:
        ctypes.util.find_library = search


@lru_cache(maxsize=1)
def _mend() -> None:
    _mend_line_breaks()
    _mend_tags()
    _let_font_features_go()
    _leave_field_fonts_to_binding()
    for shorten in SHORTCUTS:
        shorten()


# --------------------------------------------------------------------------- mended


def _leave_field_fonts_to_binding() -> None:
    """Let WeasyPrint subset the fonts of form fields too: the whole font comes when the book is bound, and once."""
    from weasyprint.pdf.fonts import Font

    Font.used_in_forms = property(lambda self: False, lambda self, value: None)


def _mend_tags() -> None:
    """Have our own structure tree written, in which an element that crosses a page is one."""
    import weasyprint.pdf
    from weasyprint.layout import inline
    from weasyprint.pdf.stream import Stream

    weasyprint.pdf.add_tags = _tags.add_tags
    Stream.marked = _tags.marked(Stream.marked)
    inline.split_text_box = _tags.split(inline.split_text_box)


def _let_font_features_go() -> None:
    """Free what tells Pango of a text's font features, which WeasyPrint 70 leaves behind with each line of text.

    A process that sets hundreds of chapters would grow by a tenth of a megabyte with each.
    """
    from weasyprint.text import ffi, line_break

    pango = ffi.pango
    features_of, set_up = line_break.font_features, line_break.Layout.setup
    asked: list[dict[str, object]] = []

    def setup(layout: Any, style: Any) -> None:
        set_up(layout, style)
        if features := asked.pop():
            text = ",".join(f"{name} {value}" for name, value in features.items()).encode()
            attributes = ffi.ffi.gc(pango.pango_attr_list_new(), pango.pango_attr_list_unref)
            # The list has the attribute from here on, and the layout the list.
            pango.pango_attr_list_insert(attributes, pango.pango_attr_font_features_new(text))
            pango.pango_layout_set_attributes(layout.layout, attributes)

    line_break.font_features = lambda *values: asked.append(features_of(*values))
    line_break.Layout.setup = setup


def _mend_line_breaks() -> None:
    """Keep WeasyPrint 70 from leaving a word alone on a line.

    Where a text before an inline element fills its line but for the space at its end, `split_first_line` counts that
    space, finds the line too long, and breaks after the first word. The space hangs: such a text is taken whole.
    """
    from weasyprint.layout import inline

    original = inline.split_first_line

    def split_first_line(
        text: str, style: Any, context: Any, max_width: float | None, spacing: Any, *rest: Any, **named: Any
    ) -> Any:
        line = original(text, style, context, max_width, spacing, *rest, **named)
        _, length, resume = line[:3]
        if resume is None or max_width is None or not text.endswith(" ") or style["white_space"] != "normal":
            return line
        if b" " in text.encode()[:length].strip():
            return line
        bare = original(text.rstrip(" "), style, context, max_width, spacing, *rest, **named)
        if bare[2] is not None or bare[3] > max_width:
            return line
        return original(text, style, context, None, spacing, *rest, **named)

    inline.split_first_line = split_first_line


# --------------------------------------------------------------------------- shortened
# Together they spare a fifth of the time that a chapter takes. A test sets the same pages with and without them.


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
