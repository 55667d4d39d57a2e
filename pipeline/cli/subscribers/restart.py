"""`quire subscribers restart`: let somebody begin again with the first issue."""

import click

from pipeline.cli._session import Session


@click.command("restart", epilog="\b\nExamples:\n  quire subscribers restart ann@example.org\n")
@click.argument("address")
@click.option("--sequence", default="", metavar="NAME", help="The newsletter, where there are several.")
@click.pass_obj
def command(session: Session, address: str, sequence: str) -> None:
    """Let ADDRESS get all issues once more, from the first; what was sent before stays in the log."""
    from pipeline.cli._register import now, open_register
    from pipeline.series.readers import restart

    with open_register(session) as register:
        is_done = restart(register, address, now(), sequence)
        click.echo(f"{address}: {'begins again' if is_done else 'can’t begin again: not active, or being sent to now'}")
