"""`quire series send`: what is due now, sent or listed."""

import click

from pipeline.cli._session import Session

_EXAMPLES = """\b
Examples:
  quire series send
  quire series send --live
  quire series send --live --most 100"""


@click.command("send", epilog=_EXAMPLES)
@click.option("--live", is_flag=True, help="Send it; without it, list it.")
@click.option("--most", type=click.IntRange(1), metavar="N", help="Send, or list, so many at the most.")
@click.pass_obj
def command(session: Session, live: bool, most: int | None) -> None:
    """List what is due now, and with --live send it. What can't be sent now stays due."""
    from pipeline.cli._clock import Clock
    from pipeline.cli._due import listed
    from pipeline.cli._sending import Line, sender
    from pipeline.errors import LetterError
    from pipeline.series.deliver import Tally
    from pipeline.series.service import goes_on_at

    if not live:
        return listed(session, most)
    tally, clock = Tally(), Clock()
    line = Line(session, clock, tally)
    with sender(session, clock, tally, line, most or 0) as one:
        next_at = None
        try:
            one.send()
            next_at = goes_on_at(one.store, tally)
        finally:
            line.end(next_at)
    if tally.held:
        # What is wrong with them was told.
        click.get_current_context().exit(LetterError.exit_code)
    return None
