"""Markdown in, blocks out: CommonMark with the directives and roles of docs/manuscript.md."""

from typing import Any

from pipeline import model as m
from pipeline.errors import Finding, Location
from pipeline.reader import _blocks, _inlines, _placeholders
from pipeline.reader._slug import slugify
from pipeline.reader._tokens import Stream, parser_of
from pipeline.reader._typography import smart
from pipeline.reader.images import Images

MAX_DIRECTIVES = 10


class Reading:
    """One file being read: its findings, labels, footnotes and ids, shared by nested directives.

    `label` waits with its line for the heading or figure that it names. Footnotes are numbered as they are called, and
    keep the line that each begins on. `html_tags` are those that were reported. `placeholders` are
    those that a letter may have; None in a file of the book, where braces are braces.
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
        self.label: tuple[str, int] | None = None
        self.labels: dict[str, Location] = {}
        self.footnotes: dict[str, tuple[m.Block, ...]] = {}
        self.footnote_numbers: dict[str, int] = {}
        self.footnote_lines: dict[str, int] = {}
        self.html_tags: set[str] = set()
        self.placeholders = placeholders
        self._images = images
        self._env: dict[str, Any] = {}
        self._ids: set[str] = set()
        self._index_marks = 0
        self._depth = 0

    # ------------------------------------------------------------------ entry points

    def document(self, text: str, first_line: int) -> m.Document:
        """Return a whole file's text as a document; findings collect in `self.findings`."""
        blocks = self.blocks(text, first_line)
        for label, line in self.footnote_lines.items():
            if label not in self.footnote_numbers:
                hint = f"Write [^{label}] where it belongs, or delete it."
                self.report(line, "footnote-unused", f"nothing points to the footnote “{label}”", hint)
        notes = tuple(
            m.Footnote(number, self.footnotes.get(label, ()))
            for label, number in sorted(self.footnote_numbers.items(), key=lambda item: item[1])
        )
        document = m.Document(blocks, notes, tuple(self.labels))
        if self.placeholders is not None:
            for line, message, hint in _placeholders.misplaced(document):
                self.report(line, "placeholder", message, hint)
        return document

    def blocks(self, text: str, first_line: int) -> tuple[m.Block, ...]:
        """Return Markdown as blocks; `first_line` is where it begins in the file."""
        if self._depth > MAX_DIRECTIVES:
            message = f"directives nested more than {MAX_DIRECTIVES} deep"
            self.report(first_line, "nesting", message, "Move the inner ones out.")
            return ()
        tokens = parser_of(self.language).parse(text, self._env)
        _blocks.check_nesting(self, tokens, first_line)
        # A label before a directive is for the directive, not for what stands in it.
        label, self.label = self.label, None
        self._depth += 1
        try:
            return _blocks.convert(self, Stream(tokens), first_line, text.split("\n"))
        finally:
            self._depth -= 1
            self.label = label

    def inlines(self, text: str, line: int) -> tuple[m.Inline, ...]:
        """Return one line of Markdown as inlines."""
        token = parser_of(self.language).parseInline(text, self._env)[0]
        return _inlines.convert(self, token, line)

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
        if self.label:
            (label, _), self.label = self.label, None
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

    def figure(self, source: str, alt: str, caption: tuple[m.Inline, ...], line: int) -> m.Figure:
        """Return a figure with its image resolved and its alternative text checked."""
        if not alt.strip():
            message = f"the image {source[:60]} has no alternative text"
            self.report(line, "image-alt", message, "Say what it shows: ![It shows …](path), or :alt: in a figure.")
        image = self._images.resolve(source, self.at(line), self.findings)
        return m.Figure(image, alt.strip(), self.new_id("figure", line), caption, self.at(line))
