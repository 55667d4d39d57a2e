"""A line's tokens in, inlines out."""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from markdown_it.token import Token

from pipeline import model as m
from pipeline.metadata import unprintable
from pipeline.reader import _placeholders, roles
from pipeline.reader._typography import typographic

if TYPE_CHECKING:
    from pipeline.reader.markdown import Reading

# Emphasis in emphasis, links in emphasis: nobody can see the tenth.
MAX_INLINE_NESTING = 20
# What Markdown leaves as text because something of it is missing.
_LOST_FOOTNOTE = re.compile(r"\[\^([^\]\s]+)\]")
_LOST_LINK = re.compile(r"\]\[([^\]]+)\]")
_LOST_ROLE = re.compile(r"\{(" + "|".join(sorted(roles.ROLES)) + r")\}(?=\s*(`|$))")
_INSTEAD_OF = {
    "b": "Write **strong**.",
    "strong": "Write **strong**.",
    "i": "Write *emphasis*.",
    "em": "Write *emphasis*.",
    "br": "End the line with a backslash.",
    "img": "Write :::{figure} path, with :alt:.",
    "table": "Write a Markdown table.",
    "hr": "Write *** on a line of its own.",
    "a": "Write [text](https://…).",
    "!--": "Begin a line with % for a remark that readers don't see.",
}


def convert(reading: "Reading", token: Token, line: int) -> tuple[m.Inline, ...]:
    """Return what a token of text, which begins on `line`, holds."""
    children = token.children or ()
    if any(child.level > MAX_INLINE_NESTING for child in children):
        message = f"emphasis or links nested more than {MAX_INLINE_NESTING} deep"
        reading.report(line, "nesting", message, "Take some of the signs out, or put \\ before each.")
        return (m.Text(token.content),)
    converted, _ = _run(reading, iter(children), line, None)
    return converted


def _run(reading: "Reading", tokens: Iterable[Token], line: int, until: str | None) -> tuple[tuple[m.Inline, ...], int]:
    """Convert tokens up to the closing tag `until`; return them and the line reached."""
    run: list[m.Inline] = []
    stream = iter(tokens)
    for token in stream:
        kind = token.type
        if kind == until:
            break
        if kind == "text":
            _report_lost(reading, token.content, line)
            _add_pieces(reading, run, typographic(token.content), line)
        elif kind == "text_special":
            # An entity can name what the file itself may not hold.
            if (bad := unprintable(token.content)) is not None:
                reading.report(line, "control-character", bad[1], f"Delete {token.markup}")
            _add_text(run, token.content)
        elif kind == "softbreak":
            line += 1
            _add_text(run, " ")
        elif kind == "hardbreak":
            line += 1
            run.append(m.LineBreak())
        elif kind == "code_inline":
            run.append(m.Code(token.content))
        elif kind in ("em_open", "strong_open", "link_open"):
            start = line
            inner, line = _run(reading, stream, line, kind.replace("_open", "_close"))
            if kind == "link_open":
                run.extend(_link(reading, str(token.attrs.get("href", "")), inner, start))
            elif inner:
                run.append(m.Emphasis(inner) if kind == "em_open" else m.Strong(inner))
        elif kind == "myst_role":
            run.extend(roles.convert(reading, token.meta["name"], token.content, line))
            line += token.content.count("\n")
        elif kind == "footnote_ref":
            label = token.meta["label"]
            number = reading.footnote_numbers.setdefault(label, len(reading.footnote_numbers) + 1)
            run.append(m.FootnoteRef(number, reading.at(line)))
        elif kind == "html_inline":
            report_html(reading, token.content, line)
        elif kind == "image":
            hint = "Put it in a paragraph of its own."
            reading.report(line, "inline-image", "an image inside a line of text", hint)
        else:
            raise AssertionError(f"no conversion for {kind}")
    return tuple(run), line


def _report_lost(reading: "Reading", text: str, line: int) -> None:
    """Report footnotes, links and roles that stayed text because something of them is missing."""
    for lost in _LOST_FOOTNOTE.finditer(text) if "[^" in text else ():
        hint = f"Add a line [^{lost[1]}]: and its text."
        reading.report(line, "footnote", f"the footnote “{lost[1]}” is not defined", hint)
    for lost in _LOST_LINK.finditer(text) if "][" in text else ():
        hint = f"Add a line [{lost[1]}]: https://…, or write [text](https://…)."
        reading.report(line, "link", f"the link's address “{lost[1][:40]}” is not defined", hint)
    for lost in _LOST_ROLE.finditer(text) if "}" in text else ():
        hint = f"Write {{{lost[1]}}}`…` with a backtick on each side and no space before it."
        reading.report(line, "role", f"{{{lost[1]}}} is not followed by its text", hint)


def _add_text(run: list[m.Inline], text: str) -> None:
    if run and isinstance(run[-1], m.Text):
        run[-1] = m.Text(run[-1].text + text)
    elif text:
        run.append(m.Text(text))


def _add_pieces(reading: "Reading", run: list[m.Inline], text: str, line: int) -> None:
    """Add text with the placeholders in it, if this is a letter."""
    if reading.placeholders is None or "{{" not in text:
        _add_text(run, text)
        return

    def report(message: str, hint: str) -> None:
        reading.report(line, "placeholder", message, hint)

    for piece in _placeholders.pieces(text, reading.placeholders, report):
        if isinstance(piece, str):
            _add_text(run, piece)
        else:
            run.append(m.Placeholder(piece.name, piece.fallback, reading.at(line)))


def _link(reading: "Reading", href: str, children: tuple[m.Inline, ...], line: int) -> tuple[m.Inline, ...]:
    if not re.match(r"(https?://[^/]|mailto:[^@]+@[^@])", href, re.IGNORECASE):
        message = f"the link “{href[:60]}” is not a web or mail address"
        reading.report(line, "link", message, "Write https://…, or {ref}`…` for a place in the book.")
        return children
    if not children:
        reading.report(line, "link", f"the link to {href[:60]} has no text", "Write the text between the brackets.")
    return (m.Link(href, children, reading.at(line)),)


def report_html(reading: "Reading", html: str, line: int) -> None:
    """Report HTML once a tag, and not its end again."""
    tag = re.match(r"\s*</?(!--|[A-Za-z][\w-]*)", html)
    name = tag[1].lower() if tag else ""
    if html.startswith("</") and name in reading.html_tags:
        return
    reading.html_tags.add(name)
    hint = _INSTEAD_OF.get(name, "Write Markdown or a directive, or put the text between backticks.")
    shown = html.strip().split("\n")[0][:40]
    reading.report(line, "raw-html", f"raw HTML is not accepted: {shown}", hint)
