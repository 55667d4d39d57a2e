"""A letter in; its plain-text part out, drawn from the model and wrapped at 72.

Links become numbers in brackets whose addresses stand at the end, prompts are drawn in characters. Braces that the
author wrote are kept apart, `{ {`, so that delivery never takes them for a placeholder.
"""

import re
from collections.abc import Iterable, Sequence

from pipeline import model as m
from pipeline.mail.bidi import direction_of, isolated
from pipeline.mail.placeholders import Slot, pieces
from pipeline.writers._html import label_of
from pipeline.writers._letters import GREETS, Letter, kind_of
from pipeline.writers._text_columns import columns
from pipeline.writers._text_lines import (
    BREAK,
    GAP,
    LEAST_COLUMN,
    WIDTH,
    hung,
    prefixed,
    row_of,
    ruled,
    spaced,
    table,
    underlined,
    wrapped,
)

RESEARCH_TITLE = "What the research does and doesn’t say"
PROMPT_LABELS = {
    "lines": "To write",
    "scale": "To mark",
    "checklist": "To tick",
    "grid": "To fill in",
    "plan": "To complete",
    "letter": "A letter",
}
CONFIRM = "{{ confirm_url }}"
# A placeholder while its paragraph is wrapped: one word, whatever its fallback.
_STAND_IN = re.compile("\x02([a-z_]+)\\|([^\x03]*)\x03")
_TWO_BRACES = re.compile(r"\{(?=\{)|\}(?=\})")


def apart(text: str) -> str:
    """Return text in which no two like braces stand together, a space between them where they did."""
    return _TWO_BRACES.sub(lambda brace: f"{brace[0]} ", text)


def _stand_in(slot: Slot) -> str:
    return f"\x02{slot.name}|{slot.fallback}\x03".replace(" ", "\x04")


def _placed(text: str) -> str:
    """Return text with its placeholders in place of what stood for them."""
    return _STAND_IN.sub(lambda match: str(Slot(match[1], match[2].replace("\x04", " "))), text)


def _shown(text: str) -> str:
    """Return a subject with what stands for its placeholders."""
    return "".join(apart(piece) if isinstance(piece, str) else _stand_in(piece) for piece in pieces(text))


def apart_in_address(href: str) -> str:
    """Return an address with its braces percent-encoded, which leads to the same place (RFC 3986 §2.1)."""
    return href.replace("{", "%7B").replace("}", "%7D")


def lone_link(block: m.Block) -> m.WorksheetLink | m.ConfirmLink | None:
    """Return the worksheet's link, or the one that confirms, where it is all a paragraph holds: it is a button."""
    if isinstance(block, m.Paragraph):
        shown = [node for node in block.children if not (isinstance(node, m.Text) and not node.text.strip())]
        if len(shown) == 1 and isinstance(shown[0], m.WorksheetLink | m.ConfirmLink):
            return shown[0]
    return None


def cited_keys(text: m.Document) -> tuple[str, ...]:
    """Return the works that a text cites, each once, in the order of their first mention."""
    return tuple(dict.fromkeys(key for node in m.walk(text) if isinstance(node, m.Cite) for key in node.keys))


def letter_text(book: m.Book, newsletter: m.Newsletter, sender: m.Sender, letter: Letter) -> str:
    """Return a letter's text part with its placeholders, each on a line of its own or at a line's end."""
    render = TextRenderer(book, "{{ worksheet_url }}")
    body = render.blocks(letter.text.blocks)
    notes = [
        line
        for note in letter.text.footnotes
        for line in hung(f"{note.number}. ", render.blocks(note.blocks, WIDTH - 4))
    ]
    works = spaced(wrapped(render.inlines(book.citations[key].entry), WIDTH) for key in cited_keys(letter.text))
    links = [f"[{number}] {address}" for number, address in enumerate(render.links, start=1)]
    towards = direction_of(book.language)
    title, name = (isolated(apart(text), towards) for text in (newsletter.title, sender.name))
    parts = [
        [f"{title} · Letter {letter.number}" if isinstance(letter, m.Issue) else title],
        underlined(_shown(letter.subject), "="),
        ["{{ greeting }}"] if kind_of(letter) in GREETS else [],
        body,
        _section("Notes", notes),
        _section("Sources", works),
        _section("Links", links),
        ["-" * WIDTH],
        *_foot(letter, title, name),
    ]
    return _placed("\n".join(spaced(parts)) + "\n")


def _foot(letter: Letter, title: str, name: str) -> list[list[str]]:
    """Return why a letter comes, from whom, and how to have no more of them."""
    kind, who = kind_of(letter), [*wrapped(name, WIDTH), "{{ postal_address }}"]
    if kind == "confirmation":
        why = f"This one mail comes because somebody gave your address when asking for {title}. "
        return [wrapped(f"{why}Without your answer nothing follows.", WIDTH), who]
    if kind == "goodbye":
        why = f"You asked {name} to send you no more of {title}, and this is the last mail."
        return [wrapped(why, WIDTH), who, ["Take the letters up again: {{ resubscribe_url }}"]]
    ways = ["Unsubscribe: {{ unsubscribe_url }}", "Your preferences: {{ preferences_url }}"]
    ways += ["Read in a browser: {{ archive_url }}"] if kind == "issue" else []
    return [wrapped(f"You receive {title} because you asked {name} for it.", WIDTH), who, ways]


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
            case m.ConfirmLink(children=children):
                return self._link(self.inlines(children), CONFIRM)
            case m.Placeholder(name=name, fallback=fallback):
                return _stand_in(Slot(name, fallback))
            case m.LineBreak():
                return BREAK
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
                button = lone_link(block)
                if button:
                    address = CONFIRM if isinstance(button, m.ConfirmLink) else self._worksheet
                    return [*wrapped(f"{self.inlines(button.children)}:", width), address]
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
                return table(cells[0], cells[1:], width, _STAND_IN.search)
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


# --------------------------------------------------------------------------- answers


def _scale(scale: m.Scale, width: int) -> list[str]:
    low, high = apart(scale.low), apart(scale.high)
    numbers = "   ".join(map(str, range(scale.first, scale.last + 1)))
    line = "   ".join(filter(None, (low, numbers, high)))
    if columns(line) <= width:
        return [line]
    ends = [f"{scale.first} = {low}"] if low else []
    ends += [f"{scale.last} = {high}"] if high else []
    return [numbers, *(line for end in ends for line in wrapped(end, width))]


def _grid(grid: m.Grid, width: int) -> list[str]:
    heads = [apart(column) for column in grid.columns]
    share = max((width - GAP * (len(heads) - 1)) // len(heads), LEAST_COLUMN)
    if grid.row_labels:
        rows = [[apart(label), *["_" * share] * (len(heads) - 1)] for label in grid.row_labels]
    else:
        rows = [["_" * share] * len(heads) for _ in range(grid.rows)]
    widths = [share] * len(heads)
    rule = (" " * GAP).join("-" * share for _ in heads)
    return spaced([[*row_of(heads, widths), rule], *(row_of(row, widths) for row in rows)])
