"""`quire check`: find every fault in the manuscript, on the pages that were built, or in mails; build nothing."""

from collections.abc import Sequence
from pathlib import Path

import click

from pipeline.cli._session import Session
from pipeline.errors import ContentError, Finding

EPILOG = """\b
Examples:
  quire check
  quire check --strict --json
  quire check --pages
  quire check newsletter
  quire check newsletter --fallbacks
  quire check newsletter letter.html message.eml"""


@click.command("check", epilog=EPILOG)
@click.argument("what", metavar="[newsletter]", type=click.Choice(("newsletter",)), required=False)
@click.argument("files", nargs=-1, metavar="[FILE]...", type=click.Path(path_type=Path))
@click.option("--pages", is_flag=True, help="Look at the pages of the PDFs in output/ instead.")
@click.option("--fallbacks", is_flag=True, help="With newsletter: print what which program lacks, and what stands in.")
@click.option("--strict", is_flag=True, help="Fail on warnings too.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.pass_context
def command(
    ctx: click.Context,
    what: str | None,
    files: tuple[Path, ...],
    pages: bool,
    fallbacks: bool,
    strict: bool,
    as_json: bool,
) -> None:
    """Check the manuscript; every finding has its place and says what to do.

    With “newsletter”, check the letters in output/newsletter/ instead, or the .html and .eml files that are named.
    """
    session: Session = ctx.obj
    if what and pages:
        raise click.UsageError("--pages looks at PDFs; leave it out, or leave out “newsletter”")
    if fallbacks and not what:
        raise click.UsageError("--fallbacks is about mails; write: quire check newsletter --fallbacks")
    findings: Sequence[Finding]
    if what:
        from pipeline.cli._mail_check import check_mails, print_fallbacks

        if fallbacks:
            print_fallbacks(session, files, as_json)
            return
        findings = check_mails(session, files)
    else:
        findings = _book(session, pages)
    ctx.exit(_told(session, findings, strict, as_json))


def _book(session: Session, pages: bool) -> Sequence[Finding]:
    if pages:
        from pipeline.proofs import check_pages

        session.tell_of_changes()
        return check_pages(session.project)
    from pipeline.build import check

    return check(session.project)


def _told(session: Session, findings: Sequence[Finding], strict: bool, as_json: bool) -> int:
    """Print findings; return the command's status."""
    import msgspec

    errors = [finding for finding in findings if finding.severity == "error"]
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(findings), indent=2).decode())
    else:
        for finding in findings:
            click.echo(str(finding))
        if not session.quiet:
            warnings = len(findings) - len(errors)
            said = f"{_counted(len(errors), 'error')}, {_counted(warnings, 'warning')}."
            click.echo(said if findings else "No findings.", err=True)
    return ContentError.exit_code if errors or (strict and findings) else 0


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
