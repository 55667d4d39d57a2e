"""The EPUB beside pandoc's of the same text, what is typeset for its page numbers apart."""

import shutil
import tempfile
from pathlib import Path

from bench._peer import plain_markdown
from bench._timing import QUIRE, copy_of_the_book, median, seconds, tool


def run() -> None:
    """Print the times of both and their ratio, and the size of the EPUB."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        project = copy_of_the_book(folder)
        (folder / "book.md").write_text(plain_markdown(project), encoding="utf-8")
        pandoc = tool("pandoc")
        peer = median(lambda: seconds([str(pandoc), "book.md", "-o", "peer.epub"], folder), 3) if pandoc else 0.0
        ours = median(lambda: _typeset_before(project), 3)
        size = (project / "output/book.epub").stat().st_size
    ratio = f"{ours / peer:6.3f} of the peer" if peer else "no peer: install pandoc"
    print(f"{'pandoc to EPUB':<42} {peer:7.3f} s")
    print(f"{'quire build epub, pages typeset before':<42} {ours:7.3f} s  {ratio}, {size / 1000:.0f} kB")


def _typeset_before(project: Path) -> float:
    for folder in (project / ".quire", project / "output"):
        if folder.exists():
            shutil.rmtree(folder)
    seconds([*QUIRE, "build", "workbook"], project)
    return seconds([*QUIRE, "build", "epub"], project)
