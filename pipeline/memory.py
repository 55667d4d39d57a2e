"""What a build did, in; what the next one needn't do again, out."""

import contextlib
import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from pipeline import cache as caches
from pipeline.catalog import writer
from pipeline.errors import Finding
from pipeline.output import MANIFEST, README, Made, write_whole
from pipeline.project import Project
from pipeline.theme import Design

# What no format is: an edition that asks for it has pages of its own.
_OWN = frozenset({("", "")})


class Report(Struct, frozen=True):
    """What a build did: the files, the warnings, the seconds, pieces of work done and reused, paths rewritten.

    `errors` are what kept an edition from being built.
    """

    made: tuple[Made, ...]
    warnings: tuple[Finding, ...]
    seconds: float
    worked: int
    reused: int
    written: tuple[str, ...]
    removed: tuple[str, ...]
    errors: tuple[Finding, ...] = ()


class Inputs(Struct, frozen=True):
    """What a format depends on, as hashes: the program, the design and the options; and each file's text."""

    surroundings: str
    content: dict[str, str]


class Memory(Struct, frozen=True):
    """The last build: what it depended on, where it went, what it reported, and what was asked for.

    `made` are all the formats and editions that were made of the same, or whose pages were typeset, in earlier builds
    too: what was typeset is kept. `of_text` are the warnings about the manuscript, whatever is made of it.
    """

    inputs: Inputs
    output: str
    report: Report
    chosen: dict[str, tuple[str, ...]]
    made: tuple[tuple[str, str], ...]
    of_text: tuple[Finding, ...] = ()


def inputs_of(
    project: Project, design: Design, papers: Sequence[str], epoch: str | None, *, has_fonts: bool = True
) -> Inputs:
    """Return what the formats of a project depend on."""
    digest = hashlib.sha256(caches.stamp())
    digest.update(repr((papers, epoch, has_fonts, design.digest, design.fonts_digest)).encode())
    return Inputs(digest.hexdigest(), content_of(project))


def content_of(project: Project) -> dict[str, str]:
    """Return the hash of every file of the manuscript."""
    paths = sorted(path for path in project.content.rglob("*") if path.is_file())
    return {project.relative(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def has_changed(project: Project) -> bool:
    """Say whether the manuscript is not what it was when it was last built, where that is remembered."""
    memory = remembered(project)
    return memory is not None and memory.inputs.content != content_of(project)


def remembered(project: Project) -> Memory | None:
    """Return what is remembered of a project's last build."""
    try:
        return msgspec.json.decode((project.state / "last-build.json").read_bytes(), type=Memory)
    except (OSError, msgspec.DecodeError):
        return None


def is_small_change(before: Inputs, now: Inputs) -> bool:
    """Say whether one text at most has changed since the last build."""
    changed = set(before.content.items()) ^ set(now.content.items())
    return before.surroundings == now.surroundings and len({path for path, _ in changed}) <= 1


def processes(
    memory: Memory | None, inputs: Inputs, chosen: Mapping[str, tuple[str, ...]], pages: str = "workbook"
) -> int | None:
    """Return how many processes to start beside this one; None for as many as there may be.

    Each loads WeasyPrint. So none is started where all was made before, and one where little is to be done, such as a
    chapter or a cover: one has done that sooner than two.
    """
    if memory is None or not is_small_change(memory.inputs, inputs):
        return None
    made = set(memory.made)
    new = _pairs(chosen) - made
    if not new and memory.inputs == inputs:
        return 0
    is_little = all(_pages_of(name, edition, pages) <= made for name, edition in new)
    return 1 if is_little else None


def _pairs(chosen: Mapping[str, tuple[str, ...]]) -> set[tuple[str, str]]:
    return {(name, edition) for name, editions in chosen.items() for edition in editions}


def _pages_of(name: str, edition: str, pages: str) -> frozenset[tuple[str, str]]:
    """Return whose pages an edition of a format asks for; `_OWN` for a format that has pages of its own."""
    asks: Callable[[str, str], frozenset[tuple[str, str]]] | None = getattr(writer(name), "pages_of", None)
    return asks(edition, pages) if asks else _OWN


def made_with(chosen: Mapping[str, tuple[str, ...]], pages: str = "workbook") -> set[tuple[str, str]]:
    """Return the formats and editions that a build makes, and those whose pages it typesets for them.

    `pages` are those whose numbers the EPUB lists, as book.yaml calls them.
    """
    return _pairs(chosen).union(*(_pages_of(name, edition, pages) - _OWN for name, edition in _pairs(chosen)))


def typeset_besides(
    chosen: Mapping[str, tuple[str, ...]], made: Collection[tuple[str, str]], pages: str = "workbook"
) -> dict[str, str]:
    """Return the formats that ask for the pages of another, which nobody has asked for and which isn't made."""
    there = {*_pairs(chosen), *made}
    return {
        name: other if its_edition == "screen" else f"{other}'s {its_edition} edition"
        for name, edition in sorted(_pairs(chosen))
        for other, its_edition in _pages_of(name, edition, pages) - _OWN
        if (other, its_edition) not in there
    }


def is_as_remembered(memory: Memory, inputs: Inputs, chosen: Mapping[str, tuple[str, ...]], output: Path) -> bool:
    """Say whether the last build was this one, and every file of it is in its place, the same."""
    if (memory.inputs, memory.chosen) != (inputs, chosen):
        return False
    if memory.output != str(output) or not all((output / name).is_file() for name in (MANIFEST, README)):
        return False
    try:
        return all(
            hashlib.sha256((output / made.path).read_bytes()).hexdigest() == made.sha256 for made in memory.report.made
        )
    except OSError:
        return False


def nothing_done(report: Report, seconds: float) -> Report:
    """Return the report of a build that finds everything as it was."""
    reused = report.worked + report.reused
    return msgspec.structs.replace(report, seconds=seconds, worked=0, reused=reused, written=(), removed=())


def remember(project: Project, memory: Memory) -> None:
    """Keep what the next build may want to know; where that can't be written, it looks for itself."""
    with contextlib.suppress(OSError):
        write_whole(project.state / "last-build.json", msgspec.json.encode(memory))
