"""The index: its order, its sub-entries, and its page numbers."""

from pathlib import Path

from builders import a_chapter

from pipeline.writers._index import index_entries, initial
from pipeline.writers._numbering import ranges


def headings(tmp_path: Path, text: str) -> list[tuple[str, list[str]]]:
    chapter = a_chapter(tmp_path, text)
    return [(e.heading, [sub.heading for sub in e.subs]) for e in index_entries([(chapter.id, chapter.text)])]


def test_entries_stand_in_alphabetical_order_without_regard_to_case_and_accents(tmp_path: Path) -> None:
    text = "{index}`zeal` {index}`Élan` {index}`apart` {index}`Bowen`"
    assert [heading for heading, _ in headings(tmp_path, text)] == ["apart", "Bowen", "Élan", "zeal"]


def test_sub_entries_stand_under_their_entry(tmp_path: Path) -> None:
    text = "{index}`a <space; emotional>` {index}`b <space; at home>` {index}`space`"
    assert headings(tmp_path, text) == [("space", ["at home", "emotional"])]


def test_see_and_see_also_name_other_entries(tmp_path: Path) -> None:
    chapter = a_chapter(
        tmp_path, "Text {index}`<see: room; space>` {index}`<seealso: space; distance>` {index}`space`."
    )
    room, space = index_entries([(chapter.id, chapter.text)])
    assert (room.see, room.places) == (("space",), ())
    assert (space.see_also, len(space.places)) == (("distance",), 1)


def test_a_heading_stands_under_its_letter() -> None:
    assert [initial(word) for word in ("élan", "Bowen", "30-day plan")] == ["E", "B", "#"]


def test_a_page_is_named_once_and_runs_becomeranges() -> None:
    pages = [(label, f"#{label}") for label in ("iv", "v", "3", "3", "7", "8", "9", "12", "13")]
    assert [label for label, _ in ranges(pages)] == ["iv", "v", "3", "7–9", "12", "13"]
