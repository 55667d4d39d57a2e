"""An open PDF in, its form fields with what each can take and holds out (ISO 32000-1, 12.7)."""

from collections.abc import Iterator
from typing import Any, TypeAlias

import pikepdf
from msgspec import Struct
from pikepdf import Array, Dictionary, Name, Stream

from pipeline import model as m
from pipeline.errors import ConfigError

Answer: TypeAlias = str | int | bool | None

_MULTILINE = 1 << 12
_PUSHBUTTON, _RADIO = 1 << 16, 1 << 15
# Deeper than any form; a file from anybody may name a field as its own child.
_DEEPEST = 16


class Field(Struct, frozen=True):
    """A field: its name, its kind, the values that it may take, and its PDF object."""

    name: str
    kind: str  # text, lines, check or scale; other for what we never make
    values: tuple[str, ...]
    object: Any

    def answer(self) -> Answer:
        """Return what stands in the field: text, whether it is checked, or the number chosen; None for no choice."""
        value = self.object.get("/V")
        if self.kind == "check":
            return isinstance(value, Name) and value != Name.Off
        if self.kind == "scale":
            chosen = self._chosen(value)
            return int(chosen) if chosen is not None and chosen.lstrip("-").isdigit() else chosen
        if isinstance(value, Stream):
            return _lines(str(pikepdf.String(value.read_bytes())))
        return _lines(str(value)) if isinstance(value, pikepdf.String) else ""

    def is_filled(self) -> bool:
        """Say whether anything was written, checked or chosen; a scale's 0 is a choice."""
        answer = self.answer()
        return not (answer is None or answer is False or answer == "")

    def _chosen(self, value: Any) -> str | None:
        """Return the choice that a value means: the state of a button, by number, or the choice itself."""
        if isinstance(value, Name):
            state = str(value)[1:]
            if state.isdigit() and int(state) < len(self.values):
                return self.values[int(state)]
            return state if state in self.values else None
        return str(value) if isinstance(value, pikepdf.String) and str(value) in self.values else None


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def fields(pdf: pikepdf.Pdf) -> Iterator[Field]:
    """Yield the fields of a PDF in its own order; a field below another has that one's name before its own."""
    form = pdf.Root.get("/AcroForm")
    listed = form.get("/Fields") if isinstance(form, Dictionary) else None
    if isinstance(listed, Array):
        for thing in listed:
            yield from _below(thing, "", _DEEPEST)


def _below(thing: Any, owner: str, deepest: int) -> Iterator[Field]:
    if not isinstance(thing, Dictionary) or deepest == 0:
        return
    own = str(thing.get("/T", ""))
    name = f"{owner}.{own}" if owner and own else owner or own
    kids = thing.get("/Kids")
    named = [kid for kid in kids if isinstance(kid, Dictionary) and "/T" in kid] if isinstance(kids, Array) else []
    if named:
        for kid in named:
            yield from _below(kid, name, deepest - 1)
    elif name:
        values = thing.get("/Opt")
        choices = tuple(str(value) for value in values) if isinstance(values, Array) else ()
        yield Field(name, _kind(thing), choices, thing)


def _kind(thing: Any) -> str:
    flags = thing.get("/Ff", 0)
    flags = int(flags) if isinstance(flags, int) else 0
    match str(thing.get("/FT", "")):
        case "/Tx":
            return "lines" if flags & _MULTILINE else "text"
        case "/Btn" if flags & _RADIO:
            return "scale"
        case "/Btn" if not flags & _PUSHBUTTON:
            return "check"
    return "other"


def names_of(prompt: m.Prompt) -> Iterator[str]:
    """Yield the names of a prompt's fields, in the order of the page; they come from its own name and nothing else."""
    name, answer = prompt.name, prompt.answer
    match answer:
        case m.Lines() | m.Scale():
            yield name
        case m.Checklist(items=items):
            yield from (f"{name}_{number}" for number in range(1, len(items) + 1))
        case m.Plan(paragraphs=paragraphs):
            yield from (f"{name}_{number}" for number in range(1, _blanks(paragraphs) + 1))
        case m.Letter(salutation=salutation, closing=closing):
            yield name
            yield from (f"{name}_name_{number}" for number in range(1, _blanks((salutation, closing)) + 1))
        case m.Grid(columns=columns, rows=rows, row_labels=labels):
            across = len(columns) - bool(labels)
            yield from (f"{name}_r{row}c{column}" for row in range(1, rows + 1) for column in range(1, across + 1))


def _blanks(passages: tuple[tuple[m.Inline, ...], ...]) -> int:
    return sum(isinstance(node, m.Blank) for passage in passages for node in passage)


def opened(content: bytes, name: str) -> pikepdf.Pdf:
    """Return a PDF that is open. Raises ConfigError for one that needs a password, and for what is no PDF."""
    import io

    try:
        return pikepdf.Pdf.open(io.BytesIO(content))
    except pikepdf.PasswordError:
        raise ConfigError(
            f"{name}: this PDF is encrypted, and opens with a password only\n    Save a copy without one."
        ) from None
    except pikepdf.PdfError:
        raise ConfigError(
            f"{name}: this is not a PDF, or a damaged one\n    Name a worksheet or the workbook."
        ) from None
