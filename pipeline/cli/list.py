"""`quire list`: what is in the book."""

import click

from pipeline.cli._session import Session

WHAT = ("chapters", "prompts", "issues")


@click.command("list", epilog="\b\nExamples:\n  quire list\n  quire list prompts\n  quire list issues --json")
@click.argument("what", type=click.Choice(WHAT), default="chapters")
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
@click.pass_obj
def command(session: Session, what: str, as_json: bool) -> None:
    """List the chapters of the book, its prompts, or the issues of its newsletter."""
    import json

    from pipeline.listing import listing

    rows = listing(session.project, what)
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    widths = {key: max(len(str(row[key])) for row in rows) for key in rows[0]} if rows else {}
    for row in rows:
        click.echo("  ".join(str(value).ljust(widths[key]) for key, value in row.items()).rstrip())
