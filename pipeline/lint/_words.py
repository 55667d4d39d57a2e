"""Texts in; words to compare them by, and the languages' words for leaving a list, out."""

import re

from pipeline.lint._html import BLOCKS
from pipeline.lint._mail import Html

ADDRESS = re.compile(r"(?:https?://|mailto:)[^\s<>\"“”]+|\{\{ \w+_url \}\}")
UNSUBSCRIBE = re.compile(
    r"unsubscrib|opt[ -]?out|abmeld|abbestell|austrag|désabonn|desabonn|désinscri|desinscri|darse de baja|"
    r"cancelar (la )?suscripci|cancelar (a )?inscri|disiscri|annulla iscriz|afmeld|uitschrij|afmeld|avregistrer|"
    r"avprenumer|wypisz|odhl[aá]sit|отписаться|退订|配信停止",
    re.IGNORECASE,
)
_ENOUGH = 0.5
# Chinese and Japanese part no words by spaces, and lines end anywhere in them: each of their letters is one here.
_EAST_ASIAN = r"\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_WORD = re.compile(rf"[{_EAST_ASIAN}]|[^\W_{_EAST_ASIAN}]+")
_APOSTROPHE = re.compile(r"(?<=\w)['’](?=\w)")


def words(text: str) -> list[str]:
    """Return a text's words in small letters, without punctuation and addresses."""
    return [word.casefold() for word in _WORD.findall(_APOSTROPHE.sub("", ADDRESS.sub(" ", text)))]


class Said:
    """What a part says, ready to be asked whether a passage of the other part is in it."""

    def __init__(self, found: list[str]) -> None:
        self._words, self._runs = set(found), _runs(found)

    def lacks(self, passage: list[str]) -> bool:
        """Return whether a passage is missing; links and notes may stand elsewhere in it, so half of it is enough."""
        if len(passage) < 4:
            return not self._words.issuperset(passage)
        wanted = _runs(passage)
        return len(wanted & self._runs) < _ENOUGH * len(wanted)


def _runs(found: list[str]) -> set[tuple[str, ...]]:
    """Return every run of three words."""
    return set(zip(found, found[1:], found[2:], strict=False))


def blocks(html: Html) -> list[tuple[int, str]]:
    """Return the shown texts of the HTML, a block each, with their lines; what fills up the preview is none."""
    texts: dict[int, list[str]] = {}
    for piece in html.pieces:
        element = html.elements[piece.element]
        if element.light.is_hidden:
            continue
        block = next((one for one in (element, *html.ancestors(element)) if one.tag in BLOCKS), element)
        texts.setdefault(block.number, []).append(piece.text)
    return [(html.elements[number].line, " ".join("".join(pieces).split())) for number, pieces in texts.items()]
