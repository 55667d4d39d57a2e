"""A Markdown file of the manuscript in; its metadata block and its text out."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Generic, TypeVar

import msgspec
from msgspec import Struct

from pipeline import model as m
from pipeline.cache import Cache
from pipeline.errors import Finding, Location
from pipeline.mail.placeholders import IN_PROSE
from pipeline.metadata import Lines, decode, suggest
from pipeline.project import Project
from pipeline.reader._slug import slugify
from pipeline.reader._source import Source, load
from pipeline.reader.images import Images
from pipeline.reader.markdown import Reading

GENERATED = ("notes", "glossary", "index")
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
Meta = TypeVar("Meta", bound=Struct)


class File(Struct, Generic[Meta], frozen=True):
    """One Markdown file, read: its name, slug, metadata with its lines, and text."""

    name: str
    slug: str
    metadata: Meta
    text: m.Document
    location: Location
    lines: Lines


class _Text(Struct, frozen=True):
    """A file's text and the labels in it."""

    text: m.Document
    labels: dict[str, Location]


class Files:
    """The Markdown files of a project: which were read, the labels in them, and whether the book lacks some text.

    Problems are added to `findings`. `cache` spares files that haven't changed.
    """

    def __init__(
        self, project: Project, cache: Cache | None, language: str, images: Images, findings: list[Finding]
    ) -> None:
        self.named: set[Path] = set()
        self.labels: list[tuple[str, Location]] = []
        self.is_text_lacking = False
        self._project = project
        self._cache = cache
        self._language = language
        self._images = images
        self._findings = findings

    def read(self, folder: str, name: str, kind: type[Meta], named_at: Location, letter: str = "") -> File[Meta] | None:
        """Return a file's metadata and text, or None after reporting what is wrong with it.

        `letter` is the kind of letter that it is, on which its placeholders depend; empty in a file of the book.
        """
        found = self._read_file(folder, name, kind, named_at, letter)
        if found is None or not found.text.blocks:
            self.is_text_lacking = True
        return found

    def _read_file(
        self, folder: str, name: str, kind: type[Meta], named_at: Location, letter: str
    ) -> File[Meta] | None:
        if not _FILE_NAME.fullmatch(name) or name.endswith(".md"):
            hint = "Use letters, digits, dots and hyphens, without .md and without a folder."
            self._findings.append(Finding(named_at, "file-name", f"“{name[:60]}” can't name a file", hint))
            return None
        path = self._project.content / folder / f"{name}.md"
        if path in self.named:
            message = f"{folder}/{name} is named twice"
            self._findings.append(Finding(named_at, "named-twice", message, "Name it once."))
            return None
        self.named.add(path)
        if not path.is_file():
            message = f"there is no content/{folder}/{name}.md"
            there = sorted(other.stem for other in path.parent.glob("*.md"))
            choices = [*there, *GENERATED] if folder == "back" else there
            hint = suggest(name, choices, "Write it, or take its name out.")
            self._findings.append(Finding(named_at, "missing-file", message, hint))
            return None
        source = load(self._project, path, self._findings)
        if source is None:
            return None
        metadata, lines, findings = decode(source.metadata, kind, source.path, first_line=2)
        slug = getattr(metadata, "slug", None) or slugify(re.sub(r"^\d+[-_.]*", "", name) or name)
        read, problems = self._text(source, slug, IN_PROSE[letter] if letter else None)
        text = read.text
        self._findings.extend(findings)
        self._findings.extend(problems)
        if folder not in ("newsletter", "mails"):
            self.labels.extend(read.labels.items())
        if not text.blocks and not problems:
            where = Location(source.path, source.body_line)
            self._findings.append(Finding(where, "empty-file", "there is no text here", "Write it, or take it out."))
        if metadata is None:
            return None
        return File(name, slug, metadata, text, Location(source.path, 1), lines)

    def _text(self, source: Source, slug: str, placeholders: tuple[str, ...] | None) -> tuple[_Text, Sequence[Finding]]:
        """Return a file's text and what is wrong with it; kept where nothing is, and where it shows no image."""
        key = (
            self._cache.key("text", source.path, source.body, source.body_line, self._language, slug, placeholders)
            if self._cache
            else ""
        )
        kept = self._cache.get(key) if self._cache else None
        if kept is not None:
            return msgspec.msgpack.decode(kept, type=_Text), ()
        reading = Reading(source.path, self._language, self._images, slug, placeholders)
        text = _Text(reading.document(source.body, source.body_line), reading.labels)
        if self._cache and not reading.findings and not any(isinstance(node, m.Figure) for node in m.walk(text.text)):
            self._cache.put(key, m.encode(text))
        return text, reading.findings
