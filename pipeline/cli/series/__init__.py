"""`quire series`: plan the newsletter, try it, and hand it to other services."""

import click

from pipeline.cli import Folder


class Commands(Folder):
    package = __name__


EPILOG = """\b
Examples:
  quire series plan --start 2027-01-04
  quire series test ann@example.org
  quire series export --to kit"""


@click.group("series", cls=Commands, epilog=EPILOG)
def command() -> None:
    """Plan the newsletter, try it, and hand it to other services."""
