"""A cross-reference to what one of the book's formats leaves out: there it would lead nowhere."""

from collections.abc import Iterator

from pipeline import model as m
from pipeline.checks._context import Context
from pipeline.checks._nodes import nodes_of
from pipeline.errors import Finding

NEEDS = ("text",)
# The formats that have the whole text, and what they are called.
_WHOLE = {"workbook": "the workbook", "epub": "the EPUB"}


def check(book: m.Book, context: Context) -> Iterator[Finding]:
    """Yield a finding for each cross-reference that is in a format whose text lacks its target."""
    nodes = nodes_of(book)
    files = (*nodes.files, *nodes.glossary)
    refs = [node for file in files for node in file.nodes if isinstance(node, m.Ref) and node.target in book.targets]
    lacking: dict[int, list[str]] = {}
    for name in _WHOLE:
        left_out: set[int] = set()
        places: set[tuple[str, str]] = set()
        for file in files:
            for only in file.nodes:
                if isinstance(only, m.Only) and name not in only.formats:
                    inner = list(m.walk(only.blocks))
                    left_out.update(map(id, inner))
                    places.update((file.id, node.id) for node in inner if isinstance(node, m.Heading | m.Figure))
        for ref in refs:
            target = book.targets[ref.target]
            if id(ref) not in left_out and (target.owner, target.anchor) in places:
                lacking.setdefault(id(ref), []).append(_WHOLE[name])
    for ref in refs:
        if id(ref) in lacking:
            message = f"“{ref.target}” is left out of {' and '.join(lacking[id(ref)])}, and this is not"
            hint = "Keep this passage for the same formats, with {only}, or refer to what they all have."
            yield Finding(ref.location, "reference-left-out", message, hint)
