"""Columns of a text window, and where lines may end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.writers._text_columns import broken, columns


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("abc", 3),
        ("“a”", 3),
        ("é", 1),
        ("e\u0301", 1),
        ("東京", 4),
        ("🌱", 2),
        ("👩\u200d🌾", 2),
        ("👍🏽", 2),
        ("שלום", 4),
        ("", 0),
    ],
)
def test_a_text_takes_the_columns_that_a_window_gives_it(text: str, count: int) -> None:
    assert columns(text) == count


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("東京に行く", ["東京に行", "く"]),
        ("東京に行。", ["東京に", "行。"]),
        ("あああ「東京」", ["あああ", "「東京」"]),
        ("집에 갑니다", ["집에", "갑니다"]),
        ("👩\u200d🌾👩\u200d🌾👩\u200d🌾👩\u200d🌾👩\u200d🌾", ["👩\u200d🌾👩\u200d🌾👩\u200d🌾👩\u200d🌾👩\u200d🌾"]),
        ("\x02name|東京東京東京東京\x03 東京", ["\x02name|東京東京東京東京\x03", "東京"]),
    ],
)
def test_lines_end_where_a_script_lets_them(text: str, lines: list[str]) -> None:
    assert broken(text, 8) == lines


@given(st.text(st.sampled_from("a 東。「🌱\u200d\u0301י"), max_size=60))
def test_breaking_loses_nothing_but_spaces(text: str) -> None:
    assert "".join(broken(text, 8)).replace(" ", "") == text.replace(" ", "")
