"""This repository's own book, heard: its workbook and worksheets read as the manuscript does."""

from pathlib import Path

import pikepdf
import pytest
from reading_order import Words, spoken
from tagged import marks, tagged

from pipeline.cache import Cache
from pipeline.model import Book
from pipeline.project import Project
from pipeline.reader import read
from pipeline.transforms import complete

pytestmark = pytest.mark.heavy


@pytest.fixture(scope="module")
def book(built_book: Path) -> Book:
    return complete(read(Project(built_book))[0], Cache(Path(), enabled=False))


def test_the_workbook_reads_as_the_manuscript_does(built_book: Path, book: Book) -> None:
    expected = list(Words(book, "workbook").sections())
    with pikepdf.open(built_book / "output/workbook.pdf") as pdf:
        document = tagged(pdf)
        held = [(run.page, run.number) for element in document for run in element.runs]
        assert sorted(held) == sorted(marks(pdf))
        found = [section for section in document.kids if section.title not in ("Contents", "Index")]
        assert [section.title for section in found] == [title for title, _ in expected]
        for section, (_, words) in zip(found, expected, strict=True):
            assert spoken(section) == words
        assert sum(len(paragraph.pages) > 1 for paragraph in document.of("P")) > 20


def test_each_worksheet_reads_as_the_manuscript_does(built_book: Path, book: Book) -> None:
    words = Words(book, "worksheets")
    folder = built_book / "output/worksheets"
    for chapter in words.book.chapters:
        with pikepdf.open(folder / f"{chapter.file_stem}.pdf") as pdf:
            assert spoken(tagged(pdf)) == words.worksheet(chapter)
