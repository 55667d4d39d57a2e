"""The built newsletter in; pictures of its letters out, as inboxes show them, with a sheet and a page of all of them.

Letters are drawn narrow and wide, light and dark, without their pictures, and as Outlook for Windows shows them; the
pages of the web archive too, where it was built. The reader is the sample's, called Reader.
"""

import html
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from msgspec import Struct

from pipeline import theme
from pipeline.browser import Scheme, Sight, View, chromium, draw
from pipeline.errors import ConfigError
from pipeline.mail.bidi import direction_of
from pipeline.mail.placeholders import fill, in_html
from pipeline.mail.sample import READER_NAME, sample_addresses, sample_progress
from pipeline.mail.word_engine import as_word_shows
from pipeline.output import Made, earlier
from pipeline.press import Progress
from pipeline.preview import in_place_of
from pipeline.project import Project
from pipeline.series.built import read_built
from pipeline.series.message import Head, LetterContent

if TYPE_CHECKING:
    from PIL.Image import Image

WIDTHS = (320, 640, 1000)
SCHEMES: tuple[Scheme, ...] = ("light", "dark")

_FOLDER = "newsletter"
_WEB = f"{_FOLDER}/web/"
# Narrower than this Outlook for Windows isn't, nor is it ever dark in a way of the letter's own.
_OUTLOOK_FROM = 500
_ON_SHEET = 640
# The sheet of all letters, in pixels.
_SMALL, _GAP, _BETWEEN, _LABEL = 170, 28, 4, 30
_LETTERS_IN_A_ROW = 4
_GROUND, _INK = (214, 208, 200), (64, 57, 52)
# PNG compressed harder takes three times as long for a tenth less.
_COMPRESSION = 3
# The page with every picture shows them at this scale.
_SHOWN_AT = 0.5
_SAID = {"outlook": "as in Outlook for Windows", "no pictures": "without pictures"}
_INDEX_STYLE = (
    "<style>body { margin: 24px; background: #d6d0c8; color: #403934; font: 15px/1.4 sans-serif }"
    " div { display: flex; flex-wrap: wrap; gap: 24px; align-items: flex-start }"
    " figure { margin: 0 } img { display: block; height: auto } figcaption { padding: 6px 0 }</style>"
)


class Drawn(Struct, frozen=True):
    """What was drawn, as paths: the sheet of all letters, the page with all pictures, and the pictures."""

    sheet: Path
    index: Path
    pictures: tuple[Path, ...]


class _Shown(Struct, frozen=True):
    """A letter, or a page of the archive: its file's name without ending, its title, and the ways to look at it."""

    name: str
    title: str
    sights: tuple[Sight, ...]

    @property
    def views(self) -> tuple[View, ...]:
        return tuple(view for sight in self.sights for view in sight.views)


def newsletter(
    project: Project,
    numbers: Sequence[int],
    widths: Sequence[int],
    schemes: Sequence[Scheme],
    environment: Mapping[str, str],
    progress: Progress,
) -> Drawn:
    """Draw letters as PNG, `widths` CSS pixels wide, in `schemes`: the issues with these numbers; all without any.

    What was drawn before is replaced as a whole. Raises ConfigError where no newsletter was built, where it has no
    such issue, and without Chromium or Playwright; WriteError where something can't be drawn or written.
    """
    program = chromium(environment)
    built = project.output / _FOLDER
    head, letters = read_built(built, project.relative(built))
    wanted = _chosen(letters, numbers)
    folder = project.output / "preview"
    fonts = _fonts(project)
    with in_place_of(folder, (_FOLDER, f"{_FOLDER}.png")) as staging:
        drawing = _Drawing(staging / _FOLDER, tuple(dict.fromkeys(widths)), tuple(dict.fromkeys(schemes)), fonts)
        (staging / _FOLDER).mkdir()
        subjects = [letter.subject for letter in letters if letter.number]
        shown = [_letter(head, letter, subjects, drawing) for letter in wanted]
        pages = list(_archive(project, wanted, drawing, is_whole=not numbers))
        draw([sight for one in (*shown, *pages) for sight in one.sights], program, progress)
        _sheet(shown, drawing).save(staging / f"{_FOLDER}.png", compress_level=_COMPRESSION)
        (staging / _FOLDER / "index.html").write_text(_index(head.title, (*shown, *pages), drawing), encoding="utf-8")
    drawn = tuple(folder / view.file.relative_to(staging).as_posix() for one in (*shown, *pages) for view in one.views)
    progress.finished("preview", len(drawn) + 2)
    return Drawn(folder / f"{_FOLDER}.png", folder / _FOLDER / "index.html", drawn)


def _chosen(letters: Sequence[LetterContent], numbers: Sequence[int]) -> list[LetterContent]:
    """Return issues first and mails after them, or the issues with these numbers."""
    issues = sorted((letter for letter in letters if letter.number), key=lambda letter: letter.number)
    missing = sorted(set(numbers) - {letter.number for letter in issues})
    if missing:
        raise ConfigError(
            f"there is no issue {', '.join(map(str, missing))}\n    There are {len(issues)}: see quire list newsletter."
        )
    if numbers:
        return [letter for letter in issues if letter.number in numbers]
    return [*issues, *(letter for letter in letters if not letter.number)]


# --------------------------------------------------------------------------- what is looked at


class _Drawing(Struct, frozen=True):
    """Where pictures go, what is asked for, and the fonts that are lent, with the styles that name them."""

    folder: Path
    widths: tuple[int, ...]
    schemes: tuple[Scheme, ...]
    fonts: tuple[str, Mapping[str, tuple[str, bytes]]]

    def sight(self, page: str, files: Mapping[str, tuple[str, bytes]], views: Sequence[View]) -> Sight:
        styles, fonts = self.fonts
        head, found, rest = page.partition("<head>")
        return Sight(f"{head}{found}{styles}{rest}" if found else page, {**files, **fonts}, tuple(views))

    def everywhere(self, name: str) -> list[View]:
        return [View(width, scheme, self.file(name, width, scheme)) for width in self.widths for scheme in self.schemes]

    def file(self, name: str, width: int, how: str) -> Path:
        return self.folder / f"{name}-{width}-{how}.png"

    def on_sheet(self, name: str) -> list[Path]:
        """Return the files that may stand on the sheet, where they were drawn."""
        return [self.file(name, self.usual_width, how) for how in ("light", "dark", "outlook")]

    @property
    def usual_width(self) -> int:
        """The width at which letters stand on the sheet: the one nearest to 640."""
        return min(self.widths, key=lambda width: (abs(width - _ON_SHEET), width))


def _letter(head: Head, letter: LetterContent, subjects: Sequence[str], drawing: _Drawing) -> _Shown:
    towards = direction_of(head.language)
    values = {
        "greeting": head.greeting.for_name(READER_NAME, towards),
        "name": READER_NAME,
        "postal_address": head.sender.postal_address,
        **sample_addresses(head.website, letter.stem, letter.worksheet),
        **sample_progress(subjects),
    }
    page = fill(letter.html, values, in_html, towards)
    pictures = {picture.name: (picture.media_type, picture.content) for picture in letter.pictures}
    width, scheme = drawing.usual_width, drawing.schemes[0]
    sights = [
        drawing.sight(page, pictures, drawing.everywhere(letter.stem)),
        drawing.sight(page, {}, [View(width, scheme, drawing.file(letter.stem, width, "no-pictures"))]),
    ]
    wide = [width for width in drawing.widths if width >= _OUTLOOK_FROM] if "light" in drawing.schemes else []
    if wide:
        views = [View(width, "light", drawing.file(letter.stem, width, "outlook")) for width in wide]
        sights.append(drawing.sight(as_word_shows(page), pictures, views))
    return _Shown(letter.stem, fill(letter.subject, values, str, towards), tuple(sights))


def _archive(
    project: Project, wanted: Sequence[LetterContent], drawing: _Drawing, *, is_whole: bool
) -> Iterator[_Shown]:
    """Yield the archive's pages of the wanted letters; where all are wanted, the others too."""
    made = [entry for entry in earlier(project.output) if entry.path.startswith(_WEB)]
    pages = [entry for entry in made if entry.media_type == "text/html"]
    stems = {letter.stem for letter in wanted}
    chosen = [entry for entry in pages if is_whole or Path(entry.path).stem in stems]
    if not chosen:
        return
    (drawing.folder / "web").mkdir()
    files = {entry.path.removeprefix(_WEB): (entry.media_type, _bytes(project, entry)) for entry in made}
    for entry in chosen:
        name = f"web/{Path(entry.path).stem}"
        page = _bytes(project, entry).decode(errors="replace")
        yield _Shown(
            name, f"{Path(entry.path).stem}, on the web", (drawing.sight(page, files, drawing.everywhere(name)),)
        )


def _bytes(project: Project, entry: Made) -> bytes:
    path = project.output / entry.path
    try:
        return path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        hint = "Run quire build newsletter first."
        raise ConfigError(f"{project.relative(path)}: can't be read: {reason}\n    {hint}") from None


def _fonts(project: Project) -> tuple[str, Mapping[str, tuple[str, bytes]]]:
    """Return the theme's serif as a stand-in for Georgia: the styles that say so, and the files.

    Half of all readers have Georgia, and few machines that make books do; these would draw letters in Times.
    """
    design = theme.load(project)
    family = design.theme.families.get("serif")
    rules, files = [], {}
    for number, font in enumerate(font for font in design.fonts if family and font.family == family.name):
        address = f"fonts/{number}{font.path.suffix}"
        files[address] = (f"font/{font.path.suffix[1:]}", font.path.read_bytes())
        style = " ".join(["Bold"] * (font.weight >= 600) + ["Italic"] * (font.slope == "italic"))
        names = ", ".join(f'local("{f"{name} {style}".strip()}")' for name in ("Georgia", "Gelasio"))
        rules.append(
            f"@font-face {{ font-family: Georgia; font-weight: {font.weight}; font-style: {font.slope}; "
            f'src: {names}, url("{address}") }}'
        )
    return f"<style>{' '.join(rules)}</style>", files


# --------------------------------------------------------------------------- the sheet


def _sheet(shown: Sequence[_Shown], drawing: _Drawing) -> "Image":
    """Return all letters in rows, each in light, dark and Outlook's way, as far as these were drawn, its name below."""
    from PIL import Image, ImageDraw, ImageFont

    strips = [[_small(file) for file in drawing.on_sheet(one.name) if file.exists()] for one in shown]
    columns = min(_LETTERS_IN_A_ROW, len(strips))
    rows = [strips[start : start + columns] for start in range(0, len(strips), columns)]
    heights = [max(picture.height for strip in row for picture in strip) + _LABEL for row in rows]
    wide = max(map(len, strips)) * (_SMALL + _BETWEEN) - _BETWEEN
    sheet = Image.new("RGB", (columns * (wide + _GAP) + _GAP, sum(heights) + len(rows) * _GAP + _GAP), _GROUND)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(14)
    for number, (one, strip) in enumerate(zip(shown, strips, strict=True)):
        row, column = divmod(number, columns)
        x, y = _GAP + column * (wide + _GAP), _GAP + sum(heights[:row]) + row * _GAP
        for place, picture in enumerate(strip):
            sheet.paste(picture, (x + place * (_SMALL + _BETWEEN), y))
        pen.text((x, y + max(picture.height for picture in strip) + _LABEL / 2), one.name, _INK, font, anchor="lm")
    return sheet


def _small(file: Path) -> "Image":
    from PIL import Image

    with Image.open(file) as picture:
        return picture.convert("RGB").resize((_SMALL, round(picture.height * _SMALL / picture.width)), reducing_gap=2.0)


# --------------------------------------------------------------------------- the page


def _index(title: str, shown: Sequence[_Shown], drawing: _Drawing) -> str:
    """Return a page with every picture, letter by letter; it lies beside the pictures' folder's own files."""
    said = html.escape(title)
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<meta charset="utf-8">\n<title>{said}: previews</title>\n{_INDEX_STYLE}\n'
        f"<h1>{said}</h1>\n{''.join(_section(one, drawing) for one in shown)}</html>\n"
    )


def _section(one: _Shown, drawing: _Drawing) -> str:
    figures = []
    for view in one.views:
        address = view.file.relative_to(drawing.folder).as_posix()
        how = address.removesuffix(".png").removeprefix(f"{one.name}-").partition("-")[2].replace("-", " ")
        words = html.escape(f"{view.width} px, {_SAID.get(how, how)}")
        figures.append(
            f'<figure><a href="{quote(address)}"><img src="{quote(address)}" alt="{words}" loading="lazy" '
            f'width="{round(view.width * _SHOWN_AT)}"></a><figcaption>{words}</figcaption></figure>\n'
        )
    return f"<h2>{html.escape(one.title)}</h2>\n<div>\n{''.join(figures)}</div>\n"
