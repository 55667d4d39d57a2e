"""Works cited, terms explained or entries marked in a book that has no page to list them on."""

from collections.abc import Iterator

from pipeline import model as m
from pipeline.checks._context import Context
from pipeline.checks._nodes import every
from pipeline.errors import Finding, Location


def check(book: m.Book, context: Context) -> Iterator[Finding]:
    """Yield a warning for each kind of generated back matter that the text calls for and book.yaml leaves out."""
    there = {piece.kind for piece in book.back if isinstance(piece, m.Generated)}
    wanted = {
        "notes": bool(book.references) and bool(every(book, m.Cite)),
        "glossary": bool(book.glossary) and bool(every(book, m.Term)),
        "index": bool(every(book, m.IndexMark)),
    }
    for kind, is_wanted in wanted.items():
        if is_wanted and kind not in there:
            message = f"the text has what belongs in the {kind}, and “back” doesn't name it"
            hint = f"Add “- {kind}” to “back” in book.yaml."
            yield Finding(Location("content/book.yaml"), "missing-back-matter", message, hint, "warning")
