"""A claimed delivery in; its message out, and the same bytes again from what the ledger keeps of it."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime

import msgspec
from msgspec import Struct

from pipeline.errors import LetterError, StoreError, WriteError
from pipeline.mail.message import domain_of
from pipeline.mail.placeholders import as_for_nobody
from pipeline.series.addresses import address_hash
from pipeline.series.course import MAIL
from pipeline.series.links import Keys, Links, links_for, verp
from pipeline.series.message import Envelope, Head, Outgoing, Reader, Signer, thawed
from pipeline.series.store import sent
from pipeline.series.store.courses import content_of, unmakeable
from pipeline.series.store.engine import Store
from pipeline.series.store.ledger import Claim

# Whether a letter can be made at all, or not for one reader only, shows where it is made for a plain address.
_ANYBODY = Reader(0, "reader@example.org")
# Letters that are ready to be filled in, of 100 kB or so each.
_MOST_LETTERS = 64


class Message(Struct, frozen=True):
    """A message to one reader, and what it was made of, to make it again (`filled`).

    `hash` is that of its bytes, `address_hash` the keyed one of its reader's address.
    """

    envelope: Envelope
    content: bytes
    message_id: str
    filled: bytes
    hash: bytes
    address_hash: bytes


class _Filled(Struct, frozen=True, array_like=True):
    """All of a message that is not its letter; the signature is kept, since its key may be gone one day."""

    address: str
    name: str
    sent: datetime
    links: Links
    unsubscribe_mail: str
    more: dict[str, str]
    signature: bytes


class Composing(Struct, frozen=True):
    """What all messages need: where links lead and what signs them, and the key of the hashes of addresses.

    `signer` returns what signs the messages of a sequence, or None where they go unsigned. `bounces` is the domain that
    mail about messages comes back to, none being the sender's own; only with it can readers unsubscribe by mail, since
    then somebody reads it.
    """

    links: str
    keys: Keys
    key: bytes
    bounces: str = ""
    signer: Callable[[Head], Signer | None] = lambda head: None


class Composer:
    """Makes messages, for several threads at once."""

    def __init__(self, store: Store, composing: Composing) -> None:
        self._store, self._with = store, composing
        self._letters: OrderedDict[int, tuple[Outgoing, Signer | None]] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(self, claim: Claim, at: datetime) -> Message:
        """Return a claim's message, dated `at`.

        Raises WriteError where it has no lawful form for this reader, LetterError where it has none for anybody.
        """
        (outgoing, signer), keys = self._outgoing(claim), self._with.keys
        links = links_for(
            self._with.links,
            keys,
            claim.subscriber_ref,
            None if claim.issue.startswith(MAIL) else claim.ref,
            worksheet=bool(outgoing.letter.worksheet),
            confirm=outgoing.is_shown("confirm_url"),
        )
        domain = self._with.bounces or domain_of(outgoing.head.sender.address)
        by_mail = verp(claim.ref, keys, domain, "unsubscribe") if self._with.bounces else ""
        more = self._more(claim, outgoing, links)
        reader = Reader(claim.subscriber_ref, claim.address, claim.name, claim.locale)
        # The same for each attempt, so that a mailbox that got two shows one.
        message_id = outgoing.message_id(str(claim.ref))
        sender = verp(claim.ref, keys, domain)
        try:
            envelope, content = outgoing.message(reader, links, sender, at, message_id, more, unsubscribe_mail=by_mail)
        except WriteError:
            try:
                outgoing.message(_ANYBODY, links, sender, at, message_id, more, unsubscribe_mail=by_mail)
            except WriteError as error:
                raise unmakeable(outgoing.letter.name, error) from error
            raise
        signature = b""
        if signer is not None:
            signed = signer.signed(content, at)
            signature, content = signed[: len(signed) - len(content)], signed
        kept = _Filled(claim.address, claim.name, at, links, by_mail, more, signature)
        return Message(
            envelope,
            content,
            message_id,
            msgspec.msgpack.encode(kept),
            hashlib.sha256(content).digest(),
            address_hash(self._with.key, claim.address),
        )

    def _outgoing(self, claim: Claim) -> tuple[Outgoing, Signer | None]:
        """Return a published letter, ready to be filled in, and what signs its messages."""
        revision_id = claim.revision_id
        with self._lock:
            if revision_id not in self._letters:
                with self._store.reading() as tx:
                    content = content_of(tx, revision_id)
                outgoing = _prepared(content, claim.letter)
                self._letters[revision_id] = outgoing, self._with.signer(outgoing.head)
                if len(self._letters) > _MOST_LETTERS:
                    self._letters.popitem(last=False)
            self._letters.move_to_end(revision_id)
            return self._letters[revision_id]

    def _more(self, claim: Claim, outgoing: Outgoing, links: Links) -> dict[str, str]:
        """Return what some mails show besides."""
        more = {}
        if outgoing.is_shown("resubscribe_url"):
            # Who has left may change their mind there.
            more["resubscribe_url"] = links.preferences
        if any(map(outgoing.is_shown, ("issues_sent", "issues_left", "next_issue"))):
            with self._store.reading() as tx:
                progress = sent.progress(tx, claim.sequence_id, claim.subscriber_id)
            more["issues_sent"], more["issues_left"] = str(progress.sent), str(progress.left)
            more["next_issue"] = as_for_nobody(progress.next_subject)
        return more


def made_again(found: sent.Sent) -> bytes:
    """Return a message that was sent, byte for byte.

    Raises StoreError where its reader was erased, or this Quire would make it otherwise.
    """
    if not found.filled:
        raise StoreError(
            f"what stood in “{found.issue}” is not known: its reader was erased, or its sender died while it was sent"
        )
    kept = msgspec.msgpack.decode(found.filled, type=_Filled)
    try:
        outgoing = _prepared(found.content, found.issue)
    except LetterError as error:
        raise StoreError(f"“{found.issue}” can't be made again: its letter can't be read any more") from error
    _, content = outgoing.message(
        Reader(0, kept.address, kept.name),
        kept.links,
        "",
        kept.sent,
        found.message_id,
        kept.more,
        unsubscribe_mail=kept.unsubscribe_mail,
    )
    content = kept.signature + content
    if hashlib.sha256(content).digest() != found.hash:
        raise StoreError(
            f"“{found.issue}” can't be made again: another version of Quire sent it\n"
            "    Install the version that was in use then."
        )
    return content


def message_id_of(content: bytes, ref: int) -> str:
    """Return the Message-ID of a delivery's message, by its letter as published; nothing where that can't be read."""
    try:
        return _prepared(content, "a letter").message_id(str(ref))
    except LetterError:
        return ""


def _prepared(content: bytes, issue: str) -> Outgoing:
    try:
        published = thawed(content)
        return Outgoing(published.head, published.letter)
    except (ValueError, WriteError) as error:
        raise unmakeable(issue, error) from error
