"""A PDF and an order in; the job that CUPS made of it out. All is asked of CUPS' own commands, `lp` and `lpstat`."""

import re
import shlex
import shutil
import subprocess
from collections.abc import Mapping

from msgspec import Struct

from pipeline.errors import ConfigError

_PATIENCE = 60  # seconds; a server that can't be reached is waited for by the commands themselves
_JOB = re.compile(r"request id is (\S+)")
_MEDIA = {"a4": "A4", "letter": "Letter"}
_UNPRINTED = re.compile(r"[\x00-\x1f\x7f]")


class Order(Struct, frozen=True):
    """How to print: how often, on which paper, under which title, and on which printer (empty for the default)."""

    paper: str
    title: str
    copies: int = 1
    printer: str = ""


def command_of(order: Order) -> list[str]:
    """Return the command that prints what comes on its standard input, as a list of arguments.

    Nothing is scaled, so that ruled lines stand as far apart on paper as in the PDF.
    """
    if order.copies < 1:
        raise ConfigError(f"{order.copies} copies can't be printed\n    Print at least one.")
    # A name is an argument of its own, so it can't be taken for an option; CUPS allows none of these in it.
    if re.search(r"[\s/#\x00-\x1f\x7f]", order.printer) or order.printer.startswith("-"):
        raise ConfigError(f"“{order.printer}” can't name a printer\n    Ask for the names: lpstat -e")
    to = ["-d", order.printer] if order.printer else []
    options = ["-o", f"media={_MEDIA[order.paper]}", "-o", "print-scaling=none"]
    return ["lp", *to, "-n", str(order.copies), *options, "-t", _UNPRINTED.sub(" ", order.title), "-"]


def shown(command: list[str]) -> str:
    """Return a command as one would type it."""
    return shlex.join(command)


def print_pdf(pdf: bytes, order: Order, environment: Mapping[str, str]) -> str:
    """Hand a PDF to CUPS and return the name of the job.

    Raises ConfigError where there is no `lp`, CUPS doesn't answer, or the printer isn't there or takes no jobs.
    """
    command = command_of(order)
    printers = _printers(environment)
    if order.printer and order.printer not in printers:
        raise ConfigError(f"there is no printer “{order.printer}”\n    Printers: {', '.join(printers)}.")
    done = _run(command, environment, pdf)
    words = done.stderr.strip().removeprefix("lp: ").removeprefix("Error - ")
    if done.returncode and "no default destination" in words.lower():
        raise ConfigError(f"no printer is the default\n    Name one: --printer {printers[0]}. {_all(printers)}")
    if done.returncode:
        raise ConfigError(
            f"lp doesn't print: {words}\n    Look at the printer: lpstat -p -a, or name another: --printer NAME."
        )
    job = _JOB.search(done.stdout)
    return job[1] if job else done.stdout.strip()


def _all(printers: list[str]) -> str:
    return f"Printers: {', '.join(printers)}."


def _printers(environment: Mapping[str, str]) -> list[str]:
    """Return the names of all printers. Raises ConfigError where none is known, or none can be asked for."""
    if "scheduler is running" not in _run(["lpstat", "-r"], environment).stdout:
        raise ConfigError(
            "CUPS is not running, or its server can't be reached\n    Start it: sudo systemctl start cups"
        )
    printers = _run(["lpstat", "-e"], environment).stdout.split()
    if not printers:
        raise ConfigError("CUPS knows no printer\n    Add one in the system's settings or with lpadmin.")
    return printers


def _run(
    command: list[str], environment: Mapping[str, str], standard_input: bytes = b""
) -> "subprocess.CompletedProcess[str]":
    """Run one of CUPS' commands, whose words are those of the C locale."""
    program = shutil.which(command[0], path=environment.get("PATH"))
    if program is None:
        raise ConfigError(
            f"{command[0]} is not installed, so nothing can be printed from here\n"
            "    Install CUPS (Debian, Ubuntu: sudo apt-get install cups-client), or write the PDF: --output DIR."
        )
    try:
        done = subprocess.run(
            command,
            executable=program,
            input=standard_input,
            env={**environment, "LC_ALL": "C"},
            capture_output=True,
            timeout=_PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ConfigError(f"CUPS doesn't answer within {_PATIENCE} s\n    Look at it: lpstat -t") from None
    except OSError as error:
        raise ConfigError(
            f"{program} can't be run: {error.strerror or error}\n    Install CUPS' commands again."
        ) from error
    words = (done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))
    return subprocess.CompletedProcess(done.args, done.returncode, *words)
