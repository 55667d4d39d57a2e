"""A session and files in; what `quire check newsletter` finds and prints out."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cli._session import Session
from pipeline.errors import Finding

if TYPE_CHECKING:
    from pipeline.lint import Mail


def check_mails(session: Session, files: Sequence[Path]) -> tuple[Finding, ...]:
    """Return what there is to mend in files, or in the built letters; say on stderr what SpamAssassin gives them."""
    from pipeline import lint, mail_proofs

    mails = _mails(session, files)
    limits = lint.Limits() if files else mail_proofs.limits(session.project)
    pages = () if files else mail_proofs.archive(session.project)
    return (*mail_proofs.check((*mails, *pages), limits), *_spam(session, mails))


def print_fallbacks(session: Session, files: Sequence[Path], as_json: bool) -> None:
    """Print what which program lacks of the mails, and what stands in for it."""
    import msgspec

    from pipeline.mail.support import source
    from pipeline.mail_proofs import fallbacks

    rows = fallbacks(_mails(session, files))
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(rows), indent=2).decode())
        return
    for row in rows:
        click.echo(row.shown)
        click.echo(f"    lacks it: {', '.join(row.clients)}")
        click.echo(f"    instead:  {row.instead or 'nothing'}")
        times = f"{row.places} times in {row.files} files, first " if row.places > 1 else ""
        click.echo(f"    where:    {times}{row.at}")
    session.say(f"From {source()}.")


def _mails(session: Session, files: Sequence[Path]) -> "tuple[Mail, ...]":
    from pipeline import mail_proofs

    if files:
        return mail_proofs.read(session.project, files)
    mails = mail_proofs.built(session.project)
    session.tell_of_changes("letters")
    return mails


def _spam(session: Session, mails: "Sequence[Mail]") -> list[Finding]:
    from pipeline import spam

    messages = [(mail.path, mail.raw) for mail in mails if mail.raw]
    if not messages:
        return []
    if not spam.is_there(session.environment):
        session.say(f"SpamAssassin is not installed: {spam.INSTALL}")
        return []
    scores = spam.scores(messages, session.environment)
    if not scores:
        session.say("SpamAssassin gave no answer.")
        return []
    for score in scores if session.verbose else sorted(scores, key=lambda one: one.total)[-1:]:
        session.say(f"SpamAssassin: {'' if session.verbose else 'at most '}{score}")
    return spam.findings(scores)
