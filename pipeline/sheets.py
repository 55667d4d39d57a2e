"""A project in; worksheets to print, a filled PDF of it, or the answers in one, out."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path, PurePosixPath

from msgspec import Struct

from pipeline import forms, theme
from pipeline import model as m
from pipeline.build import make
from pipeline.errors import ConfigError, WriteError
from pipeline.forms import Answer, Filled
from pipeline.model import Artifact, Book, Chapter
from pipeline.output import Made, earlier
from pipeline.press import Press, Progress
from pipeline.printing import Order
from pipeline.project import Project
from pipeline.theme import Design

MAX_PDF_BYTES = 500_000_000
_PACK = "all"
_FOLDER = "worksheets"


class Choice(Struct, frozen=True):
    """Which worksheets: of a chapter, by number or file (empty for all), on which paper (empty for the theme's)."""

    chapter: str = ""
    paper: str = ""
    saves_ink: bool = False


# --------------------------------------------------------------------------- to print


def make_sheets(project: Project, choice: Choice, progress: Progress, epoch: str | None = None) -> Sequence[Artifact]:
    """Return the chosen worksheets, the pack last where all are; nothing is put in place.

    Raises ConfigError for a chapter that isn't in the book or has no prompts, and what a build raises.
    """
    return make(project, _FOLDER, partial(_made, choice), progress, epoch)


def _made(choice: Choice, book: Book, design: Design, press: Press) -> Sequence[Artifact]:
    from pipeline.writers.worksheets import print_sheets

    only = _chapter(book.chapters, choice.chapter).id if choice.chapter else ""
    made = print_sheets(book, design, press, paper=choice.paper, saves_ink=choice.saves_ink, only=only)
    if not made:
        raise ConfigError("the book has no prompts, so there are no worksheets\n    Write one: :::{reflect} …")
    return made


def _chapter(chapters: Sequence[Chapter], wanted: str) -> Chapter:
    """Return the chapter of a number, a file or a slug, if it has a worksheet."""
    found = next((c for c in chapters if _means(wanted, c.file_stem) or wanted == c.id), None)
    if found is None:
        raise _no_chapter(wanted, [chapter.file_stem for chapter in chapters])
    if not found.prompts:
        raise ConfigError(
            f"chapter {found.number}, {found.title}, has no prompts, so it has no worksheet\n"
            "    quire list prompts shows where there are some."
        )
    return found


def _means(wanted: str, stem: str) -> bool:
    number, _, slug = stem.partition("-")
    return wanted in (stem, slug) or (wanted.isascii() and wanted.isdigit() and int(wanted) == int(number))


def _no_chapter(wanted: str, stems: Sequence[str]) -> ConfigError:
    named = f"{stems[0]} to {stems[-1]}" if len(stems) > 1 else ", ".join(stems)
    return ConfigError(f"there is no chapter “{wanted}”\n    Name one by number or file: {named}.")


def order_of(
    project: Project, choice: Choice, sheets: Sequence[Artifact], copies: int, printer: str
) -> tuple[Artifact, Order]:
    """Return the PDF to print, which is the pack where all are chosen, and how to print it."""
    sheet = sheets[-1]
    paper = choice.paper or theme.load(project).theme.worksheet.size.lower()
    return sheet, Order(paper, sheet.summary[:1].upper() + sheet.summary[1:], copies, printer)


def put(artifacts: Sequence[Artifact], folder: Path) -> list[Path]:
    """Write worksheets into a folder under their own names, each whole or not at all; return where they are."""
    paths = [folder / PurePosixPath(artifact.path).name for artifact in artifacts]
    for path, artifact in zip(paths, artifacts, strict=True):
        _write(path, artifact.content)
    return paths


# --------------------------------------------------------------------------- to fill and to read


def fill(project: Project, answers: Path, choice: Choice, into: Path, *, is_workbook: bool) -> Filled:
    """Write answers into the built workbook, a built worksheet or the pack of them; put the result in its own file.

    Raises ConfigError where nothing is built, or the answers don't fit, WriteError where the file can't be written.
    """
    found = _built(project, choice, is_workbook=is_workbook)
    source = project.output / found
    content = forms.parsed(_content(answers), str(answers))
    filled = forms.fill(_content(source), content, f"{project.output.name}/{found}", str(answers))
    _write(into, filled.pdf)
    return filled


def read(project: Project, path: Path, *, all_fields: bool) -> dict[str, Answer]:
    """Return the answers in a filled PDF of this book by field name. Raises ConfigError for any other file."""
    from pipeline.cache import Cache
    from pipeline.reader import read as read_book

    content = _content(path)
    book, _ = read_book(project, Cache(project.state / "cache"))
    prompts = {
        prompt.name: prompt for _, text in book.texts() for prompt in m.walk(text) if isinstance(prompt, m.Prompt)
    }
    prompts |= {prompt.name: prompt for chapter in book.chapters for prompt in chapter.prompts}
    known = [name for prompt in prompts.values() for name in forms.names_of(prompt)]
    return forms.read(content, str(path), known, all_fields=all_fields)


def _built(project: Project, choice: Choice, *, is_workbook: bool) -> str:
    """Return the path of a PDF that was built, below the output folder."""
    made = earlier(project.output)
    folder = f"{_FOLDER}/{choice.paper}" if choice.paper else _FOLDER
    wanted = "workbook.pdf" if is_workbook else f"{folder}/{_PACK}.pdf"
    if choice.chapter and not is_workbook:
        stems = _stems(made)
        stem = next((stem for stem in stems if _means(choice.chapter, stem)), None)
        if stem is None and stems:
            raise _no_chapter(choice.chapter, stems)
        wanted = f"{folder}/{stem}.pdf"
    if wanted not in {entry.path for entry in made} or not (project.output / wanted).is_file():
        papers = f" --papers {choice.paper}" if choice.paper and not is_workbook else ""
        what = "workbook" if is_workbook else f"worksheets{papers}"
        raise ConfigError(f"{wanted} is not in {project.output.name}/\n    Build it first: quire build {what}")
    return wanted


def _stems(made: Sequence[Made]) -> list[str]:
    sheets = [PurePosixPath(entry.path) for entry in made if entry.format == _FOLDER]
    return sorted({sheet.stem for sheet in sheets if sheet.stem != _PACK})


def _content(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_PDF_BYTES:
            raise ConfigError(f"{path}: larger than {MAX_PDF_BYTES // 1_000_000} MB\n    Is it the right file?")
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: can't be read: {error.strerror or error}\n    Check its name.") from error


def _write(path: Path, content: bytes) -> None:
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        raise WriteError(
            f"{path}: can't be written: {error.strerror or error}\n    Name a file or a folder where you may write."
        ) from error
    finally:
        part.unlink(missing_ok=True)
