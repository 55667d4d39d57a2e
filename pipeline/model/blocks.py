"""What stands in a file of the manuscript: paragraphs, boxes, tables, and prompts with what they are answered in."""

from typing import Literal, TypeAlias

from msgspec import Struct

from pipeline.errors import Location
from pipeline.model.inlines import Inline


class Paragraph(Struct, frozen=True, tag="paragraph"):
    children: tuple[Inline, ...]
    location: Location


class Heading(Struct, frozen=True, tag="heading"):
    """A section's heading; `level` is 2 or deeper, since a file's title is its level one."""

    level: int
    id: str
    children: tuple[Inline, ...]
    location: Location


class ListItem(Struct, frozen=True):
    blocks: "tuple[Block, ...]"


class List(Struct, frozen=True, tag="list"):
    ordered: bool
    start: int
    items: tuple[ListItem, ...]
    location: Location


class Quote(Struct, frozen=True, tag="quote"):
    blocks: "tuple[Block, ...]"
    location: Location


class CodeBlock(Struct, frozen=True, tag="code_block"):
    text: str
    location: Location


class SceneBreak(Struct, frozen=True, tag="scene_break"):
    location: Location


Align = Literal["left", "center", "right", ""]


class Cell(Struct, frozen=True):
    children: tuple[Inline, ...]
    align: Align = ""


class Table(Struct, frozen=True, tag="table"):
    header: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]
    location: Location


class Figure(Struct, frozen=True, tag="figure"):
    """An image by its path in `content/`, with its alternative text and a caption that may be empty."""

    image: str
    alt: str
    id: str
    caption: tuple[Inline, ...]
    location: Location


class Definition(Struct, frozen=True):
    term: tuple[Inline, ...]
    blocks: "tuple[Block, ...]"


class DefinitionList(Struct, frozen=True, tag="definition_list"):
    items: tuple[Definition, ...]
    location: Location


class Admonition(Struct, frozen=True, tag="admonition"):
    """A box by its MyST name; `title` is the author's, or the kind's own."""

    kind: str
    title: tuple[Inline, ...]
    blocks: "tuple[Block, ...]"
    location: Location


class Research(Struct, frozen=True, tag="research"):
    """The box *What the research does and doesn't say*."""

    blocks: "tuple[Block, ...]"
    location: Location


class Exercise(Struct, frozen=True, tag="exercise"):
    title: tuple[Inline, ...]
    blocks: "tuple[Block, ...]"
    location: Location


class Only(Struct, frozen=True, tag="only"):
    """A passage for the named formats; `transforms.select` leaves it out of, or opens it in, a format."""

    formats: tuple[str, ...]
    blocks: "tuple[Block, ...]"
    location: Location


class Takeaways(Struct, frozen=True, tag="takeaways"):
    """The takeaway of every chapter, gathered."""

    location: Location


# --------------------------------------------------------------------------- prompts


class Lines(Struct, frozen=True, tag="lines"):
    count: int = 5


class Scale(Struct, frozen=True, tag="scale"):
    first: int = 1
    last: int = 10
    low: str = ""
    high: str = ""


class Checklist(Struct, frozen=True, tag="checklist"):
    items: tuple[tuple[Inline, ...], ...]


class Grid(Struct, frozen=True, tag="grid"):
    """A table to fill: headings, and either a number of empty rows or a label for each row."""

    columns: tuple[str, ...]
    rows: int
    row_labels: tuple[str, ...] = ()


class Plan(Struct, frozen=True, tag="plan"):
    """Sentences with blanks, a tuple of inlines for each paragraph."""

    paragraphs: tuple[tuple[Inline, ...], ...]


class Letter(Struct, frozen=True, tag="letter"):
    count: int = 14
    salutation: tuple[Inline, ...] = ()
    closing: tuple[Inline, ...] = ()


Answer: TypeAlias = Lines | Scale | Checklist | Grid | Plan | Letter


class Prompt(Struct, frozen=True, tag="prompt"):
    """A question to write under. `name` is unique in the book and stable: it names the form fields."""

    name: str
    question: tuple[Inline, ...]
    help: "tuple[Block, ...]"
    answer: Answer
    location: Location


PROMPT_KINDS = ("lines", "scale", "checklist", "table", "plan", "letter")
Block: TypeAlias = (
    Paragraph
    | Heading
    | List
    | Quote
    | CodeBlock
    | SceneBreak
    | Table
    | Figure
    | DefinitionList
    | Admonition
    | Research
    | Exercise
    | Only
    | Takeaways
    | Prompt
)


class Footnote(Struct, frozen=True):
    number: int
    blocks: tuple[Block, ...]


class Document(Struct, frozen=True):
    """The text of one file."""

    blocks: tuple[Block, ...]
    footnotes: tuple[Footnote, ...] = ()
    labels: tuple[str, ...] = ()
