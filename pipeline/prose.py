"""A text of the book in; its passages, sentences and words out: what counts as prose, said once for rules and lists."""

import re
from collections.abc import Iterator

from msgspec import Struct

from pipeline import model as m
from pipeline.errors import Location

_WORD = re.compile(r"[^\W_]+(?:['’.,:-][^\W_]+)*")
# A sentence ends at its mark and whatever closes behind it, where a space follows and no small letter.
_END = re.compile(r"(?<=[.!?…])[\"”’)\]]*\s+(?![a-z])")
_NO_END = re.compile(r"\b(?:Dr|Mr|Mrs|Ms|St|vs|e\.g|i\.e|etc|a\.m|p\.m|[A-Z])\.[\"”’)\]]*$")


def passages(text: m.Document) -> Iterator[tuple[str, Location]]:
    """Yield what a text says outside its prompts and footnotes, without markup: paragraphs, headings, cells, titles."""
    inside = {id(node) for prompt in m.walk(text.blocks) if isinstance(prompt, m.Prompt) for node in m.walk(prompt)}
    place = Location("")
    for node in m.walk(text.blocks):
        if id(node) in inside:
            continue
        place = getattr(node, "location", place)
        match node:
            case m.Paragraph(children=words) | m.Heading(children=words) | m.Cell(children=words):
                yield m.words_of(words), place
            case m.Admonition(title=words) | m.Exercise(title=words):
                yield m.words_of(words), place
            case m.Figure(caption=words) | m.Definition(term=words):
                yield m.words_of(words), place


def words(text: str) -> list[str]:
    """Return the words of a passage; a compound with hyphens is one, and so is a clock's time."""
    return _WORD.findall(text)


def word_count(text: m.Document) -> int:
    """Return how many words a text has, its prompts and footnotes left out."""
    return sum(len(words(passage)) for passage, _ in passages(text))


def sentences(text: str) -> list[str]:
    """Return the sentences of a passage, in order; a passage without a full stop is one."""
    found: list[str] = []
    start = 0
    for end in _END.finditer(text):
        if not _NO_END.search(text[start : end.end()].rstrip()):
            found.append(text[start : end.end()].strip())
            start = end.end()
    return [sentence for sentence in (*found, text[start:].strip()) if sentence]


class Measure(Struct, frozen=True):
    """The counts that a reading grade is made of."""

    sentences: int
    words: int
    syllables: int

    @property
    def grade(self) -> float:
        """The school grade by Flesch and Kincaid (Kincaid et al., 1975), made for English; 0 without words."""
        if not self.words:
            return 0.0
        return 0.39 * self.words / self.sentences + 11.8 * self.syllables / self.words - 15.59


def measure(text: m.Document) -> Measure:
    """Return the sentences, words and syllables of an English text's paragraphs, prompts and footnotes left out."""
    import syllapy

    inside = {id(node) for prompt in m.walk(text.blocks) if isinstance(prompt, m.Prompt) for node in m.walk(prompt)}
    running = [node for node in m.walk(text.blocks) if isinstance(node, m.Paragraph) and id(node) not in inside]
    found = [sentence for paragraph in running for sentence in sentences(m.words_of(paragraph.children))]
    # A number is read as a word, and how it is said isn't known: it counts as one syllable.
    counts = [[max(1, syllapy.count(word.replace("’", "'"))) for word in words(sentence)] for sentence in found]
    return Measure(len(found), sum(map(len, counts)), sum(map(sum, counts)))
