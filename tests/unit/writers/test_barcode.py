"""The barcode: that a scanner reads it, its true size, and what is said of a wrong ISBN."""

import re
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.writers import _typeset
from pipeline.writers._barcode import HEIGHT, WIDTH, barcode_svg, isbn13, modules

ISBN = "978-0-306-40615-7"


def drawn(pattern_of: str, prepared_design) -> bytes:
    """Return a page with a barcode on it as PNG."""
    svg = barcode_svg(pattern_of, '"Source Sans Pro"')
    html = '<!DOCTYPE html><html lang="en"><head><title>T</title></head><body><p></p></body></html>'
    css = (
        "@page { size: 60mm 50mm; margin: 0 } "
        "p { margin: 8mm; width: 37.29mm; height: 25.93mm; background: url(quire-resource:b.svg) 0 0 / 100% 100% }"
    )
    sheet = _typeset.sheet(prepared_design, html, css, {"b.svg": ("image/svg+xml", svg)}, name="test")
    gathering = _typeset.decode(_typeset.typeset(sheet))
    return _typeset.rasterize(_typeset.Picture(gathering.pdf, 1400))


@pytest.mark.needs("zbarimg")
@pytest.mark.parametrize("isbn", [ISBN, "979-10-90636-07-1", "0-8044-2957-X"])
def test_a_scanner_reads_the_isbn(isbn: str, prepared_design, tmp_path: Path) -> None:
    path = tmp_path / "barcode.png"
    path.write_bytes(drawn(isbn, prepared_design))
    done = subprocess.run(["zbarimg", "--quiet", "--nodbus", str(path)], capture_output=True, text=True)
    assert done.stdout.strip() == f"EAN-13:{isbn13(isbn)}", done.stderr


def test_the_symbol_has_its_true_size_and_bare_margins() -> None:
    root = ElementTree.fromstring(barcode_svg(ISBN, "Sans"))
    assert (root.get("width"), root.get("height")) == ("37.29mm", "25.93mm")
    assert (round(WIDTH, 2), HEIGHT) == (37.29, 25.93)
    path = next(element.get("d") or "" for element in root.iter() if element.tag.endswith("path"))
    bars = [(float(x), float(width)) for x, width in re.findall(r"M([\d.]+) 0h([\d.]+)", path)]
    assert min(x for x, _ in bars) == pytest.approx(11 * 0.33, abs=0.005)
    assert max(x + width for x, width in bars) == pytest.approx(WIDTH - 7 * 0.33, abs=0.005)


def test_the_digits_are_those_of_the_isbn() -> None:
    root = ElementTree.fromstring(barcode_svg(ISBN, '"A & B"'))
    assert "".join(e.text or "" for e in root.iter() if e.tag.endswith("}text")) == "9780306406157"


@given(st.integers(0, 10**12 - 1))
def test_a_symbol_has_thirty_bars_and_each_digit_seven_modules(number: int) -> None:
    digits = f"{number:012d}"
    pattern = modules(digits + "0")
    assert len(pattern) == 95
    # Three guards of two bars, and two bars in each of twelve digits.
    assert len(re.findall("1+", pattern)) == 6 + 24
    assert max(map(len, re.findall("1+|0+", pattern))) <= 4


def test_an_isbn_of_ten_digits_is_converted() -> None:
    assert isbn13("0-306-40615-2") == "9780306406157"
    assert isbn13("ISBN 080442957x") == "9780804429573"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("978-0-306-40615-8", "ends in 8, and its check digit should be 7"),
        ("0804429570", "ends in 0, and its check digit should be X"),
        ("4006381333931", "begins with 978 or 979"),
        ("978-0-306", "13 digits, or 10"),
        ("", "13 digits, or 10"),
        ("٩780306406157", "13 digits, or 10"),
    ],
)
def test_a_wrong_isbn_is_refused_with_what_is_wrong(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        isbn13(text)


@given(st.integers(0, 10**9 - 1), st.integers(0, 12), st.integers(1, 9))
def test_one_wrong_digit_is_always_found(number: int, place: int, off: int) -> None:
    twelve = f"978{number:09d}"
    right = next(twelve + last for last in "0123456789" if _is_isbn(twelve + last))
    wrong = right[:place] + str((int(right[place]) + off) % 10) + right[place + 1 :]
    assert not _is_isbn(wrong)


def _is_isbn(text: str) -> bool:
    try:
        return isbn13(text) == text
    except ValueError:
        return False
