"""The cover wrap: where it folds, what stands on its back and spine, and what is said when the text is too long."""

import io
import subprocess
from pathlib import Path

import pikepdf
import pytest
from builders import a_book
from msgspec.structs import replace

from pipeline.errors import Location, WriteError
from pipeline.model import Book, Texts
from pipeline.writers import _typeset
from pipeline.writers._cover_wrap import cover_wrap_sheet, finished_wrap, spine_text_size
from pipeline.writers._impose import MILLIMETER
from pipeline.writers._spine import spine_width

PARAGRAPHS = ("A sentence that leads.", "What the book is about, in a few words that fit on the back.")
ISBN = "978-0-306-40615-7"


def a_book_with(back_cover: tuple[str, ...] = PARAGRAPHS, **changes) -> Book:
    texts = Texts(back_cover=back_cover, locations={"back_cover": Location("content/book.yaml", 12)})
    return replace(a_book(), texts_around=texts, **changes)


@pytest.fixture(scope="module")
def wrap(prepared_design):
    def make(book: Book | None = None, **options) -> _typeset.Gathering:
        book = book or a_book_with()
        usual = {"pages": 180, "trim": ("148mm", "210mm"), "paper": "white", "bleed": 3.0, "marks": False}
        chosen = {**usual, **options}
        sheet = cover_wrap_sheet(book, prepared_design, **chosen)
        return finished_wrap(book, _typeset.decode(_typeset.typeset(sheet)), chosen["bleed"])

    return make


def first_page(pdf: bytes):
    import pypdfium2

    return pypdfium2.PdfDocument(pdf)[0]


def text_of(pdf: bytes) -> str:
    return " ".join(first_page(pdf).get_textpage().get_text_range().split())


def boxes(pdf: bytes) -> dict[str, list[float]]:
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        page = opened.pages[0]
        names = {"media": page.mediabox, "bleed": page.bleedbox, "trim": page.trimbox}
        return {name: [float(edge) / MILLIMETER for edge in box] for name, box in names.items()}


@pytest.mark.parametrize(("trim", "width", "height"), [(("148mm", "210mm"), 148, 210), (("6in", "9in"), 152.4, 228.6)])
@pytest.mark.parametrize("marks", [False, True])
def test_the_sheet_is_back_spine_and_front_with_bleed_on_all_sides(trim, width, height, marks, wrap) -> None:
    made = wrap(trim=trim, pages=181, paper="cream", bleed=5.0, marks=marks)
    across = 2 * width + spine_width(181, "cream")
    found = boxes(made.pdf)
    assert made.pages == 1
    assert found["trim"] == pytest.approx([0, 0, across, height], abs=0.05)
    assert found["bleed"] == pytest.approx([-5, -5, across + 5, height + 5], abs=0.05)
    slug = 8 if marks else 0
    assert found["media"] == pytest.approx([-5 - slug, -5 - slug, across + 5 + slug, height + 5 + slug], abs=0.05)


def test_it_folds_at_both_edges_of_the_spine_to_a_tenth_of_a_millimeter(wrap) -> None:
    made = wrap(pages=200, paper="cream")
    folds = {anchor.name: anchor.x / MILLIMETER for anchor in made.anchors}
    assert folds["spine"] == pytest.approx(148, abs=0.1)
    assert folds["front"] == pytest.approx(148 + 200 * 0.0635, abs=0.1)


def test_the_ground_fills_the_bleed_and_marks_stand_beyond_it(wrap) -> None:
    page = first_page(wrap(marks=True).pdf)
    image = page.render(scale=4 / MILLIMETER, may_draw_forms=False).to_pil().convert("RGB")
    slug, bleed, height = 8 * 4, 3 * 4, 210 * 4
    paper, ground = (255, 255, 255), image.getpixel((slug + bleed + 40, slug + bleed + 40))
    assert ground != paper
    row = slug + bleed + height // 2
    assert image.getpixel((slug + 2, row)) == image.getpixel((image.width - slug - 3, row)) == ground
    assert image.getpixel((slug - 3, row)) == image.getpixel((2, 2)) == paper
    fold = slug + bleed + 148 * 4
    top = [image.getpixel((x, slug // 2)) for x in range(fold - 4, fold + 4)]
    assert min(sum(pixel) for pixel in top) < 600, "a mark where the spine begins"


def test_title_and_author_stand_turned_on_a_wide_spine(wrap) -> None:
    book = a_book_with()
    made = wrap(book)
    text = first_page(made.pdf).get_textpage()
    left, right = 148 * MILLIMETER, (148 + spine_width(180, "white")) * MILLIMETER
    words = "".join(text.get_text_bounded(left=left, right=right, bottom=0, top=210 * MILLIMETER).split())
    assert words.lower() == "".join(f"{book.title}{' and '.join(book.authors)}".split()).lower()


def test_a_narrow_spine_is_bare(prepared_design, wrap) -> None:
    book = a_book_with()
    assert spine_text_size(book, prepared_design, pages=60, height=210, paper="white") == (0, 0)
    assert text_of(wrap(book, pages=60).pdf).count(book.title) < text_of(wrap(book).pdf).count(book.title)


def test_a_long_title_is_smaller_on_the_spine_and_a_very_long_one_is_left_out(prepared_design) -> None:
    def size(title: str) -> float:
        found, _ = spine_text_size(
            replace(a_book(), title=title), prepared_design, pages=300, height=210, paper="cream"
        )
        return found

    assert size("Short") > size("A Title of Quite Some Length That Says What Is in the Book") >= 7
    assert size("A Title Without End " * 12) == 0


def test_the_back_has_its_text_and_publisher(wrap) -> None:
    text = text_of(wrap(a_book_with(publisher="Example House")).pdf)
    assert all(paragraph in text for paragraph in PARAGRAPHS)
    assert "example house" in text.lower()
    assert "ISBN" not in text


@pytest.mark.needs("zbarimg")
def test_a_scanner_reads_the_barcode_on_the_back(wrap, tmp_path: Path) -> None:
    made = wrap(isbn=ISBN)
    path = tmp_path / "wrap.png"
    path.write_bytes(_typeset.rasterize(_typeset.Picture(made.pdf, 3600)))
    done = subprocess.run(["zbarimg", "--quiet", "--nodbus", str(path)], capture_output=True, text=True)
    assert done.stdout.strip() == "EAN-13:9780306406157", done.stderr
    assert f"ISBN {ISBN}" in text_of(made.pdf)


def test_an_isbn_of_ten_digits_is_shown_with_thirteen(wrap) -> None:
    assert "ISBN 9780306406157" in text_of(wrap(isbn="0-306-40615-2").pdf)


def test_a_wrong_isbn_is_an_error_that_says_what_its_check_digit_should_be(wrap) -> None:
    with pytest.raises(WriteError, match="its check digit should be 7"):
        wrap(isbn="978-0-306-40615-1")


def test_a_text_that_is_too_long_is_an_error_that_says_by_how_much(wrap) -> None:
    long = a_book_with(tuple("Nobody will read all of these words on the back of a book." for _ in range(40)))
    with pytest.raises(WriteError, match=r"book.yaml:12: texts.back_cover is [\d.]+ mm too long") as caught:
        wrap(long)
    found = str(caught.value)
    surplus = int(found.split("about ")[1].split(" ")[0])
    shorter = long.texts_around.back_cover[: 40 - -(-surplus // 13) - 1]
    wrap(a_book_with(shorter))


def test_a_text_of_one_paragraph_that_is_longer_than_the_page_is_found_too(wrap) -> None:
    with pytest.raises(WriteError, match=r"by about \d+ of its 900 words"):
        wrap(a_book_with(("word " * 900,)))


def test_a_book_without_a_text_or_a_publisher_has_an_empty_back(wrap) -> None:
    assert wrap(a_book_with((), publisher="")).pages == 1


def test_the_same_wrap_comes_out_each_time(wrap) -> None:
    assert wrap(isbn=ISBN, marks=True).pdf == wrap(isbn=ISBN, marks=True).pdf
