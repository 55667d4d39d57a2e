"""Small things to test with: a project on disk, and the reference book that has every block in it."""

from functools import lru_cache
from pathlib import Path

from pipeline import theme
from pipeline.cache import Cache
from pipeline.errors import ContentError, Finding
from pipeline.model import Book, Chapter
from pipeline.pages import Box, Document
from pipeline.pages import read as read_pages
from pipeline.project import Project
from pipeline.reader import read
from pipeline.transforms import complete
from pipeline.writers import _bind, _typeset
from pipeline.writers._edition import Look
from pipeline.writers._html import Templates
from pipeline.writers._pieces import stylesheet

CASES = Path(__file__).parent / "cases"
REFERENCE_PROJECT = CASES / "reader" / "every-block"

BOOK_YAML = """\
title: A Small Book
author: Ann Example
language: en-US
identifier: urn:uuid:00000000-0000-4000-8000-000000000001
date: 2026-01-02
parts:
  - title: The Only Part
    chapters: [01-first]
"""
METADATA = """\
---
title: First
summary: What the first chapter promises.
takeaway: One thing to carry away.
motif: 0.5
---
"""
FIRST_LINE = METADATA.count("\n") + 1
MINIMAL = {"book.yaml": BOOK_YAML, "chapters/01-first.md": METADATA + "Text.\n"}


def a_project(folder: Path, **files: str | bytes) -> Project:
    """Return a valid project of one chapter in a folder; `files`, by path below content/, add to it or replace.

    Where `files` has a book.yaml of its own, nothing is there but `files`.
    """
    for name, text in (files if "book.yaml" in files else {**MINIMAL, **files}).items():
        path = folder / "content" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return Project(folder)


def a_chapter(folder: Path, text: str, **files: str | bytes) -> Chapter:
    """Return the chapter read from a project whose one chapter has this text; it begins on `FIRST_LINE`."""
    book, _ = read(a_project(folder, **{"chapters/01-first.md": METADATA + text, **files}))
    return book.chapters[0]


def findings_of(project: Project) -> tuple[Finding, ...]:
    """Return everything that the reader finds in a project, whether it stops the build or not."""
    try:
        return read(project)[1]
    except ContentError as error:
        return error.findings


def findings_in(folder: Path, text: str, **files: str | bytes) -> tuple[Finding, ...]:
    """Return what the reader finds in a project whose one chapter has this text."""
    return findings_of(a_project(folder, **{"chapters/01-first.md": METADATA + text, **files}))


def a_document(folder: Path, body: str, css: str = "", path: str = "output/workbook.pdf") -> Document:
    """Return the pages that HTML becomes in the workbook's styles and `css`, typeset, bound and read back."""
    margin = theme.load(Project(folder)).theme.page.margin
    margins = Box(*map(theme.points, (margin.inside, margin.bottom, margin.outside, margin.top)))
    return read_pages(path, a_pdf(folder, body, css), margins)


def a_pdf(folder: Path, body: str, css: str = "") -> bytes:
    """Return the PDF that HTML becomes in the workbook's styles and `css`, typeset and bound."""
    design = theme.load(Project(folder))
    styles = stylesheet(Templates(design), Look(design)) + css
    html = f'<!DOCTYPE html><html lang="en"><head><title>Pages</title></head><body>{body}</body></html>'
    gathering = _typeset.decode(_typeset.typeset(_typeset.sheet(design, html, styles, name="pages")))
    return _bind.bind(_bind.binding([gathering], a_book(), design, "Pages"))


@lru_cache(maxsize=1)
def a_book() -> Book:
    """Return the reference book, completed: every block, inline and kind of prompt is in it."""
    book, _ = read(Project(REFERENCE_PROJECT))
    return complete(book, Cache(Path(), enabled=False))
