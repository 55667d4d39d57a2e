"""`quire worksheets`: print worksheets, fill in the book's PDFs, and read what was filled in."""

from pathlib import Path
from typing import Any

import click

from pipeline.cli._session import Session
from pipeline.project import PAPERS

# What each way of using the command needs and takes, besides the option that chooses it.
_WAYS = {
    "print": {"chapter", "paper", "ink_saver", "copies", "printer", "dry_run"},
    "fill": {"chapter", "paper", "workbook", "output"},
    "read": {"all_fields"},
    "output": {"chapter", "paper", "ink_saver"},
}
_EXAMPLES = """\b
Examples:
  quire worksheets --chapter 7 --paper letter --copies 2 --print
  quire worksheets --ink-saver --output to-print
  quire worksheets --fill answers.json --workbook --output filled.pdf
  quire worksheets --read filled.pdf"""
_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("worksheets", epilog=_EXAMPLES)
@click.option("--chapter", metavar="N", help="The worksheet of one chapter, by number or file; all without it.")
@click.option("--paper", type=click.Choice(PAPERS), help="The paper; that of the theme without it.")
@click.option("--ink-saver", is_flag=True, help="Without color or fills, with thin lines.")
@click.option("--print", "print", is_flag=True, help="Print, by CUPS.")
@click.option("--copies", type=click.IntRange(1, 999), help="How often to print.")
@click.option("--printer", metavar="NAME", help="Where to print; the default printer without it.")
@click.option("--dry-run", is_flag=True, help="Say what would be printed, and print nothing.")
@click.option("--fill", type=_FILE, metavar="FILE", help="Write the answers in a JSON file into a PDF.")
@click.option("--workbook", is_flag=True, help="Fill in the workbook.")
@click.option("--read", type=_FILE, metavar="FILE", help="Print the answers in a filled PDF as JSON.")
@click.option("--all", "all_fields", is_flag=True, help="Read empty fields too.")
@click.option("--output", type=click.Path(path_type=Path), help="The filled PDF; or the folder to write worksheets to.")
@click.pass_obj
def command(session: Session, /, **options: Any) -> None:
    """Print worksheets, write them for printing, fill in a PDF of the book, or read a filled one."""
    from pipeline import forms, printing, sheets

    way = _way(options)
    choice = sheets.Choice(options["chapter"] or "", options["paper"] or "", options["ink_saver"])
    if way == "read":
        click.echo(forms.shown(sheets.read(session.project, options["read"], all_fields=options["all_fields"])))
        return
    if way == "fill":
        filled = sheets.fill(
            session.project, options["fill"], choice, options["output"], is_workbook=options["workbook"]
        )
        session.say(f"{options['output']}: {filled.answers} fields filled.")
        if filled.overfull:
            session.say(f"Longer than their room, so that the end is missing on paper: {', '.join(filled.overfull)}.")
        return
    epoch = session.environment.get("SOURCE_DATE_EPOCH")
    made = sheets.make_sheets(session.project, choice, session.progress(), epoch)
    if way == "output":
        for path in sheets.put(made, options["output"]):
            click.echo(str(path))
        return
    sheet, order = sheets.order_of(session.project, choice, made, options["copies"] or 1, options["printer"] or "")
    if options["dry_run"]:
        click.echo(f"{sheet.summary}, {sheet.pages} pages: {printing.shown(printing.command_of(order))}")
        return
    job = printing.print_pdf(sheet.content, order, session.environment)
    click.echo(f"{sheet.summary}, {sheet.pages} pages: job {job}")


def _way(options: dict[str, Any]) -> str:
    """Return what to do: the first of the ways that is asked for. Raises UsageError for options of another."""
    given = {name for name, value in options.items() if value}
    way = next((way for way in _WAYS if way in given), None)
    if way is None:
        raise click.UsageError("say what to do: --print, --fill FILE, --read FILE, or --output DIR")
    if way == "fill" and "output" not in given:
        raise click.UsageError("--fill writes a new file: name it with --output FILE.pdf")
    if {"chapter", "workbook"} <= given:
        raise click.UsageError("--chapter and --workbook name two files; name one")
    if foreign := sorted(given - _WAYS[way] - {way}):
        names = ", ".join("--" + name.removesuffix("_fields").replace("_", "-") for name in foreign)
        raise click.UsageError(f"--{way} doesn't go with {names}")
    return way
