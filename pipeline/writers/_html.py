"""Nodes of the book in, markup out: the one place that knows Jinja2.

A node is rendered by the macro named after its tag; a format's own macros come before the shared ones.
"""

import hashlib
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup as Markup
from markupsafe import escape as escape
from msgspec import Struct

from pipeline import model as m
from pipeline.cache import stamp
from pipeline.errors import WriteError
from pipeline.theme import Design

Href = Callable[[str, str], str]


class _Sandbox(ImmutableSandboxedEnvironment):
    """Jinja's sandbox, with a short way to what templates ask for most."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        # A field of one of our values is neither internal nor changes anything, which is all that Jinja looks for.
        if isinstance(obj, Struct) and attribute in obj.__struct_fields__:
            return getattr(obj, attribute)
        return super().getattr(obj, attribute)


@lru_cache(maxsize=4)
def _environment(folders: tuple[Path, ...]) -> jinja2.Environment:
    # A project may bring templates with it, from whoever it came: they may fill in a page and do nothing else.
    environment = _Sandbox(
        loader=jinja2.FileSystemLoader(folders),
        # A stylesheet holds values of the theme alone, and quotation marks that must stay.
        autoescape=lambda name: name is None or not name.endswith(".css.j2"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        bytecode_cache=_compiled_templates(),
    )
    environment.globals.update(join_names=join_names, tag_of=m.tag_of, words_of=m.words_of)
    return environment


class _CompiledTemplates(jinja2.FileSystemBytecodeCache):
    """Compiled templates, one file for each name, good for one source and one state of this program."""

    def get_cache_key(self, name: str, filename: str | None = None) -> str:
        return hashlib.sha256(name.encode()).hexdigest()

    def get_source_checksum(self, source: str) -> str:
        return hashlib.sha256(stamp() + source.encode()).hexdigest()


def _compiled_templates() -> jinja2.BytecodeCache | None:
    """Return where compiled templates are kept: beside the program's compiled modules, and like them.

    They are code, so a project's own folder, which may come from anybody, is no place for them.
    """
    folder = Path(__file__).parent / "__pycache__" / "templates"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return (
        None if sys.dont_write_bytecode or not os.access(folder, os.W_OK) else _CompiledTemplates(str(folder), "%s.pyc")
    )


class Templates:
    """A design's templates: pages, stylesheets and the macros that render nodes."""

    def __init__(self, design: Design) -> None:
        self._environment = _environment(design.folders)
        self.tokens = tokens(design)

    def page(self, name: str, **values: Any) -> str:
        """Return a template filled in. Raises WriteError, with the template's line, where it fails."""
        try:
            return self._environment.get_template(name).render(theme=self.tokens, **values)
        except jinja2.TemplateError as error:
            line = getattr(error, "lineno", 1) or 1
            raise WriteError(f"templates/{getattr(error, 'name', None) or name}:{line}: {error.message}") from error

    def fragment(self, name: str, **values: Any) -> Markup:
        """Return a template filled in, as markup to put into another."""
        return Markup(self.page(name, **values))

    def style(self, name: str, **values: Any) -> str:
        """Return a stylesheet of `templates/styles/`, resolved: no custom property is left in it."""
        return self.page(f"styles/{name}", **values)

    def macros(self, name: str, **values: Any) -> dict[str, Callable[..., Markup]]:
        """Return the macros of a template, each seeing `values`."""
        module = self._environment.get_template(name).make_module({"theme": self.tokens, **values})
        return {key: value for key, value in vars(module).items() if callable(value) and not key.startswith("_")}


class Tokens(Struct, frozen=True):
    """The theme as templates see it: `color.accent`, `dark.accent`, `size('h2')`, `space('m')`."""

    color: dict[str, str]
    dark: dict[str, str]
    serif: str
    sans: str
    scale: dict[str, float]
    base: dict[str, str]
    leading: dict[str, float]
    weight: dict[str, int]
    tracking: dict[str, str]
    spaces: dict[str, float]
    radius: dict[str, str]
    stroke: dict[str, str]
    page: Any
    worksheet: Any
    writing: dict[str, str]
    mail: dict[str, str]
    cover: dict[str, int]
    wrap: dict[str, str]
    motif: dict[str, float]

    def size(self, step: str, base: str) -> str:
        """Return a step of the type scale for a format's base: size('h2', 'page') is 13.99pt."""
        return _times(self.base[base], self.scale[step])

    def tint(self, color: str, share: float | None = None) -> str:
        """Return a color thinned to a share, or to half the motif's tint, so that what lies under it shows through."""
        red, green, blue = (int(color[at : at + 2], 16) for at in (1, 3, 5))
        return f"rgba({red}, {green}, {blue}, {self.motif['tint'] / 2 if share is None else share:.3g})"

    def space(self, step: str, base: str) -> str:
        """Return a distance for a format's base."""
        return _times(self.base[base], self.spaces[step])


def tokens(design: Design) -> Tokens:
    """Return a design's theme in the form that templates use."""
    theme = design.theme
    return Tokens(
        color=_underscored(theme.colors.light),
        dark=_underscored(theme.colors.dark),
        serif=theme.families["serif"].stack,
        sans=theme.families["sans"].stack,
        scale=theme.scale,
        base=theme.base,
        leading=theme.leading,
        weight=theme.weight,
        tracking=theme.tracking,
        spaces=theme.space,
        radius=theme.radius,
        stroke=theme.stroke,
        page=theme.page,
        worksheet=theme.worksheet,
        writing=theme.writing,
        mail=theme.mail,
        cover=theme.cover,
        wrap=theme.wrap,
        motif=theme.motif,
    )


def _underscored(colors: dict[str, str]) -> dict[str, str]:
    # Jinja reads color.accent-soft as a subtraction.
    return {**colors, **{name.replace("-", "_"): color for name, color in colors.items()}}


def _times(length: str, factor: float) -> str:
    unit = length.lstrip("0123456789.")
    return f"{float(length.removesuffix(unit)) * factor:.4g}{unit}"


class Renderer:
    """Renders the nodes of one book for one format.

    `href(owner, anchor)` returns the address of a place in the book, as this format writes addresses; notes, glossary
    and index have their own names as owners. `modules` are templates with macros, the format's own first.
    """

    def __init__(self, book: m.Book, templates: Templates, href: Href, modules: Sequence[str], **values: Any) -> None:
        self.book = book
        self.href = href
        self.owner = ""
        self._footnotes: dict[int, m.Footnote] = {}
        self._macros: dict[str, Callable[..., Markup]] = {}
        for name in reversed(modules):
            self._macros.update(templates.macros(name, render=self, book=book, **values))

    def text(self, owner: str, text: m.Document) -> Markup:
        """Return a file's blocks as markup; `owner` is the file's id, the first half of its anchors."""
        self.start(owner, text)
        return self(text.blocks)

    def start(self, owner: str, text: m.Document) -> None:
        """Make `owner` the file whose nodes are rendered next, and `text` the one whose footnotes they call."""
        self.owner = owner
        self._footnotes = {footnote.number: footnote for footnote in text.footnotes}

    def __call__(self, nodes: Struct | Iterable[Struct], **values: Any) -> Markup:
        """Return a node, or nodes in order, as markup."""
        if isinstance(nodes, m.Text):
            return escape(nodes.text)
        if isinstance(nodes, Struct):
            macro = self._macros.get(m.tag_of(nodes))
            if macro is None:
                raise WriteError(f"no template renders a {m.tag_of(nodes)}")
            try:
                return macro(nodes, **values)
            except jinja2.TemplateError as error:
                raise WriteError(f"the template of {m.tag_of(nodes)}: {error.message}") from error
        return Markup("").join(self(node, **values) for node in nodes)

    def macro(self, name: str, *arguments: Any) -> Markup:
        return self._macros[name](*arguments)

    # ------------------------------------------------------------------ what macros ask

    def cited(self, node: m.Cite) -> list[tuple[str, str]]:
        """Return the address and the words of each work that a citation names; names and year parted as APA does."""
        pieces = []
        for key in node.keys:
            label = self.book.citations[key]
            names = label.names.replace(" & ", " and ") if node.narrative else label.names
            year = f"({label.year})" if node.narrative else label.year
            separator = " " if node.narrative else ", "
            pieces.append((self.href("notes", f"ref-{key}"), f"{names}{separator}{year}" if year else names))
        return pieces

    def term_href(self, node: m.Term) -> str:
        return self.href("glossary", self.book.terms[node.target.casefold()])

    def reference(self, node: m.Ref) -> tuple[str, m.Target]:
        """Return the address and the target of a cross-reference."""
        target = self.book.targets[node.target]
        return self.href(target.owner, target.anchor), target

    def footnote(self, number: int) -> m.Footnote:
        return self._footnotes[number]

    def chapter_href(self, chapter: m.Chapter) -> str:
        return self.href(chapter.id, "")


def label_of(target: m.Target) -> str:
    """Return what a cross-reference says where the author gave no words: “Chapter 7”, or a title."""
    match target.kind:
        case "chapter":
            return f"Chapter {target.number}"
        case "part":
            return f"Part {roman(target.number).upper()}"
        case "figure":
            return f"Figure {target.number}"
        case _:
            return target.title


_ROMAN = (
    *((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl")),
    *((10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")),
)


def roman(number: int) -> str:
    """Return a number from 1 in small roman numerals."""
    text = ""
    for value, letters in _ROMAN:
        text += letters * (number // value)
        number %= value
    return text


def join_names(names: Sequence[str]) -> str:
    """Return names as a sentence lists them: A, B and C."""
    return ", ".join(names[:-1]) + " and " + names[-1] if len(names) > 1 else "".join(names)


def inline_text(nodes: tuple[m.Inline, ...]) -> Markup:
    """Return the words of inlines, escaped, for an attribute."""
    return escape(m.words_of(nodes))
