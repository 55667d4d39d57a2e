"""`quire series`: plan the newsletter, publish it, send it, and see how it goes."""

import click

from pipeline.cli import Folder


class Commands(Folder):
    package = __name__


EPILOG = """\b
Examples:
  quire series plan --start 2027-01-04
  quire series test ann@example.org
  quire series publish
  quire series send --live"""


@click.group("series", cls=Commands, epilog=EPILOG)
def command() -> None:
    """Plan the newsletter, publish it, send it, and see how it goes."""
