"""A project in; its chapters, prompts or issues as rows out, for people and for scripts."""

from typing import Any

from pipeline import model as m
from pipeline.project import Project
from pipeline.reader import read


def listing(project: Project, what: str) -> list[dict[str, Any]]:
    """Return a row for each chapter, prompt or issue, in the book's order. Raises ContentError as reading does."""
    book, _ = read(project)
    return {"chapters": _chapters, "prompts": _prompts, "issues": _issues}[what](book)


def _chapters(book: m.Book) -> list[dict[str, Any]]:
    return [
        {
            "number": chapter.number,
            "slug": chapter.slug,
            "title": chapter.title,
            "part": part.title,
            "words": _words(chapter.text),
            "prompts": len(chapter.prompts),
            "file": chapter.location.path,
        }
        for part in book.parts
        for chapter in part.chapters
    ]


def _prompts(book: m.Book) -> list[dict[str, Any]]:
    return [
        {
            "chapter": chapter.number,
            "name": prompt.name,
            "kind": m.kind_of(prompt),
            "question": m.words_of(prompt.question),
            "place": str(prompt.location),
        }
        for chapter in book.chapters
        for prompt in chapter.prompts
    ]


def _issues(book: m.Book) -> list[dict[str, Any]]:
    return [
        {
            "number": issue.number,
            "slug": issue.slug,
            "subject": issue.subject,
            "preheader": issue.preheader,
            "words": _words(issue.text),
            "file": issue.location.path,
        }
        for issue in (book.newsletter.issues if book.newsletter else ())
    ]


def _words(text: m.Document) -> int:
    """Return the number of words of a text, its prompts left out."""
    blocks = tuple(block for block in text.blocks if not isinstance(block, m.Prompt))
    return sum(len(node.text.split()) for node in m.walk(blocks) if isinstance(node, m.Text))
