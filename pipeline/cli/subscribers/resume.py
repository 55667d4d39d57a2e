"""`quire subscribers resume`: go on sending to somebody who was paused."""

import click

from pipeline.cli._session import Session


@click.command("resume", epilog="\b\nExamples:\n  quire subscribers resume ann@example.org bea@example.org")
@click.argument("addresses", metavar="ADDRESS...", nargs=-1, required=True)
@click.pass_obj
def command(session: Session, addresses: tuple[str, ...]) -> None:
    """Go on sending to each ADDRESS, from the next time of the schedule."""
    from pipeline.cli._register import now, open_register
    from pipeline.series.readers import act

    with open_register(session) as register:
        for address, is_done in act(register, "resume", addresses, now()):
            click.echo(f"{address}: {'resumed' if is_done else 'was not paused'}")
