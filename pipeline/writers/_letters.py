"""Issues and mails alike, as letters: what the newsletter's parts ask of either."""

import math
from typing import Literal, TypeAlias

from pipeline import model as m
from pipeline.mail.bidi import Direction, direction_of, leaning
from pipeline.mail.published import archive_folder, worksheet_file
from pipeline.prose import words
from pipeline.writers._html import Markup, escape

WORDS_A_MINUTE = 220
Letter: TypeAlias = m.Issue | m.Mail
BOOK_YAML = "content/book.yaml"


Kind: TypeAlias = Literal["issue"] | m.MailKind

# A name that anybody may have typed into a form has no place in the mail that asks who did.
GREETS: tuple[Kind, ...] = ("issue", "welcome", "progress", "goodbye")
# What goes to readers of the list: these can be left from, and have the list's headers.
LISTED: tuple[Kind, ...] = ("issue", "welcome", "progress")


def kind_of(letter: Letter) -> Kind:
    """Return what a letter is; its foot and its headers depend on it."""
    return "issue" if isinstance(letter, m.Issue) else letter.kind


def stem_of(letter: Letter) -> str:
    """Return the name of a letter's files, without their endings."""
    return letter.file_stem if isinstance(letter, m.Issue) else letter.kind


def chapter_of(book: m.Book, letter: Letter) -> m.Chapter | None:
    """Return the chapter that an issue belongs to; a mail belongs to none."""
    if not isinstance(letter, m.Issue):
        return None
    owner = book.targets[letter.chapter].owner
    return next(chapter for chapter in book.chapters if chapter.id == owner)


def archive_site(book: m.Book) -> str:
    """Return where the web archive is published, below the book's website; empty where there is none."""
    return archive_folder(book.website)


def worksheet_address(book: m.Book, letter: Letter) -> str:
    """Return where the worksheet of an issue's chapter is published; empty where there is none."""
    chapter = chapter_of(book, letter)
    return worksheet_file(book.website, chapter.file_stem) if chapter else ""


def turn(shown: str | tuple[m.Inline, ...], around: Direction) -> Markup:
    """Return `dir` for an element whose text runs in the other direction than what is around it; else nothing."""
    towards = leaning(shown if isinstance(shown, str) else m.words_of(shown), around)
    return Markup("" if towards == around else f' dir="{towards}"')


def apart(text: str, around: Direction) -> Markup:
    """Return text as markup, in an element of its own where it runs in the other direction than what is around it."""
    turned = turn(text, around)
    return Markup("<span{}>{}</span>").format(turned, text) if turned else escape(text)


def of_own_words(language: str) -> Markup:
    """Return what a sentence of Quire's own, which is English, has to say of itself in a letter of another language."""
    if language.lower().partition("-")[0] == "en":
        return Markup("")
    return Markup(' lang="en"' if direction_of(language) == "ltr" else ' lang="en" dir="ltr"')


def motif_of(book: m.Book, letter: Letter) -> float:
    """Return the overlap of the motif at a letter's head: its chapter's, or the book's."""
    chapter = chapter_of(book, letter)
    return chapter.motif if chapter else book.motif


def reading_minutes(text: m.Document) -> int:
    """Return how long a letter takes to read, in minutes, one at the least."""
    count = sum(len(words(node.text)) for node in m.walk(text) if isinstance(node, m.Text))
    return max(1, math.ceil(count / WORDS_A_MINUTE))


def sources_of(book: m.Book, letter: Letter) -> tuple[str, ...]:
    """Return the files of `content/` that a letter is made from, sorted."""
    references = {reference.key: reference.location.path for reference in book.references}
    owners = {chapter.id: chapter.location.path for chapter in book.chapters}
    chapter = chapter_of(book, letter)
    paths = {BOOK_YAML, letter.location.path, *((chapter.location.path,) if chapter else ())}
    for node in m.walk(letter.text):
        match node:
            case m.Cite(keys=keys):
                paths.update(references[key] for key in keys if key in references)
            case m.Figure(image=image):
                paths.add(f"content/{image}")
            case m.Ref(target=target):
                paths.update({owners[owner]} if (owner := book.targets[target].owner) in owners else ())
            case m.Takeaways():
                paths.update(owners.values())
    return tuple(sorted(paths))
