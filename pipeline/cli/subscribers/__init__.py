"""`quire subscribers`: who reads the newsletter, from where and since when."""

import click

from pipeline.cli import Folder


class Commands(Folder):
    package = __name__


EPILOG = "\b\nExamples:\n  quire subscribers add ann@example.org\n  quire subscribers import readers.csv"


@click.group("subscribers", cls=Commands, epilog=EPILOG)
def command() -> None:
    """Add, import, show, pause and erase subscribers."""
