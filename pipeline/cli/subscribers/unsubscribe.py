"""`quire subscribers unsubscribe`: end a subscription, as the link in a letter does."""

import click

from pipeline.cli._session import Session


@click.command("unsubscribe", epilog="\b\nExamples:\n  quire subscribers unsubscribe ann@example.org bea@example.org")
@click.argument("addresses", metavar="ADDRESS...", nargs=-1, required=True)
@click.pass_obj
def command(session: Session, addresses: tuple[str, ...]) -> None:
    """End the subscription of each ADDRESS, as its link to unsubscribe does."""
    from pipeline.cli._register import now, open_register
    from pipeline.series.readers import act

    with open_register(session) as register:
        for address, is_done in act(register, "unsubscribe", addresses, now()):
            click.echo(f"{address}: {'unsubscribed' if is_done else 'had left before'}")
