"""`quire preview`: draw what was built as pictures, and all of it on one sheet."""

import click

from pipeline.cli._session import Session


@click.group("preview", epilog="\b\nExamples:\n  quire preview workbook\n  quire preview workbook --pages 10-20")
def command() -> None:
    """Draw the pages of a format that was built, into output/preview/."""


@command.command("workbook", epilog="\b\nExample:\n  quire preview workbook --pages 10-20 --width 1600")
@click.option("--pages", metavar="FIRST-LAST", default="", help="These pages, counted from the cover; or one page.")
@click.option("--width", type=click.IntRange(50, 5000), default=1000, show_default=True, help="Pixels a page.")
@click.pass_obj
def workbook(session: Session, pages: str, width: int) -> None:
    """Draw each page as a PNG, and all of them, as an open book, on one sheet."""
    from pipeline import preview

    session.tell_of_changes()
    drawn = preview.workbook(session.project, preview.chosen(pages), width, session.progress())
    for path in drawn if session.verbose else drawn[:1]:
        click.echo(session.project.relative(path))
