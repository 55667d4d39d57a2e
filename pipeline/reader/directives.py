"""A directive in, blocks out: boxes, exercises, figures, passages for some formats, and prompts."""

import difflib
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

import msgspec
from msgspec import Struct

from pipeline import model as m
from pipeline.metadata import suggest
from pipeline.reader._slug import slugify

if TYPE_CHECKING:
    from pipeline.reader.markdown import Reading

_OPENING = re.compile(r"\{(?P<name>[^{}]*)\}[ \t]*(?P<argument>.*)", re.DOTALL)
_OPTION = re.compile(r":(?P<name>[A-Za-z][\w-]*):[ \t]*(?P<value>.*)")
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_BLANK = re.compile(r"_{3,}")

ADMONITIONS = {
    "note": "Note",
    "tip": "Tip",
    "hint": "Hint",
    "important": "Important",
    "warning": "Warning",
    "caution": "Caution",
    "attention": "Attention",
    "danger": "Danger",
    "error": "Error",
    "seealso": "See also",
}


class Directive(Struct, frozen=True):
    """A directive as written; `options` by name with their lines, `body` from `body_line`."""

    name: str
    argument: str
    options: dict[str, tuple[str, int]]
    body: str
    line: int
    body_line: int


def convert(reading: "Reading", info: str, content: str, line: int) -> tuple[m.Block, ...]:
    """Return the blocks that a colon fence stands for; report it if it is unknown or malformed."""
    opening = _OPENING.fullmatch(info)
    if opening is None:
        if info:
            message, hint = f"“{info[:40]}” is no directive", "Write :::{note}, with braces around the name."
        else:
            message = "a fence that closes nothing"
            hint = "Delete it; around a directive that stands in another, use a longer fence, ::::."
        reading.report(line, "directive", message, hint)
        return reading.blocks(content, line + 1)
    name = opening["name"]
    make = DIRECTIVES.get(name)
    if make is None:
        close = difflib.get_close_matches(name, DIRECTIVES, 1)
        hint = f"Did you mean {{{close[0]}}}?" if close else f"Known: {', '.join(sorted(DIRECTIVES))}."
        reading.report(line, "unknown-directive", f"unknown directive {{{name[:40]}}}", hint)
        return ()
    rows = content.split("\n")
    options: dict[str, tuple[str, int]] = {}
    while rows and (match := _OPTION.fullmatch(rows[0].strip())):
        at = line + 1 + len(options)
        if match["name"] in options:
            reading.report(at, "option", f"the option :{match['name']}: is here twice", "Keep one of them.")
        options[match["name"]] = (match["value"].strip(), at)
        rows.pop(0)
    body_line = line + 1 + len(content.split("\n")) - len(rows)
    return make(reading, Directive(name, opening["argument"].strip(), options, "\n".join(rows), line, body_line))


# --------------------------------------------------------------------------- what directives share


def _check_options(reading: "Reading", directive: Directive, known: tuple[str, ...]) -> None:
    for name, (_, line) in directive.options.items():
        if name not in known:
            close = difflib.get_close_matches(name, known, 1)
            options = ", ".join(f":{option}:" for option in known) or "none"
            hint = f"Did you mean :{close[0]}:?" if close else f"Options of {{{directive.name}}}: {options}."
            reading.report(line, "unknown-option", f"unknown option :{name}:", hint)


def _no_argument(reading: "Reading", directive: Directive) -> None:
    if directive.argument:
        message = f"{{{directive.name}}} takes nothing after its name, here “{directive.argument[:40]}”"
        reading.report(directive.line, "directive", message, "Move it to a line of its own below.")


def _text(directive: Directive, name: str) -> str:
    return directive.options.get(name, ("", 0))[0]


def _number(reading: "Reading", directive: Directive, name: str, default: int, least: int, most: int) -> int:
    if name not in directive.options:
        return default
    value, line = directive.options[name]
    if not re.fullmatch(r"-?\d{1,6}", value) or not least <= int(value) <= most:
        reading.report(line, "option", f":{name}: is “{value}”", f"Write a whole number from {least} to {most}.")
        return default
    return int(value)


def _body(reading: "Reading", directive: Directive) -> tuple[m.Block, ...]:
    blocks = reading.blocks(directive.body, directive.body_line)
    if not blocks:
        reading.report(directive.line, "empty", f"{{{directive.name}}} with nothing in it", "Fill it in, or delete it.")
    return blocks


def _argument(reading: "Reading", directive: Directive, default: str = "") -> tuple[m.Inline, ...]:
    text = directive.argument or default
    return reading.inlines(text, directive.line) if text else ()


# --------------------------------------------------------------------------- boxes and passages


def _admonition(reading: "Reading", directive: Directive) -> tuple[m.Block, ...]:
    _check_options(reading, directive, ())
    if directive.name == "admonition" and not directive.argument:
        reading.report(directive.line, "directive", "{admonition} without a title", "Write :::{admonition} Its title")
    title = _argument(reading, directive, ADMONITIONS.get(directive.name, ""))
    kind = "note" if directive.name == "admonition" else directive.name
    return (m.Admonition(kind, title, _body(reading, directive), reading.at(directive.line)),)


def _research(reading: "Reading", directive: Directive) -> tuple[m.Block, ...]:
    _check_options(reading, directive, ())
    _no_argument(reading, directive)
    return (m.Research(_body(reading, directive), reading.at(directive.line)),)


def _exercise(reading: "Reading", directive: Directive) -> tuple[m.Block, ...]:
    _check_options(reading, directive, ())
    title = _argument(reading, directive, "Exercise")
    return (m.Exercise(title, _body(reading, directive), reading.at(directive.line)),)


def _only(reading: "Reading", directive: Directive) -> tuple[m.Block, ...]:
    _check_options(reading, directive, ())
    formats = tuple(directive.argument.replace(",", " ").split())
    if not formats:
        reading.report(directive.line, "directive", "{only} names no format", "Write :::{only} workbook")
    return (m.Only(formats, _body(reading, directive), reading.at(directive.line)),)


def _takeaways(reading: "Reading", directive: Directive) -> tuple[m.Block, ...]:
    _check_options(reading, directive, ())
    _no_argument(reading, directive)
    if directive.body.strip():
        reading.report(directive.body_line, "directive", "{takeaways} holds nothing of its own", "Move this below it.")
    return (m.Takeaways(reading.at(directive.line)),)


def _figure(reading: "Reading", directive: Directive) -> tuple[m.Block, ...]:
    _check_options(reading, directive, ("alt",))
    blocks = reading.blocks(directive.body, directive.body_line) if directive.body.strip() else ()
    if len(blocks) > 1 or (blocks and not isinstance(blocks[0], m.Paragraph)):
        hint = "Move the rest below; options such as :alt: come first."
        reading.report(directive.body_line, "directive", "a caption is one paragraph of text", hint)
    caption = blocks[0].children if blocks and isinstance(blocks[0], m.Paragraph) else ()
    return (reading.figure(directive.argument, _text(directive, "alt"), caption, directive.line),)


# --------------------------------------------------------------------------- prompts


def _reflect(reading: "Reading", directive: Directive) -> tuple[m.Block, ...]:
    kind = _text(directive, "kind")
    if kind not in ANSWERS:
        line = directive.options["kind"][1] if "kind" in directive.options else directive.line
        message = f"no kind of prompt is called “{kind[:40]}”" if kind else "a prompt without a :kind:"
        hint = suggest(kind, ANSWERS, f"Write “:kind: lines” on the line below; kinds: {', '.join(ANSWERS)}.")
        reading.report(line, "prompt-kind", message, hint)
        return ()
    options, make = ANSWERS[kind]
    known = ("kind", "name", *options)
    _check_options(reading, directive, known)
    _report_late_options(reading, directive, known)
    if not directive.argument:
        reading.report(directive.line, "prompt", "a prompt without a question", "Write :::{reflect} The question?")
    question = _argument(reading, directive)
    answer, blocks = make(reading, directive)
    if any(isinstance(node, m.Prompt | m.Heading) for node in m.walk(blocks)):
        reading.report(directive.line, "prompt", "a prompt or a heading inside a prompt", "Move it below this one.")
    name = _text(directive, "name") or _name_from(m.words_of(question))
    if not _NAME.fullmatch(name):
        line = directive.options["name"][1] if "name" in directive.options else directive.line
        reading.report(line, "prompt-name", f"“{name}” can't name a prompt", "Use small letters, digits and hyphens.")
    # The underscore occurs in neither part, so joined names stay distinct.
    name = f"{reading.prefix}_{name}"
    return (m.Prompt(name, question, blocks, answer, reading.at(directive.line)),)


def _report_late_options(reading: "Reading", directive: Directive, known: tuple[str, ...]) -> None:
    for position, row in enumerate(directive.body.split("\n")):
        option = _OPTION.fullmatch(row.strip())
        if option and option["name"] in known:
            line = directive.body_line + position
            reading.report(line, "option", f"the option :{option['name']}: comes after text", "Move it up.")


def _name_from(question: str) -> str:
    return "-".join(slugify(question).split("-")[:6]) or "prompt"


_Answer = tuple[m.Answer, tuple[m.Block, ...]]


def _lines(reading: "Reading", directive: Directive) -> _Answer:
    return m.Lines(_number(reading, directive, "lines", 5, 1, 30)), _help(reading, directive)


def _scale(reading: "Reading", directive: Directive) -> _Answer:
    first = _number(reading, directive, "from", 1, 0, 9)
    last = _number(reading, directive, "to", 10, 1, 10)
    if last <= first:
        reading.report(directive.line, "prompt", f"a scale from {first} to {last}", "Let it rise.")
    ends = (reading.smart(_text(directive, end)) for end in ("low", "high"))
    return m.Scale(first, last, *ends), _help(reading, directive)


def _checklist(reading: "Reading", directive: Directive) -> _Answer:
    blocks = reading.blocks(directive.body, directive.body_line)
    lists = [block for block in blocks if isinstance(block, m.List)]
    items: list[tuple[m.Inline, ...]] = []
    for item in lists[0].items if lists else ():
        if len(item.blocks) == 1 and isinstance(item.blocks[0], m.Paragraph):
            items.append(item.blocks[0].children)
        else:
            reading.report(directive.line, "prompt", "a box of a checklist is one line of text", "Shorten it.")
    if len(lists) != 1:
        reading.report(directive.line, "prompt", "a checklist needs one bullet list", "Write “- ” before each box.")
    return m.Checklist(tuple(items)), tuple(block for block in blocks if not isinstance(block, m.List))


def _table(reading: "Reading", directive: Directive) -> _Answer:
    columns = _parted(reading, _text(directive, "columns"))
    labels = _parted(reading, _text(directive, "row-labels"))
    if not 2 <= len(columns) <= 6:
        hint = "Write :columns: When | What I did | What I felt"
        reading.report(directive.line, "prompt", "a table needs two to six columns", hint)
    rows = len(labels) or _number(reading, directive, "rows", 4, 1, 31)
    if labels and "rows" in directive.options:
        line = directive.options["rows"][1]
        reading.report(line, "option", ":rows: beside :row-labels:", "Keep the labels; they say how many.")
    if len(labels) > 31:
        reading.report(directive.line, "prompt", f"a table of {len(labels)} rows", "Use at most 31.")
    return m.Grid(columns, rows, labels), _help(reading, directive)


def _plan(reading: "Reading", directive: Directive) -> _Answer:
    paragraphs: list[tuple[m.Inline, ...]] = []
    line = directive.body_line
    for passage in re.split(r"(\n[ \t]*(?:\n[ \t]*)+)", directive.body):
        if passage.strip():
            lead = len(passage) - len(passage.lstrip("\n"))
            paragraphs.append(with_blanks(reading, " ".join(passage.split()), line + lead))
        line += passage.count("\n")
    if not any(isinstance(node, m.Blank) for paragraph in paragraphs for node in paragraph):
        reading.report(directive.line, "prompt", "a plan without a blank", "Write ___ where the reader writes.")
    return m.Plan(tuple(paragraphs)), ()


def _letter(reading: "Reading", directive: Directive) -> _Answer:
    count = _number(reading, directive, "lines", 14, 3, 30)
    salutation, closing = (
        with_blanks(reading, _text(directive, name), directive.line) for name in ("salutation", "closing")
    )
    return m.Letter(count, salutation, closing), _help(reading, directive)


def _help(reading: "Reading", directive: Directive) -> tuple[m.Block, ...]:
    return reading.blocks(directive.body, directive.body_line) if directive.body.strip() else ()


def _parted(reading: "Reading", text: str) -> tuple[str, ...]:
    return tuple(reading.smart(part) for part in text.split("|") if part.strip())


def with_blanks(reading: "Reading", text: str, line: int) -> tuple[m.Inline, ...]:
    """Return one line of Markdown as inlines in which three or more underscores are a blank."""
    # A private-use character stands for each blank while Markdown is read: it would take ___ for emphasis.
    widths = [len(match[0]) for match in _BLANK.finditer(text)]
    run: list[m.Inline] = []
    for node in reading.inlines(_BLANK.sub("\ue000", text), line) if text else ():
        run.extend(_open_blanks(node, widths))
    return tuple(run)


def _open_blanks(node: m.Inline, widths: list[int]) -> list[m.Inline]:
    if not isinstance(node, m.Text):
        children: tuple[m.Inline, ...] = getattr(node, "children", ())
        if "\ue000" not in m.words_of(children):
            return [node]
        opened = tuple(piece for child in children for piece in _open_blanks(child, widths))
        return [cast(m.Inline, msgspec.structs.replace(node, children=opened))]
    pieces: list[m.Inline] = []
    for position, text in enumerate(node.text.split("\ue000")):
        if position:
            pieces.append(m.Blank(widths.pop(0) if widths else 3))
        if text:
            pieces.append(m.Text(text))
    return pieces


_Make = Callable[["Reading", Directive], _Answer]
ANSWERS: dict[str, tuple[tuple[str, ...], _Make]] = {
    "lines": (("lines",), _lines),
    "scale": (("from", "to", "low", "high"), _scale),
    "checklist": ((), _checklist),
    "table": (("columns", "rows", "row-labels"), _table),
    "plan": ((), _plan),
    "letter": (("lines", "salutation", "closing"), _letter),
}

DIRECTIVES: dict[str, Callable[["Reading", Directive], tuple[m.Block, ...]]] = {
    **dict.fromkeys((*ADMONITIONS, "admonition"), _admonition),
    "research": _research,
    "exercise": _exercise,
    "only": _only,
    "takeaways": _takeaways,
    "figure": _figure,
    "reflect": _reflect,
}
