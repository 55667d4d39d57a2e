"""The rules on Kindle books: where they begin, and that they say nothing of a book that isn't one."""

import shutil
from pathlib import Path

import msgspec
import pytest
from builders import BOOK_YAML, CASES, METADATA, a_project

from pipeline.cache import Cache
from pipeline.checks import Context, rules
from pipeline.model import Book
from pipeline.reader import read
from pipeline.transforms import complete

KINDLE = "epub:\n  kindle: true\n"
RULES = sorted(code for code in rules() if code.startswith("kindle-"))
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 4"><rect width="4" height="4"/></svg>'


def book_of(folder: Path, text: str = "Text.\n", more: str = KINDLE, **files: str) -> Book:
    project = a_project(folder, **{"book.yaml": BOOK_YAML + more, "chapters/01-first.md": METADATA + text, **files})
    return complete(read(project)[0], Cache(folder, enabled=False))


def found(rule: str, book: Book, **context: tuple[int, int]) -> list[tuple[str, str]]:
    findings = rules()[rule](book, Context(("epub",), **context))
    return [(finding.severity, finding.message) for finding in findings]


@pytest.mark.parametrize("rule", RULES)
def test_a_book_that_is_not_for_kindle_is_left_alone(rule: str, tmp_path: Path) -> None:
    project = a_project(tmp_path)
    shutil.copytree(CASES / "checks" / rule / "content", project.content, dirs_exist_ok=True)
    text = project.book_yaml.read_text(encoding="utf-8")
    project.book_yaml.write_text(text.replace("kindle: true", "kindle: false"), encoding="utf-8")
    book = complete(read(project)[0], Cache(tmp_path, enabled=False))
    assert found(rule, book, cover=(10, 10)) == []


@pytest.mark.parametrize(
    ("size", "severities"),
    [
        ((1600, 2560), []),
        ((1599, 2560), ["warning"]),
        ((625, 1000), ["warning"]),
        ((624, 1000), ["error"]),
        ((6250, 10_001), ["error"]),
    ],
)
def test_a_cover_is_refused_or_remarked_on_as_shops_do(size, severities, tmp_path: Path) -> None:
    assert [severity for severity, _ in found("kindle-cover", book_of(tmp_path), cover=size)] == severities


@pytest.mark.parametrize(
    ("rows", "columns", "words", "severities"),
    [
        (98, 9, "a", []),
        (99, 2, "a", ["warning"]),
        (2, 10, "a", ["warning"]),
        (299, 6, "a", ["warning"]),
        (300, 6, "a dozen letters", ["error"]),
    ],
)
def test_a_table_is_refused_only_with_many_cells_and_many_characters(
    rows: int, columns: int, words: str, severities: list[str], tmp_path: Path
) -> None:
    line = "|" + f" {words} |" * columns + "\n"
    text = line + "|" + "---|" * columns + "\n" + line * rows
    assert [severity for severity, _ in found("kindle-table", book_of(tmp_path, text))] == severities


@pytest.mark.parametrize(("count", "findings"), [(25, 0), (26, 1), (27, 1)])
def test_more_drawings_than_kindle_takes_are_told_once(count: int, findings: int, tmp_path: Path) -> None:
    files = {f"images/{number:02d}.svg": SVG for number in range(count)}
    text = "".join(f":::{{figure}} ../{name}\n:alt: A square.\n:::\n\n" for name in files)
    assert len(found("kindle-picture", book_of(tmp_path, text, **files))) == findings


def test_pictures_that_are_scaled_down_may_be_large(tmp_path: Path) -> None:
    text = ":::{figure} ../images/a.svg\n:alt: A square.\n:::\n"
    book = book_of(tmp_path, text, **{"images/a.svg": SVG})
    [(name, image)] = book.images.items()
    large = msgspec.structs.replace(image, media_type="image/jpeg", content=bytes(6_000_000), width=1600)
    larger = msgspec.structs.replace(large, width=1601)
    for picture, count in ((large, 1), (larger, 0)):
        assert len(found("kindle-picture", msgspec.structs.replace(book, images={name: picture}))) == count


@pytest.mark.parametrize(("length", "findings"), [(199, 0), (200, 1)])
def test_title_and_subtitle_are_counted_together(length: int, findings: int, tmp_path: Path) -> None:
    book = book_of(tmp_path, more=KINDLE + f"subtitle: {'x' * 100}\n")
    book = msgspec.structs.replace(book, title="y" * (length - 100))
    assert len(found("kindle-title", book)) == findings
