"""The structure trees of workbook and worksheets: what is read out, in which order, and as what."""

import io
from collections.abc import Callable
from itertools import pairwise

import pikepdf
import pytest
from builders import a_book
from reading_order import Words, plain, spoken
from tagged import Tagged, marks, tagged

from pipeline.cache import Cache
from pipeline.errors import WriteError
from pipeline.model import Artifact
from pipeline.press import Press
from pipeline.transforms import select
from pipeline.writers import _bind, _typeset, workbook, worksheets
from pipeline.writers._html import roman
from pipeline.writers._index import index_entries

CSS = """
@page { size: 100mm 60mm; margin: 10mm }
body { margin: 0; font: 10pt "Source Serif Pro" }
.footnote { float: footnote }
ul { list-style-type: "– " }
"""
LONG = " ".join(f"word{number}" for number in range(1, 150))
Bind = Callable[..., pikepdf.Pdf]


@pytest.fixture(scope="module")
def book(prepared_design, tmp_path_factory) -> pikepdf.Pdf:
    press = Press(Cache(tmp_path_factory.mktemp("cache")), 1)
    [artifact] = workbook.write(select(a_book(), "workbook"), prepared_design, press)
    return pikepdf.open(io.BytesIO(artifact.content))


@pytest.fixture(scope="module")
def document(book: pikepdf.Pdf) -> Tagged:
    return tagged(book)


@pytest.fixture(scope="module")
def sheets(prepared_design, tmp_path_factory) -> tuple[Artifact, ...]:
    press = Press(Cache(tmp_path_factory.mktemp("cache")), 1)
    return tuple(worksheets.write(select(a_book(), "worksheets"), prepared_design, press))


@pytest.fixture(scope="module")
def bind(prepared_design) -> Bind:
    """Return a function that binds pages, each a gathering; `resources` are their images."""

    def run(*bodies: str, resources: dict[str, tuple[str, bytes]] | None = None) -> pikepdf.Pdf:
        gatherings = []
        for number, body in enumerate(bodies):
            html = (
                f'<!DOCTYPE html><html lang="en"><head><title>Piece {number}</title></head><body>{body}</body></html>'
            )
            sheet = _typeset.sheet(prepared_design, html, CSS, resources, name="page")
            gatherings.append(_typeset.decode(_typeset.typeset(sheet)))
        return pikepdf.open(io.BytesIO(_bind.bind(_bind.binding(gatherings, a_book(), prepared_design, "Title"))))

    return run


# ------------------------------------------------------------------ the whole


def test_the_workbook_reads_as_the_manuscript_does(document: Tagged) -> None:
    expected = list(Words(a_book(), "workbook").sections())
    found = [section for section in document.kids if section.title not in ("Contents", "Index")]
    assert [section.title for section in found] == [title for title, _ in expected]
    for section, (_, words) in zip(found, expected, strict=True):
        assert spoken(section) == words


def test_each_worksheet_reads_as_the_manuscript_does(sheets: tuple[Artifact, ...]) -> None:
    words = Words(a_book(), "worksheets")
    expected = [words.worksheet(chapter) for chapter in words.book.chapters if chapter.prompts]
    *alone, pack = [tagged(pikepdf.open(io.BytesIO(sheet.content))) for sheet in sheets]
    assert [spoken(section) for sheet in alone for section in sheet.kids] == expected
    assert [spoken(section) for section in pack.kids] == expected


def test_the_contents_name_every_piece_by_a_reference(document: Tagged) -> None:
    [contents] = [section for section in document.kids if section.title == "Contents"]
    book = a_book()
    titles = [matter.title for matter in book.front]
    for part in book.parts:
        titles += [f"{roman(part.number)} · {part.title}", *(chapter.title for chapter in part.chapters)]
    entries = contents.of("TOCI")
    assert [plain(entry.of("Link")[0].text()) for entry in entries][: len(titles)] == [plain(t) for t in titles]
    assert all(kid.kind in ("TOC", "TOCI") for toc in contents.of("TOC") for kid in toc.kids)
    assert all(kid.kind in ("Lbl", "Reference", "TOC") for entry in entries for kid in entry.kids)
    # The dots between a title and its page are not read out.
    assert " . " not in contents.text()


def test_the_index_is_lists_of_entries_with_their_subentries_below_them(document: Tagged) -> None:
    [index] = [section for section in document.kids if section.title == "Index"]
    lists = [kid for kid in index if kid.kind == "L"]
    outer = [item for section in index.kids for item in _items(section)]
    entries = index_entries(select(a_book(), "workbook").texts())
    assert len(outer) == len(entries)
    for item, entry in zip(outer, entries, strict=True):
        assert plain(item.text()).startswith(plain(entry.heading))
        assert len(item.of("L")) == bool(entry.subs)
        assert [len(inner.kids) for inner in item.of("L")] == [len(entry.subs)] * bool(entry.subs)
    assert all(kid.kind == "LI" for one in lists for kid in one.kids)


def _items(element: Tagged) -> list[Tagged]:
    """Return the items of the first lists at or below an element."""
    if element.kind == "L":
        return list(element.kids)
    return [item for kid in element.kids if isinstance(kid, Tagged) for item in _items(kid)]


def test_everything_marked_as_content_is_in_the_tree_once(book: pikepdf.Pdf, document: Tagged) -> None:
    held = [(run.page, run.number) for element in document for run in element.runs]
    assert len(held) == len(set(held))
    assert set(held) == marks(book)


def test_the_parent_tree_leads_from_content_to_the_element_that_holds_it(book: pikepdf.Pdf, document: Tagged) -> None:
    parents = pikepdf.NumberTree(book.Root.StructTreeRoot.ParentTree)
    for element in document:
        for run in element.runs:
            found = parents[int(book.pages[run.page].obj.StructParents)][run.number]
            assert found.objgen == element.source.objgen
        for kid in element.source.get("/K", ()):
            if isinstance(kid, pikepdf.Dictionary) and kid.get("/Type") == "/OBJR":
                assert parents[int(kid.Obj.StructParent)].objgen == element.source.objgen
            elif isinstance(kid, pikepdf.Dictionary) and "/S" in kid:
                assert kid.P.objgen == element.source.objgen


def test_every_field_and_every_link_is_in_the_tree(book: pikepdf.Pdf, document: Tagged) -> None:
    annotations = [annotation for page in book.pages for annotation in page.obj.get("/Annots", ())]
    assert sum(element.annotations for element in document) == len(annotations)
    fields = sum(annotation.Subtype == "/Widget" for annotation in annotations)
    assert len(document.of("Form")) == fields
    assert all(element.annotations == 1 for element in document.of("Form"))


def test_headings_begin_with_the_first_and_skip_no_level(document: Tagged) -> None:
    levels = [int(element.kind[1]) for element in document if element.kind in {f"H{n}" for n in range(1, 7)}]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


@pytest.mark.heavy
def test_the_reference_book_is_pdf_ua_1(book: pikepdf.Pdf, sheets: tuple[Artifact, ...], tmp_path) -> None:
    import page

    book.save(tmp_path / "workbook.pdf")
    (tmp_path / "pack.pdf").write_bytes(sheets[-1].content)
    for name in ("workbook.pdf", "pack.pdf"):
        result = page.validate_pdf(str(tmp_path / name), profile=page.ValidationProfile.PDF_UA_1)
        assert "no failures in implemented checks" in str(result), str(result)


# ------------------------------------------------------------------ one element stays one


def test_a_paragraph_over_two_pages_is_one_element(bind: Bind) -> None:
    document = tagged(bind(f"<p>{LONG}</p><p>After</p>"))
    first, second = document.of("P")
    assert len(first.pages) > 1
    assert first.text() == LONG
    assert second.text() == "After"


def test_content_of_another_page_than_the_element_s_own_names_its_page(bind: Bind) -> None:
    pdf = bind(f"<p>{LONG}</p>")
    [paragraph] = tagged(pdf).of("P")
    kids = list(paragraph.source.K)
    assert paragraph.source.Pg.objgen == pdf.pages[0].obj.objgen
    for kid, run in zip(kids, paragraph.runs, strict=True):
        is_reference = isinstance(kid, pikepdf.Dictionary)
        assert is_reference == (run.page > 0)
        if is_reference:
            assert kid.Pg.objgen == pdf.pages[run.page].obj.objgen


def test_links_and_other_words_of_a_paragraph_over_two_pages_stay_in_order(bind: Bind) -> None:
    words = LONG.replace("word40 ", "<a href='https://example.com/'>").replace("word90", "</a><em>word90</em>")
    pdf = bind(f"<p>{words}</p>")
    [paragraph] = tagged(pdf).of("P")
    [link] = tagged(pdf).of("Link")
    assert paragraph.text() == LONG.replace("word40 ", "")
    assert len(link.pages) > 1
    annotations = [annotation for page in pdf.pages for annotation in page.obj.get("/Annots", ())]
    assert link.annotations == len(annotations) > 1


def test_an_item_of_a_list_in_a_list_over_two_pages_is_one(bind: Bind) -> None:
    document = tagged(bind(f"<ul><li>One<ul><li>{LONG}</li><li>Last</li></ul></li><li><p>Two</p></li></ul>"))
    outer, inner = document.of("L")
    assert [len(outer.kids), len(inner.kids)] == [2, 2]
    assert [item.kind for item in (*outer.kids, *inner.kids)] == ["LI"] * 4
    assert inner.kids[0].text(lambda element: element.kind != "Lbl") == LONG
    assert len(inner.kids[0].pages) > 1
    for item in (*outer.kids, *inner.kids):
        assert [kid.kind for kid in item.kids] == ["Lbl", "LBody"]


def test_a_table_over_pages_is_one_and_its_head_is_read_once(bind: Bind) -> None:
    rows = "".join(f"<tr><td>Name {n}</td><td>{'' if n == 3 else f'Value {n}'}</td></tr>" for n in range(1, 30))
    head = "<thead><tr><th>Name</th><th>Value</th></tr></thead>"
    pdf = bind(f"<table>{head}<tbody>{rows}</tbody></table>")
    [table] = tagged(pdf).of("Table")
    assert len(table.pages) > 1
    assert [part.kind for part in table.kids] == ["THead", "TBody"]
    assert table.kids[0].text() == "Name Value"
    assert [len(part.kids) for part in table.kids] == [1, 29]
    assert {len(row.kids) for row in table.of("TR")} == {2}
    drawn = b"".join(page.Contents.read_bytes() for page in pdf.pages)
    assert drawn.count(b"BT") > len(marks(pdf)), "the head is drawn again, as an artifact"


def test_a_row_over_two_pages_has_the_cells_of_one(bind: Bind) -> None:
    document = tagged(bind(f"<table><tbody><tr><td>{LONG}</td><td>Short</td></tr></tbody></table>"))
    [row] = document.of("TR")
    assert [cell.text() for cell in row.kids] == [LONG, "Short"]
    assert len(row.pages) > 1


def test_a_word_that_is_divided_at_a_line_s_end_is_read_whole(bind: Bind) -> None:
    words = "extraordinary circumstances of self-evident incomprehensibility " * 9
    document = tagged(bind(f'<p style="hyphens: auto">{words}</p>'))
    [paragraph] = document.of("P")
    softened = [run for run in paragraph.runs if run.text.endswith("\u00ad")]
    assert len(softened) > 2
    assert plain(paragraph.text()) == plain(words)


# ------------------------------------------------------------------ what is what


def test_heads_of_a_table_say_what_they_head(bind: Bind) -> None:
    cells = '<tr><th scope="col" colspan="2">A</th></tr><tr><th scope="row">B</th><td>C</td></tr>'
    document = tagged(bind(f"<table><tbody>{cells}</tbody></table>"))
    column, row = document.of("TH")
    assert [str(column.source.A.Scope), int(column.source.A.ColSpan)] == ["/Column", 2]
    assert str(row.source.A.Scope) == "/Row"


def test_a_note_is_read_after_the_paragraph_that_calls_it(bind: Bind) -> None:
    words = LONG.replace("word9 ", 'word9<span class="footnote">Of nine.</span> ')
    document = tagged(bind(f"<p>{words}</p><p>After</p>"))
    [note] = document.of("Note")
    [paragraph, _] = document.of("P")
    assert paragraph.kids[-1] is note
    assert note.text() == "1. Of nine."
    assert [kid.kind for kid in note.kids if isinstance(kid, Tagged)] == ["Lbl"]
    [call] = paragraph.of("Reference")
    assert call.text() == "1"


def test_a_note_to_a_heading_follows_it(bind: Bind) -> None:
    document = tagged(bind('<section><h1>One<span class="footnote">Of one.</span></h1><p>Text</p></section>'))
    [section] = document.kids
    assert [kid.kind for kid in section.kids] == ["H1", "Note", "P"]


def test_notes_have_ids_that_are_unique_in_the_book_and_in_its_tree_of_ids(bind: Bind) -> None:
    pdf = bind(*[f'<p>Text<span class="footnote">{word}</span></p>' for word in ("One", "Two", "Three")])
    names = pikepdf.NameTree(pdf.Root.StructTreeRoot.IDTree)
    ids = [str(note.source.ID) for note in tagged(pdf).of("Note")]
    assert len(set(ids)) == 3
    assert list(names) == sorted(ids)
    assert [str(element.ID) for element in names.values()] == sorted(ids)


def test_a_template_may_name_the_type_of_an_element(bind: Bind) -> None:
    document = tagged(bind('<div data-tag="L"><p data-tag="LI"><strong data-tag="Lbl">A</strong> first</p></div>'))
    [item] = document.of("LI")
    assert [(kid.kind, kid.text()) for kid in item.kids] == [("Lbl", "A"), ("LBody", "first")]


def test_a_list_of_definitions_is_items_of_a_term_and_its_meaning(bind: Bind) -> None:
    document = tagged(bind("<dl><dt>A</dt><dd>First</dd><dt>B</dt><dd>Second</dd><dd>Too</dd></dl>"))
    items = [[kid.kind for kid in item.kids] for item in document.of("LI")]
    assert items == [["Lbl", "LBody"], ["Lbl", "LBody", "LBody"]]
    assert document.text() == "A First B Second Too"


@pytest.mark.parametrize(("style", "name"), [("decimal", "Decimal"), ("lower-alpha", "LowerAlpha"), ("'– '", "Disc")])
def test_a_list_says_how_it_is_numbered(bind: Bind, style: str, name: str) -> None:
    [made] = tagged(bind(f'<ol style="list-style-type: {style}"><li>One</li></ol>')).of("L")
    assert str(made.source.A.ListNumbering) == f"/{name}"


def test_words_outside_of_a_paragraph_are_in_one_of_their_own(bind: Bind) -> None:
    document = tagged(bind("<div>Bare <em>words</em><p>Text</p>and more</div>"))
    assert [(kid.kind, kid.text()) for kid in document.of("Div")[0].kids] == [
        ("P", "Bare words"),
        ("P", "Text"),
        ("P", "and more"),
    ]


# ------------------------------------------------------------------ what is not read out

PICTURE = {"a.svg": ("image/svg+xml", b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')}


@pytest.mark.parametrize(
    "decoration",
    [
        '<div style="height: 9px; background: url(quire-resource:a.svg)"></div>',
        '<img src="quire-resource:a.svg" alt=""/>',
        '<p aria-hidden="true">* * *</p>',
    ],
)
def test_decoration_is_in_no_tree(bind: Bind, decoration: str) -> None:
    document = tagged(bind(f"<p>Before</p>{decoration}<p>After</p>", resources=PICTURE))
    assert {element.kind for element in document} == {"Document", "Sect", "P"}
    assert document.text() == "Before After"


def test_a_picture_has_its_words_and_its_place(bind: Bind) -> None:
    pdf = bind('<p>Text</p><p><img src="quire-resource:a.svg" alt="A dot"/></p>', resources=PICTURE)
    [figure] = tagged(pdf).of("Figure")
    assert str(figure.source.Alt) == "A dot"
    left, bottom, right, top = (float(edge) for edge in figure.source.A.BBox)
    assert (right - left, top - bottom) == pytest.approx((6.75, 6.75))
    # In points from the page's bottom left: it stands in the upper half.
    assert bottom > float(pdf.pages[0].mediabox[3]) / 2


def test_a_picture_without_words_is_an_error(bind: Bind) -> None:
    with pytest.raises(WriteError, match=r"page: a picture has no alternative text: quire-resource:a\.svg"):
        bind('<img src="quire-resource:a.svg"/>', resources=PICTURE)


def test_each_gathering_is_one_section_with_its_title(bind: Bind) -> None:
    document = tagged(bind("<section><h1>One</h1></section>", "<section><p>A</p></section><section><p>B</p></section>"))
    assert [(kid.kind, kid.title) for kid in document.kids] == [("Sect", "Piece 0"), ("Sect", "Piece 1")]
    assert [kid.kind for kid in document.kids[0].kids] == ["H1"]
    assert [kid.kind for kid in document.kids[1].kids] == ["Sect", "Sect"]
