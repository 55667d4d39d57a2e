"""The types of the manuscript's metadata in; JSON Schemas for editors out, as `docs/schema/` holds them."""

import sys
from pathlib import Path
from typing import Any

import msgspec

from pipeline.project import Settings
from pipeline.reader.metadata_blocks import (
    ChapterMetadata,
    IssueMetadata,
    MailMetadata,
    MatterMetadata,
    PartMetadata,
)
from pipeline.reader.references import GlossaryTerm, Work
from pipeline.theme import Theme

_KINDS: dict[str, tuple[str, Any]] = {
    "book": ("content/book.yaml", Settings),
    "chapter": ("The metadata block of a chapter", ChapterMetadata),
    "matter": ("The metadata block of front and back matter", MatterMetadata),
    "part": ("The metadata block of a part's opener", PartMetadata),
    "issue": ("The metadata block of a newsletter issue", IssueMetadata),
    "mail": ("The metadata block of a mail: confirmation, welcome, progress or goodbye", MailMetadata),
    "glossary": ("content/glossary.yaml", tuple[GlossaryTerm, ...]),
    "references": ("content/references.yaml", tuple[Work, ...]),  # type: ignore[valid-type]
    "theme": ("templates/theme.yaml", Theme),
}


def schemas() -> dict[str, str]:
    """Return the text of each schema (JSON Schema 2020-12) by its file's name."""
    return {f"{name}.schema.json": _schema(title, kind) for name, (title, kind) in _KINDS.items()}


def _schema(title: str, kind: Any) -> str:
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        **msgspec.json.schema(kind),
    }
    return msgspec.json.format(msgspec.json.encode(schema), indent=2).decode() + "\n"


def write(folder: Path) -> None:
    """Write every schema into a folder."""
    for name, text in schemas().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
