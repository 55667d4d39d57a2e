"""A letter in; its HTML for mail programs out, styles inlined, with marks for placeholders and for pictures."""

from collections.abc import Sequence

from pipeline import model as m
from pipeline.theme import Design
from pipeline.writers._html import Renderer, Templates, label_of
from pipeline.writers._letters import Letter, kind_of, stem_of
from pipeline.writers._mail_pictures import Picture, pixels
from pipeline.writers._mail_text import PROMPT_LABELS, cited_keys, lone_link
from pipeline.writers._marks import Marks

_KEPT_STYLES = ("narrow", "dark", "outlook")
_RIGHT_TO_LEFT = frozenset({"ar", "arc", "ckb", "dv", "fa", "he", "ku", "ps", "sd", "syr", "ug", "ur", "yi"})


def direction(language: str) -> str:
    """Return `rtl` or `ltr` for a BCP 47 tag."""
    return "rtl" if language.partition("-")[0].lower() in _RIGHT_TO_LEFT else "ltr"


class HtmlRenderer:
    """Renders the letters of one book: one set of macros, of marks and of styles, and one inliner, for all of them."""

    def __init__(
        self, book: m.Book, newsletter: m.Newsletter, design: Design, templates: Templates, marks: Marks
    ) -> None:
        from css_inline import CSSInliner

        self._book, self._newsletter, self._marks, self._templates = book, newsletter, marks, templates
        self._width = pixels(design.theme.mail["width"])
        self._direction = direction(book.language)
        base, *self._styles = (
            templates.style("mail.css.j2", part=part, dir=self._direction) for part in ("base", *_KEPT_STYLES)
        )
        # As extra styles, the rules that match nothing leave no trace; style elements hold what can't be inlined.
        self._inliner = CSSInliner(
            keep_style_tags=True, remove_inlined_selectors=True, load_remote_stylesheets=False, extra_css=base
        )
        self._pictures: dict[str, Picture] = {}
        start, end = ("right", "left") if self._direction == "rtl" else ("left", "right")
        self._render = Renderer(
            book,
            templates,
            lambda owner, anchor: "",
            ["newsletter/blocks.html.j2"],
            mark=marks.placeholders,
            start=start,
            end=end,
            tag_of=m.tag_of,
            label_of=label_of,
            lone_link=lone_link,
            prompt_labels=PROMPT_LABELS,
            figure_picture=lambda figure: self._pictures[figure.image],
        )

    def marked(self, letter: Letter, pictures: Sequence[Picture]) -> str:
        """Return a letter's HTML; `Marks.resolved` makes of its marks what a file or a message needs."""
        self._pictures = {picture.path: picture for picture in pictures}
        body = self._render.text(stem_of(letter), letter.text)
        page = self._templates.page(
            "newsletter/letter.html.j2",
            book=self._book,
            newsletter=self._newsletter,
            letter=letter,
            kind=kind_of(letter),
            text=body,
            footnotes=letter.text.footnotes,
            sources=[self._book.citations[key].entry for key in cited_keys(letter.text)],
            motif=self._pictures[""],
            styles=self._styles,
            mark=self._marks.placeholders,
            render=self._render,
            dir=self._direction,
            width=self._width,
        )
        return self._inliner.inline(page)
