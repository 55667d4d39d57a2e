"""Binding: pages, links, outline, labels, fields and structure of many gatherings in one PDF."""

import io
import multiprocessing
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pikepdf
import pytest
from builders import a_book
from tagged import tagged

from pipeline import theme
from pipeline.errors import WriteError
from pipeline.project import Project
from pipeline.writers import _bind, _folios, _typeset
from pipeline.writers._bind import Bookmark, PageLabels, PageNumbers, page_address, place, place_address
from pipeline.writers._numbering import page_labels
from pipeline.writers._typeset import Gathering

DESIGN = theme.load(Project(Path(__file__).parents[3]))
CSS = '@page { size: A5; margin: 20mm } body { font: 10pt "Source Serif Pro" } h2 { break-before: page }'


@pytest.fixture(scope="module")
def typeset(prepared_design):
    def run(body: str, name: str = "test") -> Gathering:
        html = f'<!DOCTYPE html><html lang="en"><head><title>T</title></head><body>{body}</body></html>'
        return _typeset.decode(_typeset.typeset(_typeset.sheet(prepared_design, html, CSS, name=name)))

    return run


def bound(gatherings: list[Gathering], **options) -> pikepdf.Pdf:
    return pikepdf.open(io.BytesIO(_bind.bind(_bind.binding(gatherings, a_book(), DESIGN, "Title", **options))))


def chapter(owner: str, other: str) -> str:
    return (
        f'<h1 id="{place(owner)}">{owner}</h1><p>See <a href="{place_address(other)}">the other</a>.</p>'
        f'<h2 id="{place(owner, "end")}">End</h2><form><textarea name="{owner}_a" title="Question"></textarea></form>'
        "<table><thead><tr><th>H</th></tr></thead><tbody><tr><td>C</td></tr></tbody></table>"
    )


@pytest.fixture(scope="module")
def two(typeset) -> list[Gathering]:
    return [typeset(chapter("one", "two")), typeset(chapter("two", "one"))]


def test_the_pages_of_all_gatherings_follow_one_another(two: list[Gathering]) -> None:
    assert len(bound(two).pages) == 4


def test_a_link_into_another_gathering_leads_to_its_page(two: list[Gathering]) -> None:
    pdf = bound(two)
    [link] = [a for a in pdf.pages[0].Annots if a.Subtype == "/Link"]
    assert link.Dest[0].objgen == pdf.pages[2].obj.objgen
    assert "/A" not in link
    assert str(link.Contents) == "Go to two"


def test_a_link_that_leads_nowhere_is_an_error(typeset) -> None:
    with pytest.raises(WriteError, match="gone--top, which is not in the book"):
        bound([typeset(chapter("one", "gone"))])


def test_two_fields_of_one_name_are_an_error(typeset) -> None:
    one = typeset(chapter("one", "one"))
    with pytest.raises(WriteError, match="two form fields are called one_a"):
        bound([one, one])


def test_fields_of_all_gatherings_are_in_one_form(two: list[Gathering]) -> None:
    pdf = bound(two)
    assert [str(field.T) for field in pdf.Root.AcroForm.Fields] == ["one_a", "two_a"]


def elements(node: pikepdf.Object) -> Iterator[pikepdf.Object]:
    yield node
    kids = node.get("/K")
    for kid in kids if isinstance(kids, pikepdf.Array) else ():
        if isinstance(kid, pikepdf.Dictionary) and "/S" in kid:
            yield from elements(kid)


def test_there_is_one_structure_tree_whose_parents_are_numbered_once(two: list[Gathering]) -> None:
    pdf = bound(two)
    numbers = list(pikepdf.NumberTree(pdf.Root.StructTreeRoot.ParentTree))
    assert numbers == list(range(int(pdf.Root.StructTreeRoot.ParentTreeNextKey)))
    assert len({int(page.obj.StructParents) for page in pdf.pages}) == len(pdf.pages)
    assert [str(kid.S) for kid in pdf.Root.StructTreeRoot.K] == ["/Document"]


def test_the_heads_of_tables_say_what_they_head(two: list[Gathering]) -> None:
    pdf = bound(two)
    heads = [element for element in elements(pdf.Root.StructTreeRoot.K[0]) if element.S == "/TH"]
    assert [str(head.A.Scope) for head in heads] == ["/Column"] * 2


def test_the_outline_is_a_tree_of_the_places_given(two: list[Gathering]) -> None:
    marks = [Bookmark("One", place("one"), (Bookmark("End", place("one", "end")),)), Bookmark("Two", place("two"))]
    with bound(two, outline=marks).open_outline() as outline:
        assert [item.title for item in outline.root] == ["One", "Two"]
        assert [item.title for item in outline.root[0].children] == ["End"]


def test_pages_bear_the_labels_given(two: list[Gathering]) -> None:
    pdf = bound(two, labels=[PageLabels(0, "", "Cover"), PageLabels(1, "r"), PageLabels(2, "D")])
    assert [page.label for page in pdf.pages] == ["Cover", "i", "1", "2"]


def test_the_numbers_of_blank_pages_that_are_not_there_are_left_out(two: list[Gathering]) -> None:
    labels = page_labels([1, 2, 2, 4], [1, 1, 1, 3], 2, 1)
    assert labels[1:] == (PageLabels(1, "r"), PageLabels(2, "D"), PageLabels(3, "D", start=3))
    pdf = bound(two, labels=[PageLabels(0, "r"), PageLabels(2, "D", start=3)])
    assert [page.label for page in pdf.pages] == ["i", "ii", "3", "4"]


def test_a_page_number_is_written_into_its_room_as_words_of_the_text(typeset) -> None:
    style = "display: inline-block; width: 1em; height: 0.7em"
    room = f'<a href="{page_address(place("one", "end"))}" style="{style}"></a>'
    one = typeset(chapter("one", "one") + f'<p id="refers">More on page {room} of this.</p>')
    numbers = PageNumbers(_folios.plain_serif(DESIGN), (0.0, 0.0, 0.0), {place("one", "end"): "37"})
    pdf = bound([one], numbers=numbers)
    [paragraph] = [element for element in tagged(pdf).of("P") if "More" in element.text()]
    assert " ".join(paragraph.text().split()) == "More on page 37 of this."
    links = [link for page in pdf.pages for link in page.obj.get("/Annots", ()) if link.Subtype == "/Link"]
    assert all("/Dest" in link for link in links)
    assert sum(element.kind == "Link" for element in tagged(pdf)) == len(links)


def test_folios_are_drawn_as_artifacts(two: list[Gathering], prepared_design) -> None:
    folios = [_folios.Folio(str(number), "Head") for number in range(1, 5)]
    pdf = bound(two, folios=folios, look=_folios.style(prepared_design))
    content = b"".join(bytes(stream.read_bytes()) for stream in pdf.pages[1].Contents)
    assert b"/Artifact <</Type /Pagination>> BDC" in content
    assert content.count(b"BDC") + content.count(b"BMC") == content.count(b"EMC")


def test_folios_stand_aside_with_a_text_that_moved_away_from_the_fold(two: list[Gathering], prepared_design) -> None:
    margin = msgspec.structs.replace(DESIGN.theme.page.margin, inside="23mm", outside="11mm")
    page = msgspec.structs.replace(DESIGN.theme.page, margin=margin)
    thick = theme.Design(msgspec.structs.replace(DESIGN.theme, page=page), DESIGN.folders)
    assert _folios.middle_of_text(thick) == pytest.approx(theme.points("6mm"), abs=0.01)
    folios = [_folios.Folio("8", aside=aside) for aside in (0.0, 17.0, 0.0, -17.0)]
    pdf = bound(two, folios=folios, look=_folios.style(prepared_design))
    drawn = [bytes(list(page.Contents)[-1].read_bytes()).decode("ascii") for page in pdf.pages]
    middle, right, _, left = [float(re.search(r"1 0 0 1 ([\d.]+) ", ops)[1]) for ops in drawn]
    assert (right - middle, left - middle) == pytest.approx((17.0, -17.0))


def test_a_font_that_is_embedded_whole_is_there_once(two: list[Gathering]) -> None:
    pdf = bound(two)
    whole = [o for o in pdf.objects if isinstance(o, pikepdf.Stream) and int(o.get("/Length1", 0)) > 60_000]
    assert len(whole) == 1


def test_binding_twice_gives_the_same_bytes(two: list[Gathering]) -> None:
    task = _bind.binding(two, a_book(), DESIGN, "Title")
    assert _bind.bind(task) == _bind.bind(task)


def test_metadata_come_from_the_book_and_not_from_a_clock(two: list[Gathering]) -> None:
    pdf = bound(two)
    assert str(pdf.docinfo["/Title"]) == "Title"
    assert str(pdf.docinfo["/CreationDate"]) == f"D:{a_book().date.replace('-', '')}000000Z"
    assert pdf.Root.Lang == a_book().language
    with pdf.open_metadata() as xmp:
        assert xmp["pdfuaid:part"] == "1"


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the kernel doesn't say how much memory was used")
def test_gatherings_that_are_written_take_no_memory(typeset) -> None:
    row = "".join(f"<td>{number}</td>" for number in range(8))
    gathering = typeset(f"<h1>Tables</h1><table>{f'<tr>{row}</tr>' * 200}</table>")
    # Each in a process of its own: the most that one has used never falls again.
    with multiprocessing.get_context("fork").Pool(1, maxtasksperchild=1) as processes:
        few, many = (processes.apply(_grown, (gathering, count)) for count in (4, 40))
    # Open, such a gathering takes seven megabytes; in the file it takes fifty kilobytes.
    assert many - few < 36 * 1_000_000


def _grown(gathering: Gathering, count: int) -> int:
    """Return by how many bytes a process grows that binds a gathering so many times."""
    task = _bind.binding([gathering] * count, a_book(), DESIGN, "Title")
    before = _memory("VmRSS")
    _bind.bind(task)
    return _memory("VmHWM") - before


def _memory(key: str) -> int:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return 1024 * next(int(line.split()[1]) for line in status.splitlines() if line.startswith(key))
