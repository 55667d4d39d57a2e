"""A letter in; its HTML for mail programs out, styles inlined, with marks for placeholders and for pictures."""

from collections.abc import Sequence

from pipeline import model as m
from pipeline.mail.bidi import direction_of
from pipeline.mail.placeholders import Slot, as_for_nobody, pieces
from pipeline.theme import Design
from pipeline.writers._html import Markup, Renderer, Templates, escape, label_of
from pipeline.writers._letters import GREETS, LISTED, Letter, apart, kind_of, of_own_words, stem_of, turn
from pipeline.writers._mail_pictures import Picture, pixels
from pipeline.writers._mail_text import PROMPT_LABELS, cited_keys, lone_link
from pipeline.writers._marks import Marks

# A last word of a title longer than this fills a line well enough.
_SHORT = 12
_KEPT_STYLES = ("narrow", "dark", "even", "outlook")


def _with_company(title: str) -> str:
    """Return a title whose last word never stands alone on its last line, where it has words enough."""
    rest, _, last = title.rpartition(" ")
    is_plain = "}" not in last and len(last) <= _SHORT
    return f"{rest}\u00a0{last}" if is_plain and rest.count(" ") >= 2 else title


class HtmlRenderer:
    """Renders the letters of one book: one set of macros, of marks and of styles, and one inliner, for all of them."""

    def __init__(
        self, book: m.Book, newsletter: m.Newsletter, design: Design, templates: Templates, marks: Marks
    ) -> None:
        from css_inline import CSSInliner

        self._book, self._newsletter, self._marks, self._templates = book, newsletter, marks, templates
        self._width = pixels(design.theme.mail["width"])
        self._direction = direction_of(book.language)
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
            slot=lambda node: marks.slot(Slot(node.name, node.fallback)),
            turn=self._turn,
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
            greets=kind_of(letter) in GREETS,
            is_listed=kind_of(letter) in LISTED,
            subject=self._shown(letter.subject),
            preheader=self._shown(letter.preheader),
            apart=lambda text: apart(text, self._direction),
            english=of_own_words(self._book.language),
            in_english=lambda text: apart(text, "ltr"),
            heads_turn=self._turn(as_for_nobody(letter.subject)),
            preheaders_turn=self._turn(as_for_nobody(letter.preheader)),
            heading=self._shown(_with_company(letter.subject)),
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

    def _turn(self, shown: str | tuple[m.Inline, ...]) -> Markup:
        return turn(shown, self._direction)

    def _shown(self, text: str) -> Markup:
        """Return a subject or a preheader as markup, with a mark for each placeholder."""
        shown = (escape(piece) if isinstance(piece, str) else Markup(self._marks.slot(piece)) for piece in pieces(text))
        return Markup("").join(shown)
