"""WeasyPrint in; the same without the faults that Quire's pages meet, out.

Each mending asks WeasyPrint itself for whatever it doesn't know to be the same.
"""

from typing import Any

from pipeline.writers import _tags


def _leave_field_fonts_to_binding() -> None:
    """Let WeasyPrint subset the fonts of form fields too: the whole font comes when the book is bound, and once."""
    from weasyprint.pdf.fonts import Font

    Font.used_in_forms = property(lambda self: False, lambda self, value: None)


def _mend_tags() -> None:
    """Have our own structure tree written, in which an element that crosses a page is one.

    A document can be drawn once.
    """
    import weasyprint.document
    import weasyprint.pdf
    from weasyprint.layout import inline
    from weasyprint.pdf.stream import Stream

    page = weasyprint.document.Page
    weasyprint.document.generate_pdf = _tags.read_as_drawn(weasyprint.document.generate_pdf)
    page.paint, weasyprint.pdf.resolve_links = _tags.let_go_when_drawn(page.paint, weasyprint.pdf.resolve_links)
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


MENDINGS = (_mend_line_breaks, _mend_tags, _let_font_features_go, _leave_field_fonts_to_binding)
