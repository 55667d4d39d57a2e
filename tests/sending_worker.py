"""A sender as a process of its own, for tests that kill, stop, and starve it.

Usage: sending_worker.py STORE PORT [--lease SECONDS] [--policy hold|resend] [--ahead SECONDS] [--connections N]
[--patience SECONDS] [--room BYTES]. It says “going” once the first message is committed, and its counts in the end.
"""

import argparse
import resource
import sys
import time
from datetime import timedelta

from pipeline.cli._clock import Clock
from pipeline.errors import QuireError
from pipeline.series.compose import Composer, Composing
from pipeline.series.deliver import Sending, Tally, send_due
from pipeline.series.links import read_keys
from pipeline.series.smtp import Patience, Server, SmtpTransport
from pipeline.series.store.engine import open_store
from pipeline.series.store.ledger import Rules


def main() -> None:
    """Send what is due, and exit with the error's code where there is one."""
    parser = argparse.ArgumentParser()
    parser.add_argument("store")
    parser.add_argument("port", type=int)
    parser.add_argument("--lease", type=float, default=2.0)
    parser.add_argument("--policy", choices=["hold", "resend"], default="hold")
    parser.add_argument("--ahead", type=float, default=0.0)
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--patience", type=float, default=30.0)
    parser.add_argument("--room", type=int, default=0)
    given = parser.parse_args()
    store = open_store(given.store)
    if given.room:
        # No file grows beyond it, as on a disk that is full.
        resource.setrlimit(resource.RLIMIT_FSIZE, (given.room, given.room))
    compose = Composer(store, Composing("https://letters.example.org", read_keys("k" * 40), b"h" * 32))
    sending = Sending(
        connections=given.connections,
        rules=Rules(given.policy),
        lease=timedelta(seconds=given.lease),
        pauses=(0.05, 0.1, 0.2),
        patience=given.patience,
        longest_wait=timedelta(seconds=3),
    )
    patience = Patience(connect=10, command=10, content=10, reply=30)
    tally, is_said = Tally(), []

    def progress() -> None:
        if not is_said:
            is_said.append(True)
            sys.stdout.write("going\n")
            sys.stdout.flush()

    try:
        send_due(
            store,
            compose,
            lambda: SmtpTransport(Server("127.0.0.1", given.port, "none"), patience=patience),
            sending,
            Clock(timedelta(seconds=given.ahead)),
            f"worker {time.time_ns()}",
            tally,
            progress,
        )
    except QuireError as error:
        sys.stdout.write(f"{tally}\n")
        sys.stderr.write(f"{error}\n")
        sys.exit(error.exit_code)
    sys.stdout.write(f"{tally}\n")


if __name__ == "__main__":
    main()
