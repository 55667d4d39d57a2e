"""Markdown in, blocks out: CommonMark with the directives and roles of docs/manuscript.md."""

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, cast
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.colon_fence import colon_fence_plugin
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.myst_blocks import myst_block_plugin
from mdit_py_plugins.myst_role import myst_role_plugin

from pipeline import model as m
from pipeline.errors import Finding, Location
from pipeline.metadata import unprintable
from pipeline.reader import _placeholders, directives, roles
from pipeline.reader._slug import slugify
from pipeline.reader.images import Images

MAX_NESTING = 60
# Emphasis in emphasis, links in emphasis: nobody can see the tenth.
MAX_INLINE_NESTING = 20
MAX_DIRECTIVES = 10

# Opening and closing marks, double then single, by language; CLDR's delimiters.
_QUOTES: dict[str, str | list[str]] = {
    "de": "„“‚‘",
    "fr": ["«\u202f", "\u202f»", "‹\u202f", "\u202f›"],
    "es": "«»“”",
    "it": "«»“”",
    "pt": "«»“”",
    "pl": "„”«»",
    "ru": "«»„“",
    "sv": "””’’",
    "fi": "””’’",
    "da": "”“’‘",
    "nl": "‘’“”",
}
_DASHES = re.compile(r"(?<!-)(---?)(?!-)")
# What Markdown leaves as text because something of it is missing.
_LOST_FOOTNOTE = re.compile(r"\[\^([^\]\s]+)\]")
_LOST_LINK = re.compile(r"\]\[([^\]]+)\]")
_LOST_ROLE = re.compile(r"\{(" + "|".join(sorted(roles.ROLES)) + r")\}(?=\s*(`|$))")
_NAMED_FENCE = re.compile(r"\{(?P<name>[\w:-]+)\}")
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


def _quotes(language: str) -> str | list[str]:
    return _QUOTES.get(language.partition("-")[0].lower(), "“”‘’")


@lru_cache(maxsize=8)
def _parser(language: str) -> MarkdownIt:
    parser = (
        MarkdownIt("commonmark", {"typographer": True, "quotes": _quotes(language), "maxNesting": MAX_NESTING})
        .enable(["table", "smartquotes"])
        .use(footnote_plugin, inline=False)
        .use(deflist_plugin)
        .use(myst_role_plugin)
        .use(myst_block_plugin)
        .use(colon_fence_plugin)
    )
    # Every address is looked at in `_link`; markdown-it would leave a bad one as text without a word.
    parser.validateLink = _any_link  # type: ignore[method-assign]
    # The plugin's tail gathers footnotes into HTML; here each is a value of its own. Escaped characters stay apart from
    # the text around them, so that \-- is no dash.
    return parser.disable(["footnote_tail", "text_join"])


def _any_link(url: str) -> bool:
    return True


class Reading:
    """One file being read: its findings, labels, footnotes and ids, shared by nested directives.

    `placeholders` are those that a letter may have; None in a file of the book, where braces are braces.
    """

    def __init__(
        self,
        path: str,
        language: str,
        images: Images,
        prefix: str = "",
        placeholders: tuple[str, ...] | None = None,
    ) -> None:
        self.path = path
        self.prefix = prefix
        self.language = language
        self.findings: list[Finding] = []
        self.labels: dict[str, Location] = {}
        self._images = images
        self._placeholders = placeholders
        self._env: dict[str, Any] = {}
        self._ids: set[str] = set()
        self._footnote_numbers: dict[str, int] = {}
        self._footnotes: dict[str, tuple[m.Block, ...]] = {}
        self._footnote_lines: dict[str, int] = {}
        self._index_marks = 0
        self._label: tuple[str, int] | None = None
        self._depth = 0
        self._html_tags: set[str] = set()

    # ------------------------------------------------------------------ entry points

    def document(self, text: str, first_line: int) -> m.Document:
        """Return a whole file's text as a document; findings collect in `self.findings`."""
        blocks = self.blocks(text, first_line)
        for label, line in self._footnote_lines.items():
            if label not in self._footnote_numbers:
                hint = f"Write [^{label}] where it belongs, or delete it."
                self.report(line, "footnote-unused", f"nothing points to the footnote “{label}”", hint)
        notes = tuple(
            m.Footnote(number, self._footnotes.get(label, ()))
            for label, number in sorted(self._footnote_numbers.items(), key=lambda item: item[1])
        )
        document = m.Document(blocks, notes, tuple(self.labels))
        if self._placeholders is not None:
            for line, message, hint in _placeholders.misplaced(document):
                self.report(line, "placeholder", message, hint)
        return document

    def blocks(self, text: str, first_line: int) -> tuple[m.Block, ...]:
        """Return Markdown as blocks; `first_line` is where it begins in the file."""
        if self._depth > MAX_DIRECTIVES:
            message = f"directives nested more than {MAX_DIRECTIVES} deep"
            self.report(first_line, "nesting", message, "Move the inner ones out.")
            return ()
        tokens = _parser(self.language).parse(text, self._env)
        self._check_nesting(tokens, first_line)
        # A label before a directive is for the directive, not for what stands in it.
        label, self._label = self._label, None
        self._depth += 1
        try:
            return self._convert_blocks(_Stream(tokens), first_line, text.split("\n"))
        finally:
            self._depth -= 1
            self._label = label

    def inlines(self, text: str, line: int) -> tuple[m.Inline, ...]:
        """Return one line of Markdown as inlines."""
        token = _parser(self.language).parseInline(text, self._env)[0]
        return self._convert_inlines(token, line)

    # ------------------------------------------------------------------ services for directives and roles

    def at(self, line: int) -> Location:
        return Location(self.path, line)

    def report(self, line: int, code: str, message: str, hint: str = "") -> None:
        self.findings.append(Finding(self.at(line), code, message, hint))

    def smart(self, text: str) -> str:
        return smart(text, self.language)

    def next_index_id(self) -> str:
        self._index_marks += 1
        return f"ix-{self._index_marks}"

    def new_id(self, text: str, line: int) -> str:
        """Return the id of a heading or figure: the label before it, or one made from its text."""
        if self._label:
            (label, _), self._label = self._label, None
            if label in self.labels:
                message = f"the label “{label}” is here twice, first on line {self.labels[label].line}"
                self.report(line, "duplicate-label", message, "Rename one.")
            elif label in self._ids:
                message = f"the label “{label}” is what a heading above is called in links already"
                self.report(line, "duplicate-label", message, "Rename the label.")
            self._ids.add(label)
            self.labels[label] = self.at(line)
            return label
        base = slugify(text) or "section"
        candidate, count = base, 1
        while candidate in self._ids:
            count += 1
            candidate = f"{base}-{count}"
        self._ids.add(candidate)
        return candidate

    # ------------------------------------------------------------------ blocks

    def _check_nesting(self, tokens: list[Token], first_line: int) -> None:
        # markdown-it drops what is deeper than its limit without a word.
        for token in tokens:
            if token.level >= MAX_NESTING - 1:
                line = first_line + (token.map[0] if token.map else 0)
                message = f"blocks nested more than {MAX_NESTING - 2} deep"
                self.report(line, "nesting", message, "Nest less.")
                return

    def _convert_blocks(self, stream: "_Stream", offset: int, source: list[str]) -> tuple[m.Block, ...]:
        blocks: list[m.Block] = []
        while (token := stream.next()) is not None:
            line = offset + (token.map[0] if token.map else 0)
            convert = _BLOCKS.get(token.type)
            if convert is not None:
                inner = stream.inside(token)
                if self._label and not _takes_label(token, inner):
                    self._report_label()
                block = convert(self, token, inner, line, offset, source)
                blocks.extend(block if isinstance(block, tuple) else (block,))
            elif token.type in ("myst_line_comment", "myst_block_break"):
                continue
            else:
                raise AssertionError(f"no conversion for {token.type}")
        if self._label:
            self._report_label()
        return tuple(blocks)

    def _report_label(self) -> None:
        if self._label:
            (label, line), self._label = self._label, None
            message = f"the label “{label}” stands before no heading and no figure"
            self.report(line, "label", message, "Put it on the line before one.")

    def _children(self, stream: "_Stream", offset: int, source: list[str]) -> tuple[m.Block, ...]:
        return self._convert_blocks(stream, offset, source)

    def _paragraph(
        self, token: Token, inner: "_Stream", line: int, offset: int, source: list[str]
    ) -> m.Block | tuple[m.Block, ...]:
        inline = inner.one()
        parts = [child for child in inline.children or () if child.type != "softbreak"]
        if parts and all(child.type == "image" for child in parts):
            return tuple(self._image(image, line) for image in parts)
        children = self._convert_inlines(inline, line)
        return m.Paragraph(children, self.at(line)) if children else ()

    def _image(self, token: Token, line: int) -> m.Figure:
        # markdown-it writes the path as an address; here it is a path again.
        return self.figure(unquote(str(token.attrs.get("src", ""))), token.content, (), line)

    def figure(self, source: str, alt: str, caption: tuple[m.Inline, ...], line: int) -> m.Figure:
        """Return a figure with its image resolved and its alternative text checked."""
        if not alt.strip():
            message = f"the image {source[:60]} has no alternative text"
            self.report(line, "image-alt", message, "Say what it shows: ![It shows …](path), or :alt: in a figure.")
        image = self._images.resolve(source, self.at(line), self.findings)
        return m.Figure(image, alt.strip(), self.new_id("figure", line), caption, self.at(line))

    def _heading(self, token: Token, inner: "_Stream", line: int, offset: int, source: list[str]) -> m.Heading:
        children = self._convert_inlines(inner.one(), line)
        title = m.words_of(children)
        level = int(token.tag[1])
        if level == 1:
            self.report(
                line,
                "heading-level",
                f"“{title}” is a heading of level one; that is the file's title",
                "Use ## for sections.",
            )
        if not title.strip():
            self.report(line, "empty", "a heading without words", "Write its text, or delete the line.")
        return m.Heading(level, self.new_id(title, line), children, self.at(line))

    def _list(self, token: Token, inner: "_Stream", line: int, offset: int, source: list[str]) -> m.List:
        items = []
        while (item := inner.next()) is not None:
            items.append(m.ListItem(self._children(inner.inside(item), offset, source)))
        start = int(token.attrs.get("start", 1)) if token.type == "ordered_list_open" else 1
        return m.List(token.type == "ordered_list_open", start, tuple(items), self.at(line))

    def _quote(self, token: Token, inner: "_Stream", line: int, offset: int, source: list[str]) -> m.Quote:
        return m.Quote(self._children(inner, offset, source), self.at(line))

    def _code(self, token: Token, inner: "_Stream", line: int, offset: int, source: list[str]) -> m.CodeBlock:
        if token.type == "fence":
            if named := _NAMED_FENCE.match(token.info.strip()):
                message = f"the directive {{{named['name']}}} stands between backticks"
                self.report(line, "directive", message, f"Write :::{{{named['name']}}} … :::")
            if not _is_closed(token, source):
                self.report(line, "code", "this code has no end", f"Close it with a line {token.markup}")
        return m.CodeBlock(token.content.rstrip("\n"), self.at(line))

    def _rule(self, token: Token, inner: "_Stream", line: int, offset: int, source: list[str]) -> m.SceneBreak:
        return m.SceneBreak(self.at(line))

    def _table(self, token: Token, inner: "_Stream", line: int, offset: int, source: list[str]) -> m.Table:
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
                cells.append(m.Cell(self._convert_inlines(piece, row_line), align))
            elif piece.type == "tr_close":
                rows.append(tuple(cells))
        return m.Table(rows[0], tuple(rows[1:]), self.at(line))

    def _definitions(
        self, token: Token, inner: "_Stream", line: int, offset: int, source: list[str]
    ) -> m.DefinitionList:
        items: list[m.Definition] = []
        term: tuple[m.Inline, ...] = ()
        while (piece := inner.next()) is not None:
            part = inner.inside(piece)
            if piece.type == "dt_open":
                term = self._convert_inlines(part.one(), offset + (piece.map[0] if piece.map else 0))
            else:
                items.append(m.Definition(term, self._children(part, offset, source)))
                term = ()
        return m.DefinitionList(tuple(items), self.at(line))

    def _footnote(
        self, token: Token, inner: "_Stream", line: int, offset: int, source: list[str]
    ) -> tuple[m.Block, ...]:
        label = str(token.meta["label"])
        if label in self._footnotes:
            self.report(line, "footnote", f"the footnote “{label}” is here twice", "Rename one.")
        self._footnotes[label] = self._children(inner, offset, source)
        self._footnote_lines.setdefault(label, line)
        if not self._footnotes[label]:
            self.report(line, "footnote", f"the footnote “{label}” is empty", "Write its text, or delete it.")
        elif any(isinstance(node, m.Prompt | m.Heading | m.Figure) for node in m.walk(self._footnotes[label])):
            message = f"the footnote “{label}” holds a prompt, a heading or a figure"
            self.report(line, "footnote", message, "Move it into the text.")
        return ()

    def _target(self, token: Token, inner: "_Stream", line: int, offset: int, source: list[str]) -> tuple[m.Block, ...]:
        label = slugify(token.content)
        if label != token.content:
            hint = "Use small letters, digits and hyphens."
            self.report(line, "label", f"the label “{token.content}” isn't one", hint)
        self._label = (label, line) if label else None
        return ()

    def _html(self, token: Token, inner: "_Stream", line: int, offset: int, source: list[str]) -> tuple[m.Block, ...]:
        self._report_html(token.content, line)
        return ()

    def _report_html(self, html: str, line: int) -> None:
        tag = re.match(r"\s*</?(!--|[A-Za-z][\w-]*)", html)
        name = tag[1].lower() if tag else ""
        if html.startswith("</") and name in self._html_tags:
            return
        self._html_tags.add(name)
        hint = _INSTEAD_OF.get(name, "Write Markdown or a directive, or put the text between backticks.")
        shown = html.strip().split("\n")[0][:40]
        self.report(line, "raw-html", f"raw HTML is not accepted: {shown}", hint)

    def _directive(
        self, token: Token, inner: "_Stream", line: int, offset: int, source: list[str]
    ) -> tuple[m.Block, ...]:
        if token.info.strip() and not _is_closed(token, source):
            hint = f"Close it with a line {token.markup}; around another directive, use a longer fence."
            self.report(line, "directive", "this directive has no end", hint)
        return directives.convert(self, token.info.strip(), token.content, line)

    # ------------------------------------------------------------------ inlines

    def _convert_inlines(self, token: Token, line: int) -> tuple[m.Inline, ...]:
        children = token.children or ()
        if any(child.level > MAX_INLINE_NESTING for child in children):
            message = f"emphasis or links nested more than {MAX_INLINE_NESTING} deep"
            self.report(line, "nesting", message, "Take some of the signs out, or put \\ before each.")
            return (m.Text(token.content),)
        converted, _ = self._inline_run(iter(children), line, None)
        return converted

    def _inline_run(self, tokens: Iterable[Token], line: int, until: str | None) -> tuple[tuple[m.Inline, ...], int]:
        """Convert tokens up to the closing tag `until`; return them and the line reached."""
        run: list[m.Inline] = []
        stream = iter(tokens)
        for token in stream:
            kind = token.type
            if kind == until:
                break
            if kind == "text":
                self._report_lost(token.content, line)
                self._add_pieces(run, typographic(token.content), line)
            elif kind == "text_special":
                # An entity can name what the file itself may not hold.
                if (bad := unprintable(token.content)) is not None:
                    self.report(line, "control-character", bad[1], f"Delete {token.markup}")
                self._add_text(run, token.content)
            elif kind == "softbreak":
                line += 1
                self._add_text(run, " ")
            elif kind == "hardbreak":
                line += 1
                run.append(m.LineBreak())
            elif kind == "code_inline":
                run.append(m.Code(token.content))
            elif kind in ("em_open", "strong_open", "link_open"):
                start = line
                inner, line = self._inline_run(stream, line, kind.replace("_open", "_close"))
                if kind == "link_open":
                    run.extend(self._link(str(token.attrs.get("href", "")), inner, start))
                elif inner:
                    run.append(m.Emphasis(inner) if kind == "em_open" else m.Strong(inner))
            elif kind == "myst_role":
                run.extend(roles.convert(self, token.meta["name"], token.content, line))
                line += token.content.count("\n")
            elif kind == "footnote_ref":
                label = token.meta["label"]
                number = self._footnote_numbers.setdefault(label, len(self._footnote_numbers) + 1)
                run.append(m.FootnoteRef(number, self.at(line)))
            elif kind == "html_inline":
                self._report_html(token.content, line)
            elif kind == "image":
                hint = "Put it in a paragraph of its own."
                self.report(line, "inline-image", "an image inside a line of text", hint)
            else:
                raise AssertionError(f"no conversion for {kind}")
        return tuple(run), line

    def _report_lost(self, text: str, line: int) -> None:
        """Report footnotes, links and roles that stayed text because something of them is missing."""
        for lost in _LOST_FOOTNOTE.finditer(text) if "[^" in text else ():
            hint = f"Add a line [^{lost[1]}]: and its text."
            self.report(line, "footnote", f"the footnote “{lost[1]}” is not defined", hint)
        for lost in _LOST_LINK.finditer(text) if "][" in text else ():
            hint = f"Add a line [{lost[1]}]: https://…, or write [text](https://…)."
            self.report(line, "link", f"the link's address “{lost[1][:40]}” is not defined", hint)
        for lost in _LOST_ROLE.finditer(text) if "}" in text else ():
            hint = f"Write {{{lost[1]}}}`…` with a backtick on each side and no space before it."
            self.report(line, "role", f"{{{lost[1]}}} is not followed by its text", hint)

    def _add_text(self, run: list[m.Inline], text: str) -> None:
        if run and isinstance(run[-1], m.Text):
            run[-1] = m.Text(run[-1].text + text)
        elif text:
            run.append(m.Text(text))

    def _add_pieces(self, run: list[m.Inline], text: str, line: int) -> None:
        """Add text with the placeholders in it, if this is a letter."""
        if self._placeholders is None or "{{" not in text:
            self._add_text(run, text)
            return

        def report(message: str, hint: str) -> None:
            self.report(line, "placeholder", message, hint)

        for piece in _placeholders.pieces(text, self._placeholders, report):
            if isinstance(piece, str):
                self._add_text(run, piece)
            else:
                run.append(m.Placeholder(piece.name, piece.fallback, self.at(line)))

    def _link(self, href: str, children: tuple[m.Inline, ...], line: int) -> tuple[m.Inline, ...]:
        if not re.match(r"(https?://[^/]|mailto:[^@]+@[^@])", href, re.IGNORECASE):
            message = f"the link “{href[:60]}” is not a web or mail address"
            self.report(line, "link", message, "Write https://…, or {ref}`…` for a place in the book.")
            return children
        if not children:
            self.report(line, "link", f"the link to {href[:60]} has no text", "Write the text between the brackets.")
        return (m.Link(href, children, self.at(line)),)


_Convert = Callable[[Reading, Token, "_Stream", int, int, list[str]], m.Block | tuple[m.Block, ...]]
_BLOCKS: dict[str, _Convert] = {
    "paragraph_open": Reading._paragraph,
    "heading_open": Reading._heading,
    "bullet_list_open": Reading._list,
    "ordered_list_open": Reading._list,
    "blockquote_open": Reading._quote,
    "fence": Reading._code,
    "code_block": Reading._code,
    "hr": Reading._rule,
    "table_open": Reading._table,
    "dl_open": Reading._definitions,
    "footnote_reference_open": Reading._footnote,
    "myst_target": Reading._target,
    "html_block": Reading._html,
    "colon_fence": Reading._directive,
}


def _takes_label(token: Token, inner: "_Stream") -> bool:
    """Return whether a block is a heading or a figure, which a label before it may name."""
    if token.type == "paragraph_open":
        return any(child.type == "image" for child in inner.one().children or ())
    return token.type == "heading_open" or token.info.strip().startswith("{figure}")


def _is_closed(token: Token, source: list[str]) -> bool:
    """Return whether a fence ends with a line of its own, as long as its first."""
    if not token.map or token.map[1] - token.map[0] < 2:
        return False
    last = source[token.map[1] - 1].strip(" \t>")
    return len(last) >= len(token.markup) and not last.strip(token.markup[0])


class _Stream:
    """Tokens in order, with the tokens inside an opening one as a stream of their own."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._position = 0

    def __iter__(self) -> "_Stream":
        return self

    def __next__(self) -> Token:
        token = self.next()
        if token is None:
            raise StopIteration
        return token

    def next(self) -> Token | None:
        if self._position >= len(self._tokens):
            return None
        self._position += 1
        return self._tokens[self._position - 1]

    def inside(self, opening: Token) -> "_Stream":
        """Return the tokens between `opening`, just read, and its closing token, which is passed over."""
        if opening.nesting != 1:
            return _Stream([])
        start = self._position
        while not (self._tokens[self._position].nesting == -1 and self._tokens[self._position].level == opening.level):
            self._position += 1
        self._position += 1
        return _Stream(self._tokens[start : self._position - 1])

    def one(self) -> Token:
        return self._tokens[0]


@lru_cache(maxsize=8)
def _plain_parser(language: str) -> MarkdownIt:
    quotes = _quotes(language)
    return MarkdownIt("zero", {"typographer": True, "quotes": quotes}).enable(["smartquotes"])


def smart(text: str, language: str) -> str:
    """Return one line of plain text, such as a title, with typographic quotation marks, dashes and ellipses."""
    tokens = _plain_parser(language).parseInline(" ".join(text.split()))[0].children or ()
    return typographic("".join(token.content for token in tokens))


def typographic(text: str) -> str:
    """Return text with `--`, `---`, `...` and a lone `'` as dashes, an ellipsis and an apostrophe."""
    if "--" in text:
        text = _DASHES.sub(lambda match: "—" if len(match[1]) == 3 else "–", text)
    # What the quotation marks' rule leaves is an apostrophe without a partner: ’90s, ’tis.
    return text.replace("...", "…").replace("'", "’")
