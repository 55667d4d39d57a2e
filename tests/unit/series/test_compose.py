"""Messages of claimed deliveries: each reader's own links and senders, and the same bytes again from the ledger."""

import email
import email.policy
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from built_newsletter import a_built_newsletter
from series_builders import LEASE, NOW, person
from sqlalchemy import select, update

from pipeline.delivery import Schedule
from pipeline.errors import StoreError, WriteError
from pipeline.series import built
from pipeline.series.addresses import address_hash
from pipeline.series.compose import Composer, Composing, made_again, message_id_of
from pipeline.series.dkim import Signer
from pipeline.series.links import opened, read_keys, verp_ref
from pipeline.series.outcome import Outcome
from pipeline.series.publishing import edition
from pipeline.series.store import _schema as t
from pipeline.series.store import coming, leaving, ledger, sent
from pipeline.series.store.courses import content_of
from pipeline.series.store.engine import Store
from pipeline.series.store.people import Consent
from pipeline.series.store.publications import publish

KEYS = read_keys("k" * 40)
COMPOSING = Composing("https://letters.example.org", KEYS, b"h" * 32)
DKIM_KEY = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A="


@pytest.fixture
def claims(store: Store, tmp_path: Path) -> dict[str, ledger.Claim]:
    """Publish three issues and a confirmation; return what is claimed for Ann, a reader, and for Ben, who was asked."""
    head, letters = built.read_built(a_built_newsletter(tmp_path / "newsletter"))
    one = edition(head, letters, Schedule(time_zone="UTC", at="09:00"))
    with store.transaction() as tx:
        publish(tx, head.id, head.title, b"", one.letters, one.schedule, NOW)
        for address, name in (("ann@example.org", "Ann"), ("ben@example.org", "")):
            coming.ask(tx, person(address, name=name), 1, NOW, Consent(NOW, "a test"))
        coming.confirm(tx, 1, person("ann@example.org").hash, NOW)
        found = ledger.claim(tx, NOW, "me", LEASE, 10)
        ledger.begin(tx, found, "me", NOW)
    return {claim.issue.partition("/2")[0]: claim for claim in found if claim.address != "ann@example.org"} | {
        "letter-1": next(claim for claim in found if claim.issue == "letter-1")
    }


def told(store: Store, composer: Composer, claim: ledger.Claim) -> bytes:
    """Send a claim's message, write that down, and return its bytes."""
    message = composer(claim, NOW)
    outcome = Outcome("accepted", "reply", 250)
    ended = ledger.Ended(claim, outcome, NOW, message.message_id, message.filled, message.hash, message.address_hash)
    with store.transaction() as tx:
        ledger.end(tx, [ended], "me", ledger.Rules())
    return message.content


def test_links_and_envelope_senders_are_the_readers_own(store: Store, claims: dict[str, ledger.Claim]) -> None:
    claim = claims["letter-1"]
    message = Composer(store, COMPOSING)(claim, NOW)
    parsed = email.message_from_bytes(message.content, policy=email.policy.default)
    address = str(parsed["List-Unsubscribe"]).strip("<>")
    assert address.startswith("https://letters.example.org/u/")
    assert opened(address.rpartition("/")[2], "unsubscribe", KEYS) == claim.subscriber_ref
    archived = str(parsed["List-Archive"]).strip("<>").rpartition("/")[2]
    assert opened(archived, "archive", KEYS) == claim.ref
    assert verp_ref(message.envelope.sender, KEYS) == claim.ref
    assert message.envelope.sender.endswith("@example.com")
    assert message.address_hash == address_hash(b"h" * 32, "ann@example.org")
    assert "Ann" in parsed.get_body(("plain",)).get_content()  # type: ignore[union-attr]


def test_readers_may_leave_by_mail_where_somebody_reads_it(store: Store, claims: dict[str, ledger.Claim]) -> None:
    composing = Composing(COMPOSING.links, KEYS, b"h" * 32, "back.example.net")
    message = Composer(store, composing)(claims["letter-1"], NOW)
    parsed = email.message_from_bytes(message.content, policy=email.policy.default)
    ways = str(parsed["List-Unsubscribe"]).split(", ")
    assert ways[0].startswith("<https:")
    assert verp_ref(ways[1].removeprefix("<mailto:").rstrip(">"), KEYS, "unsubscribe") == claims["letter-1"].ref
    assert message.envelope.sender.endswith("@back.example.net")


def test_a_confirmation_has_its_own_link_and_no_list(store: Store, claims: dict[str, ledger.Claim]) -> None:
    claim = claims["mail/confirmation"]
    message = Composer(store, COMPOSING)(claim, NOW)
    parsed = email.message_from_bytes(message.content, policy=email.policy.default)
    assert "List-Unsubscribe" not in parsed
    text = parsed.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    token = text.split("/c/")[1].split()[0]
    assert opened(token, "confirm", KEYS) == claim.subscriber_ref


def test_each_attempt_has_the_same_message_id(store: Store, claims: dict[str, ledger.Claim]) -> None:
    claim, composer = claims["letter-1"], Composer(store, COMPOSING)
    first, second = composer(claim, NOW), composer(claim, NOW + timedelta(hours=1))
    assert first.message_id == second.message_id
    assert first.content != second.content
    with store.reading() as tx:
        assert message_id_of(content_of(tx, claim.revision_id), claim.ref) == first.message_id
        # Where a letter was damaged, whose message it was is known all the same.
        assert message_id_of(b"damaged", claim.ref) == ""


@pytest.mark.parametrize("is_signed", [False, True], ids=["unsigned", "signed"])
def test_what_was_sent_is_made_again_byte_for_byte(
    store: Store, claims: dict[str, ledger.Claim], is_signed: bool
) -> None:
    signer = Signer("example.com", "s1", DKIM_KEY) if is_signed else None
    composing = Composing(COMPOSING.links, KEYS, b"h" * 32, signer=lambda head: signer)
    content = told(store, Composer(store, composing), claims["letter-1"])
    assert content.startswith(b"DKIM-Signature:") is is_signed
    with store.transaction() as tx:
        # Whatever is said of the reader now, and whatever is published.
        tx.execute(update(t.subscribers).values(name="Anna", address="anna@example.net"))
        found = sent.sent_message(tx, 1, claims["letter-1"].subscriber_id, "letter-1")
    assert found is not None
    assert made_again(found) == content


def test_a_message_that_would_be_made_otherwise_is_not_taken_for_it(
    store: Store, claims: dict[str, ledger.Claim]
) -> None:
    told(store, Composer(store, COMPOSING), claims["letter-1"])
    with store.transaction() as tx:
        tx.execute(update(t.deliveries).values(hash=b"x" * 32))
        found = sent.sent_message(tx, 1, claims["letter-1"].subscriber_id, "letter-1")
    assert found is not None
    with pytest.raises(StoreError, match="another version of Quire sent it"):
        made_again(found)


@pytest.mark.parametrize(
    "wrong", ["a\nnn@example.org", f"{'a' * 1000}@example.org", "ann"], ids=["broken", "long", "none"]
)
def test_where_an_address_is_at_fault_its_message_fails_and_not_the_letter(
    store: Store, claims: dict[str, ledger.Claim], wrong: str
) -> None:
    claim = msgspec.structs.replace(claims["letter-1"], address=wrong)
    with pytest.raises(WriteError):
        Composer(store, COMPOSING)(claim, NOW)


def test_of_who_was_erased_nothing_can_be_made_again(store: Store, claims: dict[str, ledger.Claim]) -> None:
    told(store, Composer(store, COMPOSING), claims["letter-1"])
    with store.transaction() as tx:
        leaving.erase(tx, claims["letter-1"].subscriber_id, b"e" * 32, NOW)
        found = sent.sent_message(tx, 1, claims["letter-1"].subscriber_id, "letter-1")
        rows = tx.execute(select(t.deliveries.c.filled).where(t.deliveries.c.issue == "letter-1")).scalars().all()
    assert rows == [None]
    assert found is not None
    with pytest.raises(StoreError, match="erased"):
        made_again(found)


def test_progress_counts_what_was_sent_and_what_is_to_come(store: Store, claims: dict[str, ledger.Claim]) -> None:
    with store.reading() as tx:
        before = sent.progress(tx, 1, claims["letter-1"].subscriber_id)
    told(store, Composer(store, COMPOSING), claims["letter-1"])
    with store.reading() as tx:
        after = sent.progress(tx, 1, claims["letter-1"].subscriber_id)
    assert (before.sent, after.sent, after.left, after.next_subject) == (0, 1, 2, "Letter 2")
