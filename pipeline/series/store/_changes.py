"""A newsletter as it is published and as it would be in; what differs, letter by letter, and for how many readers, out.

Nobody is sent an issue that comes before where they stand, unless it is asked for; and an issue keeps its name wherever
it moves, so that nobody gets it twice.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, func, select

from pipeline.delivery import Schedule
from pipeline.series.course import MAIL, Course, Place
from pipeline.series.store import _schema as t
from pipeline.series.store import moving
from pipeline.series.store.courses import course, sequence_id_of


class Letter(Struct, frozen=True):
    """A letter to publish: its name (`mail/welcome` for a mail), its subject, and all of it, encoded."""

    issue: str
    subject: str
    content: bytes

    @property
    def hash(self) -> bytes:
        return hashlib.sha256(self.content).digest()


Kind = Literal["new", "rewritten", "moved", "removed", "same"]


class Change(Struct, frozen=True):
    """What publishing does to one letter, and for how many readers: those before it, and those past it."""

    issue: str
    subject: str
    kind: Kind
    number: int | None
    ahead: int = 0
    past: int = 0


class Group(Struct, frozen=True):
    """So many readers stand behind `reached`; `next_before` comes next as things are, `next_after` once published."""

    reached: str
    readers: int
    next_before: str
    next_after: str


class Plan(Struct, frozen=True):
    """What publishing would do: letter by letter, and for whom.

    `passes_over` are new or moved issues that readers are past who haven't had them, and `catches_up` those that they
    get all the same. `lost_paces` is how many readers have a pace of their own that the schedule no longer allows, and
    go by the schedule from here on. `is_unfinished` is true where readers have yet to get their times by a schedule
    that was published before.
    """

    sequence: str
    version: int
    changes: tuple[Change, ...]
    groups: tuple[Group, ...]
    is_rescheduled: bool
    passes_over: tuple[str, ...] = ()
    catches_up: tuple[str, ...] = ()
    lost_paces: int = 0
    is_unfinished: bool = False

    @property
    def is_empty(self) -> bool:
        return not self.is_rescheduled and all(change.kind == "same" for change in self.changes)


def plan(tx: Connection, name: str, letters: Sequence[Letter], schedule: Schedule, *, catch_up: bool = False) -> Plan:
    """Return what publishing letters, issues in order and mails anywhere, would change."""
    sequence_id = sequence_id_of(tx, name)
    before = course(tx, sequence_id) if sequence_id is not None else None
    after = order_after(before, letters, {})
    standing = _standing(tx, sequence_id)
    changes = _changes(tx, before, after, letters, standing)
    left_out = {reached: passed_over(before, after, reached) for reached in standing} if before else {}
    passes_over = tuple(place.issue for place in after.live if any(place.issue in one for one in left_out.values()))
    owed = left_out if catch_up else {}
    groups = tuple(
        Group(reached, readers, _next(before, reached, ()), _next(after, reached, owed.get(reached, ())))
        for reached, readers in sorted(standing.items(), key=lambda item: after.rank(item[0]))
    )
    version = before.version if before else 0
    rescheduled = before is not None and before.schedule != schedule
    lost = moving.lost_paces(tx, sequence_id, schedule) if rescheduled and sequence_id is not None else {}
    unfinished = moving.is_unfinished(tx, name)
    return Plan(
        name,
        version + 1,
        changes,
        groups,
        rescheduled,
        passes_over,
        passes_over if catch_up else (),
        sum(map(len, lost.values())),
        unfinished,
    )


# --------------------------------------------------------------------------- the order


def order_after(before: Course | None, letters: Sequence[Letter], revisions: Mapping[str, int]) -> Course:
    """Return the course as it will be: the new order, and what was taken out behind what it stood behind."""
    issues = [letter.issue for letter in letters if not letter.issue.startswith(MAIL)]
    places = [Place(issue, revisions.get(issue, 0)) for issue in issues]
    for index, place in enumerate(before.places if before else ()):
        if place.issue not in issues:
            behind = before.places[index - 1].issue if before and index else ""
            at = next((rank + 1 for rank, other in enumerate(places) if other.issue == behind), 0)
            places.insert(at, msgspec.structs.replace(place, is_live=False))
    mails = {
        letter.issue.removeprefix(MAIL): revisions.get(letter.issue, 0)
        for letter in letters
        if letter.issue.startswith(MAIL)
    }
    schedule = before.schedule if before else Schedule()
    return Course(0, before.name if before else "", 0, schedule, tuple(places), mails)


def passed_over(before: Course, after: Course, reached: str) -> list[str]:
    """Return the issues that come before somebody who stands behind another, and didn't before: new or moved there."""
    were_past = {place.issue for place in before.places[: before.rank(reached) + 1] if place.is_live}
    past = after.places[: after.rank(reached)] if after.rank(reached) > 0 else ()
    return [place.issue for place in past if place.is_live and place.issue not in were_past]


def _next(one: Course | None, reached: str, owed: Sequence[str]) -> str:
    """Return what somebody who stands behind an issue, and is owed some, gets next."""
    place = one.next(reached, owed) if one is not None else None
    return place.issue if place else ""


def _standing(tx: Connection, sequence_id: int | None) -> dict[str, int]:
    """Return how many readers stand behind each issue, among those who are to get any more."""
    if sequence_id is None:
        return {}
    e = t.enrolments.c
    query = (
        select(e.reached, func.count()).where(e.sequence_id == sequence_id, e.state != "stopped").group_by(e.reached)
    )
    return {row[0]: row[1] for row in tx.execute(query)}


def _changes(
    tx: Connection, before: Course | None, after: Course, letters: Sequence[Letter], standing: Mapping[str, int]
) -> tuple[Change, ...]:
    hashes = _hashes(tx, before)
    live = [place.issue for place in before.live] if before else []
    kept = [letter.issue for letter in letters if letter.issue in live]
    moved = _moved([issue for issue in live if issue in kept], kept)
    found = []
    number = 0
    for letter in letters:
        is_mail = letter.issue.startswith(MAIL)
        number += 0 if is_mail else 1
        kind: Kind = "same"
        if letter.issue not in hashes:
            kind = "new"
        elif hashes[letter.issue] != letter.hash:
            kind = "rewritten"
        elif letter.issue in moved:
            kind = "moved"
        ahead, past = (0, 0) if is_mail else _counts(after, letter.issue, standing)
        found.append(Change(letter.issue, letter.subject, kind, None if is_mail else number, ahead, past))
    names = {letter.issue for letter in letters}
    for issue in [issue for issue in hashes if issue not in names]:
        ahead, past = (0, 0) if issue.startswith(MAIL) else _counts(after, issue, standing)
        found.append(Change(issue, "", "removed", None, ahead, past))
    return tuple(found)


def _counts(one: Course, issue: str, standing: Mapping[str, int]) -> tuple[int, int]:
    """Return how many readers stand before an issue, and how many at it or past it."""
    rank = one.rank(issue)
    past = sum(readers for reached, readers in standing.items() if one.rank(reached) >= rank)
    return sum(standing.values()) - past, past


def _moved(before: Sequence[str], after: Sequence[str]) -> set[str]:
    """Return the fewest issues that have to be moved to make one order of the other."""
    # The longest run that keeps its order stays; what isn't in it has moved.
    longest: list[list[str]] = []
    ranks = {issue: rank for rank, issue in enumerate(before)}
    for issue in after:
        best = max((run for run in longest if ranks[run[-1]] < ranks[issue]), key=len, default=[])
        longest.append([*best, issue])
    stays = max(longest, key=len, default=[])
    return set(after) - set(stays)


def _hashes(tx: Connection, before: Course | None) -> dict[str, bytes]:
    """Return the hashes of the letters that are published now, as they are: one that was damaged has another."""
    if before is None:
        return {}
    p, r = t.places.c, t.revisions.c
    query = select(p.issue, r.content).join_from(t.places, t.revisions, r.id == p.revision_id)
    query = query.where(p.sequence_id == before.sequence_id, p.is_live).order_by(p.rank)
    return {row.issue: hashlib.sha256(row.content).digest() for row in tx.execute(query)}
