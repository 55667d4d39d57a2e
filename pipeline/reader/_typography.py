"""Plain text in, text with the quotation marks, dashes and ellipses of its language out."""

import re
from functools import lru_cache

from markdown_it import MarkdownIt

# Opening and closing marks, double then single, by language; CLDR's delimiters.
_QUOTES: dict[str, str | list[str]] = {
    "de": "„“‚‘",
    "fr": ["«\u202f", "\u202f»", "‹\u202f", "\u202f›"],
    "es": "«»“”",
    "it": "«»“”",
    "pt": "«»“”",
    "pl": "„”«»",
    "ru": "«»„“",
    "sv": "””’’",
    "fi": "””’’",
    "da": "”“’‘",
    "nl": "‘’“”",
}
_DASHES = re.compile(r"(?<!-)(---?)(?!-)")


def quotes_of(language: str) -> str | list[str]:
    """Return a language's quotation marks, as markdown-it takes them."""
    return _QUOTES.get(language.partition("-")[0].lower(), "“”‘’")


@lru_cache(maxsize=8)
def _plain_parser(language: str) -> MarkdownIt:
    return MarkdownIt("zero", {"typographer": True, "quotes": quotes_of(language)}).enable(["smartquotes"])


def smart(text: str, language: str) -> str:
    """Return one line of plain text, such as a title, with typographic quotation marks, dashes and ellipses."""
    tokens = _plain_parser(language).parseInline(" ".join(text.split()))[0].children or ()
    return typographic("".join(token.content for token in tokens))


def typographic(text: str) -> str:
    """Return text with `--`, `---`, `...` and a lone `'` as dashes, an ellipsis and an apostrophe."""
    if "--" in text:
        text = _DASHES.sub(lambda match: "—" if len(match[1]) == 3 else "–", text)
    # What the quotation marks' rule leaves is an apostrophe without a partner: ’90s, ’tis.
    return text.replace("...", "…").replace("'", "’")


def one_line(text: str) -> str:
    """Return a text with single spaces and no ends of lines."""
    return " ".join(text.split())
