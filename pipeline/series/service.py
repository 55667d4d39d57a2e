"""A way to send what is due in; the same again and again, for as long as the process runs."""

from collections.abc import Callable
from datetime import datetime, timedelta

from pipeline.errors import StoreError, TransientDeliveryError
from pipeline.series import returns
from pipeline.series.deliver import Clock, Tally
from pipeline.series.store import recovery
from pipeline.series.store.engine import Store

# Somebody may confirm, or a new version be published, at any time.
_LONGEST_WAIT = timedelta(seconds=30)
_LONGEST_PAUSE = 300
_TIDY_EVERY = timedelta(hours=6)


def serve(
    store: Store,
    send: Callable[[], None],
    clock: Clock,
    tally: Tally,
    report: Callable[[datetime | None], None],
    tell: Callable[[str], None],
) -> None:
    """Send what is due and wait for what comes, until the clock says to stop.

    `report` is called after each look, with when something is due next; `tell` with what is wrong for a while: a server
    that can't be reached, a store that can't be used. Both are tried again, with growing pauses. What no waiting mends,
    such as a wrong password, is raised (DeliveryError, ConfigError).
    """
    failures, tidied = 0, None
    while not clock.is_stopping():
        try:
            send()
            now = clock.now()
            if tidied is None or not tidied <= now < tidied + _TIDY_EVERY:
                returns.purge(store, now)
                tidied = now
            next_at = goes_on_at(store, tally)
        except (TransientDeliveryError, StoreError) as error:
            failures += 1
            pause = min(5 * 2 ** min(failures - 1, 10), _LONGEST_PAUSE)
            tell(f"{error}\n    Trying again in {pause} seconds.")
            clock.wait(pause)
            continue
        failures = 0
        report(next_at)
        wait = _LONGEST_WAIT if next_at is None else min(max(next_at - clock.now(), timedelta()), _LONGEST_WAIT)
        clock.wait(max(wait.total_seconds(), 0.2))


def goes_on_at(store: Store, tally: Tally) -> datetime | None:
    """Return when the next message is due, or a limit lets it go; None if nothing is to come."""
    with store.reading() as tx:
        due = recovery.next_look(tx)
    return max(filter(None, (due, tally.resume_at)), default=None)
