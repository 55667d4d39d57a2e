"""`quire subscribers suppress`: never send to an address again."""

import click

from pipeline.cli._session import Session


@click.command("suppress", epilog="\b\nExamples:\n  quire subscribers suppress ann@example.org bea@example.org")
@click.argument("addresses", metavar="ADDRESS...", nargs=-1, required=True)
@click.pass_obj
def command(session: Session, addresses: tuple[str, ...]) -> None:
    """Never send to ADDRESS again, subscriber or not; no import brings it back."""
    from pipeline.cli._register import now, open_register
    from pipeline.series.readers import act

    with open_register(session) as register:
        for address, is_done in act(register, "suppress", addresses, now()):
            click.echo(f"{address}: {'suppressed' if is_done else 'was suppressed before'}")
