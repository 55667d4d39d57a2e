"""`quire series run`: what is due sent, for as long as it runs."""

import click

from pipeline.cli._session import Session

_EXAMPLES = """\b
Examples:
  quire series run
  quire -q series run"""


@click.command("run", epilog=_EXAMPLES)
@click.pass_obj
def command(session: Session) -> None:
    """Send what is due, wait for what comes, and so on until SIGTERM or Ctrl-C; then end what is under way.

    Several may run at once, on several machines with one store on Postgres: nothing is sent twice, and limits hold for
    all together.
    """
    from pipeline.cli._clock import Clock
    from pipeline.cli._sending import Line, sender
    from pipeline.series.deliver import Tally
    from pipeline.series.service import serve

    tally, clock = Tally(), Clock()
    line = Line(session, clock, tally)
    with sender(session, clock, tally, line) as one:
        try:
            serve(one.store, one.send, clock, tally, line.waiting, line.tell)
        finally:
            line.end()
