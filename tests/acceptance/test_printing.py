"""Worksheets printed by the command, through a CUPS server of the test's own whose one printer is a folder."""

import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from acceptance.conftest import environment, quire_command

pytestmark = [pytest.mark.heavy, pytest.mark.needs("cupsd", "lp", "lpstat", "lpadmin")]

SERVER = """\
Listen {folder}/socket
Browsing Off
DefaultAuthType None
LogLevel info
<Location />
  Order deny,allow
  Allow all
</Location>
<Policy default>
  JobPrivateAccess default
  JobPrivateValues none
  SubscriptionPrivateAccess default
  SubscriptionPrivateValues none
  <Limit All>
    Order deny,allow
    Allow all
  </Limit>
</Policy>
"""
FILES = """\
ServerRoot {folder}/root
StateDir {folder}/state
CacheDir {folder}/cache
RequestRoot {folder}/spool
TempDir {folder}/spool/tmp
ServerBin {folder}/bin
DataDir /usr/share/cups
AccessLog {folder}/access.log
ErrorLog {folder}/error.log
PageLog {folder}/page.log
Printcap {folder}/printcap
User {user}
Group {user}
SystemGroup root
"""
# CUPS calls it with a job's number, its user, title, copies, options, and the file where it isn't on standard input.
SHELF = """\
#!/bin/sh
[ $# = 0 ] && exit 0
place=${DEVICE_URI#shelf:}
printf '%s\\n' "$3" "$4" "$5" > "$place/$1.txt"
cat -- ${6+"$6"} > "$place/$1.part"
mv "$place/$1.part" "$place/$1.pdf"
"""
PATIENCE = 20


class Cups:
    """A server that is running, and the folder in which its printers put what they print."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.shelf = folder / "shelf"
        self.environment = {**os.environ, "CUPS_SERVER": f"{folder}/socket", "LC_ALL": "C"}
        for name in ("LPDEST", "PRINTER"):
            self.environment.pop(name, None)

    def lpadmin(self, *arguments: str) -> None:
        done = subprocess.run(["lpadmin", *arguments], env=self.environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    def quire(self, project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        variables = environment(CUPS_SERVER=self.environment["CUPS_SERVER"])
        command = quire_command("-q", "-C", str(project), "worksheets", *arguments)
        return subprocess.run(command, env=variables, capture_output=True, text=True)

    def printed(self, job: str) -> tuple[bytes, list[str]]:
        """Return the bytes that a job printed, and its title, copies and options."""
        number = job.rsplit("-", 1)[1]
        end = time.monotonic() + PATIENCE
        while not (self.shelf / f"{number}.pdf").exists():
            assert time.monotonic() < end, (self.folder / "error.log").read_text()
            time.sleep(0.05)
        return (self.shelf / f"{number}.pdf").read_bytes(), (self.shelf / f"{number}.txt").read_text().splitlines()


@pytest.fixture(scope="module")
def cups() -> Iterator[Cups]:
    # A socket's path is short, and pytest's folders are not.
    folder = Path(tempfile.mkdtemp(prefix="cups-", dir="/tmp"))
    folder.chmod(0o755)
    for name in ("root", "state", "cache", "spool/tmp", "shelf", "bin/backend"):
        (folder / name).mkdir(parents=True)
    (folder / "shelf").chmod(0o777)
    for name in ("filter", "daemon", "notifier", "cgi-bin", "monitor", "driver"):
        (folder / "bin" / name).symlink_to(f"/usr/lib/cups/{name}")
    backend = folder / "bin/backend/shelf"
    backend.write_text(SHELF)
    backend.chmod(0o755)
    (folder / "cupsd.conf").write_text(SERVER.format(folder=folder))
    (folder / "files.conf").write_text(FILES.format(folder=folder, user="lp"))
    settings = ["-c", f"{folder}/cupsd.conf", "-s", f"{folder}/files.conf"]
    with (folder / "output").open("wb") as output:
        server = subprocess.Popen(["cupsd", "-f", *settings], stdout=output, stderr=output)
    try:
        found = Cups(folder)
        end = time.monotonic() + PATIENCE
        while not _is_running(found):
            assert server.poll() is None, (folder / "output").read_text()
            assert time.monotonic() < end, "cupsd doesn't answer"
            time.sleep(0.05)
        yield found
    finally:
        server.terminate()
        server.wait(PATIENCE)
        shutil.rmtree(folder, ignore_errors=True)


def _is_running(cups: Cups) -> bool:
    done = subprocess.run(["lpstat", "-r"], env=cups.environment, capture_output=True, text=True)
    return "is running" in done.stdout


def test_a_worksheet_is_printed_as_it_would_be_built_and_every_error_says_what_to_do(
    cups: Cups, built_book: Path
) -> None:
    # One story, since the printers that there are change in it.
    none = cups.quire(built_book, "--chapter", "7", "--print")
    assert (none.returncode, none.stderr.split("\n")[0]) == (3, "CUPS knows no printer")

    cups.lpadmin("-p", "desk", "-E", "-v", f"shelf:{cups.shelf}", "-m", "raw")
    cups.lpadmin("-p", "asleep", "-v", f"shelf:{cups.shelf}", "-m", "raw")
    unnamed = cups.quire(built_book, "--chapter", "7", "--print")
    assert unnamed.returncode == 3
    assert unnamed.stderr.startswith("no printer is the default\n    Name one: --printer ")

    unknown = cups.quire(built_book, "--chapter", "7", "--print", "--printer", "cellar")
    assert unknown.returncode == 3
    assert unknown.stderr == "there is no printer “cellar”\n    Printers: asleep, desk.\n"

    asleep = cups.quire(built_book, "--chapter", "7", "--print", "--printer", "asleep")
    assert asleep.returncode == 3
    assert "not accepting jobs" in asleep.stderr

    done = cups.quire(built_book, "--chapter", "7", "--print", "--printer", "desk")
    assert done.returncode == 0, done.stderr
    pdf, (title, copies, options) = cups.printed(done.stdout.split()[-1])
    built = next((built_book / "output/worksheets").glob("07-*.pdf")).read_bytes()
    assert hashlib.sha256(pdf).digest() == hashlib.sha256(built).digest()
    assert title.startswith("The worksheet of chapter 7")
    assert copies == "1"
    assert {"media=A4", "print-scaling=none"} <= set(options.split())

    cups.lpadmin("-d", "desk")
    done = cups.quire(built_book, "--paper", "letter", "--copies", "2", "--ink-saver", "--print")
    assert done.returncode == 0, done.stderr
    pdf, (title, copies, options) = cups.printed(done.stdout.split()[-1])
    assert pdf.startswith(b"%PDF-")
    assert title == "All worksheets in one file"
    assert copies == "2"
    assert "media=Letter" in options.split()


def test_a_server_that_is_down_is_told_from_a_printer_that_is_missing(built_book: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        quire_command("-q", "-C", str(built_book), "worksheets", "--chapter", "7", "--print"),
        env=environment(CUPS_SERVER=str(tmp_path / "no-socket")),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 3
    assert done.stderr.startswith("CUPS is not running")
