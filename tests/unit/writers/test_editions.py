"""The workbook's editions: what a print shop gets, and what large print is."""

import io
import itertools
import re
from collections import Counter

import msgspec
import pikepdf
import pytest
from builders import a_book
from tagged import Run, tagged

from pipeline import model as m
from pipeline.cache import Cache
from pipeline.editions import Editions, LargeEdition, PrintEdition, WrapEdition, trim_size
from pipeline.errors import ContentError
from pipeline.pdf_x import faults
from pipeline.press import Press
from pipeline.theme import points
from pipeline.transforms import select
from pipeline.writers import workbook
from pipeline.writers._edition import EDITIONS, gutter, has_pages_of_print, large, print_shop
from pipeline.writers._icc import cmyk_profile
from pipeline.writers._inks import inks_of


@pytest.fixture(scope="module")
def made(prepared_design, tmp_path_factory) -> dict[str, m.Artifact]:
    press = Press(Cache(tmp_path_factory.mktemp("cache")), 1)
    artifacts = workbook.write(select(a_book(), "workbook"), prepared_design, press, tuple(EDITIONS))
    return {artifact.edition: artifact for artifact in artifacts}


@pytest.fixture(scope="module")
def printed(made) -> pikepdf.Pdf:
    return pikepdf.open(io.BytesIO(made["print"].content))


def with_editions(**editions: object) -> m.Book:
    return msgspec.structs.replace(select(a_book(), "workbook"), editions=Editions(**editions))


def written(design, tmp_path, book: m.Book, edition: str) -> m.Artifact:
    [artifact] = workbook.write(book, design, Press(Cache(tmp_path, enabled=False), 1), (edition,))
    return artifact


def texts(pdf: bytes) -> list[str]:
    import pypdfium2

    pages = pypdfium2.PdfDocument(pdf)
    return [" ".join(page.get_textpage().get_text_range().split()) for page in pages]


def numbered(artifact: m.Artifact) -> dict[str, str]:
    """Return the words of each page in reading order, by the page's number."""
    with pikepdf.open(io.BytesIO(artifact.content)) as pdf:
        words = dict.fromkeys(range(len(pdf.pages)), "")
        for before, run in itertools.pairwise([Run(0, 0, 0.0, ""), *tagged(pdf).words]):
            words[run.page] += run.text if before.line == run.line else f" {run.text}"
        return {page.label: words[at].strip() for at, page in enumerate(pdf.pages)}


def trim_of(pdf: bytes) -> tuple[float, float]:
    with pikepdf.open(io.BytesIO(pdf)) as document:
        return size_of(document.pages[0])


def size_of(page: pikepdf.Page) -> tuple[float, float]:
    left, bottom, right, top = (float(edge) for edge in page.trimbox)
    return round(right - left, 1), round(top - bottom, 1)


def test_each_edition_is_a_file_of_its_own(made) -> None:
    assert {name: artifact.path for name, artifact in made.items()} == {
        "screen": "workbook.pdf",
        "print": "workbook-print.pdf",
        "large": "workbook-large.pdf",
        "booklet": "workbook-booklet.pdf",
        "cover-wrap": "cover-wrap.pdf",
    }


def test_the_screen_edition_alone_is_made_unless_others_are_asked_for(prepared_design, tmp_path) -> None:
    press = Press(Cache(tmp_path, enabled=False), 1)
    [artifact] = workbook.write(select(a_book(), "workbook"), prepared_design, press)
    assert artifact.edition == "screen"


# --------------------------------------------------------------------------- print


def test_every_chapter_and_part_opens_on_a_right_hand_page(made) -> None:
    pages = texts(made["print"].content)
    openings = [n for n, text in enumerate(pages, start=1) if re.match(r"(CHAPTER|PART|Chapter|Part) \w+ ", text)]
    assert len(openings) > 2
    assert all(number % 2 for number in openings)


def test_a_printed_book_has_an_even_number_of_pages(made, printed) -> None:
    assert len(printed.pages) % 2 == 0
    assert made["print"].pages == len(printed.pages)


def test_nothing_on_a_printed_page_is_a_link_or_a_field(printed) -> None:
    assert "/AcroForm" not in printed.Root
    assert all("/Annots" not in page.obj for page in printed.pages)


def test_the_tags_of_a_print_file_keep_no_link_or_field_in_it(printed) -> None:
    assert [str(kid.S) for kid in printed.Root.StructTreeRoot.K] == ["/Document"]
    kinds = {str(thing.get("/Subtype", "")) for thing in printed.objects if isinstance(thing, pikepdf.Dictionary)}
    assert not kinds & {"/Link", "/Widget"}
    parents = pikepdf.NumberTree(printed.Root.StructTreeRoot.ParentTree)
    assert all(isinstance(parent, pikepdf.Array) for parent in parents.values())


def test_a_printed_page_has_its_trim_and_bleed(printed) -> None:
    for page in printed.pages:
        trim, bleed, media = ([float(edge) for edge in box] for box in (page.trimbox, page.bleedbox, page.mediabox))
        assert size_of(page) == (419.5, 595.3)
        assert all(
            abs(inner - outer) == pytest.approx(72 / 25.4 * 3, abs=0.1)
            for inner, outer in zip(trim, bleed, strict=True)
        )
        assert media[0] <= bleed[0]
        assert media[2] >= bleed[2]


def test_the_print_file_says_what_it_is_and_for_what_ink(printed) -> None:
    [intent] = printed.Root.OutputIntents
    assert intent.S == pikepdf.Name.GTS_PDFX
    assert intent.DestOutputProfile.read_bytes()[16:20] == b"GRAY"
    packet = printed.Root.Metadata.read_bytes()
    assert b"PDF/X-4" in packet
    # ISO 15930-7 asks for all of these.
    for name in (b"xmpMM:DocumentID", b"xmpMM:VersionID", b"xmpMM:RenditionClass", b"xmp:MetadataDate", b"dc:title"):
        assert name in packet
    assert printed.pdf_version == "1.6"
    assert {"/Title", "/CreationDate", "/ModDate"} <= set(printed.docinfo.keys())
    assert printed.docinfo["/Trapped"] == pikepdf.Name("/False")


def test_a_print_file_has_one_ink(printed) -> None:
    for page in printed.pages:
        for operands, operator in pikepdf.parse_content_stream(page):
            assert str(operator) not in ("rg", "RG", "k", "K")
            # A tiled pattern, such as ruled lines, has its own content.
            assert str(operator) not in ("cs", "CS") or str(operands[0]) == "/Pattern"


def test_a_wider_gutter_goes_with_more_pages() -> None:
    widths = [gutter(pages) for pages in (24, 150, 151, 300, 301, 700, 2000)]
    assert widths == sorted(widths)
    assert widths[0] == widths[1] < widths[2]


def test_text_moves_away_from_the_fold_of_a_thick_book_and_keeps_its_measure(prepared_design) -> None:
    margins = [print_shop(Editions(), prepared_design, n).design.theme.page.margin for n in (100, 200, 400, 600)]
    assert [margin.inside for margin in margins] == ["17mm", "20mm", "23mm", "26mm"]
    # A thumb needs room at the outside; from there on the text is narrower.
    assert [margin.outside for margin in margins] == ["17mm", "14mm", "11mm", "11mm"]
    alike = [has_pages_of_print(Editions(), prepared_design, n) for n in (100, 200, 400, 600)]
    assert alike == [True, True, True, False]


# --------------------------------------------------------------------------- one numbering for screens and paper


def test_what_stands_on_a_page_in_print_stands_on_the_page_of_that_number_on_a_screen(made) -> None:
    on_screen, in_print = (numbered(made[edition]) for edition in ("screen", "print"))
    blank = [number for number in in_print if number not in on_screen]
    assert blank
    assert not any(in_print[number] for number in blank)
    # Contents, notes, and index bear the same numbers too, so that all words are the same.
    assert {number: in_print[number] for number in on_screen if number != "Cover"} == {
        number: words for number, words in on_screen.items() if number != "Cover"
    }


def test_where_the_print_edition_has_pages_of_its_own_a_screen_counts_without_a_gap(prepared_design, tmp_path) -> None:
    book = with_editions(print=PrintEdition(trim="6x9in"))
    with pikepdf.open(io.BytesIO(written(prepared_design, tmp_path, book, "screen").content)) as pdf:
        labels = [page.label for page in pdf.pages]
    numbers = [int(label) for label in labels if label.isdigit()]
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_print_edition_that_no_page_fits_changes_nothing_on_a_screen(prepared_design, tmp_path) -> None:
    book = with_editions(print=PrintEdition(trim="60x90mm"))
    assert written(prepared_design, tmp_path, book, "screen").pages


@pytest.mark.parametrize("edition", ["screen", "print", "large"])
def test_a_reference_says_the_page_on_which_what_it_leads_to_begins(edition, made) -> None:
    pages = numbered(made[edition])
    contents = next(words for words in pages.values() if words.startswith("Contents"))
    said = [
        (chapter, number)
        for words in pages.values()
        for chapter, number in re.findall(r"Chapter (\d+), page (\w+)", words)
    ]
    assert said
    chapters = {str(chapter.number): chapter.title for chapter in a_book().chapters}
    for chapter, number in said:
        assert f"{chapters[chapter]}{number}" in contents
        assert chapters[chapter] in pages[number]


@pytest.mark.parametrize(
    ("trim", "size"), [("6x9in", (432.0, 648.0)), ("170x240mm", (481.9, 680.3)), ("a4", (595.3, 841.9))]
)
def test_any_trim_size_can_be_asked_for(prepared_design, tmp_path, trim: str, size: tuple[float, float]) -> None:
    made = written(prepared_design, tmp_path, with_editions(print=PrintEdition(trim=trim)), "print")
    assert trim_of(made.content) == size


def test_a_trim_too_small_for_its_margins_is_refused_with_its_place(prepared_design, tmp_path) -> None:
    with pytest.raises(ContentError) as caught:
        written(prepared_design, tmp_path, with_editions(print=PrintEdition(trim="80x100mm")), "print")
    [finding] = caught.value.findings
    assert finding.location.path == "content/book.yaml"
    assert "margins leave" in finding.message


@pytest.mark.parametrize("edition", sorted(EDITIONS))
def test_an_edition_is_the_same_each_time(prepared_design, tmp_path, made, edition: str) -> None:
    again = written(prepared_design, tmp_path, select(a_book(), "workbook"), edition)
    assert again.content == made[edition].content


def test_a_cover_whose_spine_is_too_narrow_for_words_says_so(made) -> None:
    assert "spine is bare" in made["cover-wrap"].summary


@pytest.mark.parametrize(("pages", "signature", "sheets"), [(204, 0, 51), (204, 80, 20), (100, 400, 25)])
def test_more_sheets_than_can_be_folded_are_warned_of(pages: int, signature: int, sheets: int) -> None:
    [finding] = workbook._thick_signature(pages, signature)
    assert (finding.severity, finding.location.path) == ("warning", "content/book.yaml")
    assert f"{sheets} sheets" in finding.message


@pytest.mark.parametrize(("pages", "signature"), [(204, 16), (204, 64), (64, 0), (60, 400)])
def test_a_signature_that_can_be_folded_is_not_warned_of(pages: int, signature: int) -> None:
    assert list(workbook._thick_signature(pages, signature)) == []


@pytest.mark.parametrize("edition", ["print", "cover-wrap"])
def test_four_inks_make_a_pdf_x_of_four_inks(edition: str, prepared_design, tmp_path) -> None:
    book = with_editions(print=PrintEdition(ink="cmyk"), cover_wrap=WrapEdition(ink="cmyk"))
    made = written(prepared_design, tmp_path, book, edition)
    assert made.standard == "PDF/X-4"
    assert list(faults(made.content)) == []
    with pikepdf.open(io.BytesIO(made.content)) as pdf:
        [intent] = pdf.Root.OutputIntents
        assert intent.DestOutputProfile.read_bytes()[16:20] == b"CMYK"
        drawn = [
            (str(operator), [float(part) for part in operands])
            for page in pdf.pages
            for operands, operator in pikepdf.parse_content_stream(page)
            if str(operator) in ("k", "K", "rg", "RG")
        ]
    assert {operator for operator, _ in drawn} <= {"k", "K"}
    # Text is black alone, and there is a color on the page.
    assert ("k", [0, 0, 0, 1]) in drawn
    assert any(sum(inks[:3]) > 1 for _, inks in drawn)
    assert written(prepared_design, tmp_path, book, edition).content == made.content


@pytest.mark.parametrize(("edition", "other"), [("print", "coated"), ("cover-wrap", "uncoated")])
def test_a_print_shop_s_profile_is_the_output_intent_and_separates_colors(
    edition: str, other: str, prepared_design, tmp_path
) -> None:
    book = with_editions(print=PrintEdition(ink="cmyk"), cover_wrap=WrapEdition(ink="cmyk"))
    own = msgspec.structs.replace(book, ink_profiles={edition: cmyk_profile(other)})
    usual, made = (written(prepared_design, tmp_path, each, edition).content for each in (book, own))
    assert list(faults(made)) == []
    assert inks_in(made) != inks_in(usual)
    accent = prepared_design.theme.colors.light["accent"]
    inks = inks_of(other).of([int(accent[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    assert tuple(map(float, inks)) in inks_in(made)
    with pikepdf.open(io.BytesIO(made)) as pdf:
        [intent] = pdf.Root.OutputIntents
        assert intent.DestOutputProfile.read_bytes() == cmyk_profile(other)
        assert other in str(intent.OutputCondition)


def inks_in(content: bytes) -> set[tuple[float, ...]]:
    with pikepdf.open(io.BytesIO(content)) as pdf:
        return {
            tuple(float(part) for part in operands)
            for page in pdf.pages
            for operands, operator in pikepdf.parse_content_stream(page)
            if str(operator) in ("k", "K")
        }


def test_a_booklet_of_four_inks_says_what_press_they_are_for_and_one_of_gray_does_not(
    made, prepared_design, tmp_path
) -> None:
    four = written(prepared_design, tmp_path, with_editions(print=PrintEdition(ink="cmyk")), "booklet")
    with pikepdf.open(io.BytesIO(four.content)) as pdf, pikepdf.open(io.BytesIO(made["booklet"].content)) as gray:
        [intent] = pdf.Root.OutputIntents
        assert intent.DestOutputProfile.read_bytes() == cmyk_profile("uncoated")
        assert "/OutputIntents" not in gray.Root


def test_a_cover_for_a_screen_claims_no_print_standard(made) -> None:
    assert (made["print"].standard, made["cover-wrap"].standard) == ("PDF/X-4", "")


def test_pictures_keep_their_color_with_four_inks(prepared_design, tmp_path) -> None:
    red = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><title>R</title><path d="M0 0h9v9" fill="red"/>'
    for ink, is_warned in (("gray", True), ("cmyk", False)):
        book = with_editions(print=PrintEdition(ink=ink))
        images = {path: m.Image(path, "image/svg+xml", red + b"</svg>", 9, 9) for path in book.images}
        made = written(prepared_design, tmp_path, msgspec.structs.replace(book, images=images), "print")
        assert ("color-picture" in {finding.code for finding in made.warnings}) is is_warned


# --------------------------------------------------------------------------- large print


def test_large_print_has_its_type_size_and_no_divided_words(made) -> None:
    import pypdfium2

    heights = Counter[float]()
    for page in pypdfium2.PdfDocument(made["large"].content):
        text = page.get_textpage()
        heights.update(
            round(text.get_charbox(at, loose=True)[3] - text.get_charbox(at, loose=True)[1])
            for at in range(text.count_chars())
        )
    usual = heights.most_common(1)[0][0]
    # The height of a line of Source Serif is about 1.26 of its size.
    assert 18 <= usual <= 26
    assert not any("\ufffe" in text or "\u00ad" in text for text in texts(made["large"].content))
    assert trim_of(made["large"].content) == (595.3, 841.9)


def test_large_print_may_have_another_size(prepared_design, tmp_path) -> None:
    small = written(prepared_design, tmp_path, with_editions(), "large")
    larger = written(prepared_design, tmp_path, with_editions(large=LargeEdition(size="24pt")), "large")
    assert larger.pages > small.pages


def test_nothing_in_large_print_is_smaller_than_large_print(prepared_design) -> None:
    theme = large(Editions(), prepared_design).design.theme
    assert min(theme.scale.values()) * points(theme.base["page"]) >= 16


def test_titles_of_large_print_grow_no_more_than_the_page(prepared_design) -> None:
    usual, theme = prepared_design.theme, large(Editions(), prepared_design).design.theme
    title, before = (t.scale["title"] * points(t.base["page"]) for t in (theme, usual))
    assert 1.4 < title / before < 1.45
    assert points(theme.writing["line"]) / points(usual.writing["line"]) == pytest.approx(210 / 148, rel=0.01)
    assert points(theme.base["cover"]) / points(usual.base["cover"]) == pytest.approx(210 / 148, rel=0.01)


@pytest.mark.parametrize(
    ("name", "size"), [("a5", ("148mm", "210mm")), ("5.5x8.5in", ("5.5in", "8.5in")), ("148×210mm", ("148mm", "210mm"))]
)
def test_a_trim_size_is_a_name_or_a_width_and_a_height(name: str, size: tuple[str, str]) -> None:
    assert trim_size(name) == size
