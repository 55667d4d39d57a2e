"""A Book in; the Book as one format shows it out: passages for other formats left out, its own opened."""

from typing import TypeVar

import msgspec

from pipeline import model as m

_Node = TypeVar("_Node", m.Matter, m.Part, m.Chapter, m.Issue, m.Mail)


def select(book: m.Book, format_name: str) -> m.Book:
    """Return the book for one format; the same object where no passage names a format."""

    def keep(node: _Node) -> _Node:
        text = m.Document(
            _select_blocks(node.text.blocks, format_name),
            tuple(m.Footnote(n.number, _select_blocks(n.blocks, format_name)) for n in node.text.footnotes),
            node.text.labels,
        )
        return msgspec.structs.replace(node, text=text)

    def keep_chapter(chapter: m.Chapter) -> m.Chapter:
        chapter = keep(chapter)
        worksheet = tuple(_select_prompt(prompt, format_name) for prompt in chapter.worksheet)
        prompts = tuple(node for node in m.walk(chapter.text) if isinstance(node, m.Prompt)) + worksheet
        return msgspec.structs.replace(chapter, worksheet=worksheet, prompts=prompts)

    if not any(isinstance(node, m.Only) for node in m.walk((book.front, book.parts, book.back, book.newsletter))):
        return book
    parts = tuple(
        msgspec.structs.replace(keep(part), chapters=tuple(map(keep_chapter, part.chapters))) for part in book.parts
    )
    newsletter = book.newsletter and msgspec.structs.replace(
        book.newsletter,
        issues=tuple(map(keep, book.newsletter.issues)),
        mails=tuple(map(keep, book.newsletter.mails)),
    )
    return msgspec.structs.replace(
        book,
        front=tuple(map(keep, book.front)),
        parts=parts,
        back=tuple(keep(piece) if isinstance(piece, m.Matter) else piece for piece in book.back),
        newsletter=newsletter,
        whole=book,
    )


def _select_blocks(blocks: tuple[m.Block, ...], format_name: str) -> tuple[m.Block, ...]:
    kept: list[m.Block] = []
    for block in blocks:
        match block:
            case m.Only(formats=formats, blocks=inner):
                if format_name in formats:
                    kept.extend(_select_blocks(inner, format_name))
            case m.Quote() | m.Admonition() | m.Research() | m.Exercise():
                inner = _select_blocks(block.blocks, format_name)
                kept.append(msgspec.structs.replace(block, blocks=inner))
            case m.Prompt():
                kept.append(_select_prompt(block, format_name))
            case m.List(items=items):
                chosen = tuple(m.ListItem(_select_blocks(item.blocks, format_name)) for item in items)
                kept.append(msgspec.structs.replace(block, items=chosen))
            case m.DefinitionList(items=definitions):
                defined = tuple(
                    m.Definition(item.term, _select_blocks(item.blocks, format_name)) for item in definitions
                )
                kept.append(msgspec.structs.replace(block, items=defined))
            case _:
                kept.append(block)
    return tuple(kept)


def _select_prompt(prompt: m.Prompt, format_name: str) -> m.Prompt:
    return msgspec.structs.replace(prompt, help=_select_blocks(prompt.help, format_name))
