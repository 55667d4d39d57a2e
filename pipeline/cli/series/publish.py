"""`quire series publish`: the built newsletter frozen, as it will be sent."""

import sys
import time

import click

from pipeline.cli._session import Session

_EXAMPLES = """\b
Examples:
  quire series publish --plan
  quire series publish
  quire series publish --catch-up --yes"""


@click.command("publish", epilog=_EXAMPLES)
@click.option("--plan", "only_plan", is_flag=True, help="Show what would change and for whom, and change nothing.")
@click.option("--catch-up", is_flag=True, help="Send new and moved issues to readers past their place, too.")
@click.option("--yes", is_flag=True, help="Don't ask.")
@click.pass_obj
def command(session: Session, only_plan: bool, catch_up: bool, yes: bool) -> None:
    """Freeze the newsletter in output/newsletter/: what is there now is what readers are sent, until the next time."""
    from pipeline.cli._publication import as_text
    from pipeline.cli._register import now, open_register
    from pipeline.series import built
    from pipeline.series.publishing import edition, plan, publish

    settings, folder = session.project.settings()[0], session.project.output / "newsletter"
    session.tell_of_changes("letters")
    head, letters = built.read_built(folder, session.project.relative(folder))
    one = edition(head, letters, settings.delivery.schedule)
    with open_register(session) as register:
        planned = plan(register.store, one, catch_up=catch_up)
        if text := as_text(planned, every=session.verbose):
            click.echo(text)
        is_same = planned.is_empty and not planned.is_unfinished
        if only_plan or is_same:
            return session.say("Nothing has changed." if is_same else "Nothing was published.")
        if planned.version > 1 and not yes and sys.stdin.isatty():
            click.confirm("Publish this?", abort=True, err=True)
        publish(register.store, one, now(), time.sleep, catch_up=catch_up)
    version = planned.version - planned.is_empty
    return session.say(f"Published {head.title}, version {version}. Send what is due: quire series send.")
