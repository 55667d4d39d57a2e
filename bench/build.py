"""The whole build beside pandoc and WeasyPrint making one PDF of the same text; then small changes, and none."""

import itertools
import shutil
import tempfile
from pathlib import Path

from bench._peer import STYLE, plain_markdown
from bench._timing import QUIRE, copy_of_the_book, median, seconds, tool

_WORDS = ["room", "door", "window", "table", "letter", "kitchen", "garden", "evening", "morning", "street"]
_numbers = itertools.count(1)


def run() -> None:
    """Print cold, one-chapter, unchanged and help times, and their ratios to the peer's."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        project = copy_of_the_book(folder)
        peer = _peer(folder, project)
        cold = median(lambda: _cold(project), 3)
        changed = median(lambda: _changed(project), 5)
        grown = median(lambda: _changed(project, "\n\nA new paragraph that pushes a page.\n" * 12), 3)
        seconds([*QUIRE, "build"], project)
        same = median(lambda: seconds([*QUIRE, "build"], project), 5)
        help_time = median(lambda: seconds([*QUIRE, "--help"], project), 9)
    for label, value in (
        ("pandoc | weasyprint, one PDF", peer),
        ("quire build, everything, cold", cold),
        ("quire build, one chapter changed", changed),
        ("quire build, one chapter grown by pages", grown),
        ("quire build, nothing changed", same),
        ("quire --help", help_time),
    ):
        ratio = f"{value / peer:6.3f} of the peer" if peer else "no peer: install pandoc"
        print(f"{label:<42} {value:7.3f} s  {ratio}")


def _cold(project: Path) -> float:
    for folder in (project / ".quire", project / "output"):
        if folder.exists():
            shutil.rmtree(folder)
    return seconds([*QUIRE, "build"], project)


def _changed(project: Path, addition: str = "") -> float:
    """Return the time of a build after one word, or more, has come into the opening of chapter 7."""
    seconds([*QUIRE, "build"], project)
    chapter = next((project / "content/chapters").glob("07-*.md"))
    text = chapter.read_text(encoding="utf-8")
    head, _, body = text.partition("\n---\n")
    # Other words each time, so that no earlier result serves.
    number = next(_numbers)
    word = f"{_WORDS[number % len(_WORDS)]} and {_WORDS[number // len(_WORDS) % len(_WORDS)]}".capitalize()
    first, _, rest = body.lstrip("\n").partition("\n\n")
    chapter.write_text(f"{head}\n---\n\n{first} {word}.{addition}\n\n{rest}", encoding="utf-8")
    taken = seconds([*QUIRE, "build"], project)
    chapter.write_text(text, encoding="utf-8")
    return taken


def _peer(folder: Path, project: Path) -> float:
    """Return the time that pandoc, then WeasyPrint, need for one PDF of the same text; 0 without them."""
    pandoc, weasyprint = tool("pandoc"), tool("weasyprint")
    if not pandoc or not weasyprint:
        return 0.0
    source = folder / "book.md"
    source.write_text(plain_markdown(project), encoding="utf-8")
    style = folder / "style.css"
    style.write_text(STYLE, encoding="utf-8")

    def both() -> float:
        page = [pandoc, str(source), "-o", "book.html", "-s", "--toc", "-V", "lang=en", "-M", "title=Book"]
        pdf = [weasyprint, "--pdf-variant", "pdf/ua-1", "--pdf-forms", "-s", str(style), "book.html", "book.pdf"]
        return seconds(page, folder) + seconds(pdf, folder)

    return median(both, 3)
