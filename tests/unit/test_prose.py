"""What counts as prose, as a word and as a sentence."""

from pathlib import Path

import pytest
from builders import a_chapter

from pipeline.prose import passages, sentences, word_count, words


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Two words.", 2),
        ("A well-worn path", 3),
        ("You don’t---you can't.", 4),
        ("away—and back", 3),
        ("at 6:40 p.m., for $1,200", 5),
        ("“No,” … -- !", 1),
        ("", 0),
    ],
)
def test_words_are_counted_as_a_reader_would(text: str, count: int) -> None:
    assert len(words(text)) == count


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("One. Two.", ["One.", "Two."]),
        ("“You’re quiet,” you say. “Am I?” they ask.", ["“You’re quiet,” you say.", "“Am I?” they ask."]),
        ("He came at 6 p.m. and left… later.", ["He came at 6 p.m. and left… later."]),
        ("Dr. Ames agrees. So do I.", ["Dr. Ames agrees.", "So do I."]),
        ("A heading", ["A heading"]),
        ("", []),
    ],
)
def test_a_sentence_ends_where_one_ends(text: str, found: list[str]) -> None:
    assert sentences(text) == found


def test_markup_joins_no_words_and_parts_none(tmp_path: Path) -> None:
    chapter = a_chapter(tmp_path, "A *w*ord, {index}`two`. **Three**\n")
    assert [text for text, _ in passages(chapter.text)] == ["A word, two. Three"]
    assert word_count(chapter.text) == 4


def test_headings_lists_tables_and_boxes_are_prose_and_prompts_in_them_are_not(tmp_path: Path) -> None:
    text = (
        "## One\n\n- two\n\n| three |\n|---|\n| four |\n\n::::{exercise} Five\nsix\n\n"
        ":::{reflect} Not this?\n:kind: checklist\n- nor this\n:::\n::::\n\n> seven\n"
    )
    found = [text for text, _ in passages(a_chapter(tmp_path, text).text)]
    assert found == ["One", "two", "three", "four", "Five", "six", "seven"]
