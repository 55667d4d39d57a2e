"""`quire subscribers pause`: stop sending to somebody until they are resumed."""

import click

from pipeline.cli._session import Session


@click.command("pause", epilog="\b\nExamples:\n  quire subscribers pause ann@example.org bea@example.org")
@click.argument("addresses", metavar="ADDRESS...", nargs=-1, required=True)
@click.pass_obj
def command(session: Session, addresses: tuple[str, ...]) -> None:
    """Stop sending to each ADDRESS until it is resumed."""
    from pipeline.cli._register import now, open_register
    from pipeline.series.readers import act

    with open_register(session) as register:
        for address, is_done in act(register, "pause", addresses, now()):
            click.echo(f"{address}: {'paused' if is_done else 'was not getting any'}")
