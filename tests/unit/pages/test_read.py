"""Real PDFs, typeset for the purpose, as the rules see them."""

from io import BytesIO

import pikepdf
import pytest
from builders import a_document, a_pdf

from pipeline.pages import Box, read, read_sheets
from pipeline.pages._page import Field
from pipeline.pages._tree import structure


def blocks_of(page, kind):
    return [block for block in page.blocks if block.kind == kind]


def test_headings_paragraphs_and_items_are_told_apart_in_reading_order(tmp_path):
    table = "<table><tr><th>X</th><td>Y</td></tr></table>"
    body = f"<section><h2>A title</h2><p>A text.</p><ul><li>An item</li></ul>{table}</section>"
    [page] = a_document(tmp_path, body).pages
    told = [(block.kind, block.text) for block in page.blocks]
    assert told == [
        ("heading", "A title"),
        ("paragraph", "A text."),
        ("label", "•"),
        ("item", "An item"),
        ("cell", "X"),
        ("cell", "Y"),
    ]
    assert blocks_of(page, "heading")[0].level == 2


def test_lines_have_their_words_edges_and_spaces(tmp_path):
    text = "Seven words <em>and more</em> of them<br/>stand in two lines."
    [page] = a_document(tmp_path, f"<section><p>{text}</p></section>", "p { text-align: left }").pages
    first, second = blocks_of(page, "paragraph")[0].lines
    assert (first.text, second.text) == ("Seven words and more of them", "stand in two lines.")
    assert first.box.left == pytest.approx(page.frame.left, abs=0.1)
    assert first.box.bottom - second.box.bottom == pytest.approx(10.6 * 1.46, abs=0.1)
    assert all(space == pytest.approx(1, abs=0.35) for space in (*first.spaces, *second.spaces))


def test_the_spaces_of_a_stretched_line_are_measured_in_those_of_the_font(tmp_path):
    css = "p { text-align: left; word-spacing: 0.6em }"
    [page] = a_document(tmp_path, "<section><p>Four quite short words</p></section>", css).pages
    [line] = blocks_of(page, "paragraph")[0].lines
    # A space of Source Serif is 0.234 em wide; kerning with a space is lost where it is stretched.
    assert line.spaces == pytest.approx([1 + 0.6 / 0.234] * 3, rel=0.06)


def test_a_hyphenated_line_ends_where_its_hyphen_does(tmp_path):
    css = "p { width: 66mm; hyphens: manual }"
    body = "<section><p>These are some words that were extra\u00adordinarily hard to spell.</p></section>"
    [page] = a_document(tmp_path, body, css).pages
    lines = blocks_of(page, "paragraph")[0].lines
    assert lines[0].text.endswith(("extra-", "extra\u2010"))
    assert lines[0].box.right == pytest.approx(page.frame.left + 66 / 25.4 * 72, abs=1)


def test_fields_have_their_names_descriptions_and_sections(tmp_path):
    body = (
        '<section><form><section><p>Why?</p><textarea name="why" id="why" title="Why?"></textarea></section>'
        '<section><input type="radio" name="how" value="1" title="How?"/>'
        '<input type="radio" name="how" value="2" title="How?"/></section></form></section>'
    )
    [page] = a_document(tmp_path, body).pages
    why, *how = [item for item in page.items if isinstance(item, Field)]
    assert (why.name, why.title) == ("why", "Why?")
    assert why.section == blocks_of(page, "paragraph")[0].section
    assert [field.name for field in how] == ["how", "how"]
    assert how[0].section != why.section


def test_a_note_at_the_foot_is_a_note(tmp_path):
    body = '<section><p>A claim<span class="footnote">Its <em>reason</em>.</span> and more.</p></section>'
    [page] = a_document(tmp_path, body).pages
    # The mark at its head may be in it or beside it.
    [note] = blocks_of(page, "note")
    assert note.text.endswith("Its reason.")
    assert note not in page.body


def test_a_page_with_a_ground_to_its_edges_may_be_filled(tmp_path):
    css = "@page { background: #eee }"
    [page] = a_document(tmp_path, "<section><p>A cover.</p></section>", css).pages
    assert page.frame == page.size


def test_a_pdf_without_tags_has_no_pages_to_look_at():
    pdf = pikepdf.new()
    pdf.add_blank_page()
    stream = BytesIO()
    pdf.save(stream)
    assert read("a.pdf", stream.getvalue(), Box(0, 0, 0, 0)).pages == ()


def test_margins_of_a_bound_book_are_mirrored_on_its_left_pages(tmp_path):
    css = "@page :right { margin: 20mm 17mm 21mm 30mm } @page :left { margin: 20mm 30mm 21mm 17mm }"
    made = a_pdf(tmp_path, "<p>One</p><div style='break-before: page'><p>Two</p></div>", css)
    margins = Box(85.04, 59.5, 48.2, 56.7)
    right, left = read("a.pdf", made, margins, is_bound=True).pages
    assert blocks_of(right, "paragraph")[0].lines[0].box.left == pytest.approx(right.frame.left, abs=0.1)
    assert blocks_of(left, "paragraph")[0].lines[0].box.left == pytest.approx(left.frame.left, abs=0.1)
    assert right.frame.left > left.frame.left


def test_marks_beyond_the_trim_are_not_on_the_page_and_what_bleeds_ends_there(tmp_path):
    css = "@page { bleed: 3mm; marks: crop; background: #eee }"
    [page] = a_document(tmp_path, "<section><p>A cover.</p></section>", css).pages
    assert page.drawn
    assert all(box.beyond(page.size) <= 0 for box in page.drawn)


def test_words_on_a_sheet_are_found_where_they_stand_upright_or_not(tmp_path):
    css = "p { position: absolute; margin: 0; left: 20mm; top: 50mm; transform: rotate(90deg); white-space: nowrap }"
    made = a_pdf(tmp_path, "<p>Sideways</p>", css)
    [page] = read_sheets("a.pdf", made, lambda size: [size.inset(10)]).pages
    [line] = [line for block in page.blocks for line in block.lines]
    assert line.text == "Sideways"
    assert line.box.height > line.box.right - line.box.left > 5
    assert page.parts == (page.size.inset(10),)


def test_an_element_with_content_on_two_pages_is_found_on_both():
    pdf = pikepdf.new()
    first, second = pdf.add_blank_page(), pdf.add_blank_page()
    paragraph = pdf.make_indirect(pikepdf.Dictionary(S=pikepdf.Name.P, Pg=first.obj))
    paragraph.K = pikepdf.Array([0, pikepdf.Dictionary(Type=pikepdf.Name.MCR, MCID=3, Pg=second.obj)])
    pdf.Root.StructTreeRoot = pdf.make_indirect(pikepdf.Dictionary(K=pikepdf.Array([paragraph])))
    tree = structure(pdf)
    assert [(entry.mark, entry.kind) for entry in (*tree[0], *tree[1])] == [(0, "paragraph"), (3, "paragraph")]
    assert tree[0][0].element == tree[1][0].element


def test_a_label_inside_a_paragraph_is_a_line_of_its_own(tmp_path):
    body = '<section><p class="takeaway"><span class="takeaway-label">To carry away</span> One thing.</p></section>'
    [page] = a_document(tmp_path, body).pages
    assert [line.text for block in page.blocks for line in block.lines] == ["TO CARRY AWAY", "One thing."]


def test_a_short_table_is_never_parted(tmp_path) -> None:
    rows = "".join(f"<tr><td>Row {n}</td></tr>" for n in range(4))
    table = f'<table class="data short"><thead><tr><th scope="col">Head</th></tr></thead><tbody>{rows}</tbody></table>'
    for height in range(120, 164, 4):
        document = a_document(tmp_path, f"<div style='height: {height}mm'></div>{table}")
        assert sum(any(block.kind == "cell" for block in page.blocks) for page in document.pages) == 1


def test_no_row_of_a_long_table_is_alone_on_a_page(tmp_path) -> None:
    rows = "".join(f"<tr><td>Row {n}</td></tr>" for n in range(1, 100))
    head = '<thead><tr><th scope="col">Head</th></tr></thead>'
    for count in range(24, 36):
        some = "".join(rows.partition(f"<td>Row {count}</td></tr>")[:2])
        document = a_document(tmp_path, f'<table class="data">{head}<tbody>{some}</tbody></table>')
        assert all(sum(block.kind == "cell" for block in page.blocks) > 1 for page in document.pages)


def test_a_chapters_last_words_are_never_alone_on_a_page(tmp_path) -> None:
    text = "<p>" + "Rain fell on the roofs of the town. " * 14 + "</p>"
    for height in range(100, 170, 5):
        body = f"<div style='height: {height}mm'></div>{text}<p class='takeaway'>Carry this.</p>"
        last = a_document(tmp_path, body).pages[-1]
        assert sum(len(block.lines) for block in last.blocks) > 2
