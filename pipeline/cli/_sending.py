"""A session in; everything that sends, wired together, and what it says while it does, out."""

import os
import secrets
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import click

from pipeline.cli._clock import Clock
from pipeline.cli._register import link_keys, open_register, told
from pipeline.cli._session import Session

if TYPE_CHECKING:
    from pipeline.series.deliver import Tally
    from pipeline.series.store.engine import Store

# How often a line says how far a run has come, in seconds.
_EVERY = 60.0


class Line:
    """The health line: how much has been sent and what was wrong; a line at most each minute, or one that changes."""

    def __init__(self, session: Session, clock: Clock, tally: "Tally") -> None:
        self._session, self._clock, self._tally = session, clock, tally
        self._is_live = sys.stderr.isatty() and not session.quiet
        self._said, self._at = "", clock.elapsed()
        self._told: set[str] = set()

    def moved(self) -> None:
        """Say how far it has come, where that is worth a line, and once of each letter that can't be sent."""
        for fault in self._tally.held.values():
            if fault not in self._told:
                self.tell(fault)
        self._told = set(self._tally.held.values())
        if self._is_live:
            self._show(self.text())
        elif self._clock.elapsed() - self._at >= _EVERY:
            self.end()

    def waiting(self, next_at: datetime | None) -> None:
        """Say how far it has come, and when it goes on, where either has changed."""
        text = f"{self.text()}; next: {told(next_at)}"
        if self._is_live:
            self._show(text)
        elif text != self._said or self._clock.elapsed() - self._at >= _EVERY:
            self._session.say(f"{told(self._clock.now())}  {text}")
            self._at = self._clock.elapsed()
        self._said = text

    def end(self, next_at: datetime | None = None) -> None:
        """Say how far it has come, and when it goes on where that is known."""
        self.clear()
        goes_on = f"; next: {told(next_at)}" if next_at else ""
        self._session.say(f"{told(self._clock.now())}  {self.text()}{goes_on}")
        self._at = self._clock.elapsed()

    def tell(self, message: str) -> None:
        """Say something else."""
        self.clear()
        click.echo(f"{told(self._clock.now())}  {message}", err=True)

    def clear(self) -> None:
        """Take back the line that is drawn over."""
        if self._is_live:
            click.echo("\r\033[K", nl=False, err=True)

    def text(self) -> str:
        """Return the counts as words."""
        one = self._tally
        counts = {"sent": one.sent, "deferred": one.deferred, "failed": one.failed}
        rarely = {
            "in doubt": one.in_doubt,
            "stopped in time": one.stopped,
            "left by others": one.recovered,
            "letters held": len(one.held),
        }
        counts |= {name: count for name, count in rarely.items() if count}
        return ", ".join(f"{name} {count:,}" for name, count in counts.items())

    def _show(self, text: str) -> None:
        click.echo(f"\r\033[K{text}", nl=False, err=True)


class Sender(NamedTuple):
    """A store, and what sends all that is due in it."""

    store: "Store"
    send: Callable[[], None]


@contextmanager
def sender(session: Session, clock: Clock, tally: "Tally", line: Line, most: int = 0) -> Iterator["Sender"]:
    """Yield what sends, once all is ready for it. Raises ConfigError with everything that isn't."""
    from pipeline.mail_proofs import limits
    from pipeline.readiness import faults, refuse
    from pipeline.series.compose import Composer, Composing
    from pipeline.series.deliver import Sending, send_due
    from pipeline.series.store.courses import versions
    from pipeline.series.store.ledger import Rules
    from pipeline.series.store.limits import Limits
    from pipeline.series.trial import signer_for, transport_for

    delivery = session.project.settings()[0].delivery
    with open_register(session) as register:
        store = register.store

        def checked() -> dict[str, int]:
            """Return the versions of what is published, once all of it may be sent."""
            with store.reading() as tx:
                found = versions(tx)
            refuse(faults(store, delivery, session.environment, limits(session.project), clock.now()))
            return found

        ready = checked()
        composing = Composing(
            delivery.links,
            link_keys(session),
            register.key,
            delivery.bounces,
            lambda head: signer_for(delivery, head, session.environment),
        )
        sending = Sending(
            delivery.connections,
            Limits(delivery.limits, delivery.domain_limits),
            Rules(delivery.in_doubt, delivery.soft_bounces),
            most=most,
        )
        compose, owner = Composer(store, composing), f"{socket.gethostname()} {os.getpid()} {secrets.token_hex(4)}"

        def send() -> None:
            nonlocal ready
            with store.reading() as tx:
                is_new = versions(tx) != ready
            if is_new:
                ready = checked()
            transport = partial(transport_for, delivery, session.environment)
            send_due(store, compose, transport, sending, clock, owner, tally, line.moved)

        with clock.heeding_signals():
            try:
                yield Sender(store, send)
            except KeyboardInterrupt:
                line.tell(
                    "Stopped at once. What was in flight is in doubt; after the next run, see quire series settle."
                )
                raise click.exceptions.Exit(130) from None
