"""The cover's lines."""

import pytest

from pipeline.writers._cover import balanced


@pytest.mark.parametrize(
    ("title", "lines"),
    [
        ("Make Him Miss You", ("Make Him", "Miss You")),
        ("Longing", ("Longing",)),
        ("Room", ("Room",)),
        ("The Rhythm of Two Lives", ("The Rhythm of", "Two Lives")),
        ("Incomprehensibilities", ("Incomprehensibilities",)),
    ],
)
def test_a_title_breaks_into_lines_of_like_length(title: str, lines: tuple[str, ...]) -> None:
    assert balanced(title) == lines
