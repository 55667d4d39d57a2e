"""`quire series test`: built issues as test messages to one address, or what they would be."""

from datetime import UTC, datetime

import click

from pipeline.cli._session import Session, size

_EXAMPLES = """\b
Examples:
  quire series test ann@example.org
  quire series test ann@example.org --issue 7 --live
  QUIRE_SMTP=folder:sent quire series test ann@example.org --all --live"""


@click.command("test", epilog=_EXAMPLES)
@click.argument("address")
@click.option("--issue", "numbers", type=int, multiple=True, metavar="N", help="This issue; the first without it.")
@click.option("--all", "every", is_flag=True, help="All issues, and the mails.")
@click.option("--live", is_flag=True, help="Send them; without it, say what would be sent.")
@click.pass_obj
def command(session: Session, address: str, numbers: tuple[int, ...], every: bool, live: bool) -> None:
    """Send built issues to ADDRESS as test messages, whose links lead to samples."""
    from pipeline.series import built, trial

    delivery = session.project.settings()[0].delivery
    folder = session.project.output / "newsletter"
    head, letters = built.read_built(folder, session.project.relative(folder))
    wanted = trial.chosen(letters, numbers, every=every)
    signer = trial.signer_for(delivery, head, session.environment) if live else None
    transport = trial.transport_for(delivery, session.environment) if live else None
    made = trial.trials(head, letters, wanted, address, datetime.now(UTC), signer)
    for one, outcome in trial.handed_over(made, transport):
        said = f"{outcome.kind.replace('_', ' ')} {outcome.code or ''} {outcome.text}".strip() if outcome else ""
        way = f"{one.envelope.sender} → {one.envelope.recipient}"
        click.echo(f"{one.letter.stem:<32} {size(len(one.content)):>8}  {way}  {one.subject}  {said}".rstrip())
    if not live:
        server = trial.server_address(delivery, session.environment) or "a mail server that is still to be named"
        session.say(f"Nothing was sent. With --live, it goes to {server}.")
