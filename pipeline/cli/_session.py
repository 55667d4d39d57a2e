"""What the commands share: the project, how much to say, and how to say it."""

import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.errors import Finding
from pipeline.press import Progress
from pipeline.project import Project

if TYPE_CHECKING:
    from pipeline.output import Made

_BAR_WIDTH = 24


class Session:
    """One run of the command: its project, and what it may print on stderr."""

    def __init__(self, project: Project, *, quiet: bool, verbose: bool) -> None:
        self.project = project
        self.quiet = quiet
        self.verbose = verbose
        self.environment = os.environ

    def progress(self) -> Progress:
        """Return how to report progress: a bar on a terminal, a line for each format elsewhere, or nothing."""
        if self.quiet:
            return Progress()
        return Bar() if sys.stderr.isatty() else Lines()

    def validated(self, made: Sequence["Made"], output: Path) -> bool:
        """Say on stderr what independent checkers find in built files; return whether they find no error."""
        from pipeline.validate import validate

        verdict = validate(output, made, self.environment, Path(os.path.relpath(output)).as_posix())
        for finding in verdict.findings:
            click.echo(str(finding), err=True)
        for name, count in () if self.quiet else verdict.looked_at.items():
            click.echo(f"{name}: {count} file{'s' if count != 1 else ''} looked at", err=True)
        for name, install in verdict.missing.items():
            click.echo(f"{name} is not installed: {install}", err=True)
        return not any(finding.severity == "error" for finding in verdict.findings)

    def say(self, message: str) -> None:
        """Print a message on stderr, unless asked to be quiet."""
        if not self.quiet:
            click.echo(message, err=True)

    def findings(self, findings: Iterable[Finding]) -> None:
        """Print findings on stderr, each with its place first, unless asked to be quiet."""
        for finding in () if self.quiet else findings:
            click.echo(str(finding), err=True)

    def errors(self, findings: Iterable[Finding]) -> None:
        """Print errors on stderr, each with its place first."""
        for finding in findings:
            click.echo(str(finding), err=True)

    def tell_of_changes(self, what: str = "pages") -> None:
        """Say on stderr where the manuscript has changed since what is looked at was built."""
        from pipeline.memory import has_changed

        if not self.quiet and has_changed(self.project):
            click.echo(f"The manuscript has changed since it was built; these are the {what} as they were.", err=True)


class Bar(Progress):
    """One line on a terminal that fills as a step goes on, and is gone when the format is made."""

    def step(self, name: str, done: int, total: int) -> None:
        filled = round(_BAR_WIDTH * done / total) if total else _BAR_WIDTH
        bar = "█" * filled + "·" * (_BAR_WIDTH - filled)
        click.echo(f"\r\033[K{name:<20} {bar} {done}/{total}", nl=False, err=True)

    def finished(self, name: str, files: int) -> None:
        click.echo("\r\033[K", nl=False, err=True)

    def tell(self, message: str) -> None:
        click.echo(f"\r\033[K{message}", err=True)


class Lines(Progress):
    """A line for each format, for logs."""

    def tell(self, message: str) -> None:
        click.echo(message, err=True)

    def finished(self, name: str, files: int) -> None:
        click.echo(f"{name}: {files} file{'s' if files != 1 else ''}", err=True)


def size(count: int) -> str:
    """Return a number of bytes as people write it."""
    for unit, step in (("MB", 1_000_000), ("kB", 1_000)):
        if count >= step:
            return f"{count / step:.1f} {unit}"
    return f"{count} bytes"
