"""The book as the Markdown that pandoc knows: the words and the fields of the workbook, for the peer to set."""

import html
import itertools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from pipeline import model as m
from pipeline.cache import Cache
from pipeline.project import Project
from pipeline.reader import read
from pipeline.transforms import complete, select
from pipeline.writers._index import Entry, index_entries

# A plain page of the same size and type. Pandoc's own style would spread the text over half as many pages again.
STYLE = """
@page { size: A5; margin: 20mm 17mm }
body { font: 10.6pt/1.46 "Source Serif Pro" !important; padding: 0 !important; max-width: none !important }
textarea, input[type=text] { width: 100% }
"""


class Writer:
    """Writes one book as Markdown; links within the book are left out, to the peer's advantage."""

    def __init__(self, book: m.Book) -> None:
        self._book = book
        self._fields = itertools.count(1)

    def text(self) -> str:
        """Return the whole book, from the introduction to the index."""
        book = self._book
        pieces: list[str] = []
        for matter in book.front:
            pieces += [f"# {matter.title}", self._blocks(matter.text.blocks)]
        for part in book.parts:
            pieces += [f"# {part.title}", self._blocks(part.text.blocks)]
            for chapter in part.chapters:
                pieces += [f"# {chapter.title}", chapter.summary, self._blocks(chapter.text.blocks)]
                pieces += [f"## {chapter.worksheet_title}", self._blocks(chapter.worksheet), chapter.takeaway]
        for piece in book.back:
            if isinstance(piece, m.Matter):
                pieces += [f"# {piece.title}", self._blocks(piece.text.blocks)]
        pieces += ["# Notes", *(self._inlines(label.entry) for label in book.citations.values())]
        pieces += ["# Glossary"]
        pieces += [f"**{entry.term}** {self._inlines(entry.definition)}" for entry in book.glossary]
        pieces += ["# Index", *_lines(index_entries(book.texts()))]
        return "\n\n".join(pieces)

    def _blocks(self, blocks: Sequence[Struct]) -> str:
        return "\n\n".join(text for block in blocks for text in self._block(block))

    def _block(self, block: Struct) -> Iterator[str]:
        match block:
            case m.Paragraph(children=words):
                yield self._inlines(words)
            case m.Heading(children=words, level=level):
                yield f"{'#' * level} {self._inlines(words)}"
            case m.List(items=items):
                yield "\n".join(f"- {self._blocks(item.blocks)}" for item in items)
            case m.Table(header=header, rows=rows):
                yield _table([[self._inlines(cell.children) for cell in row] for row in (header, *rows)])
            case m.Admonition(title=title, blocks=inner) | m.Exercise(title=title, blocks=inner):
                yield f"**{self._inlines(title)}**"
                yield _quoted(self._blocks(inner))
            case m.Research(blocks=inner) | m.Quote(blocks=inner):
                yield _quoted(self._blocks(inner))
            case m.Takeaways():
                yield "\n".join(f"1. {chapter.takeaway}" for chapter in self._book.chapters)
            case m.Prompt(question=question, help=explained, answer=answer):
                yield f"**{self._inlines(question)}**"
                yield self._blocks(explained)
                yield self._fields_of(answer, html.escape(m.words_of(question), quote=True))
            case m.CodeBlock(text=text):
                yield text

    def _inlines(self, nodes: Iterable[Struct]) -> str:
        return "".join(map(self._inline, nodes))

    def _inline(self, node: Struct) -> str:
        match node:
            case m.Emphasis(children=inner):
                return f"*{self._inlines(inner)}*"
            case m.Strong(children=inner):
                return f"**{self._inlines(inner)}**"
            case m.Cite(keys=keys):
                return ", ".join(f"{self._book.citations[key].names}, {self._book.citations[key].year}" for key in keys)
            case m.Ref(target=target, children=inner):
                return self._inlines(inner) or self._book.targets[target].title
            case m.Text(text=text) | m.Code(text=text):
                return text
            case _:
                return self._inlines(getattr(node, "children", ()))

    def _fields_of(self, answer: Struct, title: str) -> str:
        match answer:
            case m.Lines(count=count) | m.Letter(count=count):
                return self._area(title, count * 8)
            case m.Scale(first=first, last=last):
                name = f"f{next(self._fields)}"
                choices = (
                    f'<input type="radio" name="{name}" value="{n}" title="{title} {n}"> {n}'
                    for n in range(first, last + 1)
                )
                return " ".join(choices)
            case m.Checklist(items=items):
                return "\n\n".join(f"{self._box(title)} {self._inlines(item)}" for item in items)
            case m.Grid(columns=columns, rows=rows, row_labels=labels):
                named = [[label] if labels else [] for label in labels or [""] * rows]
                cells = [row + [self._area(title, 12) for _ in columns[len(row) :]] for row in named]
                head = "".join(f"<th>{column}</th>" for column in columns)
                body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in cells)
                return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
            case m.Plan(paragraphs=paragraphs):
                return "\n\n".join(f"{self._inlines(words)} {self._line(title)}" for words in paragraphs)
            case _:
                raise TypeError(f"no field for {answer}")

    def _area(self, title: str, height: int) -> str:
        return f'<textarea name="f{next(self._fields)}" title="{title}" style="height: {height}mm"></textarea>'

    def _box(self, title: str) -> str:
        return f'<input type="checkbox" name="f{next(self._fields)}" title="{title}">'

    def _line(self, title: str) -> str:
        return f'<input type="text" name="f{next(self._fields)}" title="{title}">'


def _table(rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]])


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}" for line in text.split("\n"))


def _lines(entries: Iterable[Entry]) -> Iterator[str]:
    for entry in entries:
        yield "\\\n".join([entry.heading, *(f"— {sub.heading}" for sub in entry.subs)])


def plain_markdown(root: Path) -> str:
    """Return a project's workbook as Markdown for pandoc, with its fields in HTML."""
    cache = Cache(root / ".quire" / "peer", enabled=False)
    return Writer(select(complete(read(Project(root))[0], cache), "workbook")).text()
