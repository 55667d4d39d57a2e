"""`sequence.json`: what the newsletter's writer says of its letters, and all that delivery knows of them."""

import hashlib

from msgspec import Struct

from pipeline.mail.placeholders import Greeting

# Gmail cuts a message off at about 102 kB; personalising it needs some of the rest.
MOST_HTML = 90_000


class LetterFile(Struct, frozen=True):
    """A file beside `sequence.json`, by its name, with the hash of its content."""

    name: str
    sha256: str

    @property
    def content_id(self) -> str:
        """What a message's HTML calls the file, where it is a picture (RFC 2392)."""
        return f"{self.sha256[:24]}@quire.invalid"


class MailEntry(Struct, frozen=True, kw_only=True):
    """What `sequence.json` says of a mail; `files` by kind (html, text, eml), names as they stand beside it.

    In the HTML a picture's `src` is its name. Subject, preheader, and files hold the placeholders that are named.
    """

    subject: str
    preheader: str
    files: dict[str, LetterFile]
    pictures: tuple[LetterFile, ...]
    placeholders: tuple[str, ...]


class IssueEntry(MailEntry, frozen=True, kw_only=True):
    """What `sequence.json` says of an issue; `id` stays when the issue moves.

    `chapter` is that of its worksheet, and `worksheet` the name of the worksheet's file, without its ending. `web` is
    the issue's page in the archive, which greets nobody.
    """

    id: str
    number: int
    chapter: str
    reading_minutes: int
    worksheet: str = ""
    web: LetterFile | None = None


class SenderEntry(Struct, frozen=True):
    """Who the letters come from."""

    name: str
    address: str
    postal_address: str


class SequenceEntry(Struct, frozen=True, kw_only=True):
    """`sequence.json`: who writes, the closed set of placeholders, the mails by their kind, and the issues in order.

    `greeting` has the two forms of the greeting; `web` is what the archive has besides a page for each issue.
    """

    id: str
    title: str
    language: str
    website: str
    sender: SenderEntry
    placeholders: tuple[str, ...]
    mails: dict[str, MailEntry]
    issues: tuple[IssueEntry, ...]
    greeting: Greeting = Greeting()
    web: tuple[LetterFile, ...] = ()


def letter_file(name: str, content: bytes) -> LetterFile:
    """Return what `sequence.json` says of a file."""
    return LetterFile(name, hashlib.sha256(content).hexdigest())
