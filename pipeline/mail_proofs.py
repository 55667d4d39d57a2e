"""A project's built letters, or anybody's .html and .eml files, in; what the rules about mails find out."""

import re
from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from pipeline import lint
from pipeline.errors import ConfigError, Finding, PartLocation
from pipeline.mail.message import ANSWERS
from pipeline.mail.sequence import MailEntry, SequenceEntry
from pipeline.project import Project

_FOLDER = "newsletter"
_WEB = "web/"
_SEQUENCE = "sequence.json"
_STYLESHEET = re.compile(rb'<link rel="stylesheet" href="style\.css">')
_BUILD_FIRST = "Run quire build newsletter first."
_KINDS = (".html", ".htm", ".eml")


class Instead(Struct, frozen=True):
    """What people see instead of something that some programs lack, in how many places of how many files.

    `at` is the first of the places. `instead` is empty where nothing stands in.
    """

    feature: str
    shown: str
    clients: tuple[str, ...]
    instead: str
    places: int
    files: int
    at: str


def built(project: Project) -> tuple[lint.Mail, ...]:
    """Return the mails in `output/newsletter/`, each as HTML with its text and as a message, in the sequence's order.

    Raises ConfigError where there are none, or where a file is gone.
    """
    folder = project.output / _FOLDER
    sequence = _sequence(project, folder)
    address = sequence.sender.postal_address
    mails: list[lint.Mail] = []
    for entry in sequence.issues:
        mails += _of_entry(project, folder, entry, address, is_bulk=True)
    for kind, mail in sequence.mails.items():
        mails += _of_entry(project, folder, mail, address, is_bulk=kind not in ANSWERS)
    return tuple(mails)


def archive(project: Project) -> tuple[lint.Mail, ...]:
    """Return the pages of the web archive, in the sequence's order, the index last; each with the archive's styles.

    Raises ConfigError where nothing was built, or where a file is gone.
    """
    folder = project.output / _FOLDER
    sequence = _sequence(project, folder)
    around = [file.name for file in sequence.web]
    pages = [*(issue.web.name for issue in sequence.issues if issue.web), *around]
    styles = b" ".join(_bytes(folder / name, project) for name in around if name.endswith(".css"))
    beside = [name.removeprefix(_WEB) for name in pages if (folder / name).is_file()]
    beside += [path.name for path in (folder / _WEB).glob("*.png")]
    return tuple(
        lint.read_page(
            project.relative(folder / name),
            _with_styles(_bytes(folder / name, project), styles),
            beside=tuple(beside),
            is_web_page=True,
        )
        for name in pages
        if name.endswith(".html")
    )


def read(project: Project, files: Sequence[Path]) -> tuple[lint.Mail, ...]:
    """Return anybody's files as mails; one that the project built is what it is there, with all that belongs to it.

    Raises ConfigError where one can't be read or is of another kind.
    """
    folder = project.output / _FOLDER
    own: dict[Path, lint.Mail] = {}
    if (folder / _SEQUENCE).is_file() and any(path.resolve().is_relative_to(folder.resolve()) for path in files):
        made = (*built(project), *archive(project))
        own = {(project.root / mail.path).resolve(): mail for mail in made}
    return tuple(own.get(path.resolve()) or _of_file(path) for path in files)


def limits(project: Project) -> lint.Limits:
    """Return what the project's book.yaml sets, or the usual limits where it sets none."""
    settings, _ = project.settings()
    most = settings.bounds.subject_characters
    return lint.Limits() if most is None else lint.Limits(most)


def check(mails: Sequence[lint.Mail], bounds: lint.Limits) -> tuple[Finding, ...]:
    """Return what there is to mend, file by file. What a page has told isn't told again of the message made from it."""
    found: list[Finding] = []
    told: set[tuple[str, str, str]] = set()
    for mail in mails:
        stem = mail.path.rpartition(".")[0]
        for finding in lint.check(mail, bounds):
            key = (stem, finding.code, finding.message)
            if mail.is_message and key in told:
                continue
            found.append(finding)
            if not mail.is_message:
                told.add(key)
    return tuple(found)


def fallbacks(mails: Sequence[lint.Mail]) -> tuple[Instead, ...]:
    """Return what falls back in mails, where and how: for each use with one outcome a row, what lacks any first."""
    rows: dict[tuple[str, str, tuple[str, ...]], list[tuple[lint.Mail, lint.Lack]]] = {}
    pages = [mail for mail in mails if not mail.is_message] or mails
    for mail in pages:
        for lack in lint.lacks(mail):
            rows.setdefault((lack.feature, lack.instead, lack.clients), []).append((mail, lack))
    found = []
    for (feature, instead, clients), places in rows.items():
        mail, lack = places[0]
        at = PartLocation(mail.path, lack.line, mail.html.place.part)
        count = sum(lack.count for _, lack in places)
        files = len({mail.path for mail, _ in places})
        found.append(Instead(feature, lack.shown, clients, instead, count, files, str(at)))
    return tuple(sorted(found, key=lambda row: (bool(row.instead), row.feature, row.clients)))


def _of_entry(
    project: Project, folder: Path, entry: MailEntry, address: str, *, is_bulk: bool
) -> tuple[lint.Mail, lint.Mail]:
    files = {kind: folder / entry.files[kind].name for kind in ("html", "text", "eml") if kind in entry.files}
    if len(files) != 3:
        name = project.relative(folder / _SEQUENCE)
        raise ConfigError(f"{name}: “{entry.subject}” has no HTML, no text or no message\n    {_BUILD_FIRST}")
    content = {kind: _bytes(path, project) for kind, path in files.items()}
    paths = {kind: project.relative(path) for kind, path in files.items()}
    message = lint.read_message(paths["eml"], content["eml"], is_bulk=is_bulk, postal_address=address)
    text = lint.Text(PartLocation(paths["text"]), content["text"].decode(errors="replace"))
    page = lint.read_page(
        paths["html"],
        content["html"],
        text=text,
        subject=entry.subject,
        is_bulk=message.is_bulk,
        postal_address=address,
        beside=tuple(picture.name for picture in entry.pictures),
    )
    return page, message


def _with_styles(page: bytes, styles: bytes) -> bytes:
    """Return a page with its stylesheet in it, on one line, so that all else stays on its own."""
    style = b"<style>%s</style>" % b" ".join(styles.split())
    return _STYLESHEET.sub(lambda link: style, page, count=1)


def _sequence(project: Project, folder: Path) -> SequenceEntry:
    path = folder / _SEQUENCE
    try:
        return msgspec.json.decode(_bytes(path, project), type=SequenceEntry)
    except msgspec.DecodeError as error:
        name = project.relative(path)
        raise ConfigError(f"{name}: this isn't what Quire wrote: {error}\n    {_BUILD_FIRST}") from None


def _bytes(path: Path, project: Project) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigError(f"{project.relative(path)}: can't be read: {reason}\n    {_BUILD_FIRST}") from None


def _of_file(path: Path) -> lint.Mail:
    if path.suffix.lower() not in _KINDS:
        hint = "Save the message as .eml, or its HTML as .html."
        raise ConfigError(f"{path}: neither a page nor a message by its name\n    {hint}")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: can't be read: {error.strerror or error}\n    Check its name.") from None
    if path.suffix.lower() == ".eml":
        return lint.read_message(path.as_posix(), content)
    return lint.read_page(path.as_posix(), content)
