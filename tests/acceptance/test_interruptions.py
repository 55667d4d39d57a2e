"""A build that is stopped, or that can't write, leaves what was there; two at once don't mix."""

import resource
import signal
import subprocess
import time
from pathlib import Path

import pytest
from acceptance.conftest import environment, quire_command
from acceptance.test_book import digests
from builders import METADATA, a_project

from pipeline.project import Project

LONG = "A sentence that is set on a page, and then another one that is as long as it is. " * 40


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Return a project of twelve chapters that has been built."""
    chapters = [f"{number:02d}-chapter" for number in range(1, 13)]
    names = ", ".join(chapters)
    yaml = (
        "title: T\nauthor: A\nlanguage: en\nidentifier: urn:x:y\ndate: 2026-01-02\n"
        f"parts:\n  - title: P\n    chapters: [{names}]\n"
    )
    files = {f"chapters/{name}.md": chapter(name, "Text.") for name in chapters}
    project = a_project(tmp_path / "book", **{"book.yaml": yaml, **files})
    done = run(project)
    assert done.returncode == 0, done.stderr
    return project


def chapter(name: str, text: str) -> str:
    return METADATA.replace("motif:", f"slug: {name}-slug\nmotif:") + text + "\n\n" + f"{LONG}\n\n" * 4


def run(project: Project, *more: str, **options) -> subprocess.CompletedProcess[str]:
    command = quire_command("-C", str(project.root), "build", *more)
    return subprocess.run(command, env=environment(), capture_output=True, text=True, **options)


def change(project: Project, text: str) -> None:
    for path in (project.content / "chapters").glob("*.md"):
        path.write_text(chapter(path.stem, text), encoding="utf-8")


def leftovers(project: Project) -> list[Path]:
    return list(project.output.glob(".quire-*"))


@pytest.mark.parametrize("after", [0.3, 0.8, 1.3, 1.8])
def test_ctrl_c_leaves_the_earlier_output_whole(project: Project, after: float) -> None:
    before = digests(project.output)
    change(project, "Another text.")
    process = subprocess.Popen(
        quire_command("-C", str(project.root), "build"),
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    time.sleep(after)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode in (0, 130), err
    assert "Traceback" not in err
    if process.returncode == 130:
        assert digests(project.output) == before
        assert "Stopped." in err
    assert leftovers(project) == []
    assert run(project).returncode == 0


def test_a_disk_that_fills_up_leaves_the_earlier_output_whole(project: Project) -> None:
    before = digests(project.output)
    change(project, "Another text.")

    def no_large_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    done = run(project, preexec_fn=no_large_files)
    assert done.returncode == 5, done.stderr
    assert "can't be written" in done.stderr
    assert "Traceback" not in done.stderr
    assert digests(project.output) == before
    assert leftovers(project) == []


def test_a_folder_that_is_read_only_ends_with_5(project: Project) -> None:
    # The kernel's own folder refuses even root.
    done = run(project, "--output", "/sys/quire")
    assert done.returncode == 5, done.stderr
    assert "can't be written" in done.stderr


def test_of_two_builds_at_once_each_ends_well_or_says_that_the_other_runs(project: Project) -> None:
    change(project, "Another text.")
    command = quire_command("-C", str(project.root), "build")
    both = [
        subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    ends = [process.communicate(timeout=120) for process in both]
    codes = sorted(process.returncode for process in both)
    assert codes in ([0, 0], [0, 5]), ends
    if codes == [0, 5]:
        assert any("another build of this book is running" in err for _, err in ends)
    assert run(project).returncode == 0
    assert leftovers(project) == []
