"""The newsletter's issues in; the web archive out: a page for each, an index, a feed, and the stylesheet of all.

A page of the archive has no reader: it greets nobody, placeholders show what stands for nobody, and there is nothing to
unsubscribe from. It asks for nothing but its own stylesheet and pictures.
"""

from collections.abc import Sequence

from msgspec import Struct

from pipeline import model as m
from pipeline.mail.bidi import direction_of
from pipeline.mail.placeholders import as_for_nobody
from pipeline.theme import Design
from pipeline.writers._html import Markup, Renderer, Templates, label_of
from pipeline.writers._letters import apart, archive_site, of_own_words, sources_of, stem_of, turn, worksheet_address
from pipeline.writers._mail_pictures import Picture
from pipeline.writers._mail_text import PROMPT_LABELS, cited_keys, lone_link

FOLDER = "newsletter/web"
_COUNTED = ("No letters", "One letter")


class _Page(Struct, frozen=True):
    """What other pages say of a page: its file's name, its subject and its preheader, as for nobody."""

    name: str
    subject: str
    preheader: str


class WebArchive:
    """Makes the web archive of one book."""

    def __init__(
        self, book: m.Book, newsletter: m.Newsletter, sender: m.Sender, design: Design, templates: Templates
    ) -> None:
        self._book, self._newsletter, self._templates = book, newsletter, templates
        self._pages = [
            _Page(f"{stem_of(issue)}.html", as_for_nobody(issue.subject), as_for_nobody(issue.preheader))
            for issue in newsletter.issues
        ]
        self._direction = direction_of(book.language)
        self._shared = {
            "book": book,
            "newsletter": newsletter,
            "sender": sender,
            "site": archive_site(book),
            "dir": self._direction,
            "pages": self._pages,
            "turn": self._turn,
            "english": of_own_words(book.language),
            "in_english": lambda text: apart(text, "ltr"),
            "apart": lambda text: apart(text, self._direction),
        }
        self._pictures: dict[str, Picture] = {}
        self._worksheet = ""
        self._render = Renderer(
            book,
            templates,
            lambda owner, anchor: f"#{anchor}",
            ["newsletter/web/blocks.html.j2", "shared/blocks.html.j2"],
            anchor=lambda name: name,
            turn=self._turn,
            label_of=label_of,
            lone_link=lone_link,
            prompt_labels=PROMPT_LABELS,
            worksheet=lambda: self._worksheet,
            figure_picture=lambda figure: self._pictures[figure.image],
        )

    def _turn(self, shown: str | tuple[m.Inline, ...]) -> Markup:
        return turn(shown, self._direction)

    def page(self, issue: m.Issue, pictures: Sequence[Picture]) -> tuple[m.Artifact, ...]:
        """Return an issue's page, and its pictures beside it."""
        place = self._newsletter.issues.index(issue)
        own = self._pages[place]
        self._pictures = {picture.path: picture for picture in pictures}
        self._worksheet = worksheet_address(self._book, issue)
        page = self._templates.page(
            "newsletter/web/issue.html.j2",
            **self._shared,
            file=own.name,
            issue=issue,
            count=len(self._pages),
            subject=own.subject,
            description=own.preheader,
            before=self._pages[place - 1] if place else None,
            after=self._pages[place + 1] if place + 1 < len(self._pages) else None,
            text=self._render.text(issue.id, issue.text),
            footnotes=issue.text.footnotes,
            sources=[(key, self._book.citations[key].entry) for key in cited_keys(issue.text)],
            motif=pictures[0],
            render=self._render,
        )
        words, sources = f"letter {issue.number} on the web", sources_of(self._book, issue)
        shown = [_artifact(own.name, "text/html", page.encode(), f"{words}, “{own.subject}”", sources)]
        for picture in pictures:
            alt = f"{picture.alt[:1].lower()}{picture.alt[1:]}"
            shown.append(_artifact(picture.name, picture.media_type, picture.content, f"{words}: {alt}", sources))
        return tuple(shown)

    def around(self) -> tuple[m.Artifact, ...]:
        """Return the index, the stylesheet and, where the book has a website, the feed (RFC 4287)."""
        sources = tuple(sorted({"content/book.yaml", *(issue.location.path for issue in self._newsletter.issues)}))
        count = len(self._pages)
        counted = _COUNTED[count] if count < len(_COUNTED) else f"{count} letters"
        shared = {**self._shared, "description": f"{counted}, to be read a week or so apart."}
        title = self._newsletter.title
        index = self._templates.page("newsletter/web/index.html.j2", **shared, file="index.html")
        style = self._templates.style("web.css.j2", dir=self._direction)
        made = [
            _artifact("index.html", "text/html", index.encode(), f"all letters of “{title}” on the web", sources),
            _artifact("style.css", "text/css", style.encode(), "how the letters look on the web", ()),
        ]
        if shared["site"]:
            feed = self._templates.page("newsletter/web/feed.xml.j2", **shared).encode()
            made.append(_artifact("feed.xml", "application/atom+xml", feed, f"a feed of “{title}”", sources))
        return tuple(made)


def _artifact(name: str, media_type: str, content: bytes, summary: str, sources: tuple[str, ...]) -> m.Artifact:
    return m.Artifact(f"{FOLDER}/{name}", "newsletter", media_type, content, summary, sources)
