"""A table of 200,000 people imported into a store on SQLite: rows a second, and that memory doesn't grow with it."""

import csv
import resource
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from pipeline.delivery import Schedule
from pipeline.series.importing import Options, import_people
from pipeline.series.store.engine import Store, open_store
from pipeline.series.store.people import Consent
from pipeline.series.store.publications import Letter, publish

_NOW = datetime(2027, 1, 4, 9, tzinfo=UTC)
_ROWS = 200_000
_ZONES = ("Europe/Paris", "America/New_York", "Asia/Tokyo", "UTC")


def run() -> None:
    """Print what an import takes, and the same once more when everybody is known."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        small, large = _table(folder / "small.csv", 20_000), _table(folder / "large.csv", _ROWS)
        store = open_store(str(folder / "series.db"))
        with store.transaction() as tx:
            letters = [Letter(f"letter-{number}", "A subject", b"content") for number in range(20)]
            publish(tx, "letters", "Letters", b"", letters, Schedule(), _NOW)
        _imported(store, small)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for what in ("new", "known"):
            wall, cpu, added = _imported(store, large)
            print(f"import, {what}: {_ROWS / cpu:9,.0f} rows a second of CPU time  (asked: 20,000)")
            print(f"{'':<12} {_ROWS / wall:9,.0f} rows a second by the clock, {added:,} added")
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1000
        print(f"import, ten times the rows: {grown:.0f} MB more memory, of which SQLite's cache is 64 at the most")
        store.close()


def _table(path: Path, count: int) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("Email", "First name", "Time zone", "Language"))
        for number in range(count):
            address = f"Reader.{number * 7919 % 1_000_003}@{number % 97}.example.org"
            rows.writerow((address, f"Reader {number}", _ZONES[number % 4], "en-US"))
    return path


def _imported(store: Store, path: Path) -> tuple[float, float, int]:
    wall, cpu = time.perf_counter(), time.process_time()
    rejected = path.with_name(f"{path.name}.rejected.csv")
    options = Options(Consent(_NOW, "a form of ours, 2026"))
    tally = import_people(store, 1, path, path.name, rejected, b"k" * 32, options, _NOW)
    return time.perf_counter() - wall, time.process_time() - cpu, tally.verdicts["added"]
