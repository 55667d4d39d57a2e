"""`quire series`: plan the newsletter, publish it, send it, and see how it goes."""

import click

from pipeline.cli import Folder


class Commands(Folder):
    package = __name__


EPILOG = "\b\nExamples:\n  quire series plan --start 2027-01-04\n  quire series publish\n  quire series send --live"


@click.group("series", cls=Commands, epilog=EPILOG)
def command() -> None:
    """Plan, publish and send the newsletter's issues."""
