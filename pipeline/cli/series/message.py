"""`quire series message`: a message that was sent, as it was sent."""

import sys
from pathlib import Path

import click

from pipeline.cli._session import Session

_EXAMPLES = """\b
Examples:
  quire series message ann@example.org 07-longing > longing.eml
  quire series message ann@example.org mail/welcome -o welcome.eml"""


@click.command("message", epilog=_EXAMPLES)
@click.argument("address")
@click.argument("letter")
@click.option("-o", "output", type=click.Path(dir_okay=False, path_type=Path), help="Write it there, not to stdout.")
@click.option("--sequence", default="", metavar="NAME", help="The newsletter, where there are several.")
@click.pass_obj
def command(session: Session, address: str, letter: str, output: Path | None, sequence: str) -> None:
    """Print the message of LETTER that ADDRESS was sent, byte for byte; its hash is compared with what was sent."""
    from pipeline.cli._register import open_register
    from pipeline.errors import StoreError
    from pipeline.series.compose import made_again
    from pipeline.series.readers import subscriber_at
    from pipeline.series.store.courses import chosen
    from pipeline.series.store.sent import sent_message

    with open_register(session) as register, register.store.reading() as tx:
        found = sent_message(tx, chosen(tx, sequence), subscriber_at(tx, address).id, letter)
    if found is None:
        raise StoreError(f"{address} was not sent “{letter}”\n    See quire series log {address}.")
    content = made_again(found)
    if output is None:
        sys.stdout.buffer.write(content)
    else:
        output.write_bytes(content)
