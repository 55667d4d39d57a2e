"""Typesetting: closed, complaining, and without the words that WeasyPrint leaves alone on a line."""

import io

import pytest

from pipeline.errors import WriteError
from pipeline.writers import _typeset

LINE = "of the studies asked students, or asked people about strangers, and a "


def page(design, body: str, css: str = "", **options) -> _typeset.Gathering:
    html = f'<!DOCTYPE html><html lang="en"><head><title>T</title></head><body>{body}</body></html>'
    return _typeset.decode(_typeset.typeset(_typeset.sheet(design, html, css, name="page", **options)))


def lines(gathering: _typeset.Gathering) -> list[str]:
    import pypdfium2

    text = pypdfium2.PdfDocument(gathering.pdf)[0].get_textpage().get_text_range()
    return [line for line in text.replace("\r", "").split("\n") if line]


@pytest.mark.parametrize("width", [110, 112, 113, 113.5, 114, 114.5, 115, 116])
def test_no_word_is_left_alone_where_a_text_fills_its_line(prepared_design, width: float) -> None:
    css = f'@page {{ size: {width}mm 100mm; margin: 0 }} body {{ margin: 0; font: 10.6pt "Source Serif Pro" }}'
    set_lines = lines(page(prepared_design, f"<p>{LINE}<span>group’s average</span> can’t predict.</p>", css))
    assert len(set_lines) == 2
    assert len(set_lines[0].split()) > 8


@pytest.mark.parametrize("address", ["https://example.com/a.png", "file:///etc/passwd", "quire-resource:other.png"])
def test_nothing_but_the_sheet_s_own_resources_is_fetched(prepared_design, address: str) -> None:
    with pytest.raises(WriteError, match="is not part of the sheet"):
        page(prepared_design, f'<img src="{address}" alt="x">')


def test_what_weasyprint_only_logs_is_an_error(prepared_design) -> None:
    with pytest.raises(WriteError, match="page: Ignored `colour: red"):
        page(prepared_design, "<p>Text</p>", "p { colour: red }")


def test_anchors_come_with_their_page_and_place(prepared_design) -> None:
    made = page(prepared_design, '<h1 id="a">A</h1><h1 id="b" style="break-before: page">B</h1>', "@page { size: A5 }")
    assert [(anchor.name, anchor.page) for anchor in made.anchors] == [("a", 0), ("b", 1)]
    assert all(0 < anchor.y < 595 for anchor in made.anchors)


def test_letters_come_page_by_page_without_repeated_heads_and_hyphens(prepared_design) -> None:
    rows = "".join(f"<tr><td>Row {letter}</td></tr>" for letter in "abc")
    body = f"<table><thead><tr><th>Head</th></tr></thead><tbody>{rows}</tbody></table><p>Extra&shy;ordinary</p>"
    css = (
        "@page { size: 30mm 30mm; margin: 5mm; @top-left { content: 'Running' } } td { height: 9mm } th { height: 3mm }"
    )
    made = page(prepared_design, body, css)
    assert made.pages == len(made.letters) > 1
    assert "".join(made.letters) == "headrowarowbrowcextraordinary"


def test_only_the_fonts_of_the_design_are_used(prepared_design) -> None:
    import pikepdf

    made = page(prepared_design, '<p style="font-family: Nonesuch, monospace">Text <em>and</em> more</p>')
    pdf = pikepdf.open(io.BytesIO(made.pdf))
    fonts = [str(o.BaseFont) for o in pdf.objects if isinstance(o, pikepdf.Dictionary) and "/BaseFont" in o]
    assert fonts
    assert all("Source" in name for name in fonts)


def test_a_sheet_is_typeset_the_same_each_time(prepared_design) -> None:
    assert page(prepared_design, "<p>Text</p>").pdf == page(prepared_design, "<p>Text</p>").pdf


def test_a_picture_has_the_width_asked_for(prepared_design) -> None:
    from PIL import Image

    made = page(prepared_design, "<p>Text</p>", "@page { size: 160mm 256mm }", tagged=False)
    png = _typeset.rasterize(_typeset.Picture(made.pdf, 1600))
    assert Image.open(io.BytesIO(png)).size == (1600, 2560)
