"""`quire subscribers show`: a subscriber's state, consent, place in the series, and letters."""

import click

from pipeline.cli._session import Session


@click.command("show", epilog="\b\nExamples:\n  quire subscribers show ann@example.org\n")
@click.argument("address")
@click.option("--json", "as_json", is_flag=True, help="Print everything that is known, as JSON.")
@click.pass_obj
def command(session: Session, address: str, as_json: bool) -> None:
    """Show who ADDRESS is, what they agreed to, where they stand, and what they got and when."""
    from pipeline.cli._register import open_register, table, told
    from pipeline.series import readers, roster

    with open_register(session) as register:
        found = readers.about(register, address)
    if as_json:
        click.echo(roster.as_json(found))
        return
    one = found.subscriber
    click.echo("  ".join(filter(None, (one.address, one.name, one.time_zone, one.locale))))
    click.echo(f"{one.state}{f', suppressed ({found.suppressed})' if found.suppressed else ''}")
    click.echo(f"consent: {told(one.consent_at)}, {one.consent_source}; confirmed: {told(one.confirmed_at)}")
    for row in found.standings:
        coming = f"next {row.next_issue} at {told(row.due_at)}" if row.due_at else ""
        click.echo(f"{row.sequence}: {row.state}, had up to {row.reached or 'nothing'}  {coming}".rstrip())
        if len(found.standings) > 1:
            click.echo(f"  consent: {told(row.consent_at)}, {row.consent_source}; confirmed: {told(row.confirmed_at)}")
    if rows := [(told(d.ended_at), d.issue, d.state, d.subject, d.bounce) for d in found.deliveries]:
        click.echo(table(rows))
