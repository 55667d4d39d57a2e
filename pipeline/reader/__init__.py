"""A project's `content/` in, a Book out; every problem in every file is found before anything is raised."""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Generic, Literal, TypeVar, cast

import msgspec
from msgspec import Struct

from pipeline import model as m
from pipeline.cache import Cache
from pipeline.errors import ContentError, Finding, Location
from pipeline.identifiers import isbn13
from pipeline.mail.placeholders import IN_PROSE
from pipeline.metadata import Lines, decode, suggest
from pipeline.project import BisacSettings, Motif, Name, PartSettings, Project, Settings, Slug, ThemaSettings
from pipeline.reader import _newsletter
from pipeline.reader._slug import slugify
from pipeline.reader._source import Source, load
from pipeline.reader.images import Images
from pipeline.reader.markdown import Reading, smart
from pipeline.reader.references import read_glossary, read_references

GENERATED = ("notes", "glossary", "index")
# Pages of every book; a file of the same name would take their place.
MADE_PAGES = ("cover", "title-page", "copyright-page", "contents")
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class WorksheetSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """What stands at the head of a chapter's worksheet."""

    title: str = ""
    intro: str = ""


class ChapterMetadata(Struct, frozen=True, forbid_unknown_fields=True):
    """The metadata block of a chapter."""

    title: Name
    summary: Name
    takeaway: Name
    motif: Motif
    slug: Slug | None = None
    worksheet: WorksheetSettings = WorksheetSettings()


class MatterMetadata(Struct, frozen=True, forbid_unknown_fields=True):
    """The metadata block of front or back matter."""

    title: Name
    summary: str = ""
    motif: Motif | None = None
    slug: Slug | None = None


class PartMetadata(Struct, frozen=True, forbid_unknown_fields=True):
    """The metadata block of a part's opener."""

    title: Name
    motif: Motif
    summary: str = ""
    slug: Slug | None = None


class IssueMetadata(Struct, frozen=True, forbid_unknown_fields=True):
    """The metadata block of a newsletter issue."""

    subject: Name
    preheader: Name
    chapter: Name
    slug: Slug | None = None


class MailMetadata(Struct, frozen=True, forbid_unknown_fields=True):
    """The metadata block of a mail that answers the reader."""

    subject: Name
    preheader: Name


_Meta = TypeVar("_Meta", bound=Struct)


class _File(Struct, Generic[_Meta], frozen=True):
    """One Markdown file, read: its name, slug, metadata with its lines, and text."""

    name: str
    slug: str
    metadata: _Meta
    text: m.Document
    location: Location
    lines: Lines


class _Text(Struct, frozen=True):
    """A file's text and the labels in it."""

    text: m.Document
    labels: dict[str, Location]


class Survey(Struct, frozen=True):
    """What could be read of a project: the book as far as it goes, what is wrong, and what the book lacks for that.

    `lacking` is of `references`, `glossary` and `text`, where some of these could not be read.
    """

    book: m.Book
    findings: tuple[Finding, ...]
    lacking: frozenset[str]

    @property
    def is_sound(self) -> bool:
        return not any(finding.severity == "error" for finding in self.findings)


def survey(project: Project, cache: Cache | None = None) -> Survey:
    """Return the book in a project, not yet transformed, with every problem that a file by itself can show.

    `cache` spares files that haven't changed. Raises ContentError where `book.yaml` itself can't be read.
    """
    reader = _BookReader(project, cache)
    book = reader.book()
    return Survey(book, tuple(sorted(dict.fromkeys(reader.findings))), frozenset(reader.lacking))


def read(project: Project, cache: Cache | None = None) -> tuple[m.Book, tuple[Finding, ...]]:
    """Return the book in a project, not yet transformed, and its warnings.

    Raises ContentError with every problem that a file by itself can show: metadata, Markdown, directives, images.
    """
    found = survey(project, cache)
    if not found.is_sound:
        raise ContentError(found.findings)
    return found.book, found.findings


class _BookReader:
    def __init__(self, project: Project, cache: Cache | None) -> None:
        self.project = project
        self.cache = cache
        self.findings: list[Finding] = []
        self.lacking: set[str] = set()
        self.images = Images(project)
        self.named: set[Path] = set()
        self.labels: list[tuple[str, Location]] = []
        try:
            self.settings, self.lines = project.settings()
        except ContentError as error:
            # The rest of the manuscript can't be ordered without book.yaml, but each file can be read.
            self.findings.extend(error.findings)
            self.settings, self.lines = _no_settings(), Lines(project.relative(project.book_yaml))
            self._read_all_files()
            raise ContentError(dict.fromkeys(self.findings)) from None

    def _read_all_files(self) -> None:
        for folder, kind in _FOLDERS.items():
            for path in sorted((self.project.content / folder).glob("*.md")):
                self._file(folder, path.stem, kind, self.lines.at(), "issue" if kind is IssueMetadata else "")
        read_references(self.project, self.findings)
        read_glossary(self.project, self.settings.language, self.images, self.findings)

    def book(self) -> m.Book:
        """Return the book as far as it can be read; what is wrong with it is in `findings`."""
        settings = self.settings
        front = self._matter("front", settings.front, ("front",))
        numbers = iter(range(1, 10_000))
        parts = [self._part(part, number, numbers) for number, part in enumerate(settings.parts, start=1)]
        back = self._back(settings.back)
        newsletter = self._newsletter()
        self._report_unnamed()
        with self._noted_as_lacking("references"):
            references = read_references(self.project, self.findings)
        with self._noted_as_lacking("glossary"):
            glossary = read_glossary(self.project, settings.language, self.images, self.findings)
        book = m.Book(
            title=self._smart(settings.title),
            subtitle=self._smart(settings.subtitle),
            authors=_names(settings.author),
            language=settings.language,
            identifier=settings.identifier,
            date=settings.date,
            publisher=_one_line(settings.publisher),
            rights=_one_line(settings.rights),
            description=_one_line(settings.description),
            subjects=tuple(map(_one_line, settings.subjects)),
            website=settings.website.rstrip("/"),
            motif=settings.motif,
            front=tuple(filter(None, front)),
            parts=tuple(parts),
            back=tuple(back),
            newsletter=newsletter,
            sender=_sender(settings),
            references=references,
            glossary=glossary,
            images=dict(sorted(self.images.images.items())),
            papers=settings.worksheets.papers,
            series=self._series(),
            title_filed=self._smart(_one_line(settings.file_as.title)),
            authors_filed=_names(settings.file_as.author or ()),
            epub=_epub(settings),
            texts_around=self._texts_around(),
            bounds=self._bounds(),
            editions=settings.editions,
            editions_at={name: self.lines.at("editions", name) for name in ("print", "large", "booklet")},
            own_words=self._own_list("words.txt"),
            own_phrases=self._own_list("cliches.txt"),
        )
        self._report_duplicates(book)
        return book

    @contextmanager
    def _noted_as_lacking(self, what: str) -> Iterator[None]:
        """Note that the book lacks something where an error is found in the block."""
        before = len(self.findings)
        yield
        if any(finding.severity == "error" for finding in self.findings[before:]):
            self.lacking.add(what)

    # ------------------------------------------------------------------ files

    def _file(
        self, folder: str, name: str, kind: type[_Meta], named_at: Location, letter: str = ""
    ) -> "_File[_Meta] | None":
        """Return a file's metadata and text, or None after reporting what is wrong with it.

        `letter` is the kind of letter that it is, on which its placeholders depend; empty in a file of the book.
        """
        found = self._read_file(folder, name, kind, named_at, letter)
        if found is None or not found.text.blocks:
            self.lacking.add("text")
        return found

    def _read_file(
        self, folder: str, name: str, kind: type[_Meta], named_at: Location, letter: str
    ) -> "_File[_Meta] | None":
        if not _FILE_NAME.fullmatch(name) or name.endswith(".md"):
            hint = "Use letters, digits, dots and hyphens, without .md and without a folder."
            self.findings.append(Finding(named_at, "file-name", f"“{name[:60]}” can't name a file", hint))
            return None
        path = self.project.content / folder / f"{name}.md"
        if path in self.named:
            message = f"{folder}/{name} is named twice"
            self.findings.append(Finding(named_at, "named-twice", message, "Name it once."))
            return None
        self.named.add(path)
        if not path.is_file():
            message = f"there is no content/{folder}/{name}.md"
            there = sorted(other.stem for other in path.parent.glob("*.md"))
            choices = [*there, *GENERATED] if folder == "back" else there
            hint = suggest(name, choices, "Write it, or take its name out.")
            self.findings.append(Finding(named_at, "missing-file", message, hint))
            return None
        source = load(self.project, path, self.findings)
        if source is None:
            return None
        metadata, lines, findings = decode(source.metadata, kind, source.path, first_line=2)
        slug = getattr(metadata, "slug", None) or slugify(re.sub(r"^\d+[-_.]*", "", name) or name)
        read, problems = self._text(source, slug, IN_PROSE[letter] if letter else None)
        text = read.text
        self.findings.extend(findings)
        self.findings.extend(problems)
        if folder not in ("newsletter", "mails"):
            self.labels.extend(read.labels.items())
        if not text.blocks and not problems:
            where = Location(source.path, source.body_line)
            self.findings.append(Finding(where, "empty-file", "there is no text here", "Write it, or take it out."))
        if metadata is None:
            return None
        return _File(name, slug, metadata, text, Location(source.path, 1), lines)

    def _text(self, source: Source, slug: str, placeholders: tuple[str, ...] | None) -> tuple[_Text, Sequence[Finding]]:
        """Return a file's text and what is wrong with it; kept where nothing is, and where it shows no image."""
        key = (
            self.cache.key(
                "text", source.path, source.body, source.body_line, self.settings.language, slug, placeholders
            )
            if self.cache
            else ""
        )
        kept = self.cache.get(key) if self.cache else None
        if kept is not None:
            return msgspec.msgpack.decode(kept, type=_Text), ()
        reading = Reading(source.path, self.settings.language, self.images, slug, placeholders)
        text = _Text(reading.document(source.body, source.body_line), reading.labels)
        if self.cache and not reading.findings and not any(isinstance(node, m.Figure) for node in m.walk(text.text)):
            self.cache.put(key, m.encode(text))
        return text, reading.findings

    def _matter(self, folder: str, names: Sequence[str], keys: tuple[str, ...]) -> list[m.Matter | None]:
        pieces: list[m.Matter | None] = []
        for position, name in enumerate(names):
            found = self._file(folder, name, MatterMetadata, self.lines.at(*keys, position))
            if found is None:
                pieces.append(None)
                continue
            meta = found.metadata
            pieces.append(
                m.Matter(
                    found.name,
                    found.slug,
                    self._smart(meta.title),
                    self._smart(meta.summary),
                    meta.motif,
                    found.text,
                    found.location,
                )
            )
        return pieces

    def _back(self, names: Sequence[str]) -> list[m.Matter | m.Generated]:
        pieces: list[m.Matter | m.Generated] = []
        for position, name in enumerate(names):
            if name in GENERATED:
                if any(isinstance(piece, m.Generated) and piece.kind == name for piece in pieces):
                    where = self.lines.at("back", position)
                    self.findings.append(Finding(where, "named-twice", f"{name} is named twice", "Name it once."))
                pieces.append(m.Generated(cast(Literal["notes", "glossary", "index"], name)))
                continue
            found = self._file("back", name, MatterMetadata, self.lines.at("back", position))
            if found is not None:
                meta = found.metadata
                title, summary = self._smart(meta.title), self._smart(meta.summary)
                pieces.append(m.Matter(found.name, found.slug, title, summary, meta.motif, found.text, found.location))
        return pieces

    def _part(self, settings: PartSettings, number: int, numbers: Iterable[int]) -> m.Part:
        keys = ("parts", number - 1)
        title, motif, slug = settings.title, settings.motif, f"part-{number}"
        text, where = m.Document(()), self.lines.at(*keys)
        if settings.opener:
            found = self._file("parts", settings.opener, PartMetadata, self.lines.at(*keys, "opener"))
            if found is not None:
                title, motif = found.metadata.title, found.metadata.motif
                slug, text, where = found.slug, found.text, found.location
        elif not title:
            hint = "Add “title:”, or “opener:” with the name of a file in parts/."
            self.findings.append(Finding(where, "missing-key", "a part without a title", hint))
        chapters = [
            self._chapter(name, number, self.lines.at(*keys, "chapters", position))
            for position, (name, number) in enumerate(zip(settings.chapters, numbers, strict=False))
        ]
        return m.Part(number, slug, self._smart(title), motif, text, tuple(filter(None, chapters)), where)

    def _chapter(self, name: str, number: int, named_at: Location) -> m.Chapter | None:
        found = self._file("chapters", name, ChapterMetadata, named_at)
        if found is None:
            return None
        meta = found.metadata
        text, worksheet = _split_worksheet(found.text)
        prompts = tuple(node for node in m.walk(text) if isinstance(node, m.Prompt)) + worksheet
        return m.Chapter(
            number=number,
            id=found.name,
            slug=found.slug,
            title=self._smart(meta.title),
            summary=self._smart(meta.summary),
            takeaway=self._smart(meta.takeaway),
            motif=meta.motif,
            text=text,
            worksheet_title=self._smart(meta.worksheet.title),
            worksheet_intro=self._smart(meta.worksheet.intro),
            worksheet=worksheet,
            prompts=prompts,
            location=found.location,
        )

    def _newsletter(self) -> m.Newsletter | None:
        settings = self.settings.newsletter
        if settings is None:
            return None
        self.findings.extend(_newsletter.faults(settings, self.lines))
        self.findings.extend(_newsletter.breaks(settings, self.settings.sender, self.lines))
        issues = []
        for number, name in enumerate(settings.issues, start=1):
            where = self.lines.at("newsletter", "issues", number - 1)
            found = self._file("newsletter", name, IssueMetadata, where, "issue")
            if found is not None:
                chapter = found.metadata.chapter
                head = self._head(found, "issue")
                issues.append(m.Issue(number, found.name, found.slug, *head, chapter, found.text, found.location))
        mails = tuple(filter(None, (self._mail(kind, getattr(settings, kind)) for kind in m.MAIL_KINDS)))
        greeting = m.Greeting(*map(self._smart, (settings.greeting.with_name, settings.greeting.without_name)))
        return m.Newsletter(settings.id, self._smart(settings.title), tuple(issues), mails, greeting)

    def _mail(self, kind: m.MailKind, name: str | None) -> m.Mail | None:
        found = self._file("mails", name, MailMetadata, self.lines.at("newsletter", kind), kind) if name else None
        return m.Mail(kind, *self._head(found, kind), found.text, found.location) if found else None

    def _head(self, found: "_File[IssueMetadata] | _File[MailMetadata]", kind: str) -> tuple[str, str]:
        """Return a letter's subject and preheader, typographic."""
        subject, preheader = (
            _newsletter.head(text, key, IN_PROSE[kind], found.lines.at(key), self.findings)
            for key, text in (("subject", found.metadata.subject), ("preheader", found.metadata.preheader))
        )
        return self._smart(subject), self._smart(preheader)

    # ------------------------------------------------------------------ around the book

    def _texts_around(self) -> m.Texts:
        texts = self.settings.texts
        return m.Texts(
            back_cover=self._paragraphs(texts.back_cover),
            short_description=self._smart(_one_line(texts.short_description)),
            long_description=self._paragraphs(texts.long_description),
            keywords=tuple(self._smart(_one_line(keyword)) for keyword in texts.keywords),
            bisac=_subjects(texts.bisac),
            thema=_subjects(texts.thema),
            cover_alt=self._smart(_one_line(texts.cover_alt)),
            locations={key: self.lines.at("texts", key) for key in texts.__struct_fields__},
        )

    def _series(self) -> m.Series | None:
        series = self.settings.series
        return None if series is None else m.Series(self._smart(series.title), series.number)

    def _paragraphs(self, text: str) -> tuple[str, ...]:
        """Return a text's paragraphs, each on one line: a folded text (`>-`) ends each with one line's end."""
        parts = re.split(r"\n\s*\n", text) if re.search(r"\n\s*\n", text) else text.split("\n")
        return tuple(self._smart(_one_line(part)) for part in parts if part.strip())

    def _bounds(self) -> m.Bounds:
        bounds = self.settings.bounds
        return m.Bounds(**msgspec.structs.asdict(bounds), location=self.lines.at("bounds"))

    def _own_list(self, name: str) -> tuple[str, ...]:
        """Return the lines of a list that the project may have, without empty ones and remarks."""
        path = self.project.content / name
        text = self.project.read_text(path, self.findings) if path.exists() else None
        lines = map(_one_line, (text or "").split("\n"))
        return tuple(line for line in lines if line and not line.startswith("#"))

    def _smart(self, text: str) -> str:
        return smart(text, self.settings.language)

    # ------------------------------------------------------------------ the book as a whole

    def _report_unnamed(self) -> None:
        for path in _markdown_files(self.project.content):
            if path not in self.named:
                name = path.relative_to(self.project.content).as_posix()
                where = Location(self.project.relative(path), 1)
                hint = "Name it where it belongs, or move the file out of content/."
                if path.suffix != ".md":
                    hint = "Rename it so that it ends in .md, and name it; or move it out of content/."
                elif path.parent.parent != self.project.content or path.parent.name not in _FOLDERS:
                    hint = f"Move it into a folder of its kind ({', '.join(_FOLDERS)}), or out of content/."
                self.findings.append(Finding(where, "unnamed-file", f"book.yaml does not name {name}", hint))

    def _report_duplicates(self, book: m.Book) -> None:
        matters = [*book.front, *(piece for piece in book.back if isinstance(piece, m.Matter))]
        generated = [
            (piece.kind, self.lines.at("back", position))
            for position, piece in enumerate(book.back)
            if isinstance(piece, m.Generated)
        ]
        named = [(piece.id, piece.location) for piece in matters]
        named += [(chapter.id, chapter.location) for chapter in book.chapters]
        self._report_twice("file name", [*generated, *named])
        slugs = [(piece.slug, piece.location) for piece in matters]
        slugs += [(chapter.slug, chapter.location) for chapter in book.chapters]
        slugs += [(part.slug, part.location) for part in book.parts]
        self._report_twice("slug", [*generated, *slugs])
        for name, where in sorted({*named, *((part.slug, part.location) for part in book.parts)}):
            if name in MADE_PAGES:
                message = f"“{name}” is the name of a page that Quire makes itself"
                self.findings.append(Finding(where, "duplicate-name", message, "Give the file another."))
        self._report_twice("label", self.labels)
        prompts = [prompt for _, text in book.texts() for prompt in m.walk(text)]
        prompts += [prompt for chapter in book.chapters for prompt in chapter.worksheet]
        issues = book.newsletter.issues if book.newsletter else ()
        self._report_twice("slug", [(issue.slug, issue.location) for issue in issues])
        self._report_prompts(prompts)
        for issue in issues:
            self._report_prompts(m.walk(issue.text))
        for mail in book.newsletter.mails if book.newsletter else ():
            self._report_prompts(m.walk(mail.text))

    def _report_prompts(self, nodes: Iterable[Struct]) -> None:
        prompts = [node for node in nodes if isinstance(node, m.Prompt)]
        self._report_twice("prompt name", [(prompt.name, prompt.location) for prompt in prompts])

    def _report_twice(self, what: str, names: Sequence[tuple[str, Location]]) -> None:
        first: dict[str, Location] = {}
        for name, where in names:
            if name in first and first[name] != where:
                shown = name.rpartition("_")[2]
                message = f"the {what} “{shown}” is taken by {first[name]}"
                self.findings.append(Finding(where, "duplicate-name", message, "Give it another."))
            first.setdefault(name, where)


_FOLDERS: dict[str, type[Struct]] = {
    "front": MatterMetadata,
    "parts": PartMetadata,
    "chapters": ChapterMetadata,
    "back": MatterMetadata,
    "newsletter": IssueMetadata,
    "mails": MailMetadata,
}


def _markdown_files(folder: Path) -> Iterator[Path]:
    """Yield every Markdown file below a folder, sorted; hidden ones left out, as editors keep them."""
    for path, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if name.lower().endswith((".md", ".markdown", ".mdown", ".mkd")) and not name.startswith("."):
                yield Path(path) / name


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _no_settings() -> Settings:
    return Settings("", "", "en", "", "", ())


def _sender(settings: Settings) -> m.Sender | None:
    sender = settings.sender
    if sender is None:
        return None
    # Some write an address as it stands on an envelope; letters and headers have a line for it.
    lines = (_one_line(line).rstrip(",") for line in sender.postal_address.split("\n"))
    return m.Sender(_one_line(sender.name), sender.address, ", ".join(filter(None, lines)))


def _names(names: str | tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(_one_line, (names,) if isinstance(names, str) else names))


def _epub(settings: Settings) -> m.EpubEdition:
    epub, stated = settings.epub, settings.epub.accessibility
    conformance = None if stated is None else m.Conformance(**msgspec.structs.asdict(stated))
    return m.EpubEdition(isbn13(epub.isbn) if epub.isbn else "", epub.fonts, conformance, epub.kindle)


def _subjects(subjects: Sequence[BisacSettings | ThemaSettings]) -> tuple[m.Subject, ...]:
    return tuple(m.Subject(subject.code, _one_line(subject.words)) for subject in subjects)


def _split_worksheet(text: m.Document) -> tuple[m.Document, tuple[m.Prompt, ...]]:
    """Return the text without the prompts that end it, and those prompts."""
    end = len(text.blocks)
    while end and isinstance(text.blocks[end - 1], m.Prompt):
        end -= 1
    worksheet = tuple(block for block in text.blocks[end:] if isinstance(block, m.Prompt))
    return m.Document(text.blocks[:end], text.footnotes, text.labels), worksheet
