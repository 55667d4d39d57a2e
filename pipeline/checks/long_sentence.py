"""A sentence that nobody can read aloud in one breath."""

from collections.abc import Iterator

from pipeline import model as m
from pipeline.checks._context import Context
from pipeline.checks._prose import OBJECT, prose_of
from pipeline.errors import Finding
from pipeline.prose import sentences, words

IS_ADVICE = True

MOST_WORDS = 45


def check(book: m.Book, context: Context) -> Iterator[Finding]:
    """Yield a warning for each sentence of more than 45 words."""
    for file in prose_of(book):
        for passage in file.passages:
            # Most passages are shorter as a whole; a blank or a compound is at most one word of `split`.
            if passage.text.count(" ") < MOST_WORDS and "-" not in passage.text:
                continue
            for sentence in sentences(passage.text):
                count = len(words(sentence)) + sentence.count(OBJECT)
                if count > MOST_WORDS:
                    start = " ".join(sentence.split()[:5])
                    message = f"a sentence of {count} words: “{start} …”"
                    hint = f"Make two of it; {MOST_WORDS} words are the most that a reader can hold."
                    where = passage.at(passage.text.find(sentence))
                    yield Finding(where, "long-sentence", message, hint, "warning")
