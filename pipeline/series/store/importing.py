"""Many people at once in; each of them added and enrolled, or why not, out, in a handful of statements."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, func, select

from pipeline.series.store import _schema as t
from pipeline.series.store import coming
from pipeline.series.store._rows import new_refs
from pipeline.series.store.courses import course
from pipeline.series.store.journal import note
from pipeline.series.store.people import Consent, Person, has_suppressions, suppressed

# `added` is new here, `enrolled` a subscriber who is new to the sequence, `known` one who isn't. The rest have left, or
# were made to, and are left alone.
Verdict = Literal["added", "enrolled", "known", "unsubscribed", "bounced", "complained", "suppressed", "erased"]
# As many as one statement may name, with room (see `ledger.BATCH`). Each batch touches most pages of the indexes once
# there are many readers, so that few large ones take far less time than many small ones.
MOST = 20_000
_LEFT: dict[str, Verdict] = {
    "unsubscribed": "unsubscribed",
    "hard": "bounced",
    "soft": "bounced",
    "complaint": "complained",
    "manual": "suppressed",
    "erased": "erased",
    "bounced": "bounced",
    "complained": "complained",
    "suppressed": "suppressed",
}


def look(tx: Connection, people: Sequence[Person], sequence_id: int) -> list[Verdict]:
    """Return what adding people would come to, one verdict for each; changes nothing.

    Who is among them twice is `known` the second time. Takes `MOST` at the most.
    """
    return [verdict for verdict, _ in _sorted(tx, people, sequence_id)]


def add(tx: Connection, people: Sequence[Person], sequence_id: int, consent: Consent, now: datetime) -> list[Verdict]:
    """Add people as subscribers and enrol them from now on, without asking; return a verdict for each.

    Nobody comes back in this way who has left, bounced, complained, or was suppressed or erased. Who is known keeps
    what is known of them; who has been asked and hasn't answered stays asked. Takes `MOST` at the most.
    """
    found = _sorted(tx, people, sequence_id)
    new = [one for one, (verdict, _) in zip(people, found, strict=True) if verdict == "added"]
    new.sort(key=lambda one: one.identity)
    enrolled = [row for verdict, row in found if verdict == "enrolled"]
    readers = [(row.id, row.time_zone) for row in enrolled] + _insert(tx, new, consent, now)
    _enrol(tx, readers, sequence_id, consent, now)
    return [verdict for verdict, _ in found]


def ask(tx: Connection, people: Sequence[Person], sequence_id: int, consent: Consent, now: datetime) -> list[Verdict]:
    """Ask people whether they want to read, those whom `add` would add or enrol; return a verdict for each."""
    found = look(tx, people, sequence_id)
    for one, verdict in zip(people, found, strict=True):
        if verdict in ("added", "enrolled"):
            coming.ask(tx, one, sequence_id, now, consent)
    return found


def finish(tx: Connection, added: int, consent: Consent, now: datetime) -> None:
    """Write into the log that people were added; each has the consent in their own row."""
    note(tx, now, "imported", detail=f"{added}: {consent.source}")


def _sorted(tx: Connection, people: Sequence[Person], sequence_id: int) -> list[tuple[Verdict, Any]]:
    """Return a verdict for each, with the row of a subscriber who is known."""
    s, e = t.subscribers.c, t.enrolments.c
    query = select(s.identity, s.id, s.state, s.time_zone)
    query = query.where(s.identity.in_([one.identity for one in people]))
    known = {row.identity: row for row in tx.execute(query)}
    reasons = suppressed(tx, [one.hash for one in people]) if has_suppressions(tx) else {}
    enrolled: set[int] = set()
    if active := [row.id for row in known.values() if row.state == "active"]:
        query = select(e.subscriber_id).where(e.sequence_id == sequence_id, e.subscriber_id.in_(active))
        enrolled = set(tx.execute(query).scalars())
    found: list[tuple[Verdict, Any]] = []
    seen: set[str] = set()
    for one in people:
        row, verdict = known.get(one.identity), _LEFT.get(reasons.get(one.hash, ""))
        if verdict is None:
            verdict = _verdict(row, enrolled)
        if verdict in ("added", "enrolled"):
            verdict = "known" if one.identity in seen else verdict
            seen.add(one.identity)
        found.append((verdict, row))
    return found


def _verdict(row: Any, enrolled: set[int]) -> Verdict:
    if row is None:
        return "added"
    if row.state == "active" and row.id not in enrolled:
        return "enrolled"
    return _LEFT.get(row.state, "known")


def _insert(tx: Connection, people: Sequence[Person], consent: Consent, now: datetime) -> list[tuple[int, str]]:
    """Insert people as active subscribers; return the id of each and their time zone."""
    if not people:
        return []
    # Random all the same, and the index takes them in order much faster.
    refs = sorted(new_refs(len(people)))
    before = tx.execute(select(func.max(t.subscribers.c.id))).scalar() or 0
    alike = {"state": "active", "created_at": now, "confirmed_at": now, "consent_at": consent.at}
    # What is the same in every row is written once, into the statement.
    statement = t.subscribers.insert().values(**alike, consent_source=consent.source, consent_text=consent.text)
    rows = [
        {"ref": ref, "identity": one.identity, "address": one.address, "name": one.name}
        | {"time_zone": one.time_zone, "locale": one.locale}
        for ref, one in zip(refs, people, strict=True)
    ]
    tx.execute(statement, rows)
    # Numbers only grow. On Postgres another's rows may be among those since.
    s, ours = t.subscribers.c, set(refs)
    query = select(s.id, s.ref, s.time_zone).where(s.id > before)
    return [(number, zone) for number, ref, zone in tx.execute(query) if ref in ours]


def _enrol(
    tx: Connection, readers: Sequence[tuple[int, str]], sequence_id: int, consent: Consent, now: datetime
) -> None:
    """Let readers begin with the first issue, each by the time zone they live in."""
    one = course(tx, sequence_id)
    place = one.next("")
    zones = {zone for _, zone in readers}
    slots = {zone: one.first_slot(place.issue, now, zone, one.schedule) if place else None for zone in zones}
    rows = [{"subscriber_id": number, "slot_at": slots[zone], "due_at": slots[zone]} for number, zone in readers]
    if rows:
        alike = {"sequence_id": sequence_id, "state": "active" if place else "finished", "started_at": now}
        alike |= {"confirmed_at": now, "consent_at": consent.at}
        statement = t.enrolments.insert().values(**alike, consent_source=consent.source, consent_text=consent.text)
        tx.execute(statement, rows)
