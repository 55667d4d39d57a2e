"""A word that neither the dictionary nor the project's own list has."""

import difflib
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

import msgspec

from pipeline import model as m
from pipeline.cache import Cache
from pipeline.checks._context import Context
from pipeline.checks._prose import is_english, prose_of
from pipeline.checks._spellings import spellings
from pipeline.errors import Finding
from pipeline.prose import words

IS_ADVICE = True

# The library has lists in other languages too; they lack too many of those languages' forms to be trusted.
_LANGUAGE = "en"
_ENDINGS = ("'s", "n't", "'d", "'ll", "'ve", "'re", "'m")
# What stands before a hyphen, and is no word alone; and what the list of words is too old for.
_KNOWN = frozenset(
    words("""
    co ex mid multi non pre re un
    app apps ebook ebooks emoji emojis hashtag hashtags inbox inboxes podcast podcasts screenshot screenshots selfie
    selfies smartphone smartphones texting voicemail wifi workflow
    """)
)
_LONGEST_ACRONYM = 6
_LAST_LATIN = "\u024f"
_MOST_SUGGESTIONS = 3


def check(book: m.Book, context: Context) -> Iterator[Finding]:
    """Yield a warning for each file and word that is unknown, at its first place; English only."""
    if not is_english(book):
        return
    files = prose_of(book)
    unknown = _unknown(frozenset[str]().union(*(file.words for file in files)), _own(book), context.cache)
    for file in files:
        reported: set[str] = set()
        for word in sorted(unknown.intersection(file.words)):
            stem = _stem(word.lower())
            if stem in reported:
                continue
            reported.add(stem)
            guesses = _suggestions(stem, context.cache)
            asked = f"Did you mean {_either(guesses)}? " if guesses else ""
            hint = f"{asked}If it is right, add it to content/words.txt."
            yield Finding(file.first(word), "spelling", f"the dictionary has no “{word}”", hint, "warning")
    # It takes more room than the book, and is of no use to what comes after.
    _checker.cache_clear()


def _unknown(written: frozenset[str], own: frozenset[str], cache: Cache | None) -> frozenset[str]:
    """Return the words that are unknown; kept, so that a book's words are looked up when they change."""
    key = cache.key("unknown words", _LANGUAGE, sorted(written), sorted(own)) if cache else ""
    kept = cache.get(key) if cache else None
    if kept is not None:
        return frozenset(msgspec.json.decode(kept, type=list[str]))
    dictionary = _dictionary(cache)
    unknown = [word for word in sorted(written) if not _is_known(word, dictionary, own)]
    if cache:
        cache.put(key, msgspec.json.encode(unknown))
    return frozenset(unknown)


def _is_known(word: str, dictionary: frozenset[str], own: frozenset[str]) -> bool:
    word = word.replace("’", "'")
    lower = word.lower()
    if lower in dictionary or word in own or lower in own or max(word) > _LAST_LATIN:
        return True
    if word.isupper() and len(word) <= _LONGEST_ACRONYM:
        return True
    stem = _stem(word)
    return stem != word and _is_known(stem, dictionary, own)


def _stem(word: str) -> str:
    word = word.replace("’", "'")
    ending = next((ending for ending in _ENDINGS if word.lower().endswith(ending)), "")
    return word[: -len(ending)] if ending else word


def _own(book: m.Book) -> frozenset[str]:
    """Return the words that the author vouches for: words.txt, and the names of authors, in the works and the book's.

    A word in small letters may be written with capitals; one with capitals is a name, and is written so. Both may
    have an s.
    """
    works = (msgspec.json.decode(reference.csl) for reference in book.references)
    people = (person for work in works for key in ("author", "editor") for person in work.get(key, ()))
    names = [str(name) for person in people for name in person.values()]
    sender = (book.sender.name, book.sender.postal_address) if book.sender else ()
    lines: Iterable[str] = (*book.own_words, *names, *book.authors, book.publisher, *sender)
    own = {word for line in lines for word in re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)*", line.replace("’", "'"))}
    return frozenset(own | {f"{word}s" for word in own})


# --------------------------------------------------------------------------- the dictionary


def _dictionary(cache: Cache | None) -> frozenset[str]:
    """Return every word that is one, in small letters; kept as text, since the library's own form loads slowly."""
    key = cache.key("dictionary", _LANGUAGE) if cache else ""
    kept = cache.get(key) if cache else None
    entries = kept.decode().split("\n") if kept is not None else sorted({*_checker(), *_KNOWN, *spellings()})
    if cache and kept is None:
        cache.put(key, "\n".join(entries).encode())
    return frozenset(entries)


@lru_cache(maxsize=1)
def _checker() -> "dict[str, int]":
    """Return how often a large body of text has each word of the dictionary."""
    from spellchecker import SpellChecker

    checker = SpellChecker(_LANGUAGE, distance=1)
    counts: dict[str, int] = checker.word_frequency.dictionary
    return counts


def _suggestions(word: str, cache: Cache | None) -> list[str]:
    """Return what a word may have been meant for, the most likely first; kept, since looking takes long."""
    key = cache.key("suggestions", _LANGUAGE, word) if cache else ""
    kept = cache.get(key) if cache else None
    if kept is not None:
        return msgspec.json.decode(kept, type=list[str])
    from spellchecker import SpellChecker

    near = (SpellChecker(_LANGUAGE, distance=1).candidates(word) or set()) - {word}
    found = sorted(near, key=lambda guess: (-_checker().get(guess, 0), guess))[:_MOST_SUGGESTIONS]
    if not found:
        alike = [other for other in _checker() if other[0] == word[0] and abs(len(other) - len(word)) < 3]
        found = difflib.get_close_matches(word, sorted(alike), n=_MOST_SUGGESTIONS, cutoff=0.8)
    if cache:
        cache.put(key, msgspec.json.encode(found))
    return found


def _either(guesses: list[str]) -> str:
    quoted = [f"“{guess}”" for guess in guesses]
    return " or ".join(quoted) if len(quoted) < 3 else f"{', '.join(quoted[:-1])} or {quoted[-1]}"
