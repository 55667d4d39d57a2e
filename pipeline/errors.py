"""What can go wrong: the exception tree, its exit codes, and the findings that errors carry."""

from collections.abc import Iterable
from typing import ClassVar, Literal

import msgspec

Severity = Literal["error", "warning"]


class Location(msgspec.Struct, frozen=True, order=True):
    """A place in the manuscript: a path relative to the project, and a line counted from 1."""

    path: str
    line: int = 1

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


class PageLocation(Location, frozen=True, order=True):
    """A page of a finished PDF: the path of the file, the page counted from 1, and the number printed on it."""

    page: int = 1
    label: str = ""

    def __str__(self) -> str:
        if self.label in ("", str(self.page)):
            return f"{self.path}, page {self.page}"
        return f"{self.path}, page {self.label} ({_ordinal(self.page)})"


class PartLocation(Location, frozen=True, order=True):
    """A line of a mail: of the file where `part` is empty, else of that part of the message once it is decoded."""

    part: str = ""

    def __str__(self) -> str:
        return f"{self.path}, {self.part}, line {self.line}" if self.part else f"{self.path}:{self.line}"


def _ordinal(number: int) -> str:
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


class Finding(msgspec.Struct, frozen=True, order=True):
    """One thing to mend: where, which rule (`code`), what is wrong, and what to do (`hint`)."""

    location: Location
    code: str
    message: str
    hint: str = ""
    severity: Severity = "error"

    def __str__(self) -> str:
        mark = "" if self.severity == "error" else "warning: "
        head = f"{self.location}: {mark}{self.message} [{self.code}]"
        return f"{head}\n    {self.hint}" if self.hint else head


class QuireError(Exception):
    """The root of every error that Quire raises on purpose; `exit_code` is the command's status."""

    exit_code: ClassVar[int] = 1


class ConfigError(QuireError):
    """The project's settings or the machine's set-up can't be used."""

    exit_code: ClassVar[int] = 3


class ContentError(QuireError):
    """The manuscript can't be built as it is; carries every finding, not the first."""

    exit_code: ClassVar[int] = 4

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(sorted(findings))
        super().__init__("\n".join(map(str, self.findings)))

    def __reduce__(self) -> tuple[type["ContentError"], tuple[tuple[Finding, ...]]]:
        # An exception is pickled by its message, and this one is made from its findings.
        return type(self), (self.findings,)


class WriteError(QuireError):
    """What was built can't be typeset, or can't be put in place."""

    exit_code: ClassVar[int] = 5


class DeliveryError(QuireError):
    """A message can't be handed over."""

    exit_code: ClassVar[int] = 6


class TransientDeliveryError(DeliveryError):
    """A message can't be handed over now; try later."""


class PermanentDeliveryError(DeliveryError):
    """A message can't be handed over at all."""


class LetterError(DeliveryError):
    """A published letter can't be made into messages, whoever its readers are."""


class StoreError(QuireError):
    """The store of subscribers and deliveries can't be read or written."""

    exit_code: ClassVar[int] = 7
