"""What a build remembers, and how few processes the next one starts for it."""

import pytest

from pipeline.memory import Inputs, Memory, Report, made_with, processes, typeset_besides

BEFORE = Inputs("same", {"content/book.yaml": "1", "content/chapters/01-first.md": "1"})
EDITED = Inputs("same", {"content/book.yaml": "1", "content/chapters/01-first.md": "2"})
OTHER = Inputs("another", BEFORE.content)
WORKBOOK, EPUB = {"workbook": ("screen",)}, {"epub": ("ebook",)}


def memory(*made: tuple[str, str]) -> Memory:
    return Memory(BEFORE, "output", Report((), (), 0, 0, 0, (), ()), {}, made)


@pytest.mark.parametrize(
    ("inputs", "chosen", "made", "count"),
    [
        (BEFORE, WORKBOOK, [("workbook", "screen")], 0),
        (BEFORE, EPUB, [("workbook", "screen")], 1),
        (BEFORE, {"epub": ("kindle",)}, [], 1),
        (BEFORE, EPUB, [], None),
        (BEFORE, {"worksheets": ("",)}, [("workbook", "screen")], None),
        (EDITED, WORKBOOK, [("workbook", "screen")], 1),
        (EDITED, WORKBOOK, [("cover", "")], None),
        (OTHER, WORKBOOK, [("workbook", "screen")], None),
    ],
)
def test_as_many_processes_are_started_as_there_is_work_for(inputs, chosen, made, count) -> None:
    assert processes(memory(*made), inputs, chosen) == count


def test_a_first_build_takes_every_process() -> None:
    assert processes(None, BEFORE, WORKBOOK) is None


def test_pages_that_were_typeset_for_another_format_are_remembered() -> None:
    assert made_with(EPUB) == {("epub", "ebook"), ("workbook", "screen")}
    assert made_with({"epub": ("kindle",), "cover": ("",)}) == {("epub", "kindle"), ("cover", "")}


def test_pages_are_typeset_besides_where_nobody_asked_for_them() -> None:
    assert typeset_besides(EPUB, ()) == {"epub": "workbook"}
    assert typeset_besides(EPUB | WORKBOOK, ()) == {}
    assert typeset_besides(EPUB, [("workbook", "screen")]) == {}
    assert typeset_besides({"epub": ("kindle",)}, ()) == {}
    assert typeset_besides(EPUB | WORKBOOK, (), "print") == {"epub": "workbook's print edition"}
    assert typeset_besides(EPUB | {"workbook": ("print",)}, (), "print") == {}
