"""A letter as it was built and one reader in; an envelope and the bytes of that reader's message out."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

import msgspec
from msgspec import Struct

from pipeline.errors import WriteError
from pipeline.mail import message as mail
from pipeline.mail.placeholders import Greeting, direction_of, fill, placeholders_in
from pipeline.mail.sequence import SenderEntry

_NOTHING: Mapping[str, str] = {}


class Head(Struct, frozen=True, kw_only=True):
    """What is said of a sequence: its id in links and headers, its title, and who writes."""

    id: str
    title: str
    language: str
    website: str
    sender: SenderEntry
    greeting: Greeting = Greeting()


class LetterContent(Struct, frozen=True, kw_only=True):
    """All of a built letter: `name` is an issue's id, or `mail/` and a mail's kind; it stays when the issue moves.

    `number` is 0 for a mail, which belongs to no chapter. `stem` is the name of the letter's files, `worksheet` that of
    its chapter's. Subject, text and HTML hold placeholders; a picture's `src` in the HTML is its name.
    """

    name: str
    kind: str
    number: int
    stem: str
    chapter: str = ""
    worksheet: str = ""
    subject: str
    preheader: str
    text: str
    html: str
    pictures: tuple[mail.Picture, ...] = ()

    @property
    def is_listed(self) -> bool:
        """Whether it is a mail of the list; what shows no way to leave is an answer to what somebody did."""
        return "unsubscribe_url" in placeholders_in(self.text, self.html)


class Published(Struct, frozen=True):
    """A letter as it is published, with what is said of the sequence: all that its messages are made of."""

    head: Head
    letter: LetterContent


def frozen(head: Head, letter: LetterContent) -> bytes:
    """Return a letter and what is said of its sequence as one value to keep; the same are the same bytes."""
    return msgspec.msgpack.encode(Published(head, letter))


def thawed(content: bytes) -> Published:
    """Return what `frozen` made the bytes of. Raises msgspec.DecodeError for others."""
    return msgspec.msgpack.decode(content, type=Published)


class Reader(Struct, frozen=True):
    """Whom a message is for; `name` is empty where none was given."""

    ref: int
    address: str
    name: str = ""
    language: str = ""


class Links(Protocol):
    """The addresses of one reader's pages, https; an address is empty where the message has no such page."""

    @property
    def unsubscribe(self) -> str: ...
    @property
    def preferences(self) -> str: ...
    @property
    def archive(self) -> str: ...
    @property
    def worksheet(self) -> str: ...
    @property
    def confirm(self) -> str: ...


class Envelope(Struct, frozen=True):
    """What mail servers go by; addresses beyond ASCII, here or in a header, ask for SMTPUTF8 (RFC 6531)."""

    sender: str
    recipient: str
    needs_smtputf8: bool = False


class Signer(Protocol):
    """Signs messages, as `dkim.Signer` does."""

    def signed(self, content: bytes, at: datetime) -> bytes: ...


class Outgoing:
    """A letter of a sequence, prepared once for all of its readers."""

    def __init__(self, head: Head, letter: LetterContent, signer: Signer | None = None) -> None:
        """Prepare a letter. Raises WriteError where a header has no lawful form."""
        self.head, self.letter, self._signer = head, letter, signer
        self._direction = direction_of(head.language)
        self._used = placeholders_in(letter.subject, letter.text, letter.html)
        self._sender = mail.Mailbox(head.sender.name, _with_ascii_domain(head.sender.address))
        self._prepared = mail.prepare(
            mail.Letter(
                sender=self._sender,
                sequence=head.id,
                title=head.title,
                name=letter.name,
                kind=letter.kind,
                language=head.language,
                subject=letter.subject,
                text=letter.text,
                html=_with_pictures_inside(letter),
                pictures=tuple({picture.content_id: picture for picture in letter.pictures}.values()),
                is_listed=letter.is_listed,
            )
        )

    def message_id(self, *parts: str) -> str:
        """Return a message's id: the same for the same sequence, letter and parts, in the sender's domain."""
        domain = mail.domain_of(self.head.sender.address)
        return mail.message_id(domain, self.head.id, self.letter.name, *parts)

    def is_shown(self, name: str) -> bool:
        """Return whether the letter shows a placeholder."""
        return name in self._used

    def subject(self, values: Mapping[str, str]) -> str:
        """Return the subject as a reader with these values sees it."""
        return fill(self.letter.subject, values, str, self._direction)

    def message(
        self,
        reader: Reader,
        links: Links,
        envelope_sender: str,
        sent: datetime,
        message_id: str,
        more: Mapping[str, str] = _NOTHING,
        *,
        unsubscribe_mail: str = "",
        is_test: bool = False,
    ) -> tuple[Envelope, bytes]:
        """Return one reader's message; the same bytes for the same arguments.

        `more` holds what some mails show besides, by placeholder. Raises WriteError where an address is none, a header
        has no lawful form, or a link of the letter would lead nowhere.
        """
        values = {**self._values(reader, links), **more}
        lacking = [name for name in self._used if name not in values or (name.endswith("_url") and not values[name])]
        if lacking:
            raise WriteError(f"“{self.letter.name}” shows {', '.join(lacking)}, and there is none for this reader")
        recipient = mail.Mailbox(reader.name, _with_ascii_domain(reader.address))
        copy = mail.Copy(
            recipient=recipient,
            sent=sent,
            message_id=message_id,
            values=values,
            unsubscribe_mail=unsubscribe_mail,
            is_test=is_test,
        )
        content = self._prepared.message(copy)
        if self._signer is not None:
            content = self._signer.signed(content, sent)
        addresses = (envelope_sender, recipient.address, self._sender.address)
        needs_smtputf8 = not all(address.isascii() for address in addresses)
        return Envelope(envelope_sender, recipient.address, needs_smtputf8), content

    def _values(self, reader: Reader, links: Links) -> dict[str, str]:
        return {
            "greeting": self.head.greeting.for_name(reader.name, self._direction),
            "name": reader.name,
            "unsubscribe_url": links.unsubscribe,
            "preferences_url": links.preferences,
            "archive_url": links.archive,
            "worksheet_url": links.worksheet,
            "confirm_url": links.confirm,
            "postal_address": self.head.sender.postal_address,
        }


def _with_pictures_inside(letter: LetterContent) -> str:
    """Return a letter's HTML whose pictures are parts of the message (RFC 2392)."""
    html = letter.html
    for picture in letter.pictures:
        html = html.replace(f'src="{picture.name}"', f'src="cid:{picture.content_id}"')
    return html


def _with_ascii_domain(address: str) -> str:
    """Return an address whose domain is in ASCII (IDNA): then any server can take it, if its local part is too."""
    if address.isascii():
        return address
    return f"{address.rpartition('@')[0]}@{mail.domain_of(address)}"
