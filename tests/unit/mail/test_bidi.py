"""Which way a text runs."""

import pytest

from pipeline.mail.bidi import leaning


@pytest.mark.parametrize(
    ("text", "direction"),
    [
        ("Hello", "ltr"),
        ("שלום, Ann", "rtl"),
        ("Ann, שלום", "ltr"),
        ("🌱 “مرحبا”", "rtl"),
        ("1. 東京", "ltr"),
    ],
)
def test_a_text_runs_as_its_first_letter_does(text: str, direction: str) -> None:
    assert leaning(text) == direction


@pytest.mark.parametrize("text", ["", "2026", "🌱 !", "…"])
def test_a_text_without_letters_runs_as_what_is_around_it(text: str) -> None:
    assert leaning(text, "rtl") == "rtl"
    assert leaning(text, "ltr") == "ltr"
