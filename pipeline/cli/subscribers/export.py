"""`quire subscribers export`: all subscribers as a table, or everything about one."""

import click

from pipeline.cli._session import Session

_EXAMPLES = """\b
Examples:
  quire subscribers export > readers.csv
  quire subscribers export --json > readers.jsonl
  quire subscribers export --address ann@example.org"""


@click.command("export", epilog=_EXAMPLES)
@click.option("--address", default="", help="Everything that is known of this person, as JSON.")
@click.option("--json", "as_json", is_flag=True, help="All as JSON, one subscriber a line, instead of CSV.")
@click.pass_obj
def command(session: Session, address: str, as_json: bool) -> None:
    """Print all subscribers but the erased as CSV, or everything that is known of one."""
    from pipeline.cli._register import open_register
    from pipeline.series import readers, roster

    with open_register(session) as register:
        if address:
            click.echo(roster.as_json(readers.about(register, address)))
            return
        for line in (roster.as_json_lines if as_json else roster.as_csv)(register.store):
            click.echo(line)
