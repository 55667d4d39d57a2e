"""A format that was built in; its pages as pictures in `output/preview/`, and one sheet with all of them, out.

One function a format. A preview is no part of the book: the manifest doesn't name it, and no build looks at it.
"""

import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline import proofs
from pipeline.errors import ConfigError
from pipeline.output import cant_write
from pipeline.press import Progress
from pipeline.project import Project

if TYPE_CHECKING:
    from PIL.Image import Image

# The sheet of all pages, in pixels: how wide a page is, and what is around it.
_SMALL, _GAP, _LABEL = 200, 24, 26
_SPREADS_IN_A_ROW = 4
_GROUND, _INK = (226, 222, 216), (84, 76, 70)
# PNG compressed harder takes three times as long for a tenth less.
_COMPRESSION = 3

Chosen = tuple[int, int] | None


def chosen(text: str) -> Chosen:
    """Return the first and last page that `text` asks for, counted from 1; None for all. Raises ConfigError."""
    if not text:
        return None
    match = re.fullmatch(r"(\d+)(?:\s*[-–]\s*(\d+))?", text.strip())
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not 1 <= first <= last:
        raise ConfigError(f"“{text}” names no pages\n    Write a page or the first and the last, such as 10-20.")
    return first, last


def workbook(project: Project, only: Chosen, width: int, progress: Progress) -> list[Path]:
    """Draw the workbook's pages, `width` pixels wide; return the sheet of all of them, and each page's file.

    What was drawn before is replaced as a whole. Raises ConfigError where no workbook was built, or has no such pages,
    WriteError where nothing can be written.
    """
    import pypdfium2

    made = proofs.pdfs(project, "workbook")
    built = next((entry for entry in made if entry.path == "workbook.pdf"), made[0])
    document = pypdfium2.PdfDocument(proofs.read_pdf(project, built))
    first, last = only or (1, len(document))
    if last > len(document):
        raise ConfigError(f"the workbook has {len(document)} pages, and no page {last}\n    Ask for pages up to that.")
    folder = project.output / "preview"
    try:
        with in_place_of(folder, ("workbook", "workbook.png")) as staging:
            names = _draw(document, range(first - 1, last), width, staging, progress)
    finally:
        document.close()
    progress.finished("preview", len(names) + 1)
    return [folder / "workbook.png", *(folder / "workbook" / name for name in names)]


@contextmanager
def in_place_of(folder: Path, names: Sequence[str]) -> Iterator[Path]:
    """Give a folder to draw in; what is drawn there takes the place of `names` in `folder` once all of it is there.

    Raises WriteError where nothing can be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=".quire-", dir=folder))
        try:
            yield staging
            old = staging / "old"
            old.mkdir()
            for name in names:
                if (folder / name).exists():
                    (folder / name).rename(old / name)
                (staging / name).rename(folder / name)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    except OSError as error:
        raise cant_write(folder, error) from error


def _draw(document: Any, numbers: Sequence[int], width: int, folder: Path, progress: Progress) -> list[str]:
    """Draw pages into a folder, and the sheet of all beside them; return the pages' file names."""
    (folder / "workbook").mkdir()
    names, small, labels = [], [], []
    for done, number in enumerate(numbers, start=1):
        picture = _picture(document[number], width)
        names.append(f"page-{number + 1:03}.png")
        picture.save(folder / "workbook" / names[-1], compress_level=_COMPRESSION)
        small.append(picture.resize((_SMALL, round(picture.height * _SMALL / picture.width)), reducing_gap=2.0))
        labels.append(document.get_page_label(number) or str(number + 1))
        progress.step("preview", done, len(numbers))
    _sheet(small, labels, numbers[0]).save(folder / "workbook.png", compress_level=_COMPRESSION)
    return names


def _picture(page: Any, width: int) -> "Image":
    scale = width / page.get_width()
    picture: Image = page.render(scale=scale).to_pil()
    # PDFium rounds a size up where it is a hair above a whole number of pixels.
    return picture.convert("RGB").crop((0, 0, width, round(page.get_height() * scale)))


def _sheet(pages: Sequence["Image"], labels: Sequence[str], first: int) -> "Image":
    """Return pages two by two as in an open book, in rows, each with its printed number below it."""
    from PIL import Image, ImageDraw, ImageFont

    height = max(page.height for page in pages)
    places = list(_places(len(pages), first))
    rows = 1 + max(row for row, _, _ in places)
    spread = 2 * _SMALL + _GAP
    row_height = height + _LABEL + _GAP
    columns = min(_SPREADS_IN_A_ROW, 1 + max(column for _, column, _ in places))
    sheet = Image.new("RGB", (columns * spread + _GAP, rows * row_height + _GAP), _GROUND)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(14)
    for page, label, (row, column, side) in zip(pages, labels, places, strict=True):
        x, y = _GAP + column * spread + side * _SMALL, _GAP + row * row_height
        sheet.paste(page, (x, y))
        pen.text((x + _SMALL / 2, y + height + _LABEL / 2), label, fill=_INK, font=font, anchor="mm")
        if side:
            pen.line([(x, y), (x, y + page.height - 1)], fill=_GROUND)
    return sheet


def _places(count: int, first: int) -> Iterator[tuple[int, int, int]]:
    """Yield the row, the column and the side (0 left, 1 right) of pages; the cover stands by itself on the right.

    The cover is page 0 of the file, and the page after it is on the right again.
    """
    at = None
    for number in range(first, first + count):
        side = 1 if number == 0 else number % 2
        # A spread begins with a left page, with the first page there is, and with the one after the cover.
        if at is None:
            at = 0
        elif side == 0 or number == 1:
            at += 1
        yield at // _SPREADS_IN_A_ROW, at % _SPREADS_IN_A_ROW, side
