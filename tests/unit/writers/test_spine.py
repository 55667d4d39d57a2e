"""The spine: its width for a number of pages, and when it can bear words."""

import pytest

from pipeline.editions import STOCKS
from pipeline.errors import WriteError
from pipeline.writers._spine import has_spine_text, spine_width


def test_the_width_is_what_printers_calculate() -> None:
    # 300 pages at 0.0025 and 0.002252 inches.
    assert spine_width(300, "cream") == pytest.approx(0.75 * 25.4, abs=0.01)
    assert spine_width(300, "white") == pytest.approx(0.6756 * 25.4, abs=0.01)
    assert spine_width(200, 0.07) == 14.0


def test_an_odd_page_takes_a_whole_leaf() -> None:
    assert spine_width(181, "white") == spine_width(182, "white")


def test_words_need_eighty_pages_and_six_millimeters() -> None:
    assert not has_spine_text(79, 0.1)
    assert has_spine_text(80, 0.1)
    assert not has_spine_text(100, 0.05)
    assert has_spine_text(120, 0.05)


def test_an_unknown_paper_is_an_error_that_names_those_that_are_known() -> None:
    with pytest.raises(WriteError, match="“vellum” is no paper") as caught:
        spine_width(100, "vellum")
    assert all(name in str(caught.value) for name in STOCKS)


@pytest.mark.parametrize("thickness", [0.0, -1.0, 80.0])
def test_a_thickness_that_no_page_has_is_an_error(thickness: float) -> None:
    with pytest.raises(WriteError, match="A page is half of a leaf"):
        spine_width(100, thickness)
