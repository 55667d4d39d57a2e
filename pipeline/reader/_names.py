"""The book as it was read in; findings on files that nothing names, and on names that are taken, out."""

import os
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path

from msgspec import Struct

from pipeline import model as m
from pipeline.errors import Finding, Location
from pipeline.metadata import Lines
from pipeline.project import Project
from pipeline.reader.metadata_blocks import FOLDERS

# Pages of every book; a file of the same name would take their place.
MADE_PAGES = ("cover", "title-page", "copyright-page", "contents")


def unnamed(project: Project, named: AbstractSet[Path]) -> Iterator[Finding]:
    """Yield a finding for each Markdown file of the manuscript that book.yaml doesn't name."""
    for path in _markdown_files(project.content):
        if path not in named:
            name = path.relative_to(project.content).as_posix()
            where = Location(project.relative(path), 1)
            hint = "Name it where it belongs, or move the file out of content/."
            if path.suffix != ".md":
                hint = "Rename it so that it ends in .md, and name it; or move it out of content/."
            elif path.parent.parent != project.content or path.parent.name not in FOLDERS:
                hint = f"Move it into a folder of its kind ({', '.join(FOLDERS)}), or out of content/."
            yield Finding(where, "unnamed-file", f"book.yaml does not name {name}", hint)


def duplicates(book: m.Book, lines: Lines, labels: Sequence[tuple[str, Location]]) -> Iterator[Finding]:
    """Yield a finding for each name, slug, label or prompt's name that is taken; `labels` are those of all files."""
    matters = [*book.front, *(piece for piece in book.back if isinstance(piece, m.Matter))]
    generated = [
        (piece.kind, lines.at("back", position))
        for position, piece in enumerate(book.back)
        if isinstance(piece, m.Generated)
    ]
    named = [(piece.id, piece.location) for piece in matters]
    named += [(chapter.id, chapter.location) for chapter in book.chapters]
    yield from _twice("file name", [*generated, *named])
    slugs = [(piece.slug, piece.location) for piece in matters]
    slugs += [(chapter.slug, chapter.location) for chapter in book.chapters]
    slugs += [(part.slug, part.location) for part in book.parts]
    yield from _twice("slug", [*generated, *slugs])
    for name, where in sorted({*named, *((part.slug, part.location) for part in book.parts)}):
        if name in MADE_PAGES:
            message = f"“{name}” is the name of a page that Quire makes itself"
            yield Finding(where, "duplicate-name", message, "Give the file another.")
    yield from _twice("label", labels)
    prompts = [prompt for _, text in book.texts() for prompt in m.walk(text)]
    prompts += [prompt for chapter in book.chapters for prompt in chapter.worksheet]
    issues = book.newsletter.issues if book.newsletter else ()
    yield from _twice("slug", [(issue.slug, issue.location) for issue in issues])
    yield from _prompts_twice(prompts)
    for issue in issues:
        yield from _prompts_twice(m.walk(issue.text))
    for mail in book.newsletter.mails if book.newsletter else ():
        yield from _prompts_twice(m.walk(mail.text))


def _prompts_twice(nodes: Iterable[Struct]) -> Iterator[Finding]:
    prompts = [node for node in nodes if isinstance(node, m.Prompt)]
    yield from _twice("prompt name", [(prompt.name, prompt.location) for prompt in prompts])


def _twice(what: str, names: Sequence[tuple[str, Location]]) -> Iterator[Finding]:
    first: dict[str, Location] = {}
    for name, where in names:
        if name in first and first[name] != where:
            shown = name.rpartition("_")[2]
            message = f"the {what} “{shown}” is taken by {first[name]}"
            yield Finding(where, "duplicate-name", message, "Give it another.")
        first.setdefault(name, where)


def _markdown_files(folder: Path) -> Iterator[Path]:
    """Yield every Markdown file below a folder, sorted; hidden ones left out, as editors keep them."""
    for path, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if name.lower().endswith((".md", ".markdown", ".mdown", ".mkd")) and not name.startswith("."):
                yield Path(path) / name
