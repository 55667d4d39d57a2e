"""`quire check`: find every fault in the manuscript, or on the pages that were built; build nothing."""

import click

from pipeline.cli._session import Session

EPILOG = "\b\nExamples:\n  quire check\n  quire check --strict --json\n  quire check --pages"


@click.command("check", epilog=EPILOG)
@click.option("--pages", is_flag=True, help="Look at the pages of the PDFs in output/ instead.")
@click.option("--strict", is_flag=True, help="Fail on warnings too.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.pass_context
def command(ctx: click.Context, pages: bool, strict: bool, as_json: bool) -> None:
    """Check the manuscript; every finding has its place and says what to do."""
    import msgspec

    from pipeline.errors import ContentError

    session: Session = ctx.obj
    if pages:
        from pipeline.proofs import check_pages

        session.tell_of_changes()
        findings = check_pages(session.project)
    else:
        from pipeline.build import check

        findings = check(session.project)
    errors = [finding for finding in findings if finding.severity == "error"]
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(findings), indent=2).decode())
    else:
        for finding in findings:
            click.echo(str(finding))
        if not session.quiet:
            warnings = len(findings) - len(errors)
            click.echo(f"{len(errors)} errors, {warnings} warnings." if findings else "No findings.", err=True)
    ctx.exit(ContentError.exit_code if errors or (strict and findings) else 0)
