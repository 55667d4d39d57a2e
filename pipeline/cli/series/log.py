"""`quire series log`: who got what, and when."""

import click

from pipeline.cli._session import Session

_EXAMPLES = """\b
Examples:
  quire series log
  quire series log ann@example.org
  quire series log --issue mail/welcome --limit 200 --json"""


@click.command("log", epilog=_EXAMPLES)
@click.argument("address", required=False)
@click.option("--issue", default="", metavar="NAME", help="This issue or mail only.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="So many of the last.")
@click.option("--sequence", default="", metavar="NAME", help="The newsletter, where there are several.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, one delivery a line.")
@click.pass_obj
def command(session: Session, address: str | None, issue: str, limit: int, sequence: str, as_json: bool) -> None:
    """Show the last deliveries, oldest first: when, to whom, what, what became of it, and what the server said."""
    import msgspec

    from pipeline.cli._register import open_register, told
    from pipeline.series.readers import subscriber_at
    from pipeline.series.store.courses import chosen
    from pipeline.series.store.reports import log

    with open_register(session) as register, register.store.reading() as tx:
        number = subscriber_at(tx, address).id if address else None
        for row in log(tx, chosen(tx, sequence), number, issue, limit):
            words = (told(row.at), row.address or "(erased)", row.issue, row.state, row.bounce, row.reply)
            click.echo(msgspec.json.encode(row).decode() if as_json else "  ".join(filter(None, words)))
