"""Letters in; their pictures out: the motif at the head and the figures of the text, SVG drawn as PNG."""

import hashlib
from collections.abc import Sequence

import msgspec
from msgspec import Struct

from pipeline import model as m
from pipeline.press import Press
from pipeline.theme import Design
from pipeline.writers import _typeset
from pipeline.writers._html import Templates
from pipeline.writers._letters import Letter, motif_of, stem_of
from pipeline.writers._marks import Marks
from pipeline.writers._motif import motif_svg, motif_words

_SVG = "image/svg+xml"


class Picture(Struct, frozen=True):
    """A picture of a letter: its file's name, its size in CSS pixels, its alternative text.

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


def draw(drawing: Drawing) -> bytes:
    """Return a drawing as PNG on a transparent ground."""
    pdf = _typeset.decode(_typeset.typeset(drawing.sheet)).pdf
    return _typeset.rasterize(_typeset.Picture(pdf, drawing.width, transparent=True))


def pixels(length: str) -> int:
    """Return a length of the theme as the whole pixels that an attribute wants."""
    return round(float(length.removesuffix("px")))


class Pictures:
    """Makes the pictures of one book's letters."""

    def __init__(self, book: m.Book, design: Design, templates: Templates, marks: Marks) -> None:
        self._book, self._design, self._templates, self._marks = book, design, templates, marks

    def of(self, letters: Sequence[Letter], press: Press) -> list[list[Picture]]:
        """Return each letter's pictures, its motif first; SVG is drawn as PNG of twice the size."""
        undrawn = [self._undrawn(letter) for letter in letters]
        drawings = [self._drawing(picture) for row in undrawn for picture in row if _is_svg(picture)]
        drawn = iter(press.run(draw, drawings, "newsletter pictures"))
        return [[_as_png(picture, next(drawn)) if _is_svg(picture) else picture for picture in row] for row in undrawn]

    def _undrawn(self, letter: Letter) -> list[Picture]:
        theme, overlap = self._design.theme, motif_of(self._book, letter)
        color = theme.colors.light["motif"]
        svg = motif_svg(self._templates, overlap, fill=_tint(color, theme.motif["tint"]), stroke=color)
        radius, line = theme.motif["radius"], theme.motif["stroke"]
        width = pixels(theme.mail["motif"])
        height = round(width * (2 * radius + 2 * line) / (4.3 * radius + 2 * line))
        name = f"{stem_of(letter)}.png"
        first = Picture("", name, _SVG, svg, width, height, motif_words(overlap), self._marks.of("picture-0"))
        figures = {node.image: node for node in m.walk(letter.text) if isinstance(node, m.Figure)}
        return [first, *(self._figure(letter, number, node) for number, node in enumerate(figures.values(), start=1))]

    def _figure(self, letter: Letter, number: int, figure: m.Figure) -> Picture:
        image, mail = self._book.images[figure.image], self._design.theme.mail
        width = min(image.width, pixels(mail["width"]) - 2 * pixels(mail["inset"]))
        height = max(1, round(image.height * width / image.width))
        suffix = "jpg" if image.media_type == "image/jpeg" else "png"
        name, mark = f"{stem_of(letter)}-{number}.{suffix}", self._marks.of(f"picture-{number}")
        return Picture(image.path, name, image.media_type, image.content, width, height, figure.alt, mark)

    def _drawing(self, picture: Picture) -> Drawing:
        address = _typeset.resource_address("picture.svg")
        page = self._templates.page("newsletter/picture.html.j2", picture=picture, address=address)
        resources = {"picture.svg": (_SVG, picture.content)}
        sheet = _typeset.sheet(self._design, page, "", resources, tagged=False, name=picture.name)
        return Drawing(sheet, 2 * picture.width)


def _is_svg(picture: Picture) -> bool:
    return picture.media_type == _SVG


def _as_png(picture: Picture, content: bytes) -> Picture:
    return msgspec.structs.replace(picture, media_type="image/png", content=content)


def _tint(color: str, opacity: float) -> str:
    """Return a color of the theme with an opacity, so that the ground shows through, light or dark."""
    red, green, blue = (int(color[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {opacity:g})"
