"""Mails that came back in; what each reports applied to the store, once, and told, out."""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

from pipeline.delivery import Delivery
from pipeline.series.addresses import address_hash
from pipeline.series.bounces import Kind, Report, read_report
from pipeline.series.links import Keys
from pipeline.series.sources import RawMail
from pipeline.series.store import leaving, returns
from pipeline.series.store.engine import Store, Transaction

# `ended`: the subscription, by this mail. `counted`: toward `soft_bounces`. `noted`: for a person to see. `nothing`:
# there was nothing to do. `unproven`: the mail doesn't prove whom it is about, and nothing was done.
What = Literal["ended", "counted", "noted", "nothing", "unproven", "again"]


class Action(Struct, frozen=True):
    """What one mail reports, and what was done about it; `again` for one that was dealt with before.

    `address` is the subscriber's where the mail proves who that is, else what the mail says.
    """

    kind: Kind
    what: What
    address: str = ""
    issue: str = ""
    status: str = ""
    diagnostic: str = ""
    source: str = ""


def apply(
    store: Store, mails: Iterable[RawMail], keys: Keys, key: bytes, delivery: Delivery, now: datetime
) -> Iterator[Action]:
    """Apply what mails report, each in a transaction of its own, and yield what was done.

    `key` is that of the hashes of addresses. A mail is marked as done once that is recorded, so that after a crash it
    is read again, and is known. Raises what `mails` raises, and StoreError.
    """
    for mail in mails:
        with store.transaction() as tx:
            action = _applied(tx, mail, keys, key, delivery, now)
        mail.done()
        yield action


def purge(store: Store, now: datetime) -> int:
    """Throw away mails that were kept for `keep_bounces` days; return how many."""
    with store.transaction() as tx:
        return returns.purge(tx, now)


def _applied(tx: Transaction, mail: RawMail, keys: Keys, key: bytes, delivery: Delivery, now: datetime) -> Action:
    source = hashlib.sha256(mail.id.encode(errors="surrogatepass")).digest()
    report = read_report(mail.raw, keys)
    if returns.is_known(tx, source):
        return _action(report, "again", None, mail.id)
    about = returns.subject_of(tx, report.delivery_ref, report.subscriber_ref, report.message_id)
    is_kept = delivery.keep_bounces and report.kind != "auto_reply"
    returned = returns.Returned(
        source,
        report.kind,
        report.status,
        report.diagnostic,
        mail.raw if is_kept else None,
        now + timedelta(days=delivery.keep_bounces),
    )
    returns.keep(tx, returned, about, now)
    what = _act(tx, report, about, key, delivery.soft_bounces, now)
    return _action(report, what, about, mail.id)


def _act(tx: Transaction, report: Report, about: returns.Subject | None, key: bytes, most: int, now: datetime) -> What:
    """Do what a report asks for, where it proves whom it is about."""
    if report.kind in ("auto_reply", "unknown"):
        return "nothing" if report.kind == "auto_reply" else "unproven" if about is None else "noted"
    if about is None:
        return "unproven"
    if about.state == "erased":
        return "nothing"
    number, hashed = about.subscriber_id, address_hash(key, about.address)
    is_new = returns.mark(tx, about, report.kind, report.status, now)
    match report.kind:
        case "hard":
            return "ended" if returns.bounced(tx, about, "hard", report.status, now, most, hashed) else "nothing"
        case "soft":
            # A server tells of a delay every few hours, and of its end: that is one bounce.
            if not is_new or about.state != "active":
                return "nothing"
            ended = returns.bounced(tx, about, "soft", report.status, now, most, hashed)
            return "ended" if ended else "counted"
        case "complaint":
            return "ended" if leaving.leave(tx, number, "complaint", now, hashed, about.issue) else "nothing"
        case "unsubscribe":
            return "ended" if leaving.unsubscribe(tx, number, now, hashed, "by mail") else "nothing"
    return "noted"


def _action(report: Report, what: What, about: returns.Subject | None, source: str) -> Action:
    return Action(
        report.kind,
        what,
        about.address if about else report.address or "",
        about.issue if about else "",
        report.status,
        report.diagnostic,
        source,
    )
