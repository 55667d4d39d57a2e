"""Any node of the book in; its words, its tag, and the nodes below it, out."""

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from operator import attrgetter
from typing import get_args

import msgspec
from msgspec import Struct

from pipeline.errors import Location
from pipeline.model.blocks import Answer, Block, Grid, Prompt
from pipeline.model.inlines import Blank, Cite, Code, FootnoteRef, Inline, LineBreak, Placeholder, Text


def kind_of(prompt: Prompt) -> str:
    """Return a prompt's kind, as the manuscript spells it."""
    return "table" if isinstance(prompt.answer, Grid) else tag_of(prompt.answer)


def words_of(children: tuple[Inline, ...]) -> str:
    """Return the text of inlines without its markup, as for an outline or an alternative text."""
    parts: list[str] = []
    for child in children:
        match child:
            case Text(text=text) | Code(text=text):
                parts.append(text)
            case LineBreak():
                parts.append(" ")
            case Blank(width=width):
                parts.append("_" * width)
            case Placeholder(fallback=fallback):
                parts.append(fallback or "…")
            case Cite() | FootnoteRef():
                pass
            case _:
                parts.append(words_of(child.children))
    return "".join(parts)


def walk(node: object) -> Iterator[Struct]:
    """Yield every node below `node`, itself included, in reading order; places are no nodes."""
    # A stack and not a recursion: a book has a hundred thousand nodes, and every rule and format walks them.
    pending = [node]
    while pending:
        current = pending.pop()
        if isinstance(current, tuple):
            pending.extend(reversed(current))
        elif isinstance(current, Struct):
            yield current
            pending.extend(_below(type(current))(current))


@cache
def _below(kind: type[Struct]) -> Callable[[Struct], Iterable[object]]:
    """Return what gives the fields of a struct that may hold nodes, last first."""
    plain = (str, int, float, bool, Location)
    names = [field.name for field in reversed(msgspec.structs.fields(kind)) if field.type not in plain]
    if len(names) > 1:
        return attrgetter(*names)
    return (lambda node: (getattr(node, names[0]),)) if names else (lambda node: ())


def tag_of(node: Struct) -> str:
    """Return a node's tag: the name of the template that renders it."""
    tag = node.__struct_config__.tag
    if not isinstance(tag, str):
        raise TypeError(f"{type(node).__name__} is not a tagged node")
    return tag


def tags() -> tuple[str, ...]:
    """Return the tags of all inlines, blocks and answers: what each format must have a template for."""
    kinds = (*get_args(Inline), *get_args(Block), *get_args(Answer))
    return tuple(str(kind.__struct_config__.tag) for kind in kinds)


encode = msgspec.msgpack.encode
