"""A build's report in; the words or the JSON that end the command out."""

import os
from collections import defaultdict
from pathlib import Path, PurePosixPath

import msgspec

from pipeline.cli._session import size
from pipeline.memory import Report
from pipeline.output import Made


def as_json_text(report: Report) -> str:
    """Return a report as JSON."""
    return msgspec.json.format(msgspec.json.encode(report), indent=2).decode()


def as_text(report: Report, output: Path, every_file: bool) -> str:
    """Return a report as a table with a line a file, or a line for a folder of many, and a closing sentence."""
    groups: dict[str, list[Made]] = defaultdict(list)
    for made in report.made:
        folder = str(PurePosixPath(made.path).parent)
        groups[made.path if every_file or folder == "." else f"{folder}/"].append(made)
    shown = Path(os.path.relpath(output)).as_posix()
    rows = [(f"{shown}/{name}", _files(entries), _bytes(entries), _pages(entries)) for name, entries in groups.items()]
    widths = [max(len(row[column]) for row in rows) for column in range(4)] if rows else [0] * 4
    lines = [
        "  ".join([name.ljust(widths[0]), *(cell.rjust(widths[at]) for at, cell in enumerate(cells, start=1))]).rstrip()
        for name, *cells in rows
    ]
    return "\n".join([*lines, "", _closing(report)])


def _files(entries: list[Made]) -> str:
    return f"{len(entries)} files" if len(entries) > 1 else ""


def _bytes(entries: list[Made]) -> str:
    return size(sum(entry.bytes for entry in entries))


def _pages(entries: list[Made]) -> str:
    pages = sum(entry.pages or 0 for entry in entries)
    return f"{pages} page{'s' if pages > 1 else ''}" if pages else ""


def _closing(report: Report) -> str:
    total = size(sum(made.bytes for made in report.made))
    count = len(report.made)
    files = f"{count} file{'s' if count != 1 else ''}"
    if not report.worked and not report.written and not report.removed:
        return f"Nothing has changed: {files}, {total}, looked at in {report.seconds:.2f} s."
    work = report.worked + report.reused
    return (
        f"{files}, {total}, in {report.seconds:.2f} s; "
        f"{len(report.written)} written, {report.reused} of {work} pieces of work reused."
    )
