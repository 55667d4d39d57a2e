"""`quire series bounces`: mails that came back, read and acted on."""

import sys

import click

from pipeline.cli._session import Session

_EXAMPLES = """\b
Examples:
  quire series bounces ~/Maildir/.bounces
  quire series bounces imaps://ann@mail.example.org/INBOX
  quire series bounces - < bounce.eml"""


@click.command("bounces", epilog=_EXAMPLES)
@click.argument("source")
@click.option("--json", "as_json", is_flag=True, help="Print each mail as JSON, one a line.")
@click.pass_obj
def command(session: Session, source: str, as_json: bool) -> None:
    """Read the mails in SOURCE (a maildir, an mbox, a file, - or imaps://…), and act on what each reports."""
    from pipeline.cli._register import link_keys, now, open_register
    from pipeline.cli._returns import Counts, line
    from pipeline.series.returns import apply, purge
    from pipeline.series.secrets import secret
    from pipeline.series.sources import mails

    keys, delivery = link_keys(session), session.project.settings()[0].delivery
    found = mails(source, sys.stdin.buffer, lambda: secret(session.environment, "QUIRE_IMAP_PASSWORD"))
    counts, moment = Counts(), now()
    with open_register(session) as register:
        for action in apply(register.store, found, keys, register.key, delivery, moment):
            counts.add(action)
            if text := line(action, as_json=as_json, every=session.verbose):
                click.echo(text)
        purged = purge(register.store, moment)
    session.say(counts.told(purged))
