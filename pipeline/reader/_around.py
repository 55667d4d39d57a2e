"""The settings of book.yaml in; what the book says around its text, each a value of the model, out."""

import re
from collections.abc import Sequence
from functools import partial

import msgspec

from pipeline import model as m
from pipeline.errors import Finding
from pipeline.identifiers import isbn13
from pipeline.metadata import Lines
from pipeline.project import BisacSettings, Project, Settings, ThemaSettings
from pipeline.reader._typography import one_line, smart


def texts_around(settings: Settings, lines: Lines) -> m.Texts:
    """Return the texts for shops and the cover, typographic, with their places in book.yaml."""
    texts, smart_line = settings.texts, partial(_smart_line, settings.language)
    return m.Texts(
        back_cover=_paragraphs(texts.back_cover, settings.language),
        short_description=smart_line(texts.short_description),
        long_description=_paragraphs(texts.long_description, settings.language),
        keywords=tuple(map(smart_line, texts.keywords)),
        bisac=_subjects(texts.bisac),
        thema=_subjects(texts.thema),
        cover_alt=smart_line(texts.cover_alt),
        locations={key: lines.at("texts", key) for key in texts.__struct_fields__},
    )


def series_of(settings: Settings) -> m.Series | None:
    """Return the series that the book belongs to, if there is one."""
    series = settings.series
    return None if series is None else m.Series(smart(series.title, settings.language), series.number)


def bounds_of(settings: Settings, lines: Lines) -> m.Bounds:
    """Return what the author holds the text to."""
    return m.Bounds(**msgspec.structs.asdict(settings.bounds), location=lines.at("bounds"))


def own_list(project: Project, name: str, findings: list[Finding]) -> tuple[str, ...]:
    """Return the lines of a list that the project may have, without empty ones and remarks."""
    path = project.content / name
    text = project.read_text(path, findings) if path.exists() else None
    lines = map(one_line, (text or "").split("\n"))
    return tuple(line for line in lines if line and not line.startswith("#"))


def sender_of(settings: Settings) -> m.Sender | None:
    """Return who sends the newsletter, if somebody does."""
    sender = settings.sender
    if sender is None:
        return None
    # Some write an address as it stands on an envelope; letters and headers have a line for it.
    lines = (one_line(line).rstrip(",") for line in sender.postal_address.split("\n"))
    return m.Sender(one_line(sender.name), sender.address, ", ".join(filter(None, lines)))


def names_of(names: str | tuple[str, ...]) -> tuple[str, ...]:
    """Return one name or several as several, each on one line."""
    return tuple(map(one_line, (names,) if isinstance(names, str) else names))


def epub_of(settings: Settings) -> m.EpubEdition:
    """Return what concerns the EPUB alone."""
    epub, stated = settings.epub, settings.epub.accessibility
    conformance = None if stated is None else m.Conformance(**msgspec.structs.asdict(stated))
    return m.EpubEdition(isbn13(epub.isbn) if epub.isbn else "", epub.fonts, conformance, epub.kindle, epub.pages)


def _smart_line(language: str, text: str) -> str:
    return smart(one_line(text), language)


def _paragraphs(text: str, language: str) -> tuple[str, ...]:
    """Return a text's paragraphs, each on one line: a folded text (`>-`) ends each with one line's end."""
    parts = re.split(r"\n\s*\n", text) if re.search(r"\n\s*\n", text) else text.split("\n")
    return tuple(_smart_line(language, part) for part in parts if part.strip())


def _subjects(subjects: Sequence[BisacSettings | ThemaSettings]) -> tuple[m.Subject, ...]:
    return tuple(m.Subject(subject.code, one_line(subject.words)) for subject in subjects)
