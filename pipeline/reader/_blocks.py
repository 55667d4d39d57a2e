"""A file's tokens in, blocks out."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, cast
from urllib.parse import unquote

from markdown_it.token import Token

from pipeline import model as m
from pipeline.reader import _inlines, directives
from pipeline.reader._slug import slugify
from pipeline.reader._tokens import MAX_NESTING, Stream, is_closed

if TYPE_CHECKING:
    from pipeline.reader.markdown import Reading

_NAMED_FENCE = re.compile(r"\{(?P<name>[\w:-]+)\}")


def check_nesting(reading: "Reading", tokens: list[Token], first_line: int) -> None:
    """Report what is nested deeper than markdown-it goes, which drops it without a word."""
    for token in tokens:
        if token.level >= MAX_NESTING - 1:
            line = first_line + (token.map[0] if token.map else 0)
            message = f"blocks nested more than {MAX_NESTING - 2} deep"
            reading.report(line, "nesting", message, "Nest less.")
            return


def convert(reading: "Reading", stream: Stream, offset: int, source: list[str]) -> tuple[m.Block, ...]:
    """Return what a stream of tokens holds; `offset` is the line of the file where `source`, its lines, begins."""
    blocks: list[m.Block] = []
    while (token := stream.next()) is not None:
        line = offset + (token.map[0] if token.map else 0)
        convert_one = _BLOCKS.get(token.type)
        if convert_one is not None:
            inner = stream.inside(token)
            if reading.label and not _takes_label(token, inner):
                _report_label(reading)
            block = convert_one(reading, token, inner, line, offset, source)
            blocks.extend(block if isinstance(block, tuple) else (block,))
        elif token.type in ("myst_line_comment", "myst_block_break"):
            continue
        else:
            raise AssertionError(f"no conversion for {token.type}")
    if reading.label:
        _report_label(reading)
    return tuple(blocks)


def _report_label(reading: "Reading") -> None:
    if reading.label:
        (label, line), reading.label = reading.label, None
        message = f"the label “{label}” stands before no heading and no figure"
        reading.report(line, "label", message, "Put it on the line before one.")


def _paragraph(
    reading: "Reading", token: Token, inner: Stream, line: int, offset: int, source: list[str]
) -> m.Block | tuple[m.Block, ...]:
    inline = inner.one()
    parts = [child for child in inline.children or () if child.type != "softbreak"]
    if parts and all(child.type == "image" for child in parts):
        return tuple(_image(reading, image, line) for image in parts)
    children = _inlines.convert(reading, inline, line)
    return m.Paragraph(children, reading.at(line)) if children else ()


def _image(reading: "Reading", token: Token, line: int) -> m.Figure:
    # markdown-it writes the path as an address; here it is a path again.
    return reading.figure(unquote(str(token.attrs.get("src", ""))), token.content, (), line)


def _heading(reading: "Reading", token: Token, inner: Stream, line: int, offset: int, source: list[str]) -> m.Heading:
    children = _inlines.convert(reading, inner.one(), line)
    title = m.words_of(children)
    level = int(token.tag[1])
    if level == 1:
        reading.report(
            line,
            "heading-level",
            f"“{title}” is a heading of level one; that is the file's title",
            "Use ## for sections.",
        )
    if not title.strip():
        reading.report(line, "empty", "a heading without words", "Write its text, or delete the line.")
    return m.Heading(level, reading.new_id(title, line), children, reading.at(line))


def _list(reading: "Reading", token: Token, inner: Stream, line: int, offset: int, source: list[str]) -> m.List:
    items = []
    while (item := inner.next()) is not None:
        items.append(m.ListItem(convert(reading, inner.inside(item), offset, source)))
    start = int(token.attrs.get("start", 1)) if token.type == "ordered_list_open" else 1
    return m.List(token.type == "ordered_list_open", start, tuple(items), reading.at(line))


def _quote(reading: "Reading", token: Token, inner: Stream, line: int, offset: int, source: list[str]) -> m.Quote:
    return m.Quote(convert(reading, inner, offset, source), reading.at(line))


def _code(reading: "Reading", token: Token, inner: Stream, line: int, offset: int, source: list[str]) -> m.CodeBlock:
    if token.type == "fence":
        if named := _NAMED_FENCE.match(token.info.strip()):
            message = f"the directive {{{named['name']}}} stands between backticks"
            reading.report(line, "directive", message, f"Write :::{{{named['name']}}} … :::")
        if not is_closed(token, source):
            reading.report(line, "code", "this code has no end", f"Close it with a line {token.markup}")
    return m.CodeBlock(token.content.rstrip("\n"), reading.at(line))


def _rule(reading: "Reading", token: Token, inner: Stream, line: int, offset: int, source: list[str]) -> m.SceneBreak:
    return m.SceneBreak(reading.at(line))


def _table(reading: "Reading", token: Token, inner: Stream, line: int, offset: int, source: list[str]) -> m.Table:
    rows: list[tuple[m.Cell, ...]] = []
    cells: list[m.Cell] = []
    row_line = line
    align: m.Align = ""
    for piece in inner:
        if piece.type == "tr_open":
            cells, row_line = [], offset + (piece.map[0] if piece.map else 0)
        elif piece.type in ("th_open", "td_open"):
            style = str(piece.attrs.get("style", ""))
            align = cast(m.Align, style.removeprefix("text-align:")) if style else ""
        elif piece.type == "inline":
            cells.append(m.Cell(_inlines.convert(reading, piece, row_line), align))
        elif piece.type == "tr_close":
            rows.append(tuple(cells))
    return m.Table(rows[0], tuple(rows[1:]), reading.at(line))


def _definitions(
    reading: "Reading", token: Token, inner: Stream, line: int, offset: int, source: list[str]
) -> m.DefinitionList:
    items: list[m.Definition] = []
    term: tuple[m.Inline, ...] = ()
    while (piece := inner.next()) is not None:
        part = inner.inside(piece)
        if piece.type == "dt_open":
            term = _inlines.convert(reading, part.one(), offset + (piece.map[0] if piece.map else 0))
        else:
            items.append(m.Definition(term, convert(reading, part, offset, source)))
            term = ()
    return m.DefinitionList(tuple(items), reading.at(line))


def _footnote(
    reading: "Reading", token: Token, inner: Stream, line: int, offset: int, source: list[str]
) -> tuple[m.Block, ...]:
    label = str(token.meta["label"])
    if label in reading.footnotes:
        reading.report(line, "footnote", f"the footnote “{label}” is here twice", "Rename one.")
    reading.footnotes[label] = convert(reading, inner, offset, source)
    reading.footnote_lines.setdefault(label, line)
    if not reading.footnotes[label]:
        reading.report(line, "footnote", f"the footnote “{label}” is empty", "Write its text, or delete it.")
    elif any(isinstance(node, m.Prompt | m.Heading | m.Figure) for node in m.walk(reading.footnotes[label])):
        message = f"the footnote “{label}” holds a prompt, a heading or a figure"
        reading.report(line, "footnote", message, "Move it into the text.")
    return ()


def _target(
    reading: "Reading", token: Token, inner: Stream, line: int, offset: int, source: list[str]
) -> tuple[m.Block, ...]:
    label = slugify(token.content)
    if label != token.content:
        hint = "Use small letters, digits and hyphens."
        reading.report(line, "label", f"the label “{token.content}” isn't one", hint)
    reading.label = (label, line) if label else None
    return ()


def _html(
    reading: "Reading", token: Token, inner: Stream, line: int, offset: int, source: list[str]
) -> tuple[m.Block, ...]:
    _inlines.report_html(reading, token.content, line)
    return ()


def _directive(
    reading: "Reading", token: Token, inner: Stream, line: int, offset: int, source: list[str]
) -> tuple[m.Block, ...]:
    if token.info.strip() and not is_closed(token, source):
        hint = f"Close it with a line {token.markup}; around another directive, use a longer fence."
        reading.report(line, "directive", "this directive has no end", hint)
    return directives.convert(reading, token.info.strip(), token.content, line)


_Convert = Callable[["Reading", Token, Stream, int, int, list[str]], m.Block | tuple[m.Block, ...]]
_BLOCKS: dict[str, _Convert] = {
    "paragraph_open": _paragraph,
    "heading_open": _heading,
    "bullet_list_open": _list,
    "ordered_list_open": _list,
    "blockquote_open": _quote,
    "fence": _code,
    "code_block": _code,
    "hr": _rule,
    "table_open": _table,
    "dl_open": _definitions,
    "footnote_reference_open": _footnote,
    "myst_target": _target,
    "html_block": _html,
    "colon_fence": _directive,
}


def _takes_label(token: Token, inner: Stream) -> bool:
    """Return whether a block is a heading or a figure, which a label before it may name."""
    if token.type == "paragraph_open":
        return any(child.type == "image" for child in inner.one().children or ())
    return token.type == "heading_open" or token.info.strip().startswith("{figure}")
