"""The command line: one file a command; arguments in, one call, results on stdout."""

import gc
import importlib
import pkgutil
import sys
from pathlib import Path
from typing import Any

import click

from pipeline import __version__
from pipeline.errors import QuireError


class Folder(click.Group):
    """The commands of a folder: each is `command` in the file, or the folder, of its name."""

    package = __name__

    def list_commands(self, ctx: click.Context) -> list[str]:
        folders = importlib.import_module(self.package).__path__
        return sorted(module.name for module in pkgutil.iter_modules(folders) if not module.name.startswith("_"))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command = importlib.import_module(f"{self.package}.{cmd_name}").command
        return command if isinstance(command, click.Command) else None


class Commands(Folder):
    """The commands of this package; and the end of every error."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except QuireError as error:
            click.echo(str(error), err=True)
            ctx.exit(error.exit_code)
        except KeyboardInterrupt:
            click.echo("Stopped. What was built before is whole.", err=True)
            ctx.exit(130)


EPILOG = """\b
Examples:
  quire build                   build everything into output/
  quire build epub newsletter   build two formats
  quire check --strict          look for faults, warnings included
  quire -C my-book build        build the book in another folder
"""


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]}, epilog=EPILOG)
@click.version_option(__version__, "--version", prog_name="quire", message="%(prog)s %(version)s")
@click.option(
    "-C",
    "folder",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="Work on the book in DIR instead of this folder.",
)
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
@click.option("-v", "--verbose", is_flag=True, help="Say more.")
@click.pass_context
def quire(ctx: click.Context, folder: Path, quiet: bool, verbose: bool) -> None:
    """One Markdown manuscript in; a fillable PDF workbook, worksheets, an EPUB and a newsletter out."""
    from pipeline.cli._session import Session
    from pipeline.project import Project

    ctx.obj = Session(Project(folder), quiet=quiet, verbose=verbose)


def main() -> None:
    """Run the command `quire`."""
    # Nearly all that a command makes lasts to its end: to look for cycles as often as Python does takes a tenth of it.
    gc.set_threshold(50_000)
    # Output to a closed pipe, as of `quire list | head`, is no fault of the reader's.
    try:
        quire(prog_name="quire")
    except BrokenPipeError:
        sys.exit(0)
    finally:
        # The system takes all memory back at once; to look through a whole book for cycles first is of no use.
        gc.freeze()
