"""What the acceptance tests share: this repository's own book, built once, and the command run for real."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

ROOT = Path(__file__).parents[2]

Quire = Callable[..., subprocess.CompletedProcess[str]]


def copy_of_the_book(folder: Path) -> Path:
    """Return a project in `folder` with this book's manuscript and design."""
    for name in ("content", "templates"):
        shutil.copytree(ROOT / name, folder / name)
    return folder


def quire_command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "pipeline", *arguments]


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), **more}


@pytest.fixture(scope="session")
def built_book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return this repository's book as a project that has been built, once for all workers."""
    # Workers have folders of their own within the run's; without workers there is the run's alone.
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    project = shared / "built-book"
    with FileLock(shared / "built-book.lock"):
        if not (project / "output" / "manifest.json").exists():
            copy_of_the_book(project)
            done = subprocess.run(
                quire_command("-C", str(project), "build"), env=environment(), capture_output=True, text=True
            )
            assert done.returncode == 0, done.stderr
    return project
