"""A file's bytes in; its metadata block and its Markdown out, or findings."""

import re
from pathlib import Path

from msgspec import Struct

from pipeline.errors import Finding, Location
from pipeline.project import Project

MAX_PARAGRAPH = 50_000

_FENCE = re.compile(r"-{3}[ \t]*(?:\n|$)")
_FENCE_END = re.compile(r"^-{3}[ \t]*(?:\n|\Z)", re.MULTILINE)


class Source(Struct, frozen=True):
    """A Markdown file, split: `metadata` from line 2, `body` from `body_line`; lines counted from 1."""

    path: str
    metadata: str
    body: str
    body_line: int


def load(project: Project, path: Path, findings: list[Finding]) -> Source | None:
    """Return a Markdown file split into its metadata block and its body, or None after reporting why not."""
    name = project.relative(path)
    text = project.read_text(path, findings)
    if text is None:
        return None
    if not (start := _FENCE.match(text)):
        hint = "Begin the file with a line “---”, the metadata, and another line “---”."
        findings.append(_at(name, 1, "metadata", "the metadata block is missing", hint))
        return None
    end = _FENCE_END.search(text, start.end())
    if end is None:
        findings.append(_at(name, 1, "metadata", "the metadata block has no end", "Close it with a line “---”."))
        return None
    body_line = text.count("\n", 0, end.end()) + 1
    source = Source(name, text[start.end() : end.start()], text[end.end() :], body_line)
    return source if _paragraphs_are_short(source, findings) else None


def _paragraphs_are_short(source: Source, findings: list[Finding]) -> bool:
    line, length, first = source.body_line, 0, source.body_line
    fine = True
    for row in source.body.split("\n"):
        if row.strip():
            first = first if length else line
            length += len(row) + 1
        else:
            length = 0
        if length > MAX_PARAGRAPH:
            message = f"a paragraph of more than {MAX_PARAGRAPH:,} characters"
            findings.append(_at(source.path, first, "too-long", message, "Part it with empty lines."))
            fine, length = False, -(10**9)
        line += 1
    return fine


def _at(path: str, line: int, code: str, message: str, hint: str = "") -> Finding:
    return Finding(Location(path, line), code, message, hint)
