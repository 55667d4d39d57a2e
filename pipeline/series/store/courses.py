"""Published sequences in the store; their order and times out."""

import hashlib
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, select

from pipeline.delivery import Schedule
from pipeline.errors import LetterError, StoreError
from pipeline.series import schedule as times
from pipeline.series.course import MAIL, Course, Place
from pipeline.series.store import _schema as t

_VERSION = select(t.sequences.c.version).where(t.sequences.c.id == bindparam("sequence"))


def course(tx: Connection, sequence_id: int) -> Course:
    """Return a published sequence; it is read again only when another version has been published."""
    version = tx.execute(_VERSION, {"sequence": sequence_id}).scalar_one()
    kept: dict[int, Course] = tx.info.setdefault("quire-courses", {})
    if sequence_id not in kept or kept[sequence_id].version != version:
        kept[sequence_id] = _read(tx, sequence_id)
    return kept[sequence_id]


def _read(tx: Connection, sequence_id: int) -> Course:
    row = tx.execute(select(t.sequences).where(t.sequences.c.id == sequence_id)).one()
    p = t.places.c
    query = select(p.issue, p.revision_id, p.is_live, p.rank).where(p.sequence_id == sequence_id).order_by(p.rank)
    rows = tx.execute(query).all()
    return Course(
        sequence_id=sequence_id,
        name=row.name,
        version=row.version,
        schedule=msgspec.json.decode(row.schedule, type=Schedule),
        places=tuple(Place(r.issue, r.revision_id, r.is_live) for r in rows if r.rank is not None),
        mails={r.issue.removeprefix(MAIL): r.revision_id for r in rows if r.rank is None and r.is_live},
    )


def content_of(tx: Connection, revision_id: int) -> bytes:
    """Return all of a published letter, as it was encoded. Raises LetterError where it isn't what was published."""
    r = t.revisions.c
    row = tx.execute(select(r.issue, r.content, r.hash).where(r.id == revision_id)).one()
    content: bytes = row.content
    if hashlib.sha256(content).digest() != row.hash:
        raise unmakeable(row.issue, "it was damaged in the store")
    return content


def unmakeable(issue: str, reason: object) -> LetterError:
    """Return what to tell where a published letter can't be made into messages."""
    return LetterError(
        f"“{issue}” can't be sent as it was published: {reason}\n"
        "    Its readers wait, and other letters go on. Build it and publish it again: quire build newsletter, "
        "quire series publish."
    )


def versions(tx: Connection) -> dict[str, int]:
    """Return by name which version of each sequence is published."""
    s = t.sequences.c
    return {row.name: row.version for row in tx.execute(select(s.name, s.version))}


def published_content(tx: Connection) -> dict[str, tuple[int, list[bytes]]]:
    """Return by name each sequence's version, and all of its letters that may be sent now."""
    s, p, r = t.sequences.c, t.places.c, t.revisions.c
    query = (
        select(s.name, s.version, r.content)
        .join_from(t.sequences, t.places, p.sequence_id == s.id)
        .join(t.revisions, r.id == p.revision_id)
        .where(p.is_live)
        .order_by(s.name, p.rank, p.issue)
    )
    found: dict[str, tuple[int, list[bytes]]] = {}
    for name, version, content in tx.execute(query):
        found.setdefault(name, (version, []))[1].append(content)
    return found


def sequence_id_of(tx: Connection, name: str) -> int | None:
    """Return the id of a published sequence, or None where nothing has been published under that name."""
    return tx.execute(select(t.sequences.c.id).where(t.sequences.c.name == name)).scalar()


def titles(tx: Connection) -> dict[str, str]:
    """Return the titles of all published sequences, by name."""
    return {row[0]: row[1] for row in tx.execute(select(t.sequences.c.name, t.sequences.c.title))}


def chosen(tx: Connection, name: str = "") -> int:
    """Return the id of the sequence of a name, or of the only one there is. Raises StoreError where there is none."""
    rows = tx.execute(select(t.sequences.c.name, t.sequences.c.id).order_by(t.sequences.c.name))
    names: dict[str, int] = {row[0]: row[1] for row in rows}
    if not names:
        raise StoreError("no newsletter has been published yet\n    Publish it first: quire series publish.")
    if name in names:
        return names[name]
    if name or len(names) > 1:
        said = f"no newsletter named “{name}” was published" if name else "several newsletters were published"
        raise StoreError(f"{said}\n    Say which, as in --sequence {next(iter(names))}; there are {', '.join(names)}.")
    return next(iter(names.values()))


def schedule_for(one: Course, pace: bytes | None) -> Schedule:
    """Return a sequence's schedule with a reader's own pace, where there is one that can be kept.

    A schedule that was published since may leave a pace no day. One reader's wish must not keep everybody's letters
    from going out, and so that reader gets the sequence's times; publishing tells of it.
    """
    return own_schedule_of(one.schedule, pace) or one.schedule


def own_schedule_of(schedule: Schedule, pace: bytes | None) -> Schedule | None:
    """Return a schedule with a stored pace, or None where the pace can't be kept with it."""
    if not pace:
        return schedule
    own: dict[str, Any] = msgspec.json.decode(pace)
    try:
        return times.own_schedule(schedule, own)
    except times.ScheduleError:
        return None
