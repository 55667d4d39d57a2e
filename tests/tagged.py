"""A tagged PDF in; its structure tree with its words out, found as a reader finds them, by marks and ToUnicode."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pikepdf

# Elements in whose line of text others stand; each other begins a line of its own.
INLINE = {"Link", "Reference", "Code", "Span"}
FIELD = " \u25a1 "
Fonts = dict[str, dict[str, str]]


@dataclass
class Run:
    """Marked content: its page, its number there, its baseline, and its text."""

    page: int
    number: int
    line: float
    text: str


@dataclass
class Tagged:
    """A structure element: `kids` are elements and runs in order; `annotations` counts what it refers to."""

    kind: str
    title: str
    source: pikepdf.Object
    # It lives no longer than whoever holds it.
    pdf: pikepdf.Pdf = field(repr=False)
    kids: list["Tagged | Run"] = field(default_factory=list)
    annotations: int = 0

    def __iter__(self) -> Iterator["Tagged"]:
        """Yield the element and all below it in reading order."""
        yield self
        for kid in self.kids:
            if isinstance(kid, Tagged):
                yield from kid

    @property
    def runs(self) -> list[Run]:
        return [kid for kid in self.kids if isinstance(kid, Run)]

    @property
    def words(self) -> Iterator[Run]:
        """Yield all runs of the element and those below it in reading order."""
        for kid in self.kids:
            if isinstance(kid, Run):
                yield kid
            else:
                yield from kid.words

    @property
    def pages(self) -> set[int]:
        return {run.page for run in self.words}

    def of(self, kind: str) -> list["Tagged"]:
        return [element for element in self if element.kind == kind]

    def text(self, is_read: Callable[["Tagged"], bool] = lambda element: True) -> str:
        """Return the words of an element, without those for which `is_read` is false.

        A new line is a space, unless a word was divided there; a field is a square.
        """
        pieces: list[str] = []
        self._gather(pieces, is_read, [None])
        return " ".join("".join(pieces).split())

    def _gather(self, pieces: list[str], is_read: Callable[["Tagged"], bool], line: list[tuple[int, float] | None]):
        if not is_read(self):
            return
        if self.kind == "Form":
            pieces.append(FIELD)
            return
        if self.kind not in INLINE:
            pieces.append("\n")
        for kid in self.kids:
            if isinstance(kid, Tagged):
                kid._gather(pieces, is_read, line)
                continue
            here = (kid.page, kid.line)
            if pieces and line[0] not in (None, here):
                # A hyphen that hyphenation put there.
                divided = pieces[-1].endswith("\u00ad")
                pieces[-1] = pieces[-1][:-1] if divided else pieces[-1] + "\n"
            line[0] = here
            pieces.append(kid.text)
        if self.kind not in INLINE:
            pieces.append("\n")


def tagged(pdf: pikepdf.Pdf) -> Tagged:
    """Return a PDF's Document with all that is below it."""
    runs = {page.obj.objgen: _runs(page, number) for number, page in enumerate(pdf.pages)}

    def read(source: pikepdf.Object) -> Tagged:
        made = Tagged(str(source.S)[1:], str(source.get("/T", "")), source, pdf)
        for kid in source.get("/K", ()):
            if not isinstance(kid, pikepdf.Dictionary):
                made.kids.append(runs[source.Pg.objgen][int(kid)])
            elif "/S" in kid:
                made.kids.append(read(kid))
            elif kid.Type == "/MCR":
                made.kids.append(runs[kid.Pg.objgen][int(kid.MCID)])
            else:
                made.annotations += 1
        return made

    [document] = pdf.Root.StructTreeRoot.K
    return read(document)


def marks(pdf: pikepdf.Pdf) -> set[tuple[int, int]]:
    """Return page and number of everything that is marked as content."""
    return {(number, mark) for number, page in enumerate(pdf.pages) for mark in _runs(page, number)}


def _runs(page: pikepdf.Page, number: int) -> dict[int, Run]:
    fonts = {name: _unicode(font) for name, font in page.Resources.get("/Font", {}).items()}
    runs: dict[int, Run] = {}
    open_marks: list[Run | None] = []
    spoken: list[str | None] = []
    glyphs: dict[str, str] = {}
    line = 0.0
    matrix = pikepdf.Matrix()
    outer: list[pikepdf.Matrix] = []
    for operands, operator in pikepdf.parse_content_stream(page):
        match str(operator):
            case "q":
                outer.append(matrix)
            case "Q":
                matrix = outer.pop()
            case "cm":
                matrix = pikepdf.Matrix(*map(float, operands)) @ matrix
            case "BMC":
                open_marks.append(None)
                spoken.append(None)
            case "BDC":
                properties = operands[1] if isinstance(operands[1], pikepdf.Dictionary) else {}
                run = open_marks[-1] if open_marks and operands[0] == "/Span" else None
                if "/MCID" in properties:
                    run = Run(number, int(properties["/MCID"]), 0.0, "")
                    runs[run.number] = run
                open_marks.append(run)
                # Text that stands for what is drawn (ISO 32000-1, 14.9.4).
                spoken.append(str(properties["/ActualText"]) if "/ActualText" in properties else None)
            case "EMC":
                run, words = open_marks.pop(), spoken.pop()
                if run is not None and words is not None:
                    run.text += words
            case "Tf":
                glyphs = fonts[str(operands[0])]
            case "Tm":
                line = round((pikepdf.Matrix(*map(float, operands)) @ matrix).f)
            case "TJ" | "Tj" if open_marks and open_marks[-1] is not None:
                shown = operands[0] if isinstance(operands[0], pikepdf.Array) else [operands[0]]
                run = open_marks[-1]
                run.line = line
                for piece in shown if spoken[-1] is None else ():
                    if isinstance(piece, pikepdf.String):
                        code = bytes(piece).hex()
                        run.text += "".join(glyphs[code[at : at + 4]] for at in range(0, len(code), 4))
    return runs


_KNOWN: Fonts = {}


def _unicode(font: pikepdf.Object) -> dict[str, str]:
    """Return characters by glyph, both as they are in a font's ToUnicode."""
    stream = font.ToUnicode.read_bytes().decode("ascii")
    if stream not in _KNOWN:
        rows = re.findall(r"^<([0-9a-f]{4})> <([0-9a-f]+)>$", stream, re.MULTILINE | re.IGNORECASE)
        _KNOWN[stream] = {code.lower(): bytes.fromhex(text).decode("utf-16-be") for code, text in rows}
    return _KNOWN[stream]
