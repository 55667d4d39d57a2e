"""Pictures of what was built: their names, their sizes, and how they lie on the sheet of all."""

import pytest
from builders import a_project

from pipeline import preview
from pipeline.build import Options, build
from pipeline.errors import ConfigError, WriteError
from pipeline.output import earlier
from pipeline.press import Progress


class Told(Progress):
    def __init__(self):
        self.steps, self.ends = [], []

    def step(self, name, done, total):
        self.steps.append((done, total))

    def finished(self, name, files):
        self.ends.append((name, files))


@pytest.fixture
def project(tmp_path):
    project = a_project(tmp_path)
    build(project, Options(("workbook",), jobs=1))
    return project


def test_every_page_is_drawn_as_wide_as_asked_and_the_sheet_holds_all(project):
    from PIL import Image

    told = Told()
    sheet, *pages = preview.workbook(project, None, 300, told)
    assert sheet == project.output / "preview/workbook.png"
    assert [page.name for page in pages] == [f"page-{n:03}.png" for n in range(1, len(pages) + 1)]
    assert len(pages) == earlier(project.output)[0].pages
    # A5 is 148 by 210 mm.
    for page in pages:
        with Image.open(page) as picture:
            assert picture.size == (300, 426)
    assert told.steps == [(n, len(pages)) for n in range(1, len(pages) + 1)]
    assert told.ends == [("preview", len(pages) + 1)]


def test_what_was_drawn_before_is_replaced_as_a_whole(project):
    preview.workbook(project, None, 100, Progress())
    preview.workbook(project, (2, 3), 100, Progress())
    names = sorted(path.relative_to(project.output).as_posix() for path in (project.output / "preview").rglob("*"))
    assert names == [
        "preview/workbook",
        "preview/workbook.png",
        "preview/workbook/page-002.png",
        "preview/workbook/page-003.png",
    ]


def test_a_preview_is_the_same_each_time_and_no_part_of_the_book(project):
    before = earlier(project.output)
    first = [path.read_bytes() for path in preview.workbook(project, None, 120, Progress())]
    assert [path.read_bytes() for path in preview.workbook(project, None, 120, Progress())] == first
    assert earlier(project.output) == before
    build(project, Options(("workbook",), jobs=1))
    assert (project.output / "preview/workbook.png").is_file()


def test_pages_lie_as_in_an_open_book():
    # The cover by itself, the title page opposite nothing, and then two and two.
    assert list(preview._places(5, 0)) == [(0, 0, 1), (0, 1, 1), (0, 2, 0), (0, 2, 1), (0, 3, 0)]
    assert list(preview._places(2, 2)) == [(0, 0, 0), (0, 0, 1)]
    assert list(preview._places(2, 3)) == [(0, 0, 1), (0, 1, 0)]
    assert list(preview._places(10, 2))[-1] == (1, 0, 1)


@pytest.mark.parametrize(("text", "pages"), [("", None), ("7", (7, 7)), ("10-20", (10, 20)), (" 3 – 4 ", (3, 4))])
def test_pages_are_asked_for_by_their_numbers(text, pages):
    assert preview.chosen(text) == pages


@pytest.mark.parametrize("text", ["0", "5-3", "iv", "1-", "-2", "1-2-3"])
def test_what_names_no_pages_is_an_error(text):
    with pytest.raises(ConfigError, match=r"names no pages\n    Write"):
        preview.chosen(text)


def test_pages_past_the_end_are_an_error(project):
    with pytest.raises(ConfigError, match="and no page 99"):
        preview.workbook(project, (1, 99), 100, Progress())


def test_without_a_workbook_the_error_says_what_to_do(tmp_path):
    with pytest.raises(ConfigError, match="Run quire build first"):
        preview.workbook(a_project(tmp_path), None, 100, Progress())


def test_a_folder_that_cannot_be_written_is_an_error(project):
    (project.output / "preview").write_text("a file")
    with pytest.raises(WriteError, match="can't be written"):
        preview.workbook(project, None, 100, Progress())
