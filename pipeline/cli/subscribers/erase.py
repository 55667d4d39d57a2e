"""`quire subscribers erase`: remove all that is known of somebody."""

import sys

import click

from pipeline.cli._session import Session


@click.command("erase", epilog="\b\nExamples:\n  quire subscribers erase ann@example.org\n")
@click.argument("addresses", metavar="ADDRESS...", nargs=-1, required=True)
@click.option("--yes", is_flag=True, help="Don't ask.")
@click.pass_obj
def command(session: Session, addresses: tuple[str, ...], yes: bool) -> None:
    """Remove all that is known of each ADDRESS, for good. A keyed hash stays, so that no import brings it back."""
    from pipeline.cli._register import now, open_register
    from pipeline.series.readers import act

    if not yes and not sys.stdin.isatty():
        raise click.UsageError("to erase somebody without being asked, say --yes")
    if not yes:
        click.confirm(f"Erase {', '.join(addresses)}? This can't be undone.", abort=True, err=True)
    with open_register(session) as register:
        for address, is_done in act(register, "erase", addresses, now()):
            click.echo(f"{address}: {'erased' if is_done else 'was erased before'}")
