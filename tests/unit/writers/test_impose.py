"""Imposition: that a printed booklet reads in order when folded, and where on the sheet its pages lie."""

import io
from collections.abc import Iterable, Sequence

import pikepdf
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pikepdf import Array, Dictionary, Name

from pipeline.errors import WriteError
from pipeline.writers._impose import MILLIMETER, Imposition, impose, order, paper_size, scale, sheets_of_signature
from pipeline.writers._press_sheet import with_bleed_box

A5 = (148.0, 210.0)


def numbered(count: int, size: tuple[float, float] = A5) -> bytes:
    """Return a PDF whose pages bear their numbers in the middle, a link and a frame at the edge each."""
    pdf = pikepdf.new()
    width, height = (length * MILLIMETER for length in size)
    font = pdf.make_indirect(Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica))
    for number in range(1, count + 1):
        drawn = f"0.5 w 0 0 {width} {height} re S BT /F 40 Tf {width / 2} {height / 2} Td (p{number}) Tj ET"
        link = Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=Array([0, 0, 50, 50]))
        page = Dictionary(
            Type=Name.Page,
            MediaBox=Array([0, 0, width, height]),
            Resources=Dictionary(Font=Dictionary(F=font)),
            Contents=pdf.make_stream(drawn.encode()),
            Annots=Array([link]),
        )
        pdf.pages.append(pikepdf.Page(pdf.make_indirect(page)))
    pdf.docinfo["/Title"] = "Numbers"
    pdf.docinfo["/Author"] = "Ann Example"
    pdf.Root.Lang = pikepdf.String("en-US")
    stream = io.BytesIO()
    pdf.save(stream, deterministic_id=True)
    return stream.getvalue()


def folded(sides: Sequence[tuple[int | None, int | None]], sheets: int) -> Iterable[int | None]:
    """Yield pages as one turns them, signature after signature of so many sheets, nested and folded.

    Turning a sheet over on its short edge puts the back's left half behind the front's right half.
    """
    for start in range(0, len(sides), 2 * sheets):
        fronts = sides[start : start + 2 * sheets : 2]
        backs = sides[start + 1 : start + 2 * sheets : 2]
        nest = list(zip(fronts, backs, strict=True))
        for front, back in nest:
            yield from (front[1], back[0])
        for front, back in reversed(nest):
            yield from (back[1], front[0])


@given(st.integers(1, 300), st.integers(0, 16).map(lambda quarter: quarter * 4))
def test_a_booklet_reads_in_order_when_folded(pages: int, signature: int) -> None:
    sides = order(pages, signature)
    whole = -(-pages // 4) * 4
    length = min(signature or whole, whole)
    assert sheets_of_signature(pages, signature) == length // 4
    read = list(folded(sides, length // 4))
    assert read[:pages] == list(range(1, pages + 1))
    assert set(read[pages:]) <= {None}
    assert len(read) % length == 0
    assert len(read) - pages < length


def test_printers_order_begins_with_the_outer_sheet() -> None:
    assert order(8) == [(8, 1), (2, 7), (6, 3), (4, 5)]
    assert order(6) == [(None, 1), (2, None), (6, 3), (4, 5)]
    assert order(0) == []


@pytest.mark.parametrize("signature", [2, 6, 15, -4])
def test_a_signature_is_a_multiple_of_four(signature: int) -> None:
    with pytest.raises(WriteError, match=r"multiple of 4, such as \d+ or \d+"):
        order(20, signature)


def words_by_half(pdf: bytes) -> list[tuple[int | None, int | None]]:
    """Return the page number that stands in the left and the right half of each side."""
    import pypdfium2

    sides = []
    for page in pypdfium2.PdfDocument(pdf):
        text, middle = page.get_textpage(), page.get_width() / 2
        halves = (
            text.get_text_bounded(left=left, right=left + middle, bottom=0, top=page.get_height()).strip()
            for left in (0, middle)
        )
        left, right = (int(half.removeprefix("p")) if half else None for half in halves)
        sides.append((left, right))
    return sides


@pytest.mark.parametrize(("pages", "signature"), [(1, 0), (13, 0), (37, 16)])
def test_an_imposed_pdf_reads_in_order_when_folded(pages: int, signature: int) -> None:
    sides = words_by_half(impose(Imposition(numbered(pages), "a4", signature)))
    sheets = signature // 4 or len(sides) // 2
    assert [page for page in folded(sides, sheets) if page is not None] == list(range(1, pages + 1))


def matrix(pdf: bytes, side: int, name: str) -> list[float]:
    """Return the transformation with which a side's page is drawn."""
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        found: list[float] = []
        for instruction in pikepdf.parse_content_stream(opened.pages[side]):
            if str(instruction.operator) == "cm":
                found = [float(operand) for operand in instruction.operands]
            if str(instruction.operator) == "Do" and str(instruction.operands[0]) == name:
                return found
    raise AssertionError(f"nothing draws {name}")


def test_a_page_of_half_the_paper_keeps_its_size_and_meets_the_fold() -> None:
    pdf = impose(Imposition(numbered(4), "a4"))
    fold = 297 / 2 * MILLIMETER
    assert matrix(pdf, 0, "/Right") == pytest.approx([1, 0, 0, 1, fold, 0], abs=0.01)
    assert matrix(pdf, 0, "/Left") == pytest.approx([1, 0, 0, 1, fold - 148 * MILLIMETER, 0], abs=0.01)


def test_a_larger_page_is_scaled_to_its_half_and_a_smaller_one_is_not_enlarged() -> None:
    assert scale(210, 297, "a4") == pytest.approx(210 / 297)
    assert scale(*A5, "a4") == scale(100, 150, "a4") == 1
    large = matrix(impose(Imposition(numbered(4, (210, 297)), "a4")), 0, "/Right")
    assert large[0] == large[3] == pytest.approx(210 / 297, abs=1e-4)
    small = matrix(impose(Imposition(numbered(4, (100, 150)), "letter")), 0, "/Right")
    assert small[0] == 1
    assert small[5] == pytest.approx((215.9 - 150) / 2 * MILLIMETER, abs=0.01), "in the middle of the height"


def test_creep_moves_inner_sheets_toward_the_spine() -> None:
    pdf = impose(Imposition(numbered(12), "a4", creep=0.2))
    rights = [matrix(pdf, side, "/Right")[4] / MILLIMETER for side in (0, 1, 2, 3, 4, 5)]
    assert [round(rights[0] - x, 2) for x in rights] == [0, 0, 0.2, 0.2, 0.4, 0.4]
    lefts = [matrix(pdf, side, "/Left")[4] / MILLIMETER for side in (0, 2, 4)]
    assert [round(x - lefts[0], 2) for x in lefts] == [0, 0.2, 0.4]


def test_creep_begins_anew_with_each_signature() -> None:
    pdf = impose(Imposition(numbered(16), "a4", 8, creep=0.2))
    assert matrix(pdf, 0, "/Right") == matrix(pdf, 4, "/Right") != matrix(pdf, 2, "/Right")


def test_a_print_file_has_no_links_and_keeps_what_describes_it() -> None:
    task = Imposition(numbered(8), "letter", title="Numbers: booklet")
    made = impose(task)
    assert impose(task) == made, "the same bytes each time"
    with pikepdf.open(io.BytesIO(made)) as pdf:
        assert not any("/Annots" in page.obj for page in pdf.pages)
        assert "/StructTreeRoot" not in pdf.Root
        assert str(pdf.docinfo["/Title"]) == "Numbers: booklet"
        assert str(pdf.docinfo["/Author"]) == "Ann Example"
        assert str(pdf.Root.Lang) == "en-US"
        assert pdf.Root.ViewerPreferences.Duplex == Name.DuplexFlipShortEdge
        assert [float(edge) for edge in pdf.pages[0].mediabox] == pytest.approx([0, 0, 792, 612])


def test_marks_stand_on_paper_that_is_cut_away_and_at_the_fold() -> None:
    import pypdfium2

    def dark(marks: bool) -> list[tuple[int, int]]:
        page = pypdfium2.PdfDocument(impose(Imposition(numbered(4, (120, 180)), "a4", marks=marks)))[0]
        image = page.render(scale=2).to_pil().convert("L")
        return [(x, y) for x in range(image.width) for y in range(image.height) if image.getpixel((x, y)) < 200]

    plain, marked = set(dark(False)), set(dark(True))
    added = marked - plain
    unit = 2 * MILLIMETER
    frame = [(148.5 - 120) * unit, 15 * unit, (148.5 + 120) * unit, 195 * unit]
    inside = [(x, y) for x, y in added if frame[0] + 2 < x < frame[2] - 2 and frame[1] + 2 < y < frame[3] - 2]
    assert added
    assert not inside


def test_paper_is_a_name_or_a_size() -> None:
    assert paper_size("A4") == (297, 210)
    assert paper_size("225 x 320mm") == paper_size("320×225 mm") == (320, 225)
    for wrong in ("b5", "0x0mm", "320x225"):
        with pytest.raises(WriteError, match="Write a4, letter, or width and height"):
            paper_size(wrong)


def test_a_bleed_box_reaches_as_far_as_the_bleed() -> None:
    with pikepdf.open(io.BytesIO(with_bleed_box(numbered(1), 5))) as pdf:
        expected = [-5, -5, 153, 215]
        assert [float(edge) / MILLIMETER for edge in pdf.pages[0].bleedbox] == pytest.approx(expected, abs=0.01)
