"""`quire series plan`: the day and time of each issue, as a table and as files."""

from datetime import UTC, date, datetime
from typing import Any

import click

from pipeline.cli._session import Session
from pipeline.delivery import WEEKDAYS

_EXAMPLES = """\b
Examples:
  quire series plan --start 2027-01-04
  quire series plan --start 2027-01-04 --on mon --on thu --at 08:00 --time-zone Europe/Paris
  quire series plan --start 2027-01-04 --holiday 2027-05-17 --csv"""
_DAYS = click.Choice(WEEKDAYS)


@click.command("plan", epilog=_EXAMPLES)
@click.option("--start", metavar="DATE", help="The first day; today without it, unless book.yaml has one.")
@click.option("--every", metavar="INTERVAL", help="day, week, 3 days, 2 weeks.")
@click.option("--on", type=_DAYS, multiple=True, help="A weekday to keep to; may be repeated.")
@click.option("--at", metavar="TIME", help="The time of day, such as 08:00.")
@click.option("--time-zone", metavar="ZONE", help="Whose time that is: reader, or one such as Europe/Paris.")
@click.option("--quiet", type=_DAYS, multiple=True, help="A weekday on which nothing goes out; may be repeated.")
@click.option("--holiday", "holidays", metavar="DATE", multiple=True, help="The same, a day; may be repeated.")
@click.option("--json", "form", flag_value="json", help="Print the plan as JSON.")
@click.option("--csv", "form", flag_value="csv", help="Print the plan as CSV.")
@click.pass_obj
def command(session: Session, /, form: str | None, **options: Any) -> None:
    """Print when each issue goes out, and write it to output/newsletter/ as schedule.ics, .csv and .json.

    Options stand instead of what delivery.schedule in book.yaml says; nothing is changed there, and nothing is sent.
    """
    from pipeline.output import put_beside
    from pipeline.series import built, plan

    settings, folder = session.project.settings()[0], session.project.output / "newsletter"
    schedule = plan.overridden(settings.delivery.schedule, {key: value for key, value in options.items() if value})
    head, letters = built.read_built(folder, shown := session.project.relative(folder))
    issues = [letter for letter in letters if letter.kind == "issue"]
    made = plan.plan(head.id, issues, schedule, datetime.now(UTC).astimezone().date())
    files = plan.files(made, head, date.fromisoformat(settings.date))
    put_beside(folder, {f"schedule.{ending}": content for ending, content in files.items()})
    click.echo(files[form].decode().rstrip() if form else plan.as_table(made))
    for note in (*made.notes, f"{plan.span(made)}: {shown}/schedule.ics, .csv and .json"):
        session.say(note)
