"""A newsletter issue in; its plain-text part out, drawn from the model and wrapped at 72.

Links become numbers in brackets whose addresses stand at the end, prompts are drawn in characters. Braces that the
author wrote are kept apart, `{ {`, so that delivery never takes them for a placeholder.
"""

import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

from pipeline import model as m
from pipeline.writers._html import label_of

WIDTH = 72
RESEARCH_TITLE = "What the research does and doesn’t say"
PROMPT_LABELS = {
    "lines": "To write",
    "scale": "To mark",
    "checklist": "To tick",
    "grid": "To fill in",
    "plan": "To complete",
    "letter": "A letter",
}
_LEAST_COLUMN = 6
_GAP = 2
# A line of text may be broken where Markdown said so; this stands for it until the paragraph is wrapped.
_BREAK = "\n"
_TWO_BRACES = re.compile(r"\{(?=\{)|\}(?=\})")


def apart(text: str) -> str:
    """Return text in which no two like braces stand together, a space between them where they did."""
    return _TWO_BRACES.sub(lambda brace: f"{brace[0]} ", text)


def apart_in_address(href: str) -> str:
    """Return an address with its braces percent-encoded, which leads to the same place (RFC 3986 §2.1)."""
    return href.replace("{", "%7B").replace("}", "%7D")


def lone_worksheet(block: m.Block) -> m.WorksheetLink | None:
    """Return the worksheet link that is all a paragraph holds: it is drawn as a button."""
    if isinstance(block, m.Paragraph):
        shown = [node for node in block.children if not (isinstance(node, m.Text) and not node.text.strip())]
        if len(shown) == 1 and isinstance(shown[0], m.WorksheetLink):
            return shown[0]
    return None


def cited_keys(text: m.Document) -> tuple[str, ...]:
    """Return the works that a text cites, each once, in the order of their first mention."""
    return tuple(dict.fromkeys(key for node in m.walk(text) if isinstance(node, m.Cite) for key in node.keys))


def issue_text(book: m.Book, newsletter: m.Newsletter, sender: m.Sender, issue: m.Issue) -> str:
    """Return an issue's text part with its placeholders, each on a line of its own or at a line's end."""
    render = TextRenderer(book, "{{ worksheet_url }}")
    body = render.blocks(issue.text.blocks)
    notes = [
        line
        for note in issue.text.footnotes
        for line in hung(f"{note.number}. ", render.blocks(note.blocks, WIDTH - 4))
    ]
    works = spaced(wrapped(render.inlines(book.citations[key].entry), WIDTH) for key in cited_keys(issue.text))
    links = [f"[{number}] {address}" for number, address in enumerate(render.links, start=1)]
    title, name = apart(newsletter.title), apart(sender.name)
    pieces = [
        [f"{title} · Letter {issue.number}"],
        underlined(apart(issue.subject), "="),
        ["{{ greeting }}"],
        body,
        _section("Notes", notes),
        _section("Sources", works),
        _section("Links", links),
        ["-" * WIDTH],
        wrapped(f"You receive {title} because you asked {name} for it.", WIDTH),
        [*wrapped(name, WIDTH), "{{ postal_address }}"],
        [
            "Unsubscribe: {{ unsubscribe_url }}",
            "Your preferences: {{ preferences_url }}",
            "Read in a browser: {{ archive_url }}",
        ],
    ]
    return "\n".join(spaced(pieces)) + "\n"


def _section(title: str, lines: list[str]) -> list[str]:
    return [*underlined(title, "-"), *lines] if lines else []


class TextRenderer:
    """Renders the blocks of one issue as lines of text; `links` are the addresses met so far, in order.

    `worksheet` is what stands for the worksheet's address.
    """

    def __init__(self, book: m.Book, worksheet: str) -> None:
        self.links: list[str] = []
        self._book = book
        self._worksheet = worksheet

    # ------------------------------------------------------------------ inlines

    def inlines(self, nodes: Iterable[m.Inline]) -> str:
        """Return inlines as one unwrapped string; a line break in it is the author's."""
        return apart("".join(self._inline(node) for node in nodes))

    def _inline(self, node: m.Inline) -> str:
        match node:
            case m.Text(text=text) | m.Code(text=text):
                return " ".join(re.split(r"[\n\r\t]+", text))
            case m.Emphasis(children=children):
                return f"_{self.inlines(children)}_"
            case m.Strong(children=children):
                return f"*{self.inlines(children)}*"
            case m.Link(href=href, children=children):
                return self._link(self.inlines(children), apart_in_address(href))
            case m.WorksheetLink(children=children):
                return self._link(self.inlines(children), self._worksheet)
            case m.LineBreak():
                return _BREAK
            case m.Cite():
                return self._cite(node)
            case m.Ref(target=target, children=()):
                return label_of(self._book.targets[target])
            case m.Term(children=children) | m.Ref(children=children) | m.IndexMark(children=children):
                return self.inlines(children)
            case m.FootnoteRef(number=number):
                return f" [note {number}]"
            case m.Blank(width=width):
                return "_" * min(width, WIDTH // 2)

    def _link(self, words: str, address: str) -> str:
        if words in (address, address.removeprefix("mailto:")):
            return words
        if address not in self.links:
            self.links.append(address)
        return f"{words} [{self.links.index(address) + 1}]"

    def _cite(self, node: m.Cite) -> str:
        labels = [self._book.citations[key] for key in node.keys]
        if node.narrative:
            names = [label.names.replace(" & ", " and ") for label in labels]
            years = [f" ({label.year})" if label.year else "" for label in labels]
            return "; ".join(name + year for name, year in zip(names, years, strict=True))
        return f"({'; '.join(', '.join(filter(None, (label.names, label.year))) for label in labels)})"

    # ------------------------------------------------------------------ blocks

    def blocks(self, blocks: Iterable[m.Block], width: int = WIDTH) -> list[str]:
        """Return blocks as lines, one empty line between two blocks."""
        return spaced(self._block(block, width) for block in blocks)

    def _block(self, block: m.Block, width: int) -> list[str]:
        match block:
            case m.Paragraph(children=children):
                button = lone_worksheet(block)
                if button:
                    return [*wrapped(f"{self.inlines(button.children)}:", width), self._worksheet]
                return wrapped(self.inlines(children), width)
            case m.Heading(level=level, children=children):
                return underlined(self.inlines(children), "-" if level == 2 else ".", width)
            case m.List():
                return self._list(block, width)
            case m.Quote(blocks=inner):
                return prefixed(self.blocks(inner, width - 2), "> ")
            case m.CodeBlock(text=text):
                return prefixed([apart(line) for line in text.rstrip("\n").split("\n")], "    ")
            case m.SceneBreak():
                return ["* * *".center(width).rstrip()]
            case m.Table(header=header, rows=rows):
                cells = [[self.inlines(cell.children) for cell in row] for row in (header, *rows)]
                return table(cells[0], cells[1:], width)
            case m.Figure():
                return self._figure(block, width)
            case m.DefinitionList(items=definitions):
                return spaced(self._definition(item, width) for item in definitions)
            case m.Admonition(title=title, blocks=inner) | m.Exercise(title=title, blocks=inner):
                return self._box(self.inlines(title), inner, width)
            case m.Research(blocks=inner):
                return self._box(RESEARCH_TITLE, inner, width)
            case m.Only(formats=formats, blocks=inner):
                return self.blocks(inner, width) if "newsletter" in formats else []
            case m.Takeaways():
                takeaways = [m.Text(chapter.takeaway) for chapter in self._book.chapters]
                items = (m.ListItem((m.Paragraph((words,), block.location),)) for words in takeaways)
                return self._list(m.List(True, 1, tuple(items), block.location), width)
            case m.Prompt():
                return self._prompt(block, width)

    def _list(self, block: m.List, width: int) -> list[str]:
        numbers = range(block.start, block.start + len(block.items))
        marks = [f"{number}. " if block.ordered else "- " for number in numbers]
        hang = max(map(len, marks), default=2)
        items = [
            hung(mark.rjust(hang), self.blocks(item.blocks, width - hang))
            for mark, item in zip(marks, block.items, strict=True)
        ]
        is_tight = all(len(item.blocks) == 1 and isinstance(item.blocks[0], m.Paragraph) for item in block.items)
        return [line for item in items for line in item] if is_tight else spaced(items)

    def _figure(self, block: m.Figure, width: int) -> list[str]:
        lines = wrapped(apart(f"[Picture: {block.alt}]"), width)
        return lines + wrapped(self.inlines(block.caption), width) if block.caption else lines

    def _definition(self, item: m.Definition, width: int) -> list[str]:
        term = wrapped(self.inlines(item.term), width) if item.term else []
        return term + prefixed(self.blocks(item.blocks, width - 4), "    ")

    def _box(self, title: str, blocks: Sequence[m.Block], width: int) -> list[str]:
        inside = [*wrapped(title.upper(), width - 4), "", *self.blocks(blocks, width - 4)]
        return prefixed(inside, "  | ")

    # ------------------------------------------------------------------ prompts

    def _prompt(self, prompt: m.Prompt, width: int) -> list[str]:
        inner = width - 2
        label = PROMPT_LABELS[m.tag_of(prompt.answer)].upper()
        head = [label, *wrapped(self.inlines(prompt.question), inner)]
        pieces = [head, self.blocks(prompt.help, inner), self._answer(prompt.answer, inner)]
        return prefixed(spaced(pieces), "  ")

    def _answer(self, answer: m.Answer, width: int) -> list[str]:
        match answer:
            case m.Lines(count=count):
                return ruled(count, width)
            case m.Scale():
                return _scale(answer, width)
            case m.Checklist(items=items):
                return [line for item in items for line in hung("[ ] ", wrapped(self.inlines(item), width - 4))]
            case m.Grid():
                return _grid(answer, width)
            case m.Plan(paragraphs=paragraphs):
                return spaced(wrapped(self.inlines(paragraph), width) for paragraph in paragraphs)
            case m.Letter(count=count, salutation=salutation, closing=closing):
                ends = [wrapped(self.inlines(end), width) if end else [] for end in (salutation, closing)]
                return spaced([ends[0], ruled(count, width), ends[1]])


# --------------------------------------------------------------------------- lines


def wrapped(text: str, width: int) -> list[str]:
    """Return text as lines of at most `width` characters; a longer word keeps a line of its own, whole."""
    lines: list[str] = []
    for passage in text.split(_BREAK):
        lines += textwrap.wrap(passage, max(width, 8), break_long_words=False, break_on_hyphens=False)
    return lines


def spaced(pieces: Iterable[Sequence[str]]) -> list[str]:
    """Return pieces one below the other, parted by an empty line; empty pieces are left out."""
    lines: list[str] = []
    for piece in pieces:
        if piece:
            lines += ["", *piece] if lines else piece
    return lines


def prefixed(lines: Iterable[str], prefix: str) -> list[str]:
    """Return lines with a prefix each, and no space at a line's end."""
    return [f"{prefix}{line}".rstrip() for line in lines]


def hung(mark: str, lines: Sequence[str]) -> list[str]:
    """Return lines that hang from a mark, as in a list."""
    return prefixed(lines[:1] or [""], mark) + prefixed(lines[1:], " " * len(mark))


def underlined(text: str, rule: str, width: int = WIDTH) -> list[str]:
    """Return a heading over a rule as long as its longest line."""
    lines = wrapped(text, width)
    return [*lines, rule * max(map(len, lines), default=0)]


def ruled(count: int, width: int) -> list[str]:
    """Return lines to write on, with room above each."""
    return spaced(["_" * width] for _ in range(count))


def table(header: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """Return a table in columns of text or, where its columns would be too narrow to read, as a list of rows."""
    cells = [header, *rows]
    widths = _column_widths(cells, width)
    if not widths:
        entries = ([_entry(*cell, width) for cell in zip_longest(header, row, fillvalue="")] for row in rows)
        return spaced([line for entry in row for line in entry] for row in entries)
    rule = (" " * _GAP).join("-" * column for column in widths)
    lines = [*_row(header, widths), rule]
    # Rows that take several lines are told apart by an empty one.
    drawn = [_row(row, widths) for row in rows]
    return lines + (spaced(drawn) if any(len(row) > 1 for row in drawn) else [line for row in drawn for line in row])


def _column_widths(cells: Sequence[Sequence[str]], width: int) -> list[int]:
    """Return a width for each column, the widest made narrower until they fit; nothing where they can't."""
    columns = [max((len(cell) for cell in column), default=1) for column in zip_longest(*cells, fillvalue="")]
    columns = [max(column, 1) for column in columns]
    room = width - _GAP * (len(columns) - 1)
    while sum(columns) > room:
        widest = max(columns)
        if widest <= _LEAST_COLUMN:
            return []
        columns[columns.index(widest)] -= 1
    return columns


def _row(cells: Sequence[str], widths: Sequence[int]) -> list[str]:
    columns = [wrapped(cell, width) for cell, width in zip(cells, widths, strict=False)]
    rows: Iterator[tuple[str, ...]] = zip_longest(*columns, fillvalue="")
    gap = " " * _GAP
    return [gap.join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip() for row in rows]


def _entry(name: str, cell: str, width: int) -> list[str]:
    lines = wrapped(f"{name}: {cell}", width - 2)
    return lines[:1] + prefixed(lines[1:], "  ")


def _scale(scale: m.Scale, width: int) -> list[str]:
    low, high = apart(scale.low), apart(scale.high)
    numbers = "   ".join(map(str, range(scale.first, scale.last + 1)))
    line = "   ".join(filter(None, (low, numbers, high)))
    if len(line) <= width:
        return [line]
    ends = [f"{scale.first} = {low}"] if low else []
    ends += [f"{scale.last} = {high}"] if high else []
    return [numbers, *(line for end in ends for line in wrapped(end, width))]


def _grid(grid: m.Grid, width: int) -> list[str]:
    columns = [apart(column) for column in grid.columns]
    share = max((width - _GAP * (len(columns) - 1)) // len(columns), _LEAST_COLUMN)
    if grid.row_labels:
        rows = [[apart(label), *["_" * share] * (len(columns) - 1)] for label in grid.row_labels]
    else:
        rows = [["_" * share] * len(columns) for _ in range(grid.rows)]
    widths = [share] * len(columns)
    rule = (" " * _GAP).join("-" * share for _ in columns)
    return spaced([[*_row(columns, widths), rule], *(_row(row, widths) for row in rows)])
