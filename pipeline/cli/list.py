"""`quire list`: what is in the book."""

from typing import TYPE_CHECKING

import click

from pipeline.cli._session import Session

if TYPE_CHECKING:
    from pipeline.listing import Figures, Statistics

WHAT = ("chapters", "prompts", "issues")
_EXAMPLES = """\b
Examples:
  quire list
  quire list prompts
  quire list issues --json
  quire list --stats"""


@click.command("list", epilog=_EXAMPLES)
@click.argument("what", type=click.Choice(WHAT), required=False)
@click.option("--stats", is_flag=True, help="Count words, prompts, citations and more, in chapters and issues.")
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
@click.pass_obj
def command(session: Session, what: str | None, stats: bool, as_json: bool) -> None:
    """List the chapters of the book, its prompts, or the issues of its newsletter."""
    if stats:
        _print_statistics(session, what, as_json)
        return
    import json

    from pipeline.listing import listing

    rows = listing(session.project, what or "chapters")
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    widths = {key: max(len(str(row[key])) for row in rows) for key in rows[0]} if rows else {}
    for row in rows:
        click.echo("  ".join(str(value).ljust(widths[key]) for key, value in row.items()).rstrip())


def _print_statistics(session: Session, what: str | None, as_json: bool) -> None:
    import msgspec

    from pipeline.listing import statistics

    if what == "prompts":
        raise click.UsageError("--stats counts prompts in chapters and issues; write: quire list --stats")
    found = statistics(session.project, (what,) if what else ("chapters", "issues"))
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
        return
    click.echo(_table(found))


def _table(found: "Statistics") -> str:
    """Return the figures as lines: for each kind a heading, a line for each text, and the total."""
    tables: list[list[tuple[str, ...]]] = []
    for kind, total in found.totals.items():
        texts = [text for text in found.texts if text.kind == kind.removesuffix("s")]
        heading = (kind, "words", "sentences", *total.prompts, "citations", "index", "grade")
        rows = [(f"{text.number:>2}  {text.slug}", *_cells(text.figures)) for text in texts]
        tables.append([heading, *rows, (f"all {len(texts)}", *_cells(total))])
    widths = [max(map(len, column)) for column in zip(*(row for table in tables for row in table), strict=True)]
    blocks = ("\n".join(_line(row, widths) for row in table) for table in tables)
    return "\n\n".join(blocks)


def _line(row: tuple[str, ...], widths: list[int]) -> str:
    numbers = (cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))
    return "  ".join([row[0].ljust(widths[0]), *numbers]).rstrip()


def _cells(figures: "Figures") -> tuple[str, ...]:
    counts = (figures.words, figures.sentences, *figures.prompts.values(), figures.citations, figures.index_entries)
    return (*(f"{count:,}" for count in counts), "" if figures.grade is None else f"{figures.grade:.1f}")
