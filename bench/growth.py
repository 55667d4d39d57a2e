"""A book of ten times the chapters beside this one: time, and the memory of the largest process."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

from bench._timing import QUIRE, ROOT, copy_of_the_book

_TIMES = 10
# The largest process is asked of the system by a process that has no other children.
_MEASURED = """
import resource, subprocess, sys, time
started = time.perf_counter()
subprocess.run(sys.argv[1:], check=True, capture_output=True)
print(time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def run() -> None:
    """Print time and memory for the workbook of 20 and of 200 chapters, and their ratios."""
    with tempfile.TemporaryDirectory() as name:
        small = copy_of_the_book(Path(name) / "small")
        large = copy_of_the_book(Path(name) / "large")
        _multiply(large)
        few, many = _measure(small), _measure(large)
    print(f"{'20 chapters':<14} {few[0]:7.2f} s {few[1]:8.0f} MB in the largest process")
    print(f"{'200 chapters':<14} {many[0]:7.2f} s {many[1]:8.0f} MB in the largest process")
    print(f"{'ratio':<14} {many[0] / few[0]:7.2f}   {many[1] / few[1]:8.2f}")


def _measure(project: Path) -> tuple[float, float]:
    command = [sys.executable, "-c", _MEASURED, *QUIRE, "-C", str(project), "build", "workbook"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    taken, kilobytes = done.stdout.split()
    return float(taken), int(kilobytes) / 1000


def _multiply(project: Path) -> None:
    """Give a book each of its chapters ten times over, with names and labels of its own."""
    path = project / "content" / "book.yaml"
    book = yaml.safe_load(path.read_text(encoding="utf-8"))
    chapters = project / "content" / "chapters"
    for part in book["parts"]:
        names = list(part["chapters"])
        for copy in range(1, _TIMES):
            for name in names:
                text = (chapters / f"{name}.md").read_text(encoding="utf-8")
                text = re.sub(r"^:name: (.*)$", rf":name: \1-{copy}", text, flags=re.MULTILINE)
                text = re.sub(r"^\(.*\)=$", "", text, flags=re.MULTILINE)
                number, _, slug = name.partition("-")
                another = f"{int(number) + copy * 100}-{slug}-{copy}"
                (chapters / f"{another}.md").write_text(text, encoding="utf-8")
                part["chapters"].append(another)
    path.write_text(yaml.safe_dump(book, allow_unicode=True), encoding="utf-8")
