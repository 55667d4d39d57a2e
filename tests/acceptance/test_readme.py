"""The commands in the documentation do what they say."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from acceptance.conftest import ROOT, copy_of_the_book, environment

pytestmark = pytest.mark.heavy

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
# Setting up and testing are what runs this test; benchmarks and formatting are no part of a user's way.
NOT_HERE = re.compile(r"^(make|\.ci/run|git|sudo|pip|python)\b|^\.ci/", re.MULTILINE)


def commands() -> list[tuple[str, str]]:
    found = []
    for path in PAGES:
        for block in re.findall(r"^```sh\n(.*?)^```", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
            found += [] if NOT_HERE.search(block) else [(path.name, block)]
    return found


def test_the_readme_has_commands() -> None:
    assert sum(page == "README.md" for page, _ in commands()) >= 2


def test_the_commands_of_the_documentation_run(tmp_path: Path) -> None:
    project = copy_of_the_book(tmp_path / "quire")
    shim = project / ".venv/bin/quire"
    shim.parent.mkdir(parents=True)
    shim.write_text(f'#!/bin/sh\nexec {sys.executable} -m pipeline "$@"\n')
    shim.chmod(0o755)
    path = f"{shim.parent}{os.pathsep}{os.environ['PATH']}"
    for page, block in commands():
        done = subprocess.run(
            ["sh", "-e", "-c", block], cwd=project, env=environment(PATH=path), capture_output=True, text=True
        )
        assert done.returncode == 0, f"{page}:\n{block}\n{done.stdout}{done.stderr}"
    assert (tmp_path / "my-book/output/workbook.pdf").is_file()
