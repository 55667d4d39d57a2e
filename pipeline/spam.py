"""Messages in; what SpamAssassin's local rules give each of them out."""

import hashlib
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from pipeline.errors import Finding, PartLocation

INSTALL = "apt-get install spamassassin, or your system's package of that name"
# Of the five points by which most servers call a message spam.
MOST = 1.0
# These look at how a message came, and these have not been sent.
_ABOUT_THE_WAY = re.compile(
    r"(NO_RECEIVED|NO_RELAYS|ALL_TRUSTED|UNPARSEABLE_RELAY|(T_)?(RCVD|RECEIVED|RDNS|HELO|SPF|DKIM)_\w+|MISSING_DATE_RCVD)"
)
_PROGRAM = "spamassassin"
_SECONDS_A_MESSAGE = 20


class Score(Struct, frozen=True):
    """What SpamAssassin gives a message: the sum of its rules, without those about the way that it came."""

    path: str
    total: float
    rules: dict[str, float]

    def __str__(self) -> str:
        names = ", ".join(f"{name} {points:+.1f}" for name, points in self.rules.items() if round(points, 1))
        return f"{self.path}: {self.total:.1f}{f' ({names})' if names else ''}"


def is_there(environment: Mapping[str, str]) -> bool:
    """Return whether SpamAssassin is installed, by the path in `environment`."""
    return shutil.which(_PROGRAM, path=environment.get("PATH")) is not None


def scores(messages: Sequence[tuple[str, bytes]], environment: Mapping[str, str]) -> tuple[Score, ...]:
    """Return the score of each message, in order; none where SpamAssassin stops without an answer.

    One process looks at all of them, without network. `messages` are names for people, and bytes.
    """
    if not messages:
        return ()
    # A header's name that no message can hold, since it is made from all of them.
    mark = "Q" + hashlib.sha256(b"\0".join(content for _, content in messages)).hexdigest()[:20]
    with tempfile.TemporaryDirectory() as home:
        files = []
        for number, (_, content) in enumerate(messages):
            file = Path(home) / f"{number:04}.eml"
            file.write_bytes(content)
            files.append(str(file))
        command = [
            _PROGRAM,
            "--local",
            "--test-mode",
            "--nocreate-prefs",
            f"--cf=add_header all {mark} _TESTSSCORES(,)_",
        ]
        try:
            done = subprocess.run(
                [shutil.which(_PROGRAM, path=environment.get("PATH")) or _PROGRAM, *command[1:], *files],
                capture_output=True,
                check=False,
                # It keeps settings of its own at home.
                env={**environment, "HOME": home},
                timeout=_SECONDS_A_MESSAGE * (1 + len(messages)),
            )
        except subprocess.TimeoutExpired:
            return ()
    found = re.findall(rf"(?m)^X-Spam-{mark}:((?:.*\r?\n)(?:[ \t].*\r?\n)*)", done.stdout.decode(errors="replace"))
    if len(found) != len(messages):
        return ()
    return tuple(_score(path, lines) for (path, _), lines in zip(messages, found, strict=True))


def findings(found: Sequence[Score]) -> list[Finding]:
    """Return an error for each message at one point or more."""
    return [
        Finding(
            PartLocation(score.path),
            "spam-score",
            f"SpamAssassin gives it {score.total:.1f} points: {', '.join(score.rules)}",
            f"Keep it under {MOST:.1f}; “spamassassin -L -t” says what each rule is about.",
        )
        for score in found
        if score.total >= MOST
    ]


def _score(path: str, lines: str) -> Score:
    rules = {}
    for pair in re.sub(r"\s", "", lines).split(","):
        name, _, points = pair.partition("=")
        if re.fullmatch(r"-?\d+(\.\d+)?", points) and not _ABOUT_THE_WAY.fullmatch(name):
            rules[name] = float(points)
    return Score(path, round(sum(rules.values()), 3), rules)
