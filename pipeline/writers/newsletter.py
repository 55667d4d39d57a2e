"""The newsletter: each issue as HTML, as text and as a sample message, and the sequence as JSON.

The HTML and the text hold placeholders, `{{ name }}`, from a closed set, which delivery fills for each reader. Nothing
that the author wrote is ever one: in HTML the author's braces are character references, in text they are kept apart,
`{ {`. The inliner reads HTML and writes it anew, references resolved; so, until it has, each placeholder is a mark that
carries the book's own hash, which no text of the book can contain.
"""

import hashlib
import html
import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import msgspec
from msgspec import Struct

from pipeline import model as m
from pipeline.errors import ContentError, Finding, Location
from pipeline.press import Press
from pipeline.theme import Design
from pipeline.writers import _eml, _typeset
from pipeline.writers._html import Renderer, Templates, label_of
from pipeline.writers._mail_text import PROMPT_LABELS, cited_keys, issue_text, lone_worksheet
from pipeline.writers._motif import motif_svg, motif_words

FORMAT = "newsletter"
PLACEHOLDERS = (
    "greeting",
    "name",
    "unsubscribe_url",
    "preferences_url",
    "archive_url",
    "worksheet_url",
    "postal_address",
)
# Gmail cuts a message off at about 102 kB; personalising it needs some of the rest.
MOST_HTML = 90_000
WORDS_A_MINUTE = 220
SAMPLE_READER = _eml.Mailbox("Reader", "reader@example.com")
_KEPT_STYLES = ("narrow", "dark", "outlook")
_PLACEHOLDER = re.compile(r"\{\{ (" + "|".join(PLACEHOLDERS) + r") \}\}")
# Styles, and comments for Outlook, hold braces of their own; everywhere else a brace is the author's.
_BRACES = re.compile(r"<style>.*?</style>|<!--.*?-->|[{}]", re.DOTALL)
_RIGHT_TO_LEFT = frozenset({"ar", "arc", "ckb", "dv", "fa", "he", "ku", "ps", "sd", "syr", "ug", "ur", "yi"})
_BOOK = Location("content/book.yaml", 1)


class Picture(Struct, frozen=True):
    """A picture of an issue: its file's name, its size in CSS pixels, its alternative text.

    `path` is where it stands in `content/`, empty for the motif; `src` is the mark that stands for its address.
    """

    path: str
    name: str
    media_type: str
    content: bytes
    width: int
    height: int
    alt: str
    src: str

    @property
    def content_id(self) -> str:
        return f"{hashlib.sha256(self.content).hexdigest()[:24]}@quire.invalid"


class Drawing(Struct, frozen=True):
    """A sheet with one picture on it, to draw as PNG `width` pixels wide."""

    sheet: _typeset.Sheet
    width: int


class IssueFile(Struct, frozen=True):
    name: str
    sha256: str


class IssueEntry(Struct, frozen=True):
    """What `sequence.json` says of an issue; `files` by kind (html, text, eml), names as they stand beside it."""

    id: str
    number: int
    chapter: str
    subject: str
    preheader: str
    files: dict[str, IssueFile]
    pictures: tuple[IssueFile, ...]
    reading_minutes: int
    placeholders: tuple[str, ...]


class SequenceEntry(Struct, frozen=True):
    """`sequence.json`: the issues in order, and the closed set of placeholders."""

    id: str
    title: str
    language: str
    placeholders: tuple[str, ...]
    issues: tuple[IssueEntry, ...]


def write(book: m.Book, design: Design, press: Press) -> Sequence[m.Artifact]:
    """Return the artifacts of each issue in the sequence's order, then `sequence.json`; nothing without a newsletter.

    An issue is HTML, text, a sample message, and its pictures. Raises ContentError where there is no sender, where an
    issue belongs to no chapter, and where its HTML passes 90 kB.
    """
    if book.newsletter is None:
        return ()
    sender = _checked(book, book.newsletter)
    writer = _Writer(book, book.newsletter, sender, design)
    artifacts: list[m.Artifact] = []
    entries: list[IssueEntry] = []
    too_long: list[Finding] = []
    for issue, pictures in zip(book.newsletter.issues, writer.pictures(press), strict=True):
        made, entry = writer.issue(issue, pictures)
        size = len(made[0].content)
        if size > MOST_HTML:
            message = f"the issue makes {size / 1000:.0f} kB of HTML; mail programs cut off past {MOST_HTML // 1000}"
            too_long.append(Finding(issue.location, "issue-too-long", message, "Shorten it, or make two of it."))
        artifacts += made
        entries.append(entry)
    if too_long:
        raise ContentError(too_long)
    return (*artifacts, _sequence(book, book.newsletter, entries, artifacts))


def draw(drawing: Drawing) -> bytes:
    """Return a drawing as PNG on a transparent ground."""
    pdf = _typeset.decode(_typeset.typeset(drawing.sheet)).pdf
    return _typeset.rasterize(_typeset.Picture(pdf, drawing.width, transparent=True))


def fill(template: str, values: Mapping[str, str], escape: Callable[[str], str] = str) -> str:
    """Return a template with its placeholders filled in one pass: what stands in a value is never filled again."""
    return _PLACEHOLDER.sub(lambda match: escape(values[match[1]]), template)


def placeholders_in(*templates: str) -> tuple[str, ...]:
    """Return the names of the placeholders in templates, in the order of the closed set."""
    used = {name for template in templates for name in _PLACEHOLDER.findall(template)}
    return tuple(name for name in PLACEHOLDERS if name in used)


def direction(language: str) -> str:
    """Return `rtl` or `ltr` for a BCP 47 tag."""
    return "rtl" if language.partition("-")[0].lower() in _RIGHT_TO_LEFT else "ltr"


def reading_minutes(text: m.Document) -> int:
    """Return how long an issue takes to read, in minutes, one at the least."""
    words = sum(len(node.text.split()) for node in m.walk(text) if isinstance(node, m.Text))
    return max(1, math.ceil(words / WORDS_A_MINUTE))


# --------------------------------------------------------------------------- one book's issues


class _Writer:
    """Renders the issues of one book: one set of macros, of marks and of styles, and one inliner, for all of them."""

    def __init__(self, book: m.Book, newsletter: m.Newsletter, sender: m.Sender, design: Design) -> None:
        from css_inline import CSSInliner

        self._book, self._newsletter, self._sender, self._design = book, newsletter, sender, design
        self._templates = Templates(design)
        self._key = f"quire{hashlib.sha256(m.encode(book)).hexdigest()[:20]}"
        self._mark = re.compile(rf"{self._key}\.([a-z0-9_-]+)\.")
        self._direction = direction(book.language)
        base, *self._styles = (
            self._templates.style("mail.css.j2", part=part, dir=self._direction) for part in ("base", *_KEPT_STYLES)
        )
        # As extra styles, the rules that match nothing leave no trace; style elements hold what can't be inlined.
        self._inliner = CSSInliner(
            keep_style_tags=True, remove_inlined_selectors=True, load_remote_stylesheets=False, extra_css=base
        )
        self._pictures: dict[str, Picture] = {}
        self._marks = {name: self._mark_of(name) for name in PLACEHOLDERS}
        start, end = ("right", "left") if self._direction == "rtl" else ("left", "right")
        self._render = Renderer(
            book,
            self._templates,
            lambda owner, anchor: "",
            ["newsletter/blocks.html.j2"],
            mark=self._marks,
            start=start,
            end=end,
            tag_of=m.tag_of,
            label_of=label_of,
            lone_worksheet=lone_worksheet,
            prompt_labels=PROMPT_LABELS,
            figure_picture=lambda figure: self._pictures[figure.image],
        )

    def _mark_of(self, name: str) -> str:
        return f"{self._key}.{name}."

    def _chapter(self, issue: m.Issue) -> m.Chapter:
        owner = self._book.targets[issue.chapter].owner
        return next(chapter for chapter in self._book.chapters if chapter.id == owner)

    def issue(self, issue: m.Issue, pictures: Sequence[Picture]) -> tuple[list[m.Artifact], IssueEntry]:
        """Return an issue's artifacts, its HTML first, and what the sequence says of it."""
        marked = self._marked_html(issue, pictures)
        page = self._unmarked(marked, {picture.src: picture.name for picture in pictures})
        text = issue_text(self._book, self._newsletter, self._sender, issue)
        eml = _eml.build(self._letter(issue, marked, text, pictures))
        stem, words = issue.file_stem, f"letter {issue.number}, “{issue.subject}”"
        files = {
            "html": (f"{stem}.html", "text/html", page.encode(), f"{words}: HTML"),
            "text": (f"{stem}.txt", "text/plain", text.encode(), f"{words}: plain text"),
            "eml": (f"{stem}.eml", "message/rfc822", eml, f"{words}: a sample, to open in a mail program"),
        }
        sources = self._sources(issue)
        artifacts = [_artifact(*file, sources) for file in files.values()]
        for picture in pictures:
            of_it = f"{words}: {picture.alt[:1].lower()}{picture.alt[1:]}"
            artifacts.append(_artifact(picture.name, picture.media_type, picture.content, of_it, sources))
        entry = IssueEntry(
            issue.slug,
            issue.number,
            self._chapter(issue).id,
            issue.subject,
            issue.preheader,
            {kind: IssueFile(name, _sha256(content)) for kind, (name, _, content, _) in files.items()},
            tuple(IssueFile(picture.name, _sha256(picture.content)) for picture in pictures),
            reading_minutes(issue.text),
            placeholders_in(page, text),
        )
        return artifacts, entry

    # ------------------------------------------------------------------ HTML

    def _marked_html(self, issue: m.Issue, pictures: Sequence[Picture]) -> str:
        """Return an issue's HTML, styles inlined, with marks for placeholders and for addresses of pictures."""
        self._pictures = {picture.path: picture for picture in pictures}
        body = self._render.text(issue.id, issue.text)
        page = self._templates.page(
            "newsletter/issue.html.j2",
            book=self._book,
            newsletter=self._newsletter,
            sender=self._sender,
            issue=issue,
            text=body,
            footnotes=issue.text.footnotes,
            sources=[self._book.citations[key].entry for key in cited_keys(issue.text)],
            motif=self._pictures[""],
            styles=self._styles,
            mark=self._marks,
            render=self._render,
            dir=self._direction,
            width=_pixels(self._design.theme.mail["width"]),
        )
        return self._inliner.inline(page)

    def _unmarked(self, marked: str, addresses: Mapping[str, str]) -> str:
        """Return HTML with the author's braces as character references, and marks as addresses and placeholders."""
        safe = _BRACES.sub(lambda match: f"&#{ord(match[0])};" if len(match[0]) == 1 else match[0], marked)
        return self._mark.sub(lambda match: addresses.get(match[0]) or f"{{{{ {match[1]} }}}}", safe)

    # ------------------------------------------------------------------ pictures

    def pictures(self, press: Press) -> list[list[Picture]]:
        """Return each issue's pictures, the motif of its chapter first; SVG is drawn as PNG of twice the size."""
        issues = [self._undrawn(issue) for issue in self._newsletter.issues]
        drawings = [self._drawing(picture) for pictures in issues for picture in pictures if _is_svg(picture)]
        drawn = iter(press.run(draw, drawings, "newsletter pictures"))
        return [[_as_png(picture, next(drawn)) if _is_svg(picture) else picture for picture in row] for row in issues]

    def _undrawn(self, issue: m.Issue) -> list[Picture]:
        theme, overlap = self._design.theme, self._chapter(issue).motif
        color = theme.colors.light["motif"]
        svg = motif_svg(self._templates, overlap, fill=_tint(color, theme.motif["tint"]), stroke=color)
        radius, line = theme.motif["radius"], theme.motif["stroke"]
        width = _pixels(theme.mail["motif"])
        height = round(width * (2 * radius + 2 * line) / (4.3 * radius + 2 * line))
        name = f"{issue.file_stem}.png"
        first = Picture("", name, _SVG, svg, width, height, motif_words(overlap), self._mark_of("picture-0"))
        figures = {node.image: node for node in m.walk(issue.text) if isinstance(node, m.Figure)}
        return [first, *(self._figure(issue, number, node) for number, node in enumerate(figures.values(), start=1))]

    def _figure(self, issue: m.Issue, number: int, figure: m.Figure) -> Picture:
        image, mail = self._book.images[figure.image], self._design.theme.mail
        width = min(image.width, _pixels(mail["width"]) - 2 * _pixels(mail["inset"]))
        height = max(1, round(image.height * width / image.width))
        suffix = "jpg" if image.media_type == "image/jpeg" else "png"
        name, mark = f"{issue.file_stem}-{number}.{suffix}", self._mark_of(f"picture-{number}")
        return Picture(image.path, name, image.media_type, image.content, width, height, figure.alt, mark)

    def _drawing(self, picture: Picture) -> Drawing:
        address = _typeset.resource_address("picture.svg")
        page = self._templates.page("newsletter/picture.html.j2", picture=picture, address=address)
        resources = {"picture.svg": (_SVG, picture.content)}
        sheet = _typeset.sheet(self._design, page, "", resources, tagged=False, name=picture.name)
        return Drawing(sheet, 2 * picture.width)

    # ------------------------------------------------------------------ the sample

    def _letter(self, issue: m.Issue, marked: str, text: str, pictures: Sequence[Picture]) -> _eml.Letter:
        """Return an issue as a finished message to a made-up reader, its pictures inside."""
        values = self._sample(issue)
        page = self._unmarked(marked, {picture.src: f"cid:{picture.content_id}" for picture in pictures})
        newsletter, sender = self._newsletter, self._sender
        domain = _eml.domain_of(sender.address)
        first = datetime.fromisoformat(self._book.date).replace(hour=8, tzinfo=UTC)
        return _eml.Letter(
            sender=_eml.Mailbox(sender.name, sender.address),
            recipient=SAMPLE_READER,
            subject=issue.subject,
            sent=first + timedelta(days=7 * (issue.number - 1)),
            message_id=_eml.message_id(domain, newsletter.id, issue.slug, SAMPLE_READER.address),
            list_name=newsletter.title,
            list_id=f"{newsletter.id}.{domain}",
            language=self._book.language,
            unsubscribe_url=values["unsubscribe_url"],
            preferences_url=values["preferences_url"],
            archive_url=values["archive_url"],
            feedback_id=f"{issue.slug}:{newsletter.id}:issue:quire",
            text=fill(text, values),
            html=fill(page, values, html.escape),
            pictures=tuple(
                _eml.Picture(picture.content_id, picture.name, picture.media_type, picture.content)
                for picture in {picture.content_id: picture for picture in pictures}.values()
            ),
        )

    def _sample(self, issue: m.Issue) -> dict[str, str]:
        """Return what a sample's placeholders are filled with, addresses below the book's site."""
        site = _eml.secure_url(self._book.website or "https://example.com")
        return {
            "greeting": f"Dear {SAMPLE_READER.name},",
            "name": SAMPLE_READER.name,
            "unsubscribe_url": f"{site}/newsletter/unsubscribe",
            "preferences_url": f"{site}/newsletter/preferences",
            "archive_url": f"{site}/newsletter/{issue.file_stem}.html",
            "worksheet_url": f"{site}/worksheets/{self._chapter(issue).file_stem}.pdf",
            "postal_address": self._sender.postal_address,
        }

    def _sources(self, issue: m.Issue) -> tuple[str, ...]:
        """Return the files of `content/` that an issue is made from, sorted."""
        references = {reference.key: reference.location.path for reference in self._book.references}
        owners = {chapter.id: chapter.location.path for chapter in self._book.chapters}
        paths = {_BOOK.path, issue.location.path, self._chapter(issue).location.path}
        for node in m.walk(issue.text):
            match node:
                case m.Cite(keys=keys):
                    paths.update(references[key] for key in keys if key in references)
                case m.Figure(image=image):
                    paths.add(f"content/{image}")
                case m.Ref(target=target):
                    paths.update({owners[owner]} if (owner := self._book.targets[target].owner) in owners else ())
                case m.Takeaways():
                    paths.update(owners.values())
        return tuple(sorted(paths))


# --------------------------------------------------------------------------- what the writer rests on

_SVG = "image/svg+xml"


def _checked(book: m.Book, newsletter: m.Newsletter) -> m.Sender:
    """Return the book's sender. Raises ContentError with everything that keeps the newsletter from being made."""
    findings = []
    if book.sender is None:
        hint = "Add “sender:” with “name:”, “address:” and “postal_address:”; readers must be told who writes."
        findings.append(Finding(_BOOK, "missing-sender", "“sender” is missing, and there is a newsletter", hint))
    try:
        datetime.fromisoformat(book.date)
    except ValueError:
        hint = "Write “date:” as year, month and day: 2026-11-22."
        findings.append(Finding(_BOOK, "date", f"“{book.date}” is not a day", hint))
    chapters = {chapter.id for chapter in book.chapters}
    for issue in newsletter.issues:
        target = book.targets.get(issue.chapter)
        if target is None or target.owner not in chapters:
            hint = "Write the name of a chapter's file, without .md."
            findings.append(Finding(issue.location, "issue-chapter", f"“{issue.chapter}” is not a chapter", hint))
    if findings or book.sender is None:
        raise ContentError(findings)
    return book.sender


def _sequence(
    book: m.Book, newsletter: m.Newsletter, entries: Sequence[IssueEntry], artifacts: Sequence[m.Artifact]
) -> m.Artifact:
    sequence = SequenceEntry(newsletter.id, newsletter.title, book.language, PLACEHOLDERS, tuple(entries))
    content = msgspec.json.format(msgspec.json.encode(sequence), indent=2) + b"\n"
    sources = tuple(sorted({_BOOK.path}.union(*(artifact.sources for artifact in artifacts))))
    summary = f"the newsletter's {len(entries)} letters in order, for delivery"
    return _artifact("sequence.json", "application/json", content, summary, sources)


def _artifact(name: str, media_type: str, content: bytes, summary: str, sources: tuple[str, ...]) -> m.Artifact:
    return m.Artifact(f"{FORMAT}/{name}", FORMAT, media_type, content, summary, sources)


def _is_svg(picture: Picture) -> bool:
    return picture.media_type == _SVG


def _as_png(picture: Picture, content: bytes) -> Picture:
    return msgspec.structs.replace(picture, media_type="image/png", content=content)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _pixels(length: str) -> int:
    """Return a length of the theme as the whole pixels that an attribute wants."""
    return round(float(length.removesuffix("px")))


def _tint(color: str, opacity: float) -> str:
    """Return a color of the theme with an opacity, so that the ground shows through, light or dark."""
    red, green, blue = (int(color[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {opacity:g})"
