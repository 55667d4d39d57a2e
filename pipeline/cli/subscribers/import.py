"""`quire subscribers import`: the people in a table."""

from pathlib import Path

import click

from pipeline.cli._session import Session

_EXAMPLES = """\b
Examples:
  quire subscribers import readers.csv --consent "the form on our site, 2024 to 2026"
  quire subscribers import list.csv --map address=Mail --map name=Vorname --consent "our shop" --dry-run"""


@click.command("import", epilog=_EXAMPLES)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--consent", required=True, metavar="TEXT", help="Where and when these people agreed.")
@click.option("--map", "pairs", multiple=True, metavar="FIELD=COLUMN", help="Which column is address, name, …")
@click.option("--time-zone", "zone", default="UTC", show_default=True, help="The time zone of rows without one.")
@click.option("--encoding", default="", help="The file's encoding, where it isn't found out.")
@click.option("--confirm", is_flag=True, help="Ask each by mail instead of enrolling them at once.")
@click.option("--dry-run", is_flag=True, help="Change nothing; say what would be done.")
@click.option("--sequence", default="", metavar="NAME", help="The newsletter, where there are several.")
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON.")
@click.pass_obj
def command(session: Session, /, file: Path, pairs: tuple[str, ...], as_json: bool, **options: str | bool) -> None:
    """Add the people in FILE, a CSV whose first line names its columns.

    Rows that can't be used go into FILE.rejected.csv, each with its line and the reason. Nobody comes back who has
    left, bounced, complained, or was suppressed or erased.
    """
    from pipeline.cli._importing import import_file

    click.echo(import_file(session, file, pairs, as_json=as_json, **options))
