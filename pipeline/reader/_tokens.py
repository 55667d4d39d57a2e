"""Markdown in, markdown-it's tokens and a way through them out."""

from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.colon_fence import colon_fence_plugin
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.myst_blocks import myst_block_plugin
from mdit_py_plugins.myst_role import myst_role_plugin

from pipeline.reader._typography import quotes_of

MAX_NESTING = 60


@lru_cache(maxsize=8)
def parser_of(language: str) -> MarkdownIt:
    """Return the parser for a manuscript in a language: CommonMark, tables, and what MyST adds to them."""
    parser = (
        MarkdownIt("commonmark", {"typographer": True, "quotes": quotes_of(language), "maxNesting": MAX_NESTING})
        .enable(["table", "smartquotes"])
        .use(footnote_plugin, inline=False)
        .use(deflist_plugin)
        .use(myst_role_plugin)
        .use(myst_block_plugin)
        .use(colon_fence_plugin)
    )
    # Every address is looked at in `_link`; markdown-it would leave a bad one as text without a word.
    parser.validateLink = _any_link  # type: ignore[method-assign]
    # The plugin's tail gathers footnotes into HTML; here each is a value of its own. Escaped characters stay apart from
    # the text around them, so that \-- is no dash.
    return parser.disable(["footnote_tail", "text_join"])


def _any_link(url: str) -> bool:
    return True


class Stream:
    """Tokens in order, with the tokens inside an opening one as a stream of their own."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._position = 0

    def __iter__(self) -> "Stream":
        return self

    def __next__(self) -> Token:
        token = self.next()
        if token is None:
            raise StopIteration
        return token

    def next(self) -> Token | None:
        if self._position >= len(self._tokens):
            return None
        self._position += 1
        return self._tokens[self._position - 1]

    def inside(self, opening: Token) -> "Stream":
        """Return the tokens between `opening`, just read, and its closing token, which is passed over."""
        if opening.nesting != 1:
            return Stream([])
        start = self._position
        while not (self._tokens[self._position].nesting == -1 and self._tokens[self._position].level == opening.level):
            self._position += 1
        self._position += 1
        return Stream(self._tokens[start : self._position - 1])

    def one(self) -> Token:
        return self._tokens[0]


def is_closed(token: Token, source: list[str]) -> bool:
    """Return whether a fence ends with a line of its own, as long as its first."""
    if not token.map or token.map[1] - token.map[0] < 2:
        return False
    last = source[token.map[1] - 1].strip(" \t>")
    return len(last) >= len(token.markup) and not last.strip(token.markup[0])
