"""A built newsletter and a service's name in; the files that it takes, in a folder, and what they leave behind, out."""

import contextlib
import json
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path, PurePosixPath

import msgspec

from pipeline.delivery import Schedule
from pipeline.errors import ConfigError, WriteError
from pipeline.series.built import read_built, read_files
from pipeline.series.exports import Export, File, Material, exported
from pipeline.series.schedule import calendar_slots, with_pace

# What an export wrote, so that the next knows what is its own.
LISTING = ".quire-export.json"


def material(
    folder: Path,
    schedule: Schedule,
    shown: str = "",
    *,
    start: str = "",
    every: str = "",
    time_zone: str = "",
    pictures: str = "",
    audience: str = "",
) -> Material:
    """Return what an export is made from: a built newsletter, and the moments of its issues.

    `start`, an ISO date, makes a calendar of an evergreen; `every` and `time_zone` stand for those of the schedule
    where they aren't empty. Where “at” is each reader's own time, moments are in UTC. Raises ConfigError where the
    newsletter was changed or the schedule can't be kept.
    """
    if pictures and not pictures.startswith("https://"):
        raise ConfigError(f"“{pictures}” is no address for pictures\n    Write one that begins with https://.")
    head, letters = read_built(folder, shown)
    pace = {"every": every, "time_zone": time_zone}
    schedule = with_pace(schedule, {key: value for key, value in pace.items() if value})
    if start:
        _check_day(start)
        schedule = msgspec.structs.replace(schedule, kind="calendar", start=start)
    count = sum(1 for letter in letters if letter.number)
    slots: tuple[datetime, ...] = calendar_slots(schedule, count, "UTC") if schedule.kind == "calendar" else ()
    return Material(
        head=head,
        letters=letters,
        schedule=schedule,
        slots=slots,
        files=read_files(folder, shown),
        pictures=pictures,
        audience=audience,
    )


def export(material: Material, service: str, folder: Path) -> Export:
    """Write what a service takes into a folder, and return it. Raises ConfigError and WriteError."""
    made = exported(service, material)
    write(made.files, folder)
    return made


def write(files: Sequence[File], folder: Path) -> None:
    """Write an export's files into a folder, and remove what an earlier export left there and this one doesn't make.

    Nothing else in the folder is touched. Raises WriteError where it can't be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        before, paths = _earlier(folder), [file.path for file in files]
        for path in sorted(set(before) - set(paths)):
            (folder / path).unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                (folder / path).parent.rmdir()
        for file in (*files, File(LISTING, (json.dumps(sorted(paths)) + "\n").encode())):
            place = folder / file.path
            place.parent.mkdir(parents=True, exist_ok=True)
            staged = place.with_name(f"{place.name}.part")
            staged.write_bytes(file.content)
            staged.replace(place)
    except OSError as error:
        raise WriteError(f"{folder}: can't be written: {error.strerror}\n    Name another: --output DIR.") from error


def _check_day(day: str) -> None:
    try:
        date.fromisoformat(day)
    except ValueError as error:
        raise ConfigError(f"“{day}” is not a day\n    Write year, month and day: 2027-01-04.") from error


def _earlier(folder: Path) -> tuple[str, ...]:
    """Return what an earlier export wrote; anybody may have edited the list, so no path leads out of the folder."""
    try:
        paths = msgspec.json.decode((folder / LISTING).read_bytes(), type=tuple[str, ...])
    except (OSError, msgspec.DecodeError):
        return ()
    return tuple(path for path in paths if not PurePosixPath(path).is_absolute() and ".." not in path.split("/"))
