"""A line of text in; the words that carry its meaning out, so that two lines can be compared."""

from pipeline.prose import words

_GRAMMAR = frozenset(
    words("""
    a about after all an and any are as at be been but by can could did do does down for from had has have he her his
    how i if in into is it its just may me might more most my no nobody not of off on one or our out over own she should
    so some than that the their them then there these they this those to too up us was we were what when where which who
    whom whose why will with would you your
    """)
)
# A short word in another language is most often grammar too.
_SHORT = 3


def content_words(text: str, language: str) -> frozenset[str]:
    """Return a text's words in small letters, endings of plural and possession off, without those of mere grammar."""
    is_english = language.lower().partition("-")[0] == "en"
    found = (word.lower().replace("’", "'") for word in words(text))
    return frozenset(_stem(word) for word in found if (word not in _GRAMMAR if is_english else len(word) > _SHORT))


def _stem(word: str) -> str:
    word = word.removesuffix("'s")
    return word.removesuffix("s") if len(word) > _SHORT and not word.endswith("ss") else word
