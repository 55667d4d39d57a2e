"""`quire series settle`: what may have been sent or not, and what is to become of it."""

import click

from pipeline.cli._session import Session

_EXAMPLES = """\b
Examples:
  quire series settle
  quire series settle --all --as sent
  quire series settle 4611686018427387904 --as resend"""


@click.command("settle", epilog=_EXAMPLES)
@click.argument("numbers", metavar="[NUMBER...]", type=int, nargs=-1)
@click.option("--all", "every", is_flag=True, help="All of them.")
@click.option("--as", "decision", type=click.Choice(["sent", "resend", "failed"]), help="What becomes of them.")
@click.pass_obj
def command(session: Session, numbers: tuple[int, ...], every: bool, decision: str | None) -> None:
    """List messages in doubt, or settle them: the line or the sender ended before the server's reply.

    The server's log knows whether it has one, by its Message-ID. `sent` takes it for sent, `resend` sends it once
    more, `failed` leaves it. A bounce for one settles it too.
    """
    from pipeline.cli._register import now, open_register, table, told
    from pipeline.series.compose import message_id_of
    from pipeline.series.store import recovery, sent
    from pipeline.series.store.courses import content_of

    if bool(decision) != bool(numbers or every):
        raise click.UsageError("to settle some, name them, or say --all; and say as what, with --as")
    with open_register(session) as register:
        if not decision:
            with register.store.reading() as tx:
                found = sent.doubtful(tx)
                letters = {one.revision_id: content_of(tx, one.revision_id) for one in found}
            ids = [message_id_of(letters[one.revision_id], one.ref) for one in found]
            rows = [
                (str(one.ref), told(one.sending_at), one.address, one.issue, message_id)
                for one, message_id in zip(found, ids, strict=True)
            ]
            click.echo(table(rows)) if rows else session.say("Nothing is in doubt.")
            return
        with register.store.transaction() as tx:
            refs = [one.ref for one in sent.doubtful(tx)] if every else list(numbers)
            count = recovery.settle(tx, refs, decision, now())  # type: ignore[arg-type]
        session.say(f"{count:,} settled as {decision}.")
