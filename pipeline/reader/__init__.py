"""A project's `content/` in, a Book out; every problem in every file is found before anything is raised."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Literal, cast

from msgspec import Struct

from pipeline import model as m
from pipeline.cache import Cache
from pipeline.errors import ContentError, Finding, Location
from pipeline.mail.placeholders import IN_PROSE
from pipeline.metadata import Lines
from pipeline.project import PartSettings, Project, Settings
from pipeline.reader import _around, _names, _newsletter
from pipeline.reader._files import GENERATED, File, Files
from pipeline.reader._typography import one_line, smart
from pipeline.reader.images import Images
from pipeline.reader.metadata_blocks import (
    FOLDERS,
    ChapterMetadata,
    IssueMetadata,
    MailMetadata,
    MatterMetadata,
    PartMetadata,
)
from pipeline.reader.profiles import read_profiles
from pipeline.reader.references import read_glossary, read_references


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
        self.findings: list[Finding] = []
        self.lacking: set[str] = set()
        self.images = Images(project)
        try:
            self.settings, self.lines = project.settings()
        except ContentError as error:
            # The rest of the manuscript can't be ordered without book.yaml, but each file can be read.
            self.findings.extend(error.findings)
            self.settings, self.lines = _no_settings(), Lines(project.relative(project.book_yaml))
            self.files = self._files(cache)
            self._read_all_files()
            raise ContentError(dict.fromkeys(self.findings)) from None
        self.files = self._files(cache)

    def _files(self, cache: Cache | None) -> Files:
        return Files(self.project, cache, self.settings.language, self.images, self.findings)

    def _read_all_files(self) -> None:
        for folder, kind in FOLDERS.items():
            for path in sorted((self.project.content / folder).glob("*.md")):
                self.files.read(folder, path.stem, kind, self.lines.at(), "issue" if kind is IssueMetadata else "")
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
        self.findings.extend(_names.unnamed(self.project, self.files.named))
        with self._noted_as_lacking("references"):
            references = read_references(self.project, self.findings)
        with self._noted_as_lacking("glossary"):
            glossary = read_glossary(self.project, settings.language, self.images, self.findings)
        book = m.Book(
            title=self._smart(settings.title),
            subtitle=self._smart(settings.subtitle),
            authors=_around.names_of(settings.author),
            language=settings.language,
            identifier=settings.identifier,
            date=settings.date,
            publisher=one_line(settings.publisher),
            rights=one_line(settings.rights),
            description=one_line(settings.description),
            subjects=tuple(map(one_line, settings.subjects)),
            website=settings.website.rstrip("/"),
            motif=settings.motif,
            front=tuple(filter(None, front)),
            parts=tuple(parts),
            back=tuple(back),
            newsletter=newsletter,
            sender=_around.sender_of(settings),
            references=references,
            glossary=glossary,
            images=dict(sorted(self.images.images.items())),
            papers=settings.worksheets.papers,
            series=_around.series_of(settings),
            title_filed=self._smart(one_line(settings.file_as.title)),
            authors_filed=_around.names_of(settings.file_as.author or ()),
            epub=_around.epub_of(settings),
            texts_around=_around.texts_around(settings, self.lines),
            bounds=_around.bounds_of(settings, self.lines),
            editions=settings.editions,
            editions_at={name: self.lines.at("editions", name) for name in ("print", "large", "booklet")},
            ink_profiles=read_profiles(self.project, settings.editions, self.lines, self.findings),
            own_words=_around.own_list(self.project, "words.txt", self.findings),
            own_phrases=_around.own_list(self.project, "cliches.txt", self.findings),
        )
        self.findings.extend(_names.duplicates(book, self.lines, self.files.labels))
        if self.files.is_text_lacking:
            self.lacking.add("text")
        return book

    @contextmanager
    def _noted_as_lacking(self, what: str) -> Iterator[None]:
        """Note that the book lacks something where an error is found in the block."""
        before = len(self.findings)
        yield
        if any(finding.severity == "error" for finding in self.findings[before:]):
            self.lacking.add(what)

    # ------------------------------------------------------------------ files

    def _matter(self, folder: str, names: Sequence[str], keys: tuple[str, ...]) -> list[m.Matter | None]:
        pieces: list[m.Matter | None] = []
        for position, name in enumerate(names):
            found = self.files.read(folder, name, MatterMetadata, self.lines.at(*keys, position))
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
            found = self.files.read("back", name, MatterMetadata, self.lines.at("back", position))
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
            found = self.files.read("parts", settings.opener, PartMetadata, self.lines.at(*keys, "opener"))
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
        found = self.files.read("chapters", name, ChapterMetadata, named_at)
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
            found = self.files.read("newsletter", name, IssueMetadata, where, "issue")
            if found is not None:
                chapter = found.metadata.chapter
                head = self._head(found, "issue")
                places = {key: found.lines.at(key) for key in ("subject", "preheader", "chapter")}
                issues.append(
                    m.Issue(number, found.name, found.slug, *head, chapter, found.text, found.location, places)
                )
        mails = tuple(filter(None, (self._mail(kind, getattr(settings, kind)) for kind in m.MAIL_KINDS)))
        greeting = m.Greeting(*map(self._smart, (settings.greeting.with_name, settings.greeting.without_name)))
        return m.Newsletter(settings.id, self._smart(settings.title), tuple(issues), mails, greeting)

    def _mail(self, kind: m.MailKind, name: str | None) -> m.Mail | None:
        found = self.files.read("mails", name, MailMetadata, self.lines.at("newsletter", kind), kind) if name else None
        if found is None:
            return None
        places = {key: found.lines.at(key) for key in ("subject", "preheader")}
        return m.Mail(kind, *self._head(found, kind), found.text, found.location, places)

    def _head(self, found: File[IssueMetadata] | File[MailMetadata], kind: str) -> tuple[str, str]:
        """Return a letter's subject and preheader, typographic."""
        subject, preheader = (
            _newsletter.head(text, key, IN_PROSE[kind], found.lines.at(key), self.findings)
            for key, text in (("subject", found.metadata.subject), ("preheader", found.metadata.preheader))
        )
        return self._smart(subject), self._smart(preheader)

    def _smart(self, text: str) -> str:
        return smart(text, self.settings.language)


def _no_settings() -> Settings:
    return Settings("", "", "en", "", "", ())


def _split_worksheet(text: m.Document) -> tuple[m.Document, tuple[m.Prompt, ...]]:
    """Return the text without the prompts that end it, and those prompts."""
    end = len(text.blocks)
    while end and isinstance(text.blocks[end - 1], m.Prompt):
        end -= 1
    worksheet = tuple(block for block in text.blocks[end:] if isinstance(block, m.Prompt))
    return m.Document(text.blocks[:end], text.footnotes, text.labels), worksheet
