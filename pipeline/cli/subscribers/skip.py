"""`quire subscribers skip`: pass over somebody's next issue."""

import click

from pipeline.cli._session import Session


@click.command("skip", epilog="\b\nExamples:\n  quire subscribers skip ann@example.org\n")
@click.argument("address")
@click.option("--sequence", default="", metavar="NAME", help="The newsletter, where there are several.")
@click.pass_obj
def command(session: Session, address: str, sequence: str) -> None:
    """Pass over the next issue of ADDRESS; the one behind it takes its time."""
    from pipeline.cli._register import now, open_register
    from pipeline.series.readers import skip

    with open_register(session) as register:
        issue = skip(register, address, now(), sequence)
        click.echo(f"{address}: {f'won’t get {issue}' if issue else 'has no issue to come'}")
