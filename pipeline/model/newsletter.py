"""The newsletter's issues and mails, and who sends them."""

from typing import Literal, get_args

from msgspec import Struct

from pipeline.errors import Location
from pipeline.model.blocks import Document


class Issue(Struct, frozen=True):
    """A newsletter issue; `chapter` is the id of the chapter whose worksheet it links to.

    `places` says where in its metadata block each key stands.
    """

    number: int
    id: str
    slug: str
    subject: str
    preheader: str
    chapter: str
    text: Document
    location: Location
    places: dict[str, Location] = {}

    @property
    def file_stem(self) -> str:
        return f"{self.number:02d}-{self.slug}"

    def at(self, key: str) -> Location:
        """Return the place of a key of its metadata block."""
        return self.places.get(key, self.location)


MailKind = Literal["confirmation", "welcome", "progress", "goodbye"]
MAIL_KINDS: tuple[MailKind, ...] = get_args(MailKind)


class Mail(Struct, frozen=True):
    """A mail that answers the reader, and is no issue: it has no number and belongs to no chapter.

    `places` says where in its metadata block each key stands.
    """

    kind: MailKind
    subject: str
    preheader: str
    text: Document
    location: Location
    places: dict[str, Location] = {}

    def at(self, key: str) -> Location:
        """Return the place of a key of its metadata block."""
        return self.places.get(key, self.location)


class Greeting(Struct, frozen=True):
    """How letters begin: `with_name` holds `{{ name }}`, `without_name` is for readers who gave none."""

    with_name: str = "Dear {{ name }},"
    without_name: str = "Hello,"


class Newsletter(Struct, frozen=True):
    """The newsletter: its issues in order, and its mails, one of a kind at most; `greeting` begins what greets."""

    id: str
    title: str
    issues: tuple[Issue, ...]
    mails: tuple[Mail, ...] = ()
    greeting: Greeting = Greeting()

    def mail(self, kind: MailKind) -> Mail | None:
        """Return the mail of a kind, if there is one."""
        return next((mail for mail in self.mails if mail.kind == kind), None)

    @property
    def letters(self) -> "tuple[Issue | Mail, ...]":
        """All that comes with a subject and a preheader: the issues, then the mails."""
        return (*self.issues, *self.mails)


class Sender(Struct, frozen=True):
    name: str
    address: str
    postal_address: str
