"""`quire build`: make every format, or those that are named."""

from pathlib import Path

import click

from pipeline.cli._session import Session
from pipeline.project import PAPERS


def _formats(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    from pipeline.catalog import formats

    return [name for name in formats() if name.startswith(incomplete)]


def _editions(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    from pipeline.catalog import EVERY_EDITION, editions, formats

    known = [edition for name in formats() for edition in editions(name)]
    return [name for name in (*known, EVERY_EDITION) if name.startswith(incomplete)]


_EXAMPLES = """\b
Examples:
  quire build
  quire build workbook --edition print --edition cover-wrap
  quire build --edition all --check
  quire build --json"""


@click.command("build", epilog=_EXAMPLES)
@click.argument("names", metavar="[FORMAT]...", nargs=-1, shell_complete=_formats)
@click.option(
    "--edition",
    "editions",
    metavar="NAME",
    multiple=True,
    shell_complete=_editions,
    help="Build this edition of a format, or all; may be repeated. See `quire formats`.",
)
@click.option("--output", type=click.Path(file_okay=False, path_type=Path), help="Build into this folder.")
@click.option(
    "--papers", multiple=True, type=click.Choice((*PAPERS, "all")), help="Worksheets for this paper too, in its folder."
)
@click.option("--no-fonts", is_flag=True, help="Leave the fonts out of the EPUB.")
@click.option("--jobs", type=click.IntRange(1, 256), help="Processes to typeset with; as many as cores by default.")
@click.option("--no-cache", is_flag=True, help="Do all work again, and keep none of it.")
@click.option("--check", "validated", is_flag=True, help="Let independent checkers look at what was built.")
@click.option("--json", "as_json", is_flag=True, help="Print what was made as JSON.")
@click.pass_context
def command(
    ctx: click.Context,
    names: tuple[str, ...],
    editions: tuple[str, ...],
    output: Path | None,
    papers: tuple[str, ...],
    no_fonts: bool,
    jobs: int | None,
    no_cache: bool,
    validated: bool,
    as_json: bool,
) -> None:
    """Build the book: all formats, or those named (see `quire formats`)."""
    from pipeline.build import Options, build
    from pipeline.cli._report import as_json_text, as_text
    from pipeline.errors import ContentError, WriteError

    session: Session = ctx.obj
    epoch = session.environment.get("SOURCE_DATE_EPOCH")
    papers = PAPERS if "all" in papers else tuple(paper for paper in PAPERS if paper in papers)
    options = Options(names, editions, output and output.resolve(), jobs, not no_cache, epoch, papers, not no_fonts)
    report = build(session.project, options, session.progress())
    session.findings(report.warnings)
    if as_json:
        click.echo(as_json_text(report))
    elif not session.quiet:
        click.echo(as_text(report, output or session.project.output, session.verbose))
    session.errors(report.errors)
    if validated and not session.validated(report.made, output or session.project.output):
        ctx.exit(WriteError.exit_code)
    if report.errors:
        ctx.exit(ContentError.exit_code)
