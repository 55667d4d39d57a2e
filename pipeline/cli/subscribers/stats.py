"""`quire subscribers stats`: how many subscribers there are, and where they stand."""

import click

from pipeline.cli._session import Session


@click.command("stats", epilog="\b\nExamples:\n  quire subscribers stats\n  quire subscribers stats --json")
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON.")
@click.pass_obj
def command(session: Session, as_json: bool) -> None:
    """Count subscribers by their state, and in each newsletter."""
    import msgspec

    from pipeline.cli._register import open_register, table
    from pipeline.series.store import people

    with open_register(session) as register, register.store.reading() as tx:
        states, enrolled = people.counts(tx), people.enrolled(tx)
    if as_json:
        click.echo(msgspec.json.encode({"subscribers": states, "sequences": enrolled}).decode())
        return
    rows = [("subscribers", state, f"{count:,}") for state, count in sorted(states.items())]
    rows += [(name, state, f"{count:,}") for name, counts in enrolled.items() for state, count in counts.items()]
    click.echo(table(rows) if rows else "There are no subscribers yet.")
