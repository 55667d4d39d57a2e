"""The newsletter: each issue as HTML, as text and as a sample message, and the sequence as JSON.

The HTML and the text hold placeholders, `{{ name }}`, from a closed set, which delivery fills for each reader. The
mails that ask for a confirmation and say welcome are made in the same way.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from pipeline import model as m
from pipeline.errors import ContentError, Finding, Location
from pipeline.mail.placeholders import PLACEHOLDERS, Greeting, Slot, as_for_nobody, pieces, placeholders_in
from pipeline.mail.sequence import (
    MOST_HTML,
    IssueEntry,
    LetterFile,
    MailEntry,
    SenderEntry,
    SequenceEntry,
    letter_file,
)
from pipeline.press import Press
from pipeline.theme import Design
from pipeline.writers import _mail_sample
from pipeline.writers._html import Templates
from pipeline.writers._letters import BOOK_YAML, Letter, chapter_of, sources_of, stem_of
from pipeline.writers._letters import reading_minutes as reading_minutes
from pipeline.writers._mail_html import HtmlRenderer
from pipeline.writers._mail_pictures import Picture, Pictures
from pipeline.writers._mail_text import letter_text
from pipeline.writers._marks import Marks
from pipeline.writers._web_archive import WebArchive

FORMAT = "newsletter"
_BOOK = Location(BOOK_YAML)
# What a value takes at the most, in bytes: a long name in another script, or an address with a token.
_ROOM = 400


def write(book: m.Book, design: Design, press: Press) -> Sequence[m.Artifact]:
    """Return the artifacts of each issue in the sequence's order, of the mails, and `sequence.json`.

    A letter is HTML, text, a sample message, and its pictures. Nothing without a newsletter. Raises ContentError where
    there is no sender, where an issue belongs to no chapter, and where a letter's HTML passes 90 kB.
    """
    newsletter = book.newsletter
    if newsletter is None:
        return ()
    book = _what_letters_show(book)
    depends = (book, design.digest, design.fonts_digest)
    made = press.kept(FORMAT, depends, lambda: m.encode(_artifacts(book, newsletter, design, press)))
    return msgspec.msgpack.decode(made, type=tuple[m.Artifact, ...])


def _what_letters_show(book: m.Book) -> m.Book:
    """Return the book without the texts of its pages: letters show none of them, so a change to one is no matter."""

    def bare(chapter: m.Chapter) -> m.Chapter:
        return msgspec.structs.replace(chapter, text=m.Document(()), worksheet=(), prompts=())

    parts = tuple(
        msgspec.structs.replace(part, text=m.Document(()), chapters=tuple(map(bare, part.chapters)))
        for part in book.parts
    )
    return msgspec.structs.replace(book, front=(), parts=parts, back=(), glossary=(), whole=None)


def _artifacts(book: m.Book, newsletter: m.Newsletter, design: Design, press: Press) -> tuple[m.Artifact, ...]:
    sender = _checked(book, newsletter)
    templates, marks = Templates(design), Marks(book)
    renderer = HtmlRenderer(book, newsletter, design, templates, marks)
    pictures = Pictures(book, design, templates, marks).of(newsletter.letters, press)
    made = [
        _made(book, newsletter, sender, letter, renderer.marked(letter, shown), marks, shown)
        for letter, shown in zip(newsletter.letters, pictures, strict=True)
    ]
    too_long = [finding for letter in made for finding in _too_long(letter)]
    if too_long:
        raise ContentError(too_long)
    archive = WebArchive(book, newsletter, sender, design, templates)
    shown = zip(newsletter.letters, pictures, strict=True)
    web = [archive.page(letter, beside) for letter, beside in shown if isinstance(letter, m.Issue)]
    around = archive.around()
    artifacts = tuple(artifact for group in ((one.artifacts for one in made), web) for row in group for artifact in row)
    return (*artifacts, *around, _sequence(book, newsletter, sender, made, web, around))


# --------------------------------------------------------------------------- one letter


class _Made(Struct, frozen=True):
    """A letter that is finished: its artifacts, HTML, text and message first, then its pictures."""

    letter: Letter
    artifacts: tuple[m.Artifact, ...]
    placeholders: tuple[str, ...]

    @property
    def files(self) -> dict[str, LetterFile]:
        return {kind: _file(artifact) for kind, artifact in zip(("html", "text", "eml"), self.artifacts, strict=False)}

    @property
    def pictures(self) -> tuple[LetterFile, ...]:
        return tuple(map(_file, self.artifacts[3:]))


def _made(
    book: m.Book,
    newsletter: m.Newsletter,
    sender: m.Sender,
    letter: Letter,
    marked: str,
    marks: Marks,
    pictures: Sequence[Picture],
) -> _Made:
    page = marks.resolved(marked, {picture.src: picture.name for picture in pictures})
    inside = marks.resolved(marked, {picture.src: f"cid:{picture.content_id}" for picture in pictures})
    text = letter_text(book, newsletter, sender, letter)
    eml = _mail_sample.message(book, newsletter, sender, letter, inside, text, pictures)
    stem, words, sources = stem_of(letter), _words_for(letter), sources_of(book, letter)
    artifacts = [
        _artifact(f"{stem}.html", "text/html", page.encode(), f"{words}: HTML", sources),
        _artifact(f"{stem}.txt", "text/plain", text.encode(), f"{words}: plain text", sources),
        _artifact(f"{stem}.eml", "message/rfc822", eml, f"{words}: a sample, to open in a mail program", sources),
    ]
    for picture in pictures:
        of_it = f"{words}: {picture.alt[:1].lower()}{picture.alt[1:]}"
        artifacts.append(_artifact(picture.name, picture.media_type, picture.content, of_it, sources))
    return _Made(letter, tuple(artifacts), placeholders_in(page, text, letter.subject))


def _words_for(letter: Letter) -> str:
    which = f"letter {letter.number}" if isinstance(letter, m.Issue) else f"the {letter.kind}"
    return f"{which}, “{as_for_nobody(letter.subject)}”"


def _too_long(made: _Made) -> Sequence[Finding]:
    page = made.artifacts[0].content
    size = len(page) + _ROOM * sum(isinstance(piece, Slot) for piece in pieces(page.decode()))
    if size <= MOST_HTML:
        return ()
    message = (
        f"it makes {size / 1000:.0f} kB of HTML with a reader's values; mail programs cut off past {MOST_HTML // 1000}"
    )
    return (Finding(made.letter.location, "issue-too-long", message, "Shorten it, or make two of it."),)


def _artifact(name: str, media_type: str, content: bytes, summary: str, sources: tuple[str, ...]) -> m.Artifact:
    return m.Artifact(f"{FORMAT}/{name}", FORMAT, media_type, content, summary, sources)


def _file(artifact: m.Artifact) -> LetterFile:
    return letter_file(artifact.path.removeprefix(f"{FORMAT}/"), artifact.content)


# --------------------------------------------------------------------------- the sequence


def _checked(book: m.Book, newsletter: m.Newsletter) -> m.Sender:
    """Return the book's sender. Raises ContentError with everything that keeps the newsletter from being made."""
    findings = []
    if book.sender is None:
        hint = "Add “sender:” with “name:”, “address:” and “postal_address:”; readers must be told who writes."
        findings.append(Finding(_BOOK, "missing-sender", "“sender” is missing, and there is a newsletter", hint))
    try:
        datetime.fromisoformat(book.date)
    except ValueError:
        hint = "Write “date:” as year, month and day: 2026-11-22."
        findings.append(Finding(_BOOK, "date", f"“{book.date}” is not a day", hint))
    chapters = {chapter.id for chapter in book.chapters}
    for issue in newsletter.issues:
        target = book.targets.get(issue.chapter)
        if target is None or target.owner not in chapters:
            hint = "Write the name of a chapter's file, without .md."
            findings.append(Finding(issue.at("chapter"), "issue-chapter", f"“{issue.chapter}” is not a chapter", hint))
    if findings or book.sender is None:
        raise ContentError(findings)
    return book.sender


def _sequence(
    book: m.Book,
    newsletter: m.Newsletter,
    sender: m.Sender,
    made: Sequence[_Made],
    web: Sequence[Sequence[m.Artifact]],
    around: Sequence[m.Artifact],
) -> m.Artifact:
    sequence = SequenceEntry(
        id=newsletter.id,
        title=newsletter.title,
        language=book.language,
        website=book.website,
        sender=SenderEntry(sender.name, sender.address, sender.postal_address),
        placeholders=PLACEHOLDERS,
        mails={one.letter.kind: MailEntry(**_entry(one)) for one in made if isinstance(one.letter, m.Mail)},
        greeting=Greeting(newsletter.greeting.with_name, newsletter.greeting.without_name),
        issues=tuple(
            _issue_entry(book, one, issue, _file(page))
            for one, issue, (page, *_) in zip(made, newsletter.issues, web, strict=False)
        ),
        web=tuple(map(_file, around)),
    )
    content = msgspec.json.format(msgspec.json.encode(sequence), indent=2) + b"\n"
    sources = tuple(sorted({BOOK_YAML}.union(*(one.artifacts[0].sources for one in made))))
    summary = f"the newsletter's {len(sequence.issues)} letters in order, for delivery"
    return _artifact("sequence.json", "application/json", content, summary, sources)


def _issue_entry(book: m.Book, made: _Made, issue: m.Issue, web: LetterFile) -> IssueEntry:
    chapter = chapter_of(book, issue)
    return IssueEntry(
        id=issue.slug,
        number=issue.number,
        chapter=chapter.id if chapter else "",
        worksheet=chapter.file_stem if chapter else "",
        reading_minutes=reading_minutes(issue.text),
        web=web,
        **_entry(made),
    )


def _entry(made: _Made) -> dict[str, Any]:
    """Return what is said of issues and mails alike."""
    return {
        "subject": made.letter.subject,
        "preheader": made.letter.preheader,
        "files": made.files,
        "pictures": made.pictures,
        "placeholders": made.placeholders,
    }
