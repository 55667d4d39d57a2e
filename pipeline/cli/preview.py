"""`quire preview`: draw what was built as pictures, and all of it on one sheet."""

from typing import Literal

import click

from pipeline.cli._session import Session

Scheme = Literal["light", "dark"]


_EXAMPLES = """\b
Examples:
  quire preview workbook
  quire preview workbook --pages 10-20
  quire preview newsletter --issue 7"""


@click.group("preview", epilog=_EXAMPLES)
def command() -> None:
    """Draw a format that was built as pictures, into output/preview/."""


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


@command.command("newsletter", epilog="\b\nExample:\n  quire preview newsletter --issue 7 --width 390 --scheme dark")
@click.option("--issue", "numbers", type=int, multiple=True, metavar="N", help="This issue; all without it.")
@click.option(
    "--width", "widths", type=click.IntRange(200, 2000), multiple=True, help="Pixels; 320, 640, and 1000 without it."
)
@click.option("--scheme", "schemes", type=click.Choice(["light", "dark"]), multiple=True, help="Both without it.")
@click.pass_obj
def newsletter(
    session: Session, numbers: tuple[int, ...], widths: tuple[int, ...], schemes: tuple[Scheme, ...]
) -> None:
    """Draw each letter as inboxes show it, and all of them on one sheet. Chromium must be installed."""
    from pipeline import mail_preview

    session.tell_of_changes("letters")
    drawn = mail_preview.newsletter(
        session.project,
        numbers,
        widths or mail_preview.WIDTHS,
        schemes or mail_preview.SCHEMES,
        session.environment,
        session.progress(),
    )
    for path in (drawn.sheet, drawn.index, *(drawn.pictures if session.verbose else ())):
        click.echo(session.project.relative(path))
