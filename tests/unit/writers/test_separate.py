"""Separation: that no color but the inks is left in the workbook, and that everything else is."""

import io
import re
from collections.abc import Iterable, Iterator
from typing import Any

import pikepdf
import pytest
from builders import a_book
from pikepdf import Array, Dictionary, Name

from pipeline.cache import Cache
from pipeline.errors import WriteError
from pipeline.press import Press
from pipeline.transforms import select
from pipeline.writers import _typeset, workbook
from pipeline.writers._inks import GRAY, gray_of, inks_of
from pipeline.writers._separate import separate, to_gray

COLORED = {"rg", "RG", "k", "K", "sc", "SC", "scn", "SCN", "cs", "CS"}


@pytest.fixture(scope="module")
def colored(prepared_design, tmp_path_factory) -> bytes:
    """Return the workbook of the reference book, which has every block in it."""
    press = Press(Cache(tmp_path_factory.mktemp("cache")), 1)
    [artifact] = workbook.write(select(a_book(), "workbook"), prepared_design, press)
    return artifact.content


def colors_left(content: bytes) -> list[str]:
    """Return every color operator, color space and field's color that isn't gray."""
    left = []
    with pikepdf.open(io.BytesIO(content)) as pdf:
        streams: list[Any] = list(pdf.pages)
        for thing in pdf.objects:
            if isinstance(thing, pikepdf.Stream) and (thing.get("/Subtype") == Name.Form or "/PatternType" in thing):
                streams.append(thing)
            left += [str(space) for space in spaces_of(thing)]
        for stream in streams:
            for operands, operator in pikepdf.parse_content_stream(stream):
                is_pattern = bool(operands) and isinstance(operands[-1], Name) and str(operator) != "cs"
                if str(operator) in COLORED and not is_pattern and str(operands[0]) != "/Pattern":
                    left.append(f"{operands} {operator}")
    return left


def spaces_of(thing: Any) -> Iterator[Any]:
    """Yield what an object and those within it name that is a color, where it isn't gray."""
    if isinstance(thing, Array):
        for part in thing:
            if not part_is_elsewhere(part):
                yield from spaces_of(part)
    if not isinstance(thing, pikepdf.Dictionary | pikepdf.Stream):
        return
    for key, value in thing.items():
        if is_color(key, value):
            yield value
        elif not part_is_elsewhere(value):
            yield from spaces_of(value)


def is_color(key: str, value: Any) -> bool:
    """Say whether an entry of a dictionary makes something colored."""
    if key in ("/ColorSpace", "/CS"):
        is_empty = isinstance(value, pikepdf.Dictionary) and not value.keys()
        return value != Name.DeviceGray and not is_empty
    if key in ("/BC", "/BG", "/C0", "/C1"):
        return len(value) > 1
    return key == "/DA" and bool({b"rg", b"k"} & set(bytes(value).split()))


def part_is_elsewhere(part: Any) -> bool:
    return not isinstance(part, pikepdf.Object) or part.is_indirect


def pages_of(content: bytes) -> Iterable[Any]:
    import pypdfium2

    return pypdfium2.PdfDocument(content)


def text_of(content: bytes) -> list[str]:
    return [page.get_textpage().get_text_range() for page in pages_of(content)]


def test_nothing_but_gray_is_left_in_the_workbook(colored: bytes) -> None:
    assert len(colors_left(colored)) > 100, "or this test looks for nothing"
    assert colors_left(to_gray(colored)) == []


def test_words_tags_fields_and_outline_stay(colored: bytes) -> None:
    gray = to_gray(colored)
    assert text_of(gray) == text_of(colored)
    with pikepdf.open(io.BytesIO(colored)) as before, pikepdf.open(io.BytesIO(gray)) as after:
        assert len(after.Root.AcroForm.Fields) == len(before.Root.AcroForm.Fields)
        parents = [pikepdf.NumberTree(pdf.Root.StructTreeRoot.ParentTree) for pdf in (before, after)]
        assert list(parents[0]) == list(parents[1])
        assert after.Root.Outlines.Count == before.Root.Outlines.Count


def test_the_same_bytes_each_time_and_gray_stays_as_it_is(colored: bytes) -> None:
    gray = to_gray(colored)
    assert to_gray(colored) == gray
    assert text_of(to_gray(gray)) == text_of(gray)
    assert colors_left(to_gray(gray)) == []


def pictures_of(content: bytes) -> list[Any]:
    return [page.render(scale=0.5).to_pil().convert("RGB") for page in pages_of(content)]


def test_each_page_looks_as_its_own_gray(colored: bytes) -> None:
    for before, after in zip(pictures_of(colored), pictures_of(to_gray(colored)), strict=True):
        expected, found = before.convert("L"), after.convert("L")
        off = [abs(a - b) for a, b in zip(expected.get_flattened_data(), found.get_flattened_data(), strict=True)]
        assert max(off) <= 6


def typeset(prepared_design, body: str, css: str = "", images: dict[str, tuple[str, bytes]] | None = None) -> bytes:
    html = f'<!DOCTYPE html><html lang="en"><head><title>T</title></head><body>{body}</body></html>'
    sheet = _typeset.sheet(prepared_design, html, "@page { size: A6; margin: 0 }" + css, images, name="test")
    return _typeset.decode(_typeset.typeset(sheet)).pdf


def picture(kind: str) -> bytes:
    from PIL import Image

    image = Image.new("RGB", (40, 40), (200, 30, 60))
    if kind == "PNG":
        image.putalpha(128)
    stream = io.BytesIO()
    image.save(stream, kind)
    return stream.getvalue()


@pytest.mark.parametrize(("kind", "media"), [("PNG", "image/png"), ("JPEG", "image/jpeg")])
def test_an_image_becomes_gray_and_keeps_what_shows_through(kind: str, media: str, prepared_design) -> None:
    pdf = typeset(prepared_design, '<img src="quire-resource:i" alt="A square"/>', "", {"i": (media, picture(kind))})
    gray = to_gray(pdf)
    assert colors_left(pdf)
    assert colors_left(gray) == []
    [before], [after] = pictures_of(pdf), pictures_of(gray)
    assert after.getpixel((8, 8)) == pytest.approx([before.convert("L").getpixel((8, 8))] * 3, abs=2)


def test_a_gradient_becomes_one_of_gray(prepared_design) -> None:
    css = "div { height: 90mm; background: linear-gradient(#ff0000, #0000ff 40%, #00ff00); opacity: 0.8 }"
    pdf = typeset(prepared_design, "<div></div>", css)
    gray = to_gray(pdf)
    assert colors_left(gray) == []
    [before], [after] = pictures_of(pdf), pictures_of(gray)
    for y in range(5, 120, 10):
        expected = before.convert("L").getpixel((40, y))
        assert after.getpixel((40, y)) == pytest.approx([expected] * 3, abs=3)


def a_page(content: bytes, **resources: Any) -> bytes:
    pdf = pikepdf.new()
    page = Dictionary(
        Type=Name.Page,
        MediaBox=Array([0, 0, 10, 10]),
        Resources=Dictionary(**resources),
        Contents=pdf.make_stream(content),
    )
    pdf.pages.append(pikepdf.Page(pdf.make_indirect(page)))
    stream = io.BytesIO()
    pdf.save(stream)
    return stream.getvalue()


def operators(content: bytes) -> str:
    with pikepdf.open(io.BytesIO(to_gray(content))) as pdf:
        return " ".join(pdf.pages[0].Contents.read_bytes().decode().split())


def test_colors_in_named_spaces_and_inks_become_gray_and_a_state_is_restored() -> None:
    space = Array([Name.CalRGB, Dictionary(WhitePoint=Array([1, 1, 1]))])
    drawn = b"/A cs 1 0 0 scn q /DeviceCMYK CS 0 0 0 1 SCN 0 0 0 0 k Q 0 1 0 sc"
    assert operators(a_page(drawn, ColorSpace=Dictionary(A=space))) == "0 g 0.3 g q 0 G 0 G 1 g Q 0.59 g"


def test_an_ink_of_its_own_is_an_error_that_says_what_to_write() -> None:
    space = Array([Name.Separation, Name.Gold, Name.DeviceRGB, Dictionary()])
    with pytest.raises(WriteError, match="Separation can't be printed\n    Write colors as"):
        to_gray(a_page(b"/A cs 1 scn", ColorSpace=Dictionary(A=space)))


def test_white_stays_white_and_black_black() -> None:
    assert [gray_of(color) for color in ([1, 1, 1], [0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 1], [0.5])] == [
        1, 0, 1, 0, pytest.approx(0.5)
    ]  # fmt: skip


# --------------------------------------------------------------------------- four inks


# An operator that sets four inks, their space, or a color of four parts.
_OF_FOUR = re.compile(r" [kK]\b|^/DeviceCMYK$|^pikepdf\.Array\(\[[^,]*(,[^,]*){3}\]\)$")


def in_four(content: bytes, paper: str = "coated") -> bytes:
    with pikepdf.open(io.BytesIO(content)) as pdf:
        separate(pdf, inks_of(paper))
        stream = io.BytesIO()
        pdf.save(stream, deterministic_id=True)
        return stream.getvalue()


def foreign_colors(content: bytes) -> list[str]:
    """Return the colors that are neither of four inks nor of black alone."""
    return [left for left in colors_left(content) if not _OF_FOUR.search(left)]


def test_no_color_but_inks_is_left_and_each_page_looks_alike(colored: bytes) -> None:
    separated = in_four(colored)
    assert foreign_colors(colored)
    assert foreign_colors(separated) == []
    assert text_of(separated) == text_of(colored)
    for before, after in zip(pictures_of(colored), pictures_of(separated), strict=True):
        pairs = zip(before.convert("L").get_flattened_data(), after.convert("L").get_flattened_data(), strict=True)
        # Without a profile for the screen, PDFium shows inks in a way of its own.
        assert sorted(abs(a - b) for a, b in pairs)[-40] <= 48


@pytest.mark.parametrize(
    ("color", "inks"),
    [
        ([0], [0, 0, 0, 1]),
        ([0.25], [0, 0, 0, 0.75]),
        ([1, 1, 1], [0, 0, 0, 0]),
        ([0.5, 0.5, 0.5], [0, 0, 0, 0.5]),
        ([0.1, 0.2, 0.3, 0.4], [0.1, 0.2, 0.3, 0.4]),
    ],
)
def test_gray_is_black_ink_alone_and_inks_stay(color: list[float], inks: list[float]) -> None:
    assert list(map(float, inks_of("coated").of(color))) == pytest.approx(inks)


def test_a_deep_red_is_magenta_before_all() -> None:
    cyan, magenta, yellow, black = inks_of("uncoated").of([0x7B / 255, 0x2D / 255, 0x3B / 255])
    assert magenta > yellow > cyan
    assert 0 < black < 0.4


@pytest.mark.parametrize(("kind", "media"), [("PNG", "image/png"), ("JPEG", "image/jpeg")])
def test_an_image_becomes_one_of_inks_and_keeps_its_look(kind: str, media: str, prepared_design) -> None:
    pdf = typeset(prepared_design, '<img src="quire-resource:i" alt="A square"/>', "", {"i": (media, picture(kind))})
    separated = in_four(pdf)
    assert foreign_colors(separated) == []
    [before], [after] = pictures_of(pdf), pictures_of(separated)
    assert after.getpixel((8, 8)) == pytest.approx(before.getpixel((8, 8)), abs=45)
    assert after.getpixel((100, 150)) == (255, 255, 255)


def test_a_gradient_becomes_one_of_inks(prepared_design) -> None:
    css = "div { height: 90mm; background: linear-gradient(#ff0000, #ffffff) }"
    separated = in_four(typeset(prepared_design, "<div></div>", css))
    assert foreign_colors(separated) == []
    [after] = pictures_of(separated)
    top, bottom = after.getpixel((40, 3)), after.getpixel((40, 124))
    assert top[0] > 180
    assert top[1] < 90
    assert min(bottom) > 228


def test_one_black_and_four_inks_name_themselves() -> None:
    assert (GRAY.channels, GRAY.profile[16:20]) == (1, b"GRAY")
    assert (inks_of("coated").channels, inks_of("coated").profile[16:20]) == (4, b"CMYK")
    assert inks_of("uncoated").profile != inks_of("coated").profile
    assert inks_of("gray") is GRAY
