"""Every edition and both papers beside the screen edition alone, cold."""

import shutil
import tempfile
from pathlib import Path

from bench._timing import QUIRE, copy_of_the_book, median, seconds


def run() -> None:
    """Print the times of one edition and of all, and their ratio."""
    with tempfile.TemporaryDirectory() as name:
        project = copy_of_the_book(Path(name))
        every = ["--edition", "all", "--papers", "all"]
        screen = median(lambda: _cold(project, "workbook"), 3)
        everything = median(lambda: _cold(project, "workbook", "worksheets", *every), 3)
    print(f"{'quire build workbook':<52} {screen:7.3f} s   1.000")
    print(
        f"{'quire build workbook worksheets, all and all papers':<52} {everything:7.3f} s  {everything / screen:6.3f}"
    )


def _cold(project: Path, *arguments: str) -> float:
    for folder in (project / ".quire", project / "output"):
        if folder.exists():
            shutil.rmtree(folder)
    return seconds([*QUIRE, "build", *arguments], project)
