"""Commands in; the seconds they take, the median of several runs taken in turn, out."""

import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parent.parent
QUIRE = [sys.executable, "-m", "pipeline"]


def seconds(command: list[str], folder: Path) -> float:
    """Return how long a command takes in `folder`. It must succeed."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    # As on a reader's machine: a program is compiled when it first runs, and not again.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    started = time.perf_counter()
    subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
    return time.perf_counter() - started


def median(measure: Callable[[], float], times: int) -> float:
    """Return the median of a measurement taken `times` times."""
    return statistics.median(measure() for _ in range(times))


def copy_of_the_book(folder: Path) -> Path:
    """Return a project in `folder` with this book's content and templates."""
    project = folder / "book"
    for name in ("content", "templates"):
        shutil.copytree(ROOT / name, project / name)
    return project


def tool(name: str) -> str | None:
    """Return the path of an outside program, or None."""
    return shutil.which(name) or shutil.which(name, path=str(Path(sys.executable).parent))
