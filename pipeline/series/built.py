"""The folder of a built newsletter in; its sequence and letters, as they were built, out."""

import hashlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec

from pipeline.errors import ConfigError
from pipeline.mail.message import Picture
from pipeline.mail.placeholders import PLACEHOLDERS
from pipeline.mail.sequence import MOST_HTML, IssueEntry, LetterFile, MailEntry, SequenceEntry
from pipeline.series.message import Head, LetterContent

SEQUENCE = "sequence.json"
_BUILD = "Build it again: quire build newsletter."
_MEDIA_TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif"}
# No letter's file comes near this; what does is none.
_MOST = 10_000_000


def read_built(folder: Path, shown: str = "") -> tuple[Head, tuple[LetterContent, ...]]:
    """Return a built newsletter: its head, then its mails and its issues in order.

    Only what `sequence.json` names is read; `shown` is what messages call the folder. Raises ConfigError with
    everything that is missing or has been changed since, each with its path.
    """
    shown = shown or str(folder)
    sequence = _sequence(folder / SEQUENCE, f"{shown}/{SEQUENCE}")
    reading = _Reading(folder, shown)
    mails = tuple(reading.letter(f"mail/{kind}", kind, entry) for kind, entry in sequence.mails.items())
    issues = tuple(reading.letter(entry.id, "issue", entry) for entry in sequence.issues)
    reading.look_for_twins([letter.name for letter in issues])
    if reading.faults:
        raise ConfigError("\n".join((*reading.faults, f"    {_BUILD}")))
    head = Head(
        id=sequence.id,
        title=sequence.title,
        language=sequence.language,
        website=sequence.website,
        sender=sequence.sender,
        greeting=sequence.greeting,
    )
    return head, (*mails, *issues)


def read_files(folder: Path, shown: str = "") -> dict[str, bytes]:
    """Return every file that a built newsletter's `sequence.json` names, and itself, by name, as it was built.

    Raises ConfigError as `read_built` does.
    """
    shown = shown or str(folder)
    _sequence(folder / SEQUENCE, f"{shown}/{SEQUENCE}")
    whole = (folder / SEQUENCE).read_bytes()
    reading = _Reading(folder, shown)
    files = {file.name: reading.content(file) for file in _files_in(msgspec.json.decode(whole))}
    if reading.faults:
        raise ConfigError("\n".join((*reading.faults, f"    {_BUILD}")))
    return {**dict(sorted(files.items())), SEQUENCE: whole}


def _files_in(value: Any) -> Iterator[LetterFile]:
    """Yield the files that are named anywhere in a sequence."""
    match value:
        case {"name": str(name), "sha256": str(digest)}:
            yield LetterFile(name, digest)
        case dict():
            for inner in value.values():
                yield from _files_in(inner)
        case list():
            for inner in value:
                yield from _files_in(inner)


def _sequence(path: Path, shown: str) -> SequenceEntry:
    try:
        return msgspec.json.decode(path.read_bytes(), type=SequenceEntry)
    except OSError as error:
        raise ConfigError(
            f"{shown}: can't be read: {error.strerror}\n    Build the newsletter first: quire build newsletter."
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{shown}: is not what the newsletter's build writes: {error}\n    {_BUILD}") from error


class _Reading:
    """Reads files beside `sequence.json` and gathers what is wrong with them."""

    def __init__(self, folder: Path, shown: str) -> None:
        self.faults: list[str] = []
        self._folder, self._shown = folder, shown

    def letter(self, name: str, kind: str, entry: MailEntry) -> LetterContent:
        html, text = (self._text(entry, wanted) for wanted in ("html", "text"))
        if len(html.encode()) > MOST_HTML:
            self.faults.append(f"{self._shown}/{entry.files['html'].name}: is larger than {MOST_HTML // 1000} kB")
        unknown = sorted(set(entry.placeholders) - set(PLACEHOLDERS))
        if unknown:
            self.faults.append(f"{self._shown}/{SEQUENCE}: “{name}” has the unknown placeholder “{unknown[0]}”")
        return LetterContent(
            name=name,
            kind=kind,
            number=entry.number if isinstance(entry, IssueEntry) else 0,
            stem=Path(entry.files["html"].name).stem if "html" in entry.files else "",
            chapter=entry.chapter if isinstance(entry, IssueEntry) else "",
            worksheet=entry.worksheet if isinstance(entry, IssueEntry) else "",
            subject=entry.subject,
            preheader=entry.preheader,
            text=text,
            html=html,
            pictures=tuple(self._picture(file) for file in entry.pictures),
        )

    def look_for_twins(self, names: list[str]) -> None:
        for name in sorted({name for name in names if names.count(name) > 1}):
            self.faults.append(f"{self._shown}/{SEQUENCE}: two issues are called “{name}”")

    def _text(self, entry: MailEntry, kind: str) -> str:
        file = entry.files.get(kind)
        if file is None:
            self.faults.append(f"{self._shown}/{SEQUENCE}: “{entry.subject}” has no {kind} file")
            return ""
        try:
            return self._content(file).decode()
        except UnicodeDecodeError:
            self.faults.append(f"{self._shown}/{file.name}: is not UTF-8 text")
            return ""

    def _picture(self, file: LetterFile) -> Picture:
        media_type = _MEDIA_TYPES.get(Path(file.name).suffix.lower())
        if media_type is None:
            self.faults.append(f"{self._shown}/{SEQUENCE}: “{file.name}” is not the name of a picture")
        return Picture(file.content_id, file.name, media_type or "", self._content(file))

    def _content(self, file: LetterFile) -> bytes:
        """Return the content of a file that lies beside `sequence.json` itself."""
        if Path(file.name).name != file.name:
            self.faults.append(f"{self._shown}/{SEQUENCE}: “{file.name}” is not the name of a file beside it")
            return b""
        return self.content(file)

    def content(self, file: LetterFile) -> bytes:
        """Return a file's content where its hash is the one that was written down."""
        path = self._folder / file.name
        if PurePosixPath(file.name).is_absolute() or {"", ".", ".."} & set(file.name.split("/")):
            self.faults.append(f"{self._shown}/{SEQUENCE}: “{file.name}” is not the name of a file beside it")
            return b""
        try:
            content = path.read_bytes() if path.stat().st_size <= _MOST else b""
        except OSError as error:
            self.faults.append(f"{self._shown}/{file.name}: can't be read: {error.strerror}")
            return b""
        if hashlib.sha256(content).hexdigest() != file.sha256:
            self.faults.append(f"{self._shown}/{file.name}: has changed since it was built")
            return b""
        return content
