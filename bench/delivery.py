"""20,000 messages handed to Postfix's `smtp-sink`, the ledger on the disk, beside a plain loop of smtplib's."""

import contextlib
import itertools
import os
import resource
import shutil
import smtplib
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from pathlib import Path

from pipeline.cli._clock import Clock
from pipeline.delivery import Schedule
from pipeline.mail.sequence import SenderEntry
from pipeline.series.compose import Composer, Composing
from pipeline.series.deliver import Sending, Tally, send_due
from pipeline.series.importing import Options, import_people
from pipeline.series.links import read_keys
from pipeline.series.message import Head, LetterContent
from pipeline.series.publishing import edition
from pipeline.series.smtp import Patience, Server, SmtpTransport
from pipeline.series.store.engine import Store, open_store
from pipeline.series.store.people import Consent
from pipeline.series.store.publications import publish
from pipeline.series.store.recovery import next_look

READERS = 20_000
CONNECTIONS = 8
# The loop takes long enough that a part of it says how fast it is.
OF_PEER = 2_000
_NOW = datetime(2027, 1, 4, 9, tzinfo=UTC)
_WORDS = "a quiet room with a window on the yard, a chair, and somebody who has time for you. "


def run() -> None:
    """Print how many messages a second go out, and the ratio to the plain loop's."""
    with tempfile.TemporaryDirectory() as name, _sink() as port:
        store = open_store(str(Path(name) / "series.db"))
        _subscribed(store, Path(name))
        with store.reading() as tx:
            first = next_look(tx)
        assert first is not None
        peer = _peer(port)
        started, before = time.perf_counter(), _memory()
        tally = Tally()
        half = [0.0]

        def progress() -> None:
            if not half[0] and tally.sent >= READERS // 2:
                half[0] = _memory()

        compose = Composer(store, Composing("https://letters.example.org", read_keys("k" * 40), b"h" * 32))
        server = Server("127.0.0.1", port, "none")
        send_due(
            store,
            compose,
            lambda: SmtpTransport(server, patience=Patience(), most=10_000),
            Sending(connections=CONNECTIONS),
            Clock(first + timedelta(minutes=1) - datetime.now(UTC)),
            "bench",
            tally,
            progress,
        )
        rate = tally.sent / (time.perf_counter() - started)
        store.close()
    print(f"{'a plain loop of smtplib, messages a second':<46} {peer:8,.0f}")
    ours = f"{tally.sent:,} through {CONNECTIONS} connections, messages a second"
    print(f"{ours:<46} {rate:8,.0f}  {rate / peer:.1f} times as many (asked: 3)")
    print(f"memory: {before:.0f} MB before, {half[0]:.0f} half way, {_memory():.0f} in the end")


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


@contextlib.contextmanager
def _sink() -> Iterator[int]:
    program = shutil.which("smtp-sink", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if program is None:
        raise SystemExit("smtp-sink is not installed: apt-get install postfix")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    user = ["-u", "root"] if os.geteuid() == 0 else []
    sink = subprocess.Popen([program, *user, f"127.0.0.1:{port}", "1000"])
    try:
        for _ in range(100):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.05)
        yield port
    finally:
        sink.terminate()
        sink.wait()


def _texts() -> tuple[str, str]:
    """Return a letter's text and HTML of the size that makes a message of 26 kB."""
    text = (
        "{{ greeting }}\n\n" + "\n".join(_WORDS for _ in range(60)) + "\n{{ unsubscribe_url }}\n{{ postal_address }}\n"
    )
    row = f'<tr><td style="font-family: Georgia, serif; font-size: 17px; line-height: 26px">{_WORDS}</td></tr>\n'
    html = f'<html lang="en"><body><p>{{{{ greeting }}}}</p><table role="presentation">{row * 112}</table>'
    return text, html + '<p><a href="{{ unsubscribe_url }}">Leave</a> {{ postal_address }}</p></body></html>\n'


def _subscribed(store: Store, folder: Path) -> None:
    text, html = _texts()
    letters = [
        LetterContent(
            name=f"letter-{number}",
            kind="issue",
            number=number,
            stem=f"letter-{number}",
            subject=f"Letter {number}",
            preheader="",
            text=text,
            html=html,
        )
        for number in (1, 2)
    ]
    head = Head(
        id="letters",
        title="Letters",
        language="en",
        website="https://example.com",
        sender=SenderEntry("A. Sender", "letters@example.com", "1 Example Street"),
    )
    one = edition(head, letters, Schedule(time_zone="UTC", at="09:00"))
    with store.transaction() as tx:
        publish(tx, head.id, head.title, b"", one.letters, one.schedule, _NOW)
    table = folder / "readers.csv"
    rows = (f"reader-{number}@{number % 97}.example.org,Reader {number}\n" for number in range(READERS))
    table.write_text("Email,Name\n" + "".join(rows), encoding="utf-8")
    options = Options(Consent(_NOW, "a form of ours"))
    import_people(store, 1, table, table.name, folder / "rejected.csv", b"h" * 32, options, _NOW)


def _peer(port: int) -> float:
    """Return how many messages a second a loop sends that builds each one."""
    text, html = _texts()
    started = time.perf_counter()
    with smtplib.SMTP("127.0.0.1", port) as smtp:
        for number in itertools.islice(itertools.count(), OF_PEER):
            link = f"https://letters.example.org/u/{number:032}"
            values = {
                "greeting": f"Dear Reader {number},",
                "unsubscribe_url": link,
                "postal_address": "1 Example Street",
            }
            message = EmailMessage()
            message["From"], message["To"] = "A. Sender <letters@example.com>", f"reader-{number}@example.org"
            message["Subject"], message["Date"] = "Letter 1", format_datetime(datetime.now(UTC))
            message["Message-ID"] = make_msgid(domain="example.com")
            message["List-Unsubscribe"] = f"<{link}>"
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
            bodies = [text, html]
            for name, value in values.items():
                bodies = [body.replace("{{ " + name + " }}", value) for body in bodies]
            message.set_content(bodies[0], cte="quoted-printable")
            message.add_alternative(bodies[1], subtype="html", cte="quoted-printable")
            smtp.send_message(message)
    return OF_PEER / (time.perf_counter() - started)
