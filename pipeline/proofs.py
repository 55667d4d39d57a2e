"""A project's finished PDFs in; what proofreading their pages finds out."""

import hashlib

from pipeline import pages, theme
from pipeline.errors import ConfigError, Finding
from pipeline.output import Made, earlier
from pipeline.project import Project
from pipeline.theme import Design, PageTokens, points


def check_pages(project: Project) -> tuple[Finding, ...]:
    """Return what there is to mend on the pages of the workbook and the worksheets in `output/`, sorted by page.

    Of editions, the usual one is looked at: others have margins of their own. Raises ConfigError where nothing has
    been built.
    """
    settings, _ = project.settings()
    design = theme.load(project)
    bound = settings.bounds.word_space
    limits = pages.Limits() if bound is None else pages.Limits(bound)
    findings: list[Finding] = []
    for made in (entry for entry in pdfs(project, "workbook", "worksheets") if entry.edition in ("", "screen")):
        path = project.output / made.path
        document = pages.read(project.relative(path), read_pdf(project, made), _margins(design, made.format))
        findings += pages.check(document, limits)
    return tuple(findings)


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


def _margins(design: Design, name: str) -> pages.Box:
    """Return the distances between the trim and the text block, in points."""
    tokens: PageTokens = design.theme.worksheet if name == "worksheets" else design.theme.page
    margin = tokens.margin
    return pages.Box(*map(points, (margin.inside, margin.bottom, margin.outside, margin.top)))
