"""A book in; the words of its workbook or worksheets, section by section, as they should be read out, out.

Left aside are white space, case, labels of lists and notes, and page numbers: those are the design's. A field
is a word.
"""

import re
from collections.abc import Iterable, Iterator

from tagged import FIELD, Tagged

from pipeline import model as m
from pipeline.transforms import select
from pipeline.writers._html import join_names, label_of, roman

LABELS = {"Lbl"}
# The page that a reference leads to stands behind it.
PAGE = ", page n"
_PAGE = re.compile(r", page [\divxlc]+")
# Where a work is cited stands behind its entry.
_CITED = re.compile(r" pages? [\divxlc]+(?:[,–] ?[\divxlc]+)*")
RESEARCH = "What the research does and doesn’t say"


def plain(text: str) -> str:
    """Return words in the one way in which they are compared."""
    # Fonts have one glyph for both hyphens. A line may end behind one, or behind a dash, without a space.
    text = text.casefold().replace("\u2010", "-")
    return " ".join(re.sub(r"([-–—/])\s+", r"\1", text).split())


def spoken(section: Tagged, leave_out: Iterable[str] = ()) -> str:
    """Return the words of a section in the order of the structure tree."""
    left_out = LABELS | set(leave_out)

    def is_read(element: Tagged) -> bool:
        # The number that calls a note is its label, in the text.
        calls = element.kind == "Reference" and re.fullmatch(r"\d+", element.text() or "-")
        return element.kind not in left_out and not calls

    words = _PAGE.sub(PAGE, plain(section.text(is_read)))
    return _CITED.sub("", words) if words.startswith("notes ") else words


class Words:
    """The words of one book, in one format."""

    def __init__(self, book: m.Book, format_name: str) -> None:
        self.book = select(book, format_name)
        self.is_alone = format_name == "worksheets"
        self.notes: dict[int, m.Footnote] = {}

    def sections(self) -> Iterator[tuple[str, str]]:
        """Yield title and words of each section of the workbook, but for contents and index."""
        book = self.book
        cover = [book.title, book.subtitle, join_names(book.authors)]
        yield book.title, plain(" ".join(cover))
        rights = [book.title, book.rights, book.publisher and f"Published by {book.publisher}"]
        rights += [book.website and book.website.split("://")[1], book.description, book.identifier, book.date]
        yield book.title, plain(" ".join([*cover, *rights]))
        for matter in book.front:
            yield self.matter(matter)
        for part in book.parts:
            numeral = f"Part {roman(part.number)}"
            yield part.title, plain(f"{numeral} {part.title} {self.text(part.text)}")
            for chapter in part.chapters:
                yield chapter.title, plain(" ".join(self.chapter(chapter)))
        for piece in book.back:
            if isinstance(piece, m.Matter):
                yield self.matter(piece)
            elif piece.kind == "notes" and book.citations:
                entries = [self.inlines(label.entry) for label in book.citations.values()]
                yield (
                    "Notes",
                    plain(f"Notes The works that the chapters cite, and the pages that cite them. {' '.join(entries)}"),
                )
            elif piece.kind == "glossary" and book.glossary:
                # A term is the label of its entry.
                entries = [self.inlines(entry.definition) for entry in book.glossary]
                yield (
                    "Glossary",
                    plain(f"Glossary The words that psychologists use, in plain ones. {' '.join(entries)}"),
                )

    def matter(self, matter: m.Matter) -> tuple[str, str]:
        return matter.title, plain(f"{matter.title} {matter.summary} {self.text(matter.text)}")

    def chapter(self, chapter: m.Chapter) -> Iterator[str]:
        yield f"Chapter {chapter.number} {chapter.title} {chapter.summary}"
        yield self.text(chapter.text)
        yield f"To carry away {chapter.takeaway}"
        if chapter.worksheet:
            yield f"Worksheet {chapter.number} {chapter.worksheet_title or chapter.title} {chapter.worksheet_intro}"
            yield from (self.prompt(prompt, number) for number, prompt in enumerate(chapter.worksheet, start=1))

    def worksheet(self, chapter: m.Chapter) -> str:
        """Return the words of a chapter's worksheet as a file of its own."""
        self.notes = {}
        head = f"Worksheet {chapter.number} · {chapter.title} {chapter.worksheet_title or chapter.title}"
        prompts = [self.prompt(prompt, number) for number, prompt in enumerate(chapter.prompts, start=1)]
        return plain(" ".join([head, chapter.worksheet_intro, *prompts]))

    # ------------------------------------------------------------------ blocks

    def text(self, text: m.Document) -> str:
        self.notes = {note.number: note for note in text.footnotes}
        return self.blocks(text.blocks)

    def blocks(self, blocks: Iterable[m.Block]) -> str:
        return " ".join(self.block(block) for block in blocks)

    def block(self, block: m.Block) -> str:
        match block:
            case m.Paragraph(children=children) | m.Heading(children=children):
                return self.noted(children)
            case m.List(items=items):
                return " ".join(self.item(item.blocks) for item in items)
            case m.Quote(blocks=blocks):
                return self.blocks(blocks)
            case m.CodeBlock(text=text):
                return text
            case m.SceneBreak():
                return "* * *"
            case m.Table(header=header, rows=rows):
                return " ".join(self.noted(cell.children) for row in (header, *rows) for cell in row)
            case m.Figure(caption=caption):
                return self.noted(caption)
            case m.DefinitionList(items=items):
                # What is defined is the label of its entry.
                return " ".join(self.blocks(item.blocks) for item in items)
            case m.Research(blocks=blocks):
                return f"{RESEARCH} {self.blocks(blocks)}"
            case m.Admonition(title=title, blocks=blocks) | m.Exercise(title=title, blocks=blocks):
                return f"{self.noted(title)} {self.blocks(blocks)}"
            case m.Takeaways():
                return " ".join(chapter.takeaway for chapter in self.book.chapters)
            case m.Prompt():
                return self.prompt(block, None)
        raise AssertionError(f"nobody has said how a {m.tag_of(block)} is read")

    def item(self, blocks: tuple[m.Block, ...]) -> str:
        """Return the words of a list's item; its first paragraph is its body's own, whose notes come last."""
        if not blocks or not isinstance(blocks[0], m.Paragraph):
            return self.blocks(blocks)
        first, *others = blocks
        return f"{self.inlines(first.children)} {self.blocks(others)}{self.notes_of(first.children)}"

    def prompt(self, prompt: m.Prompt, number: int | None) -> str:
        words = [str(number or ""), self.noted(prompt.question), self.blocks(prompt.help)]
        match prompt.answer:
            case m.Lines():
                words.append(FIELD)
            case m.Scale(first=first, last=last, low=low, high=high):
                words += [*(f"{FIELD} {value}" for value in range(first, last + 1)), low, high]
            case m.Checklist(items=items):
                words += [f"{FIELD} {self.inlines(item)}" for item in items]
            case m.Grid(columns=columns, rows=rows, row_labels=labels):
                fields = f" {FIELD}" * (len(columns) - bool(labels))
                words += [*columns, *(f"{label}{fields}" for label in labels or [""] * rows)]
            case m.Plan(paragraphs=paragraphs):
                words += [self.inlines(paragraph, is_filled_in=True) for paragraph in paragraphs]
            case m.Letter(salutation=salutation, closing=closing):
                around = (self.inlines(words, is_filled_in=True) for words in (salutation, closing))
                words.append(FIELD.join(around))
        return " ".join(words)

    # ------------------------------------------------------------------ inlines

    def noted(self, inlines: Iterable[m.Inline]) -> str:
        """Return the words of a paragraph, and those of its notes after them."""
        return self.inlines(inlines) + self.notes_of(inlines)

    def notes_of(self, inlines: Iterable[m.Inline]) -> str:
        calls = [node.number for node in m.walk(tuple(inlines)) if isinstance(node, m.FootnoteRef)]
        return "".join(f" {self.blocks(self.notes[call].blocks)}" for call in calls if not self.is_alone)

    def inlines(self, inlines: Iterable[m.Inline], *, is_filled_in: bool = False) -> str:
        return "".join(self.inline(node, is_filled_in) for node in inlines)

    def inline(self, node: m.Inline, is_filled_in: bool) -> str:
        match node:
            case m.Text(text=text) | m.Code(text=text):
                return text
            case m.LineBreak():
                return " "
            case m.FootnoteRef():
                return ""
            case m.Blank(width=width):
                return FIELD if is_filled_in else "_" * width
            case m.Cite(keys=keys, narrative=narrative):
                cited = "; ".join(self.cited(key, narrative) for key in keys)
                return cited if narrative else f"({cited})"
            case m.Ref(target=target, children=children):
                words = self.inlines(children) if children else label_of(self.book.targets[target])
                return words if self.is_alone else f"{words}{PAGE}"
        return self.inlines(node.children)

    def cited(self, key: str, narrative: bool) -> str:
        label = self.book.citations[key]
        names = label.names.replace(" & ", " and ") if narrative else label.names
        year = f" ({label.year})" if narrative else f", {label.year}"
        return names + (year if label.year else "")
