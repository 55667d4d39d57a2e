"""A project, its settings, and what is published in; why it can't be sent to readers yet out."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from urllib.parse import urlsplit

from pipeline import lint
from pipeline.delivery import Delivery
from pipeline.errors import ConfigError, Finding, QuireError
from pipeline.mail.message import ANSWERS
from pipeline.series.links import read_keys
from pipeline.series.message import Head, Published, thawed
from pipeline.series.secrets import secret
from pipeline.series.store import courses, journal
from pipeline.series.store.engine import Store, Transaction
from pipeline.series.trial import signer_for, transport_for, trials

# RFC 2606 and RFC 6761: nobody is there.
_NOBODYS = ("example", "invalid", "test", "localhost", "local", "onion", "arpa")
_EXAMPLES = ("example.com", "example.net", "example.org")
_READY = "ready"


def faults(
    store: Store, delivery: Delivery, environment: Mapping[str, str], bounds: lint.Limits, now: datetime
) -> tuple[str, ...]:
    """Return what has to be mended before anything published is sent to readers, each with what to do.

    What is published is checked once for each version, by the rules of `quire check newsletter`, as it was frozen.
    """
    with store.reading() as tx:
        published = courses.published_content(tx)
        known = {entry.detail for entry in journal.entries(tx, what=_READY)}
    if not published:
        return ("no newsletter has been published yet\n    Publish it first: quire series publish.",)
    found = list(_settings(delivery, environment))
    ready = []
    for name, (version, contents) in published.items():
        checked = f"{name} {version}"
        letters = [one for one in map(_readable, contents) if one is not None]
        if not letters:
            found.append(f"no letter of “{name}” can be read any more\n    Publish again: quire series publish.")
            continue
        # Letters are many and their rules too; that they were in order is written down. One that can't be read waits
        # where it comes up, and no other for it.
        if checked not in known:
            faulty = _linted(letters, bounds, now)
            found += faulty
            ready += [] if faulty or len(letters) < len(contents) else [checked]
        found += _head(letters[0].head)
        found += _secrets(delivery, letters[0].head, environment)
    if ready:
        # Only now, since others who send wait for whoever changes something.
        with store.transaction() as tx:
            for checked in ready:
                _written(tx, checked, now)
    return tuple(dict.fromkeys(found))


def _readable(content: bytes) -> Published | None:
    try:
        return thawed(content)
    except ValueError:
        return None


def _written(tx: Transaction, checked: str, now: datetime) -> None:
    journal.note(tx, now, _READY, detail=checked)


def _settings(delivery: Delivery, environment: Mapping[str, str]) -> Iterator[str]:
    if not delivery.links:
        yield "links have nowhere to lead\n    Write “delivery: links” in content/book.yaml: https://letters.YOUR-DOMAIN."
    elif _is_nobodys(urlsplit(delivery.links).hostname or ""):
        yield f"“delivery: links”: {delivery.links} is an example\n    Write an address of your own."


def _secrets(delivery: Delivery, head: Head, environment: Mapping[str, str]) -> Iterator[str]:
    """Yield what is wrong with the keys that sign links and messages, and with the way to the server."""
    for needed in (
        lambda: read_keys(secret(environment, "QUIRE_LINK_KEYS")),
        lambda: signer_for(delivery, head, environment),
        lambda: transport_for(delivery, environment),
    ):
        try:
            needed()
        except ConfigError as error:
            yield str(error)


def _head(head: Head) -> Iterator[str]:
    address = head.sender.address
    if _is_nobodys(address.rpartition("@")[2]):
        yield (
            f"{address} is an example, and no address to send from\n"
            "    Write the sender's address in content/book.yaml, build, and publish again."
        )
    postal = head.sender.postal_address
    if not postal.strip() or "example" in postal.lower():
        yield (
            "the postal address is an example, and the law wants a real one\n"
            "    Write the sender's postal address in content/book.yaml, build, and publish again."
        )


def _is_nobodys(domain: str) -> bool:
    domain = domain.lower().rstrip(".")
    return domain.rpartition(".")[2] in _NOBODYS or any(
        domain == one or domain.endswith(f".{one}") for one in _EXAMPLES
    )


def _linted(letters: Sequence[Published], bounds: lint.Limits, now: datetime) -> list[str]:
    """Return the errors that the rules for mails find in published letters, filled in for a sample of a reader."""
    contents = [one.letter for one in letters]
    found: list[str] = []
    for one in letters:
        try:
            [made] = trials(one.head, contents, [one.letter], "reader@example.org", now)
        except QuireError as error:
            found.append(f"{one.letter.name}: {error}")
            continue
        is_bulk = one.letter.kind not in ANSWERS
        address = one.head.sender.postal_address
        mail = lint.read_message(f"{one.letter.stem}.eml", made.content, is_bulk=is_bulk, postal_address=address)
        found += [str(finding) for finding in lint.check(mail, bounds) if _counts(finding)]
    return found


def _counts(finding: Finding) -> bool:
    return finding.severity == "error"


def refuse(found: Sequence[str]) -> None:
    """Raise ConfigError with everything that `faults` found; nothing where there is nothing."""
    if found:
        raise ConfigError("\n".join(("nothing is sent yet:", *found)))
