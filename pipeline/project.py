"""Where a project's things are, and the settings in its `content/book.yaml`."""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, get_args

from msgspec import Meta, Struct

from pipeline.delivery import Delivery, schedule_faults
from pipeline.editions import STOCKS, Editions, PaperName
from pipeline.errors import ConfigError, ContentError, Finding, Location
from pipeline.identifiers import isbn_fault, language_fault, uuid_fault
from pipeline.metadata import Lines, decode, suggest, unprintable

# A novel is half of this; what is larger is no file of a manuscript.
MAX_FILE_BYTES = 2_000_000

# The descriptions stand in messages after “expected”, and in the JSON Schemas.
Slug = Annotated[
    str,
    Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=100, description="small letters, digits and hyphens"),
]
Motif = Annotated[float, Meta(ge=0.0, le=1.0, description="a number from 0 to 1")]
# No pattern here: `Name | Names` with one crashes msgspec 0.22.
Name = Annotated[str, Meta(min_length=1, max_length=200, description="text of 1 to 200 characters")]
Names = Annotated[tuple[Name, ...], Meta(min_length=1, description="at least one name")]
IsoDate = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$", description="a date such as 2026-11-22")]
Language = Annotated[
    str, Meta(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$", description="a language tag such as en-US")
]
Identifier = Annotated[
    str, Meta(pattern=r"^(urn:[a-z0-9-]+:\S+|https?://\S+)$", description="a URN or an address such as urn:isbn:…")
]
WebAddress = Annotated[
    str, Meta(pattern=r"^(https?://[^\s\"<>]+)?$", description="an address such as https://example.com")
]
MailAddress = Annotated[
    str,
    Meta(
        pattern=r"^[^@\s<>,;:\"]+@[^@\s<>,;:\"]+\.[^@\s<>,;:\".]+$",
        max_length=254,
        description="a mail address such as ann@example.com",
    ),
]

Count = Annotated[int, Meta(ge=1, le=100_000, description="a whole number from 1")]
# The order of the two is looked at below: a type can't say it.
Range = Annotated[
    tuple[Count, Count], Meta(description="the least and the most, two whole numbers such as [900, 1400]")
]
Ratio = Annotated[float, Meta(ge=1.0, le=100.0, description="a number from 1 to 100")]
PAPERS: tuple[PaperName, ...] = get_args(PaperName)
Paper = Annotated[PaperName, Meta(description="a4 or letter")]
Keyword = Annotated[str, Meta(min_length=1, description="text")]
BisacCode = Annotated[str, Meta(pattern=r"^[A-Z]{3}\d{6}$", description="a BISAC code such as FAM029000")]
ThemaCode = Annotated[str, Meta(pattern=r"^[A-Z][A-Z0-9]{0,9}$", description="a Thema code such as VSP")]


class PartSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """A part: the files of its chapters, and a title or the file of its opener."""

    chapters: tuple[Name, ...]
    title: str = ""
    opener: str = ""
    motif: Motif = 0.5


class GreetingSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """How letters begin: with the reader's name, and for readers who gave none."""

    with_name: Name = "Dear {{ name }},"
    without_name: Name = "Hello,"


class NewsletterSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The newsletter: its id in links and headers, its title, its issues in order, how many of them, and its mails."""

    id: Slug
    title: Name
    issues: tuple[Name, ...]
    count: Count | None = None
    greeting: GreetingSettings = GreetingSettings()
    confirmation: Name | None = None
    welcome: Name | None = None
    progress: Name | None = None
    goodbye: Name | None = None


class SenderSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Who the newsletter comes from; the postal address is required by law in many countries."""

    name: Name
    address: MailAddress
    postal_address: Name


class BoundsSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """What `quire check` holds the text to; what isn't set isn't looked at."""

    chapter_words: Range | None = None
    chapter_prompts: Range | None = None
    prompts_of_each_kind: Count | None = None
    issue_words: Range | None = None
    subject_characters: Count | None = None
    preheader_characters: Range | None = None
    reading_grade: Range | None = None
    word_space: Ratio | None = None


class SheetsSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The worksheets: the papers that have a folder of their own, beside the theme's paper, which has none."""

    papers: tuple[Paper, ...] = ()


class BisacSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """A subject of the BISAC list: its code, and the list's own words for it."""

    code: BisacCode
    words: Name


class ThemaSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """A subject of the Thema list: its code, and the list's own words for it."""

    code: ThemaCode
    words: Name


class TextsSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The texts around the book: for its back, for shops, and for those who can't see the cover."""

    back_cover: str = ""
    short_description: str = ""
    long_description: str = ""
    keywords: tuple[Keyword, ...] = ()
    bisac: tuple[BisacSettings, ...] = ()
    thema: tuple[ThemaSettings, ...] = ()
    cover_alt: str = ""


class SeriesSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The series that the book belongs to, and its place there."""

    title: Name
    number: Count | None = None


class FileAsSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The title and the authors as catalogs file them, where Quire's guess is wrong."""

    title: str = ""
    author: Name | Names | None = None


class AccessibilitySettings(Struct, frozen=True, forbid_unknown_fields=True):
    """A statement, by somebody who has looked, that the EPUB conforms to EPUB Accessibility 1.1 and to WCAG."""

    certified_by: Name
    wcag: Literal["2.0", "2.1", "2.2"] = "2.2"
    level: Literal["A", "AA", "AAA"] = "AA"
    credential: str = ""
    report: WebAddress = ""


class EpubSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """What concerns the EPUB alone: its ISBN, whether it has fonts and is for Kindle, and to what it conforms.

    `pages` are those whose numbers it lists: the workbook's as it is on screens, or those of the print edition.
    """

    isbn: str = ""
    fonts: bool = True
    kindle: bool = False
    pages: Literal["print", "workbook"] = "print"
    accessibility: AccessibilitySettings | None = None


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that `content/book.yaml` may hold."""

    title: Name
    author: Name | Names
    language: Language
    identifier: Identifier
    date: IsoDate
    parts: tuple[PartSettings, ...]
    subtitle: str = ""
    publisher: str = ""
    rights: str = ""
    description: str = ""
    subjects: tuple[str, ...] = ()
    website: WebAddress = ""
    motif: Motif = 0.66
    front: tuple[Name, ...] = ()
    back: tuple[Name, ...] = ()
    newsletter: NewsletterSettings | None = None
    sender: SenderSettings | None = None
    delivery: Delivery = Delivery()
    worksheets: SheetsSettings = SheetsSettings()
    series: SeriesSettings | None = None
    file_as: FileAsSettings = FileAsSettings()
    epub: EpubSettings = EpubSettings()
    texts: TextsSettings = TextsSettings()
    bounds: BoundsSettings = BoundsSettings()
    editions: Editions = Editions()


class Project:
    """A folder with a manuscript: paths to its parts, all below `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.content = self.root / "content"
        self.templates = self.root / "templates"
        self.output = self.root / "output"
        self.state = self.root / ".quire"
        self.book_yaml = self.content / "book.yaml"

    def relative(self, path: Path) -> str:
        """Return a path as messages show it: from the project's folder, with forward slashes."""
        return path.relative_to(self.root).as_posix()

    def read_text(self, path: Path, findings: list[Finding]) -> str | None:
        """Return a file's text with Unix line ends, or None after reporting why it can't be read."""
        name = self.relative(path)

        def refuse(line: int, code: str, message: str, hint: str) -> None:
            findings.append(Finding(Location(name, line), code, message, hint))

        try:
            if not path.resolve().is_relative_to(self.root):
                refuse(1, "outside", "this file is a link out of the project", "Copy it in.")
                return None
            if path.stat().st_size > MAX_FILE_BYTES:
                refuse(1, "too-long", f"the file is larger than {MAX_FILE_BYTES // 1_000_000} MB", "Split it.")
                return None
            raw = path.read_bytes()
        except (OSError, RuntimeError) as error:
            # Before Python 3.13 a link that leads to itself is a RuntimeError.
            reason = error.strerror if isinstance(error, OSError) else "a link to itself"
            refuse(1, "unreadable", f"can't be read: {reason}", "Check that it is a file and that you may read it.")
            return None
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = len(re.findall(rb"\r\n|\r|\n", raw[: error.start])) + 1
            refuse(line, "not-utf-8", "this is not UTF-8 text", "Save the file as UTF-8.")
            return None
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        bad = unprintable(text)
        if bad is not None:
            refuse(text.count("\n", 0, bad[0]) + 1, "control-character", bad[1], "Delete it.")
            return None
        return text

    def settings(self) -> tuple[Settings, Lines]:
        """Return the settings of `content/book.yaml` with their lines.

        Raises ConfigError where there is no project, ContentError with every mistake in the file.
        """
        name = self.relative(self.book_yaml)
        if not self.book_yaml.exists():
            raise ConfigError(
                f"{name}: there is no such file in {self.root}\n"
                "    Run quire in the folder that holds content/, or name it: quire -C DIR build."
            )
        findings: list[Finding] = []
        text = self.read_text(self.book_yaml, findings)
        if text is None:
            raise ContentError(findings)
        settings, lines, findings = decode(text, Settings, name)
        if settings is None:
            raise ContentError(findings)
        findings = list(_impossible(settings, lines))
        if findings:
            raise ContentError(findings)
        return settings, lines

    def location(self, path: Path, line: int = 1) -> Location:
        return Location(self.relative(path), line)


def _impossible(settings: Settings, lines: Lines) -> Iterator[Finding]:
    """Yield what the types of the settings can't say."""
    if not any(part.chapters for part in settings.parts):
        yield Finding(lines.at("parts"), "no-chapters", "the book has no chapters", "Name at least one.")
    try:
        date.fromisoformat(settings.date)
    except ValueError:
        message = f"“date”: no calendar has a {settings.date}"
        yield Finding(lines.at("date"), "metadata", message, "Write a date such as 2026-11-22.")
    fault, hint = language_fault(settings.language)
    if fault:
        yield Finding(lines.at("language"), "metadata", f"“language”: {fault}", hint)
    if fault := uuid_fault(settings.identifier):
        hint = "Compare it with what you were given, or have uuidgen make a new one."
        yield Finding(lines.at("identifier"), "metadata", f"“identifier”: {fault}", hint)
    named = settings.identifier.lower().startswith("urn:isbn:")
    isbns: dict[tuple[str, ...], str] = {
        ("identifier",): settings.identifier[9:] if named else "",
        ("epub", "isbn"): settings.epub.isbn,
        ("editions", "print", "isbn"): settings.editions.print.isbn.upper().removeprefix("ISBN").lstrip(" :"),
    }
    for keys, isbn in isbns.items():
        if isbn and (fault := isbn_fault(isbn)):
            hint = "Compare it with what you were given: a digit is wrong, or two have changed places."
            yield Finding(lines.at(*keys), "metadata", f"“{keys[-1]}”: {fault}", hint)
    paper = settings.editions.print.paper
    if not paper[0].isdigit() and paper not in STOCKS:
        *names, last = STOCKS
        hint = suggest(paper, tuple(STOCKS), f"Write {', '.join(names)}, or {last}; or how thick a page is: 0.06mm.")
        at = lines.at("editions", "print", "paper")
        yield Finding(at, "metadata", f"“paper”: nobody knows how thick {paper} is", hint)
    if settings.file_as.author is not None:
        authors = 1 if isinstance(settings.author, str) else len(settings.author)
        filed = 1 if isinstance(settings.file_as.author, str) else len(settings.file_as.author)
        if authors != filed:
            message = f"“author” of “file_as” has {filed} of the book's {authors} authors"
            hint = "Name them all, in the same order."
            yield Finding(lines.at("file_as", "author"), "metadata", message, hint)
    for key in settings.bounds.__struct_fields__:
        bound = getattr(settings.bounds, key)
        if isinstance(bound, tuple) and bound[0] > bound[1]:
            message = f"“{key}”: {bound[0]} is more than {bound[1]}"
            yield Finding(lines.at("bounds", key), "metadata", message, "Write the least first.")
    for where, message, hint in schedule_faults(settings.delivery.schedule):
        yield Finding(lines.at("delivery", "schedule", *where), "metadata", message, hint)
