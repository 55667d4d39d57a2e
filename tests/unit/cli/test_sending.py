"""`quire series publish`, `send`, `run`, `settle`, and `message`: what they say, refuse, and do."""

import hashlib
import re
import signal
import socketserver
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from acceptance.conftest import environment, quire_command
from builders import a_project
from built_newsletter import a_built_newsletter
from click.testing import CliRunner, Result
from msgspec.structs import replace
from sqlalchemy import select, update

from pipeline.cli import quire
from pipeline.cli._clock import Clock
from pipeline.cli._sending import Line, sender
from pipeline.cli._session import Session
from pipeline.errors import ConfigError, Finding
from pipeline.project import Project
from pipeline.series.deliver import Tally
from pipeline.series.message import frozen, thawed
from pipeline.series.store import _schema as t
from pipeline.series.store import moving
from pipeline.series.store.engine import open_store

NAMES = ("DATABASE_URL", "ADDRESS_KEY", "LINK_KEYS", "IMAP_PASSWORD", "SMTP_PASSWORD", "DKIM_KEY")
BLANK = {f"QUIRE_{name}{ending}": None for name in NAMES for ending in ("", "_FILE")} | {"QUIRE_SMTP": None}
KEYS = {"QUIRE_LINK_KEYS": "l" * 43}
DELIVERY = "\ndelivery:\n  links: https://letters.ann-writes.net\n"

Run = Callable[..., Result]


def a_newsletter(project: Project, issues: int = 3, *, is_real: bool = True) -> None:
    """Build a newsletter; a real one has a sender who is no example."""
    folder = a_built_newsletter(project.output / "newsletter", issues)
    if is_real:
        path = folder / "sequence.json"
        text = path.read_text(encoding="utf-8").replace("letters@example.com", "letters@ann-writes.net")
        path.write_text(text.replace("1 Example Street", "12 Bridge Lane, Springfield"), encoding="utf-8")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = a_project(tmp_path / "book")
    settings = project.root / "content" / "book.yaml"
    settings.write_text(settings.read_text(encoding="utf-8") + DELIVERY, encoding="utf-8")
    a_newsletter(project)
    return project


@pytest.fixture
def run(project: Project) -> Run:
    def run(*arguments: str, **environment: str) -> Result:
        given = {**BLANK, **KEYS, "QUIRE_SMTP": f"folder:{project.root / 'sent'}", **environment}
        return CliRunner().invoke(quire, ["-C", str(project.root), *arguments], prog_name="quire", env=given)

    return run


def with_readers(run: Run, *addresses: str) -> None:
    assert run("series", "publish").exit_code == 0
    for address in addresses:
        assert run("subscribers", "add", address, "--consent", "the fair", "--no-confirm").exit_code == 0


def change(project: Project, old: str, new: str) -> None:
    """Build letters of which something is otherwise."""
    folder = project.output / "newsletter"
    sequence = (folder / "sequence.json").read_text(encoding="utf-8")
    for path in folder.glob("*.html"):
        before = path.read_bytes()
        path.write_bytes(before.replace(old.encode(), new.encode()))
        hashes = [hashlib.sha256(content).hexdigest() for content in (before, path.read_bytes())]
        sequence = sequence.replace(*hashes)
    (folder / "sequence.json").write_text(sequence, encoding="utf-8")


def let_it_be_due(project: Project) -> None:
    with closing(open_store(str(project.state / "series.db"))) as store, store.transaction() as tx:
        moment = datetime.now(UTC) - timedelta(minutes=1)
        tx.execute(update(t.enrolments).values(slot_at=moment, due_at=moment))
        tx.execute(update(t.subscribers).values(last_sent_at=None))


def sent_files(project: Project) -> list[Path]:
    return sorted((project.root / "sent").glob("*.eml"))


# --------------------------------------------------------------------------- publish


def test_a_plan_is_shown_and_nothing_published(run: Run) -> None:
    told = run("series", "publish", "--plan")
    assert re.search(r"1\s+letter-1\s+new\s+Letter 1", told.output)
    assert "Nothing was published." in told.output
    assert "no newsletter has been published" in run("subscribers", "add", "ann@example.org").output


def test_publishing_the_same_again_says_that_nothing_has_changed(run: Run) -> None:
    assert "Published Letters, version 1" in run("series", "publish").output
    assert run("series", "publish").output == "Nothing has changed.\n"


def test_publishing_that_was_cut_off_is_gone_on_with(run: Run, project: Project) -> None:
    with_readers(run, "ann@example.org")
    with closing(open_store(str(project.state / "series.db"))) as store, store.transaction() as tx:
        moving.begin_portions(tx, 1)
    assert "it goes on with them" in run("series", "publish", "--plan").stdout
    assert "Published Letters, version 1" in run("series", "publish").stderr
    assert run("series", "publish").output == "Nothing has changed.\n"


def test_an_edit_of_a_running_series_says_who_gets_what(run: Run, project: Project) -> None:
    with_readers(run, "ann@example.org")
    a_newsletter(project, 4)
    told = run("series", "publish", "--plan").output
    assert re.search(r"letter-4\s+new\s+1\s+0\s+Letter 4", told)


def test_letters_changed_by_hand_are_not_published(run: Run, project: Project) -> None:
    path = project.output / "newsletter" / "02-letter-2.txt"
    path.write_text("Another text\n", encoding="utf-8")
    told = run("series", "publish")
    assert told.exit_code == 3
    assert "output/newsletter/02-letter-2.txt: has changed since it was built" in told.output


def test_without_a_built_newsletter_it_says_what_to_run(run: Run, project: Project) -> None:
    (project.output / "newsletter" / "sequence.json").unlink()
    told = run("series", "publish")
    assert told.exit_code == 3
    assert "quire build newsletter" in told.output


# --------------------------------------------------------------------------- send


def test_without_live_it_lists_what_is_due_and_sends_nothing(run: Run, project: Project) -> None:
    with_readers(run, "ann@example.org", "ben@example.org")
    let_it_be_due(project)
    told = run("series", "send").output
    assert re.search(r"ann@example.org\s+letter-1\s+20", told)
    assert "2 due" in told
    assert "Nothing was sent; with --live, it is." in told
    assert sent_files(project) == []
    # Looking claims nothing.
    assert "2 due" in run("series", "send").output


def test_who_is_due_and_gets_nothing_now_is_told_of(run: Run, project: Project) -> None:
    with_readers(run, "ann@example.org", "bea@example.org")
    let_it_be_due(project)
    with closing(open_store(str(project.state / "series.db"))) as store, store.transaction() as tx:
        weeks_ago = datetime.now(UTC) - timedelta(days=21)
        tx.execute(update(t.enrolments).where(t.enrolments.c.id == 1).values(slot_at=weeks_ago, due_at=weeks_ago))
    listed = run("series", "send")
    assert listed.stdout.startswith("bea@example.org")
    assert "; 1 is shown, and 1 gets nothing now, being late, at the end, or" in listed.stderr


def test_how_many_have_addresses_that_not_every_server_takes_is_said_before(run: Run, project: Project) -> None:
    with_readers(run, "ann@example.org", "ben@exämple.org")
    assert "ASCII" not in run("series", "send").output
    assert run("subscribers", "add", "zoë@example.org", "--consent", "the fair", "--no-confirm").exit_code == 0
    assert "1 reader has an address beyond ASCII, and can't be reached" in run("series", "send").output
    assert run("subscribers", "unsubscribe", "zoë@example.org").exit_code == 0
    assert "ASCII" not in run("series", "send").output


def test_live_it_sends_each_once(run: Run, project: Project) -> None:
    with_readers(run, "ann@example.org", "ben@example.org")
    let_it_be_due(project)
    told = run("series", "send", "--live")
    assert told.exit_code == 0, told.output
    assert "sent 2, deferred 0, failed 0" in told.output
    assert [path.name.partition(".org")[0] for path in sent_files(project)] == ["ann@example", "ben@example"]
    assert "sent 0" in run("series", "send", "--live").output


def test_no_more_is_sent_than_is_asked_for(run: Run, project: Project) -> None:
    with_readers(run, "ann@example.org", "ben@example.org", "cid@example.org")
    let_it_be_due(project)
    run("series", "send", "--live", "--most", "2")
    assert len(sent_files(project)) == 2


def test_what_is_not_ready_is_told_all_at_once_and_nothing_sent(run: Run, project: Project) -> None:
    settings = project.root / "content" / "book.yaml"
    settings.write_text(settings.read_text(encoding="utf-8").replace(DELIVERY, ""), encoding="utf-8")
    a_newsletter(project, is_real=False)
    with_readers(run, "ann@example.org")
    let_it_be_due(project)
    told = run("series", "send", "--live", QUIRE_LINK_KEYS="", QUIRE_SMTP="")
    assert told.exit_code == 3
    for fault in (
        "links have nowhere to lead",
        "letters@example.com is an example",
        "the postal address is an example",
        "QUIRE_LINK_KEYS is not set",
        "no mail server is named",
    ):
        assert fault in told.output
    assert sent_files(project) == []
    assert "Not ready: letters@example.com is an example" in run("series", "send").output


def test_letters_with_faults_are_not_sent(run: Run, project: Project) -> None:
    change(project, "alt=", "title=")
    with_readers(run, "ann@example.org")
    told = run("series", "send", "--live")
    assert told.exit_code == 3
    assert "01-letter-1.eml, HTML part, line 1: a picture has no alt" in told.output
    change(project, "title=", "alt=")
    run("series", "publish")
    assert run("series", "send", "--live").exit_code == 0


def test_a_version_is_looked_at_once(run: Run, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    with_readers(run)
    assert run("series", "send", "--live").exit_code == 0
    monkeypatch.setattr("pipeline.lint.check", lambda mail, bounds: pytest.fail("it was looked at again"))
    assert run("series", "send", "--live").exit_code == 0


def test_letters_with_faults_that_are_published_while_it_runs_are_not_sent(
    run: Run, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_readers(run, "ann@example.org")
    for name, value in {**KEYS, "QUIRE_SMTP": f"folder:{project.root / 'sent'}"}.items():
        monkeypatch.setenv(name, value)
    session, clock, tally = Session(project, quiet=True, verbose=False), Clock(), Tally()
    with sender(session, clock, tally, Line(session, clock, tally)) as one:
        one.send()
        change(project, "alt=", "title=")
        assert run("series", "publish").exit_code == 0
        let_it_be_due(project)
        with pytest.raises(ConfigError, match="a picture has no alt"):
            one.send()
        change(project, "title=", "alt=")
        assert run("series", "publish").exit_code == 0
        one.send()
    assert len(sent_files(project)) == 1


def test_while_letters_are_looked_at_others_may_send(
    run: Run, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_readers(run, "ann@example.org")
    looked: list[str] = []

    def look(mail: object, bounds: object) -> list[Finding]:
        with closing(sqlite3.connect(project.state / "series.db", timeout=0, isolation_level=None)) as database:
            database.execute("BEGIN IMMEDIATE")
        looked.append(str(mail))
        return []

    monkeypatch.setattr("pipeline.lint.check", look)
    assert run("series", "send", "--live").exit_code == 0
    assert looked


def test_no_secret_is_ever_said(run: Run, project: Project) -> None:
    with_readers(run, "ann@example.org")
    let_it_be_due(project)
    told = run("series", "send", "--live", QUIRE_SMTP="smtp://ann@127.0.0.1:9", QUIRE_SMTP_PASSWORD="hidden-word")
    assert told.exit_code in (3, 6)
    assert "hidden-word" not in told.output
    assert KEYS["QUIRE_LINK_KEYS"] not in told.output


# --------------------------------------------------------------------------- a letter that can't be made any more


def unreadable(content: bytes) -> bytes:
    return content[:40]


def another(content: bytes) -> bytes:
    return content.replace(b"Letter 1", b"Letter X")


def showing_what_there_is_not(content: bytes) -> bytes:
    one = thawed(content)
    return frozen(one.head, replace(one.letter, worksheet="", text="{{ worksheet_url }}\n"))


def with_a_damaged_letter(run: Run, project: Project, damage: Callable[[bytes], bytes], *, is_known: bool) -> None:
    """Let Ann be due for the first issue, which is damaged, and Ben for the second; `is_known` keeps its hash right."""
    with_readers(run, "ann@example.org", "ben@example.org")
    # All of it is in order when it is published.
    assert run("series", "send", "--live").exit_code == 0
    let_it_be_due(project)
    with closing(open_store(str(project.state / "series.db"))) as store, store.transaction() as tx:
        e, r = t.enrolments.c, t.revisions.c
        tx.execute(update(t.enrolments).where(e.subscriber_id == 2).values(reached="letter-1"))
        content = damage(tx.execute(select(r.content).where(r.issue == "letter-1")).scalar_one())
        values = {"content": content} | ({"hash": hashlib.sha256(content).digest()} if is_known else {})
        tx.execute(update(t.revisions).where(r.issue == "letter-1").values(**values))


def states(project: Project) -> dict[str, str]:
    with closing(open_store(str(project.state / "series.db"))) as store, store.reading() as tx:
        d = t.deliveries.c
        rows = tx.execute(select(d.issue, d.state).where(~d.issue.startswith("mail/")))
        return {row.issue: row.state for row in rows}


@pytest.mark.parametrize(
    ("damage", "is_known"), [(unreadable, False), (another, False), (showing_what_there_is_not, True)]
)
def test_a_letter_that_cannot_be_made_waits_and_no_other_does(
    run: Run, project: Project, damage: Callable[[bytes], bytes], is_known: bool
) -> None:
    with_a_damaged_letter(run, project, damage, is_known=is_known)
    told = run("series", "send", "--live")
    assert told.exit_code == 6, told.output
    assert told.output.count("“letter-1” can't be sent as it was published: ") == 1
    assert "quire series publish" in told.output
    assert "sent 1, deferred 0, failed 0, letters held 1" in told.output
    assert states(project) == {"letter-1": "due", "letter-2": "sent"}
    # Its readers are not looked at again and again.
    assert "failed 0" in (again := run("series", "send", "--live")).output
    assert again.exit_code == 0
    # Publishing it as it was built mends it, also where that was the same letter.
    assert "Published" in run("series", "publish").output
    assert run("series", "send", "--live").exit_code == 0
    assert states(project)["letter-1"] == "sent"


def test_run_tells_once_of_a_letter_that_cannot_be_made(
    run: Run, project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with_a_damaged_letter(run, project, another, is_known=False)
    for name, value in {**KEYS, "QUIRE_SMTP": f"folder:{project.root / 'sent'}"}.items():
        monkeypatch.setenv(name, value)
    tally = Tally()
    session, clock = Session(project, quiet=True, verbose=False), Clock()
    with sender(session, clock, tally, Line(session, clock, tally)) as one:
        for _ in range(3):
            one.send()
            with one.store.transaction() as tx:
                tx.execute(update(t.deliveries).where(t.deliveries.c.state == "due").values(try_at=clock.now()))
        assert capsys.readouterr().err.count("“letter-1” can't be sent as it was published") == 1
        assert run("series", "publish").exit_code == 0
        one.send()
    assert states(project) == {"letter-1": "sent", "letter-2": "sent"}
    assert tally.held == {}


# --------------------------------------------------------------------------- what was sent, and what may have been


def test_a_message_is_printed_as_it_was_sent(run: Run, project: Project, tmp_path: Path) -> None:
    with_readers(run, "ann@example.org")
    let_it_be_due(project)
    run("series", "send", "--live")
    [path] = sent_files(project)
    assert run("series", "message", "ann@example.org", "letter-1", "-o", str(tmp_path / "a.eml")).exit_code == 0
    # Delivery has put its envelope in front.
    assert path.read_bytes().split(b"\r\n", 2)[2] == (tmp_path / "a.eml").read_bytes()
    told = run("series", "message", "ann@example.org", "letter-2")
    assert (told.exit_code, "was not sent “letter-2”" in told.output) == (7, True)


def test_what_is_in_doubt_is_listed_and_settled(run: Run, project: Project) -> None:
    with_readers(run, "ann@example.org")
    let_it_be_due(project)
    run("series", "send", "--live")
    with closing(open_store(str(project.state / "series.db"))) as store, store.transaction() as tx:
        # As if the server had not answered: then nobody can say that they have had an issue today.
        tx.execute(update(t.deliveries).values(state="in_doubt"))
        tx.execute(update(t.subscribers).values(last_sent_at=None))
    told = run("series", "settle").output
    found = re.fullmatch(r"(\d+)  20\S+ \S+ UTC  ann@example.org  letter-1  (\w+@ann-writes.net)\n", told)
    assert found
    assert f"Message-ID: <{found[2]}>".encode() in sent_files(project)[0].read_bytes()
    assert run("series", "settle", "--as", "sent").exit_code == 2
    assert "1 settled as resend" in run("series", "settle", found[1], "--as", "resend").output
    run("series", "send", "--live")
    assert len(sent_files(project)) == 2
    assert run("series", "settle").output == "Nothing is in doubt.\n"


# --------------------------------------------------------------------------- run


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_runs_until_it_is_asked_to_stop(project: Project, run: Run, number: signal.Signals) -> None:
    with_readers(run, "ann@example.org")
    process = subprocess.Popen(
        quire_command("-C", str(project.root), "series", "run"),
        env=environment(**KEYS, QUIRE_SMTP=f"folder:{project.root / 'sent'}"),
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    assert process.stderr is not None
    first = process.stderr.readline()
    assert re.search(r"UTC  sent 0, deferred 0, failed 0; next: 20", first), first + process.stderr.read()
    process.send_signal(number)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 0, said
    assert "sent 0" in said


@contextmanager
def a_server_that_never_answers() -> Iterator[tuple[int, threading.Event]]:
    """Yield the port of a mail server that takes a whole message and says nothing, and when it has taken one."""
    taken, is_over = threading.Event(), threading.Event()

    class Silent(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 silent.example\r\n")
            for line in iter(self.rfile.readline, b"DATA\r\n"):
                assert line
                self.wfile.write(b"250 OK\r\n")
            self.wfile.write(b"354 go on\r\n")
            for line in iter(self.rfile.readline, b".\r\n"):
                assert line
            taken.set()
            is_over.wait(60)

        def finish(self) -> None:
            with suppress(OSError):
                super().finish()

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Silent) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1], taken
        finally:
            is_over.set()
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_asked_twice_it_ends_at_once_while_the_server_says_nothing(
    project: Project, run: Run, number: signal.Signals
) -> None:
    with_readers(run, "ann@example.org", "ben@example.org")
    let_it_be_due(project)
    with a_server_that_never_answers() as (port, taken):
        process = subprocess.Popen(
            quire_command("-C", str(project.root), "series", "run"),
            env=environment(**KEYS, QUIRE_SMTP=f"smtp://127.0.0.1:{port}?security=none"),
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        try:
            assert taken.wait(20)
            process.send_signal(number)
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(1)
            process.send_signal(number)
            _, said = process.communicate(timeout=20)
        finally:
            process.kill()
            process.communicate()
    assert process.returncode == 130, said
    assert "What was in flight is in doubt" in said


STRUCK = """
import select, signal, sys, threading
from pipeline.cli._clock import Clock

clock = Clock()

def strike(frame, event, what):
    is_waiting = event == "call" and frame.f_code is threading.Condition.wait.__code__
    if is_waiting or (event == "c_call" and what is select.select):
        sys.setprofile(None)
        signal.raise_signal(signal.SIGTERM)

with clock.heeding_signals():
    sys.setprofile(strike)
    clock.wait(30)
print(clock.is_stopping())
"""


def test_a_signal_that_comes_as_a_wait_begins_ends_it() -> None:
    done = subprocess.run(
        [sys.executable, "-c", STRUCK], env=environment(), capture_output=True, text=True, timeout=20, check=False
    )
    assert done.stdout == "True\n", done.stderr
