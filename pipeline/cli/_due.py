"""A session in; what is due now, as a table, out."""

import click

from pipeline.cli._register import now, open_register, table, told
from pipeline.cli._session import Session

_LISTED = 20


def listed(session: Session, most: int | None) -> None:
    """Print what would be sent now, and what keeps it from being sent. Nothing is changed."""
    from pipeline.mail_proofs import limits
    from pipeline.readiness import faults
    from pipeline.series.deliver import LEASE
    from pipeline.series.store import ledger, recovery
    from pipeline.series.store.people import count_beyond_ascii

    with open_register(session) as register:
        moment = now()
        with register.store.trial() as tx:
            claims = ledger.claim(tx, moment, "a look", LEASE, min(most or _LISTED, ledger.BATCH))
        with register.store.reading() as tx:
            total, next_at = recovery.count_due(tx, moment), recovery.next_look(tx)
            beyond = count_beyond_ascii(tx)
        found = faults(
            register.store,
            session.project.settings()[0].delivery,
            session.environment,
            limits(session.project),
            moment,
        )
    if claims:
        rows = [(one.address, one.issue, told(one.slot_at), _attempt(one.attempt)) for one in claims]
        click.echo(table(rows))
    elif not total:
        session.say(f"Nothing is due. Next: {told(next_at)}.")
    if total:
        shown = _shown(len(claims), min(total, most or _LISTED)) if len(claims) < total else ""
        session.say(f"{total:,} due by {told(moment)}{shown}. Nothing was sent; with --live, it is.")
    if beyond:
        have = "reader has an address" if beyond == 1 else "readers have addresses"
        session.say(f"{beyond:,} {have} beyond ASCII, and can't be reached through a server without SMTPUTF8.")
    for fault in found:
        session.say(f"Not ready: {fault}")


def _shown(count: int, looked_at: int) -> str:
    """Return how many are shown of those that were looked at, and what becomes of the rest."""
    idle = looked_at - count
    gets = f"{idle} {'gets' if idle == 1 else 'get'} nothing now, being late, at the end, or sent an issue today"
    return f"; {count} {'is' if count == 1 else 'are'} shown" + (f", and {gets}" if idle else "")


def _attempt(number: int) -> str:
    return f"attempt {number}" if number > 1 else ""
