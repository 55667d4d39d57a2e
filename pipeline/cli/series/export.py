"""`quire series export`: the built newsletter in the form that another service takes."""

from pathlib import Path
from typing import Any

import click

from pipeline.cli._session import Session, size
from pipeline.series.exports import services

EPILOG = """\b
Examples:
  quire series export --to listmonk
  quire series export --to kit --start 2027-01-04 --every "2 weeks"
  quire series export --to mailchimp --list a1b2c3d4e5 --output mailchimp"""


@click.command("export", epilog=EPILOG)
@click.option("--to", "service", type=click.Choice(services()), required=True, help="Who is to take it.")
@click.option("--output", type=click.Path(file_okay=False, path_type=Path), help="A folder; else in output/export/.")
@click.option("--start", metavar="DAY", default="", help="Day of the first issue, the same for all readers.")
@click.option("--every", metavar="INTERVAL", default="", help="Such as week or 3 days; else as in book.yaml.")
@click.option("--time-zone", metavar="ZONE", default="", help="Such as Europe/Paris; else as in book.yaml.")
@click.option("--pictures", metavar="URL", default="", help="Where you will put the pictures; else the book's site.")
@click.option("--list", "audience", metavar="ID", default="", help="What the service calls the list of readers.")
@click.pass_obj
def command(session: Session, /, service: str, output: Path | None, **wanted: Any) -> None:
    """Write the built letters as files or requests for a service, with a README. Nothing is sent."""
    from pipeline.series import export

    project = session.project
    folder = output or project.output / "export" / service
    built = project.output / "newsletter"
    material = export.material(built, project.settings()[0].delivery.schedule, project.relative(built), **wanted)
    made = export.export(material, service, folder)
    total = size(sum(len(file.content) for file in made.files))
    shown = output or project.relative(folder)
    click.echo(f"{shown}/  {len(made.files)} file{'s' if len(made.files) != 1 else ''}  {total}")
    for sentence in made.lost:
        session.say(f"not carried over: {sentence}")
