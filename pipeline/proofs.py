"""A project's finished PDFs in; what proofreading their pages finds out."""

import hashlib
import itertools

from pipeline import pages, theme
from pipeline.editions import Editions
from pipeline.errors import ConfigError, Finding
from pipeline.output import Made, earlier
from pipeline.project import Project
from pipeline.theme import Design, PageTokens, points
from pipeline.writers import workbook

_TOO_WIDE = "overfull"
# What is nearer to a cut or a fold may be lost, and few printers at home print nearer to the edge, in points.
_SAFE = 3 * 72 / 25.4


def check_pages(project: Project) -> tuple[Finding, ...]:
    """Return what there is to mend on the pages of the workbook and the worksheets in `output/`, sorted by page.

    All editions that were built are looked at. Of sheets to fold, the booklet's and the cover wrap, it is only asked
    whether all that is written keeps clear of cuts and folds; what the print edition shows to be too wide is not
    told of the booklet again. Raises ConfigError where nothing has been built.
    """
    settings, _ = project.settings()
    design = theme.load(project)
    bound = settings.bounds.word_space
    limits = pages.Limits() if bound is None else pages.Limits(bound)
    found: dict[str, list[Finding]] = {}
    for made in pdfs(project, "workbook", "worksheets"):
        document = _document(project, made, settings.editions, design)
        found[made.edition if made.edition in ("print", "booklet") else made.path] = pages.check(document, limits)
    if any(finding.code == _TOO_WIDE for finding in found.get("print", ())):
        found["booklet"] = []
    return tuple(itertools.chain(*found.values()))


def _document(project: Project, made: Made, editions: Editions, design: Design) -> pages.Document:
    path, content = project.relative(project.output / made.path), read_pdf(project, made)
    if made.format == "worksheets":
        return pages.read(path, content, _margins(design.theme.worksheet))
    page = workbook.page_of(made.edition, editions, design, made.pages or 1)
    match made.edition:
        case "booklet":
            return pages.read_sheets(path, content, _halves)
        case "cover-wrap":
            width = points(theme.page_size(page.size)[0])
            fold = points(design.theme.wrap["fold"])
            return pages.read_sheets(path, content, lambda size: _cover_parts(size, width, fold))
        case edition:
            return pages.read(path, content, _margins(page), is_bound=edition == "print")


def _halves(size: pages.Box) -> tuple[pages.Box, ...]:
    """Return the two halves of a booklet's sheet, without their edges."""
    fold = size.right / 2
    halves = pages.Box(0, 0, fold, size.top), pages.Box(fold, 0, size.right, size.top)
    return tuple(half.inset(_SAFE) for half in halves)


def _cover_parts(size: pages.Box, width: float, fold: float) -> tuple[pages.Box, ...]:
    """Return back, spine and front of a cover wrap, without their edges; `fold` is what the spine's words keep."""
    back, front = pages.Box(0, 0, width, size.top), pages.Box(size.right - width, 0, size.right, size.top)
    spine = pages.Box(back.right + fold, _SAFE, front.left - fold, size.top - _SAFE)
    return back.inset(_SAFE), spine, front.inset(_SAFE)


def pdfs(project: Project, *formats: str) -> list[Made]:
    """Return the PDFs that the manifest names for some formats, by path. Raises ConfigError where there are none."""
    made = [e for e in earlier(project.output) if e.format in formats and e.media_type == "application/pdf"]
    if not made:
        kind = " or ".join(formats)
        raise ConfigError(
            f"{project.relative(project.output)}/: there is no PDF of the {kind}\n    Run quire build first."
        )
    return made


def read_pdf(project: Project, made: Made) -> bytes:
    """Return the bytes of a PDF that was built. Raises ConfigError where it is gone or another."""
    path = project.output / made.path
    try:
        content = path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigError(f"{project.relative(path)}: can't be read: {reason}\n    Run quire build first.") from None
    if hashlib.sha256(content).hexdigest() != made.sha256:
        name = project.relative(path)
        raise ConfigError(f"{name}: this is not the file that was built\n    Run quire build, which puts it back.")
    return content


def _margins(tokens: PageTokens) -> pages.Box:
    """Return the distances between the trim and the text block of a right-hand page, in points."""
    margin = tokens.margin
    return pages.Box(*map(points, (margin.inside, margin.bottom, margin.outside, margin.top)))
