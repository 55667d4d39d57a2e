"""Built letters and one address in; the same letters as test messages out, with addresses that lead to samples."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import datetime

from msgspec import Struct

from pipeline.delivery import Delivery
from pipeline.errors import ConfigError, DeliveryError, WriteError
from pipeline.mail.headers import Mailbox, mailbox
from pipeline.mail.message import domain_of
from pipeline.mail.sample import READER_NAME, sample_addresses, sample_progress
from pipeline.series.dkim import VARIABLE, Signer
from pipeline.series.message import Envelope, Head, LetterContent, Outgoing, Reader
from pipeline.series.outcome import Outcome
from pipeline.series.secrets import secret
from pipeline.series.transport import Transport, open_transport, takes_password

SERVER, PASSWORD = "QUIRE_SMTP", "QUIRE_SMTP_PASSWORD"


class Trial(Struct, frozen=True):
    """A letter as a test message."""

    letter: LetterContent
    subject: str
    envelope: Envelope
    content: bytes


class _Samples(Struct, frozen=True):
    unsubscribe: str
    preferences: str
    archive: str
    worksheet: str
    confirm: str


def chosen(letters: Sequence[LetterContent], numbers: Sequence[int], *, every: bool) -> Sequence[LetterContent]:
    """Return the issues with these numbers, the first issue where there are none, or every letter, mails first.

    Raises ConfigError for a number that no issue has.
    """
    issues = {letter.number: letter for letter in letters if letter.number}
    missing = [str(number) for number in numbers if number not in issues]
    if missing or not issues:
        raise ConfigError(
            f"there is no issue {', '.join(missing) or 1}\n    There are {len(issues)}: see quire list newsletter."
        )
    if every:
        return letters
    return [issues[number] for number in dict.fromkeys(numbers)] or [issues[min(issues)]]


def trials(
    head: Head,
    letters: Sequence[LetterContent],
    wanted: Sequence[LetterContent],
    address: str,
    now: datetime,
    signer: Signer | None = None,
) -> Iterator[Trial]:
    """Yield test messages of the wanted letters, marked in a header; text and HTML are those of the built samples.

    Each has a message id of its own, since mailboxes show a second message of the same id to nobody. Raises ConfigError
    where `address` is none.
    """
    try:
        mailbox(Mailbox("", address))
        domain_of(address)
    except WriteError as error:
        raise ConfigError(f"{error}\n    Write one such as ann@example.org.") from error
    reader = Reader(ref=0, address=address, name=READER_NAME)
    progress = sample_progress([letter.subject for letter in letters if letter.number])
    for letter in wanted:
        addresses = sample_addresses(head.website, letter.stem, letter.worksheet)
        links = _Samples(
            unsubscribe=addresses["unsubscribe_url"],
            preferences=addresses["preferences_url"],
            archive=addresses["archive_url"] if letter.number else "",
            worksheet=addresses["worksheet_url"],
            confirm=addresses["confirm_url"],
        )
        more = {**progress, "resubscribe_url": addresses["resubscribe_url"]}
        outgoing = Outgoing(head, letter, signer)
        message_id = outgoing.message_id("test", address, now.isoformat())
        envelope, content = outgoing.message(reader, links, head.sender.address, now, message_id, more, is_test=True)
        yield Trial(letter, outgoing.subject({**more, "name": READER_NAME}), envelope, content)


def signer_for(delivery: Delivery, head: Head, environment: Mapping[str, str]) -> Signer | None:
    """Return what signs messages as `delivery.dkim` says, with the key from the environment; None without it."""
    if delivery.dkim is None:
        return None
    domain = delivery.dkim.domain or domain_of(head.sender.address)
    return Signer(domain, delivery.dkim.selector, secret(environment, VARIABLE))


def server_address(delivery: Delivery, environment: Mapping[str, str]) -> str:
    """Return where messages are handed over: QUIRE_SMTP, or else `delivery.smtp`; empty where neither is set."""
    return environment.get(SERVER, "").strip() or delivery.smtp


def transport_for(delivery: Delivery, environment: Mapping[str, str]) -> Transport:
    """Return the transport to that address; it isn't connected yet. Raises ConfigError where there is none."""
    address = server_address(delivery, environment)
    if not address:
        raise ConfigError(
            "no mail server is named\n"
            f"    Write “delivery: smtp” in content/book.yaml, or set {SERVER}, such as smtp://ann@mail.example.org:587."
        )
    return open_transport(address, secret(environment, PASSWORD) if takes_password(address) else "")


def handed_over(made: Iterable[Trial], transport: Transport | None) -> Iterator[tuple[Trial, Outcome | None]]:
    """Yield each message with what became of it, None without a transport, which is closed in the end.

    Raises DeliveryError in the end where a server didn't take all of them.
    """
    if transport is None:
        yield from ((one, None) for one in made)
        return
    failed = count = 0
    with closing(transport):
        for one in made:
            outcome = transport.send(one.envelope, one.content)
            count, failed = count + 1, failed + (outcome.kind != "accepted")
            yield one, outcome
    if failed:
        raise DeliveryError(
            f"{failed} of {count} messages were not taken\n    What the server said stands beside each."
        )
