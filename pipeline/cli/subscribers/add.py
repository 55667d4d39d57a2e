"""`quire subscribers add`: ask somebody whether they want to read, or enrol them at once."""

import click

from pipeline.cli._session import Session

_EXAMPLES = """\b
Examples:
  quire subscribers add ann@example.org --name Ann --time-zone Europe/Paris
  quire subscribers add bea@example.org --consent "signed our list at the fair in May" --no-confirm"""


@click.command("add", epilog=_EXAMPLES)
@click.argument("address")
@click.option("--name", default="", help="What letters call them.")
@click.option("--time-zone", "zone", default="UTC", show_default=True, help="Where they live, as in Europe/Paris.")
@click.option("--locale", default="", help="Their language, as in en-US.")
@click.option("--consent", default="", metavar="TEXT", help="Where and when they agreed.")
@click.option("--no-confirm", is_flag=True, help="Enrol them without asking; needs --consent.")
@click.option("--sequence", default="", metavar="NAME", help="The newsletter, where there are several.")
@click.pass_obj
def command(
    session: Session, address: str, name: str, zone: str, locale: str, consent: str, no_confirm: bool, sequence: str
) -> None:
    """Let a mail ask ADDRESS whether it wants the newsletter, which begins with the answer."""
    from pipeline.cli._register import now, open_register
    from pipeline.series.readers import add, person
    from pipeline.series.readers import consent as agreement

    if no_confirm and not consent.strip():
        raise click.UsageError("--no-confirm needs --consent: where and when they agreed")
    with open_register(session) as register:
        who, moment = person(register, address, name, zone, locale), now()
        agreed = agreement(moment, consent.strip() or "added by the sender")
        click.echo(f"{who.address}: {add(register, who, agreed, moment, sequence, confirmed=no_confirm)}")
