"""`references.yaml` and `glossary.yaml` in; the works and terms that the text may name out."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from pipeline import model as m
from pipeline.errors import Finding
from pipeline.metadata import decode_list
from pipeline.project import Name, Project
from pipeline.reader._slug import slugify
from pipeline.reader.images import Images
from pipeline.reader.markdown import Reading


class GlossaryTerm(Struct, frozen=True, forbid_unknown_fields=True):
    """An entry of the glossary: a term, its definition on one line, and other words that may stand for it."""

    term: Name
    definition: Annotated[str, Meta(min_length=1, description="text on one line")]
    also: tuple[Name, ...] = ()


class Person(Struct, frozen=True, rename="kebab", omit_defaults=True, forbid_unknown_fields=True):
    """A name as CSL writes it: of a person in parts, or of an organization as `literal`."""

    family: str = ""
    given: str = ""
    suffix: str = ""
    literal: str = ""
    dropping_particle: str = ""
    non_dropping_particle: str = ""


class PartsOfDate(Struct, frozen=True, rename="kebab", omit_defaults=True, forbid_unknown_fields=True):
    """A date as CSL writes it: in parts, or in words as `literal`."""

    year: int | None = None
    month: Annotated[int, Meta(ge=1, le=12, description="a month from 1 to 12")] | None = None
    day: Annotated[int, Meta(ge=1, le=31, description="a day from 1 to 31")] | None = None
    date_parts: tuple[tuple[int, ...], ...] = ()
    literal: str = ""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


# CSL 1.0.2, appendices III and IV.
_TYPES = _words(
    "article article-journal article-magazine article-newspaper bill book broadcast chapter classic collection dataset "
    "document entry entry-dictionary entry-encyclopedia event figure graphic hearing interview legal_case legislation "
    "manuscript map motion_picture musical_score pamphlet paper-conference patent performance periodical "
    "personal_communication post post-weblog regulation report review review-book software song speech standard thesis "
    "treaty webpage"
)
_NAMES = _words(
    "author chair collection-editor compiler composer container-author contributor curator director editor "
    "editorial-director executive-producer guest host illustrator interviewer narrator organizer original-author "
    "performer producer recipient reviewed-author script-writer series-creator translator"
)
_DATES = _words("accessed available-date event-date issued original-date submitted")
_TEXTS = _words(
    "abstract annote archive archive_collection archive_location archive-place authority call-number chapter-number "
    "citation-key citation-label citation-number collection-number collection-title container-title "
    "container-title-short dimensions division DOI edition event event-place event-title genre ISBN ISSN issue "
    "jurisdiction keyword language license medium note number number-of-pages number-of-volumes original-publisher "
    "original-publisher-place original-title page page-first part-number part-title PMCID PMID printing-number "
    "publisher publisher-place references reviewed-genre reviewed-title scale section source status supplement-number "
    "title title-short URL version volume volume-title year-suffix"
)
_Text = str | int | float
_Key = Annotated[str, Meta(pattern=r"^[\w:.+/-]+$", max_length=100, description="a key without spaces")]


def _field(name: str, kind: object, default: object) -> tuple[str, object, object]:
    return name.replace("-", "_"), kind, msgspec.field(name=name, default=default)


Work = msgspec.defstruct(
    "Work",
    [
        ("id", _Key),
        ("type", Literal[_TYPES]),
        *(_field(name, tuple[Person, ...], ()) for name in _NAMES),
        *(_field(name, int | str | PartsOfDate, "") for name in _DATES),
        *(_field(name, _Text, "") for name in _TEXTS),
    ],
    namespace={"__doc__": "A work cited, as CSL-YAML writes it."},
    frozen=True,
    omit_defaults=True,
    forbid_unknown_fields=True,
)


def read_references(project: Project, findings: list[Finding]) -> tuple[m.Reference, ...]:
    """Return the works of `content/references.yaml`, in its order; none if there is no such file."""
    path = project.content / "references.yaml"
    if not path.exists() or (text := project.read_text(path, findings)) is None:
        return ()
    works, found = decode_list(text, Work, project.relative(path))
    findings.extend(found)
    references: dict[str, m.Reference] = {}
    for work, location in works:
        key = getattr(work, "id", "")
        if key.casefold() in references:
            message = f"the work “{key}” is here twice, first on line {references[key.casefold()].location.line}"
            findings.append(Finding(location, "reference", message, "Keep one; small and large letters are the same."))
            continue
        if not any(getattr(work, name) for name in ("title", "author", "editor", "container_title")):
            message = f"the work “{key}” has neither a title nor an author"
            findings.append(Finding(location, "reference", message, "Add “title:” or “author:”."))
            continue
        csl = msgspec.json.encode(work, order="sorted").decode()
        references[key.casefold()] = m.Reference(key, csl, location)
    return tuple(references.values())


def read_glossary(
    project: Project, language: str, images: Images, findings: list[Finding]
) -> tuple[m.GlossaryEntry, ...]:
    """Return the terms of `content/glossary.yaml` in alphabetical order; none if there is no such file."""
    path = project.content / "glossary.yaml"
    if not path.exists() or (text := project.read_text(path, findings)) is None:
        return ()
    name = project.relative(path)
    records, found = decode_list(text, GlossaryTerm, name)
    findings.extend(found)
    reading = Reading(name, language, images)
    entries: dict[str, m.GlossaryEntry] = {}
    for record, location in records:
        definition = reading.inlines(" ".join(record.definition.split()), location.line)
        identifier = f"term-{slugify(record.term) or len(entries) + 1}"
        if identifier in entries:
            message = f"the term “{record.term}” is here twice, first on line {entries[identifier].location.line}"
            findings.append(Finding(location, "glossary", message, "Keep one."))
            continue
        entries[identifier] = m.GlossaryEntry(identifier, record.term, definition, record.also, location)
    findings.extend(reading.findings)
    return tuple(sorted(entries.values(), key=lambda entry: (entry.term.casefold(), entry.id)))
