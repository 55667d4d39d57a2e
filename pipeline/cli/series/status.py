"""`quire series status`: how each issue has gone."""

import click

from pipeline.cli._session import Session


@click.command("status", epilog="\b\nExamples:\n  quire series status\n  quire series status --json")
@click.option("--sequence", default="", metavar="NAME", help="The newsletter, where there are several.")
@click.option("--days", type=click.IntRange(1, 366), default=30, show_default=True, help="How many days back to draw.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
@click.pass_obj
def command(session: Session, sequence: str, days: int, as_json: bool) -> None:
    """Show for each issue how many are due, were sent, failed, bounced, complained and left, and sends by day."""
    import msgspec

    from pipeline.cli._register import now, open_register
    from pipeline.cli._status import as_text
    from pipeline.series.store.courses import chosen
    from pipeline.series.store.reports import status

    with open_register(session) as register, register.store.reading() as tx:
        found = status(tx, chosen(tx, sequence), now(), days)
    click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2).decode() if as_json else as_text(found))
