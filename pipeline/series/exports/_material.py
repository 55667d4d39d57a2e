"""What all exports are made from, and what they make: values, no files."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

from pipeline.delivery import Schedule
from pipeline.mail.published import archive_folder, site_of
from pipeline.series.message import Head, LetterContent

# Past this Gmail cuts a message off.
CLIPPED = 102_000
LARGE_PICTURE = 1_000_000


class File(Struct, frozen=True):
    """A file of an export: its path below the export's folder, with slashes."""

    path: str
    content: bytes


class Export(Struct, frozen=True):
    """The files of an export, and what of the newsletter they don't carry over, a sentence each."""

    files: tuple[File, ...]
    lost: tuple[str, ...] = ()


class Material(Struct, frozen=True, kw_only=True):
    """A built newsletter, and what is to be said of it elsewhere.

    `files` are all that was built, by name. `slots` has a moment for each issue, or is empty where each reader has
    times of their own. `pictures` is what the addresses of pictures begin with, `audience` what the service calls the
    list; both may be empty.
    """

    head: Head
    letters: tuple[LetterContent, ...]
    schedule: Schedule = Schedule()
    slots: tuple[datetime, ...] = ()
    files: Mapping[str, bytes] = {}
    pictures: str = ""
    audience: str = ""

    @property
    def issues(self) -> tuple[LetterContent, ...]:
        return tuple(letter for letter in self.letters if letter.number)

    @property
    def site(self) -> str:
        """What the addresses of the author's own pages begin with, or nothing."""
        return site_of(self.head.website)

    @property
    def picture_folder(self) -> str:
        """What the addresses of pictures begin with, without the last slash, or nothing."""
        if self.pictures:
            return self.pictures.rstrip("/")
        return archive_folder(self.head.website)

    def slot_of(self, issue: LetterContent) -> str | None:
        """Return when an issue goes out, as ISO 8601 writes it in UTC, or None."""
        if not self.slots:
            return None
        return iso(self.slots[self.issues.index(issue)])


def iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def payload(path: str, value: Mapping[str, Any]) -> File:
    """Return the body of a request as a file."""
    return File(path, (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode())
