"""`quire subscribers pace`: give somebody a schedule of their own."""

import click

from pipeline.cli._session import Session

_EXAMPLES = """\b
Examples:
  quire subscribers pace ann@example.org --every "2 weeks" --on mon
  quire subscribers pace ann@example.org --at 18:30 --time-zone America/New_York
  quire subscribers pace ann@example.org"""


@click.command("pace", epilog=_EXAMPLES)
@click.argument("address")
@click.option("--every", help="An interval: day, week, 3 days, 2 weeks.")
@click.option("--on", multiple=True, metavar="DAY", help="A weekday, as mon; may be repeated.")
@click.option("--at", help="A local time, as 18:30.")
@click.option("--time-zone", help="Whose time that is: reader, or one such as Europe/Paris.")
@click.option("--sequence", default="", metavar="NAME", help="The newsletter, where there are several.")
@click.pass_obj
def command(session: Session, /, address: str, sequence: str, **wanted: str | tuple[str, ...] | None) -> None:
    """Send to ADDRESS at a pace of its own; without options, at the newsletter's again."""
    from pipeline.cli._register import now, open_register, told
    from pipeline.series.readers import pace

    own = {name: value for name, value in wanted.items() if value}
    with open_register(session) as register:
        row = pace(register, address, own, now(), sequence)
        click.echo(f"{address}: {f'next {row.next_issue or None} at {told(row.due_at)}' if row else 'isn’t enrolled'}")
