"""`quire series key`: a new key that links and envelope senders are signed with."""

import click

from pipeline.cli._session import Session

EPILOG = """\b
Examples:
  quire series key
  (umask 077; quire -q series key > ~/.quire-link-keys)
"""


@click.command("key", epilog=EPILOG)
@click.pass_obj
def command(session: Session) -> None:
    """Print a new random key on stdout; on stderr what to do with it."""
    from pipeline.series.links import new_key

    click.echo(new_key())
    session.say(
        "Put this key into QUIRE_LINK_KEYS, or into a file that only you can read, and its path into\n"
        "QUIRE_LINK_KEYS_FILE. To change keys, put the new one first and leave the old ones behind it, separated by\n"
        "spaces or lines: links in letters that were sent work as long as their key is there."
    )
