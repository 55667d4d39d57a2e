"""A built PDF and answers in, the same PDF with the answers in its fields out, each with an appearance."""

import io
from collections.abc import Iterator, Mapping
from typing import Any

import pikepdf
from msgspec import Struct
from pikepdf import Name

from pipeline.errors import ConfigError
from pipeline.forms._appearance import Writer
from pipeline.forms._fields import Answer, Field, fields, opened
from pipeline.metadata import suggest

MAX_CHARACTERS = 50_000
_SHOWN = 60


class Filled(Struct, frozen=True):
    """A filled PDF, how many answers are in it, and the fields whose answer is longer than their room."""

    pdf: bytes
    answers: int
    overfull: tuple[str, ...]


def fill(content: bytes, answers: Mapping[str, Answer], pdf_name: str, answers_name: str) -> Filled:
    """Return a PDF with answers in its fields; what is null or empty stays or becomes empty.

    NeedAppearances stays, so that a reader draws fields its own way; the appearances are for those that don't.
    Raises ConfigError with every field that isn't there and every answer that a field can't take.
    """
    with opened(content, pdf_name) as pdf:
        known = {field.name: field for field in fields(pdf)}
        if not known:
            raise ConfigError(f"{pdf_name}: this PDF has no form fields\n    Build it anew: quire build.")
        mistakes = [f"{answers_name}: {mistake}" for mistake in _mistakes(answers, known)]
        if mistakes:
            raise ConfigError("\n".join(mistakes))
        writer = Writer(pdf)
        overfull = [name for name, answer in answers.items() if not _put(writer, known[name], answer)]
        count = sum(field.is_filled() for field in known.values())
        stream = io.BytesIO()
        pdf.save(stream, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return Filled(stream.getvalue(), count, tuple(overfull))


# --------------------------------------------------------------------------- what a field can take


def _mistakes(answers: Mapping[str, Answer], known: Mapping[str, Field]) -> Iterator[str]:
    for name, answer in answers.items():
        if name not in known:
            hint = suggest(
                name, known, f"Its fields are such as {next(iter(known))}; --read FILE.pdf --all names them."
            )
            yield f"there is no field “{name[:_SHOWN]}”\n    {hint}"
        elif answer is not None and (hint := _refusal(known[name], answer)):
            yield f"“{name}” can't be {_said(answer)}\n    {hint}"


def _said(answer: Any) -> str:
    import json

    text = json.dumps(answer, ensure_ascii=True)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _refusal(field: Field, answer: Any) -> str:
    """Return what to write instead of an answer that a field can't take, or nothing."""
    match field.kind:
        case "check":
            return "" if isinstance(answer, bool) else "Write true or false."
        case "scale":
            is_number = isinstance(answer, int) and not isinstance(answer, bool)
            fits = answer == "" or ((is_number or isinstance(answer, str)) and str(answer) in field.values)
            return "" if fits else f"Write a number from {field.values[0]} to {field.values[-1]}, or null."
        case "text" | "lines":
            return _refusal_of_text(field.kind, answer)
    return "This field takes no answer."


def _refusal_of_text(kind: str, answer: Any) -> str:
    if not isinstance(answer, str):
        return "Write text, in quotation marks."
    if len(answer) > MAX_CHARACTERS:
        return f"Write at most {MAX_CHARACTERS:,} characters."
    if any(c not in "\n\r\t" and (c < " " or c == "\x7f" or "\ud800" <= c <= "\udfff") for c in answer):
        return "Delete the characters that can't be printed."
    if kind == "text" and ("\n" in answer or "\r" in answer):
        return "Write it on one line."
    return ""


# --------------------------------------------------------------------------- putting it in


def _put(writer: Writer, field: Field, answer: Answer) -> bool:
    """Put an answer into its field, and say whether there is room for it."""
    thing = field.object
    match field.kind:
        case "check":
            state = next((key for key in thing.AP.N if key != "/Off"), "/Off") if answer else "/Off"
            thing.V = thing.AS = Name(state)
        case "scale":
            chosen = f"/{field.values.index(str(answer))}" if answer not in (None, "") else "/Off"
            thing.V = Name(chosen)
            for button in thing.Kids:
                button.AS = Name(chosen) if chosen in button.AP.N else Name.Off
        case _:
            return writer.write(thing, str(answer or ""), is_multiline=field.kind == "lines")
    return True
