"""A session, a file and options in; the people in it imported, and what to print about that, out."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cli._register import now, open_register
from pipeline.cli._session import Session

if TYPE_CHECKING:
    from pipeline.series.importing import Tally


def import_file(
    session: Session, file: Path, pairs: Sequence[str], *, as_json: bool = False, **wanted: str | bool
) -> str:
    """Import the people in a file, telling of progress; return the outcome as text or JSON."""
    import msgspec

    from pipeline.delivery import zone_fault
    from pipeline.series import readers
    from pipeline.series.importing import Options, import_people
    from pipeline.series.store.courses import chosen

    moment, consent = now(), str(wanted["consent"]).strip()
    if not consent:
        raise click.UsageError("--consent is empty: say where and when these people agreed")
    if fault := zone_fault(str(wanted["zone"]))[0]:
        raise click.UsageError(f"--time-zone: {fault}")
    options = Options(
        readers.consent(moment, consent),
        _columns(pairs),
        str(wanted["zone"]),
        str(wanted["encoding"]),
        confirm=bool(wanted["confirm"]),
        dry_run=bool(wanted["dry_run"]),
    )
    rejected, progress = file.with_name(f"{file.name}.rejected.csv"), session.progress()
    with open_register(session) as register:
        with register.store.reading() as tx:
            sequence_id = chosen(tx, str(wanted["sequence"]))
            if options.confirm:
                readers.can_ask(tx, sequence_id)
        tally = import_people(
            register.store,
            sequence_id,
            file,
            str(file),
            rejected,
            register.key,
            options,
            moment,
            lambda done, total: progress.step(f"{done / max(total, 1):.0%} read", done, total),
        )
    progress.finished(file.name, 1)
    if as_json:
        return msgspec.json.encode(tally).decode()
    return _told(tally, rejected, options.dry_run, options.confirm)


def _columns(pairs: Sequence[str]) -> Mapping[str, str]:
    from pipeline.series.importing import FIELDS

    columns = {field: column for field, mark, column in (pair.partition("=") for pair in pairs) if mark}
    if len(columns) < len(pairs) or set(columns) - set(FIELDS):
        raise click.UsageError(f"--map takes FIELD=COLUMN, and fields are {', '.join(FIELDS)}")
    return columns


def _told(tally: "Tally", rejected: Path, is_dry: bool, asks: bool) -> str:
    verdicts = tally.verdicts
    lines = [
        f"{tally.rows:,} row{'s' if tally.rows != 1 else ''}",
        f"{verdicts['added']:,} {'asked' if asks else 'added'}",
        *([f"{verdicts['enrolled']:,} known, and {'asked' if asks else 'enrolled'}"] if verdicts["enrolled"] else []),
        f"{verdicts['known']:,} known",
        f"{tally.left:,} left alone, since they have left, bounced, complained, or were suppressed or erased",
        f"{tally.rejected:,} can't be used",
    ]
    if tally.rejected or tally.left:
        lines.append(f"{rejected} says which, and why.")
    if is_dry:
        lines.append("Nothing was changed: this was a dry run.")
    return "\n".join(lines)
