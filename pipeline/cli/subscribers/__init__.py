"""`quire subscribers`: who reads the newsletter, from where and since when."""

import click

from pipeline.cli import Folder


class Commands(Folder):
    package = __name__


EPILOG = """\b
Examples:
  quire subscribers add ann@example.org --name Ann
  quire subscribers import readers.csv --consent "the form on our site, 2026"
  quire subscribers show ann@example.org
  quire subscribers export --address ann@example.org"""


@click.group("subscribers", cls=Commands, epilog=EPILOG)
def command() -> None:
    """Add, import, show, pause and erase subscribers."""
