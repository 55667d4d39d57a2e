"""A project in; its formats built and put in place, its findings, and a report of what was done, out."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from pipeline import theme
from pipeline.cache import Cache
from pipeline.catalog import chosen_editions, formats, typeset_first, writer
from pipeline.errors import ConfigError, ContentError, Finding, QuireError, WriteError
from pipeline.fitting import made_of, misfits, that_fit, without_late
from pipeline.memory import (
    Memory,
    Report,
    inputs_of,
    is_as_remembered,
    made_with,
    nothing_done,
    processes,
    remember,
    remembered,
    typeset_besides,
)
from pipeline.model import Artifact, Book
from pipeline.output import cant_write, earlier_identifier, put_in_place
from pipeline.press import Press, Progress, open_press
from pipeline.project import Project
from pipeline.theme import Design

if TYPE_CHECKING:
    from pipeline import checks


class Options(Struct, frozen=True):
    """How to build: which formats (empty for all), into which folder, with how many processes, and on what date.

    `editions` are those to make of formats that have several: each format's first where it is empty, or `all`.
    `papers` are those for which worksheets have a folder of their own; empty for those of book.yaml.
    `has_fonts` says whether the EPUB has fonts, where book.yaml doesn't leave them out.
    """

    formats: tuple[str, ...] = ()
    editions: tuple[str, ...] = ()
    output: Path | None = None
    jobs: int | None = None
    use_cache: bool = True
    source_date_epoch: str | None = None
    papers: tuple[str, ...] = ()
    has_fonts: bool = True


# --------------------------------------------------------------------------- reading and checking
# Reading, checking and writing are imported when they are needed: a build that finds nothing changed needs none.


def load(
    project: Project,
    cache: Cache,
    design: Design,
    epoch: str | None = None,
    *,
    advice: bool | None = None,
    known: tuple[Finding, ...] | None = None,
) -> tuple[Book, tuple[Finding, ...]]:
    """Return the book, checked and complete, and its warnings, with or without `advice`.

    `known` are the warnings of a manuscript that was checked before and has not changed since. Raises ContentError with
    every error but those that concern one edition alone.
    """
    from pipeline import checks
    from pipeline.reader import survey
    from pipeline.transforms import complete

    found = survey(project, cache)
    book, context = complete(found.book, cache), _context(design, cache)
    if not found.is_sound:
        # What some of the book shows to be wrong is told along with what could not be read.
        unfit = misfits(found.book, design).values()
        raise ContentError({*found.findings, *unfit, *checks.errors_in_part(book, context, found.lacking)})
    findings = known if known is not None else (*found.findings, *checks.check(book, context, advice=advice))
    if any(finding.severity == "error" for finding in findings):
        raise ContentError(findings)
    if epoch is not None:
        book = msgspec.structs.replace(book, date=_date_of(epoch))
    return book, tuple(sorted(findings))


def _context(design: Design, cache: Cache) -> "checks.Context":
    from pipeline import checks

    fonts = tuple(font.path for font in design.fonts)
    page = design.theme.page
    width, height = map(theme.points, theme.page_size(page.size))
    across, down = (
        sum(map(theme.points, pair))
        for pair in ((page.margin.inside, page.margin.outside), (page.margin.top, page.margin.bottom))
    )
    text_line = theme.points(design.theme.base["page"]) * design.theme.leading["body"]
    lines = (theme.points(design.theme.writing["line"]), theme.points(design.theme.writing["row"]), text_line)
    return checks.Context(
        tuple(formats()),
        fonts,
        design.fonts_digest,
        cache,
        (width - across) / 72,
        (design.theme.cover["width"], design.theme.cover["height"]),
        *(points / theme.points("1mm") for points in (height - down, *lines)),
    )


def check(project: Project) -> tuple[Finding, ...]:
    """Return every finding in a project's manuscript, errors and warnings, sorted by place."""
    cache = Cache(project.state / "cache")
    design = theme.load(project)
    try:
        book, warnings = load(project, cache, design)
    except ContentError as error:
        return error.findings
    return tuple(sorted({*warnings, *misfits(book, design).values()}))


def _date_of(epoch: str) -> str:
    try:
        return datetime.fromtimestamp(int(epoch), UTC).date().isoformat()
    except (ValueError, OverflowError, OSError):
        raise ConfigError(f"SOURCE_DATE_EPOCH is “{epoch}”\n    Set it to seconds since 1970, or unset it.") from None


# --------------------------------------------------------------------------- building


def build(project: Project, options: Options, progress: Progress | None = None) -> Report:
    """Build a project's formats and put them in place; return what was made.

    An edition that no page fits is left out, and what was built of it before stays; the report's errors say why. Raises
    ContentError for the manuscript, and where every edition asked for is left out, ConfigError for settings, WriteError
    where typesetting or writing fails. Whatever is raised, the earlier output is whole.
    """
    started = time.perf_counter()
    output = options.output or project.output
    chosen = chosen_editions(options.formats, options.editions)
    with _only_build(project):
        design = theme.load(project)
        inputs = inputs_of(project, design, options.papers, options.source_date_epoch, has_fonts=options.has_fonts)
        memory = remembered(project) if options.use_cache else None
        if memory is not None and is_as_remembered(memory, inputs, chosen, output):
            return nothing_done(memory.report, time.perf_counter() - started)
        same = memory if memory is not None and memory.inputs == inputs else None
        before = same.made if same else ()
        pages = _pages_listed(project, design)
        if progress is not None:
            for name, other in typeset_besides(chosen, before, pages).items():
                progress.tell(f"{name}: its page numbers are those of the {other}, so that is typeset too")
        cache = Cache(project.state / "cache", enabled=options.use_cache)
        count = processes(memory, inputs, chosen, pages)
        prepare = _preparation(project, design, is_brief=same is not None and count is not None)
        with open_press(cache, options.jobs, progress, prepare, count) as press:
            known = same.of_text if same else None
            book, warnings = load(project, cache, design, options.source_date_epoch, advice=False, known=known)
            chosen, faults = that_fit(chosen, misfits(book, design))
            if options.papers:
                book = msgspec.structs.replace(book, papers=options.papers)
            if not options.has_fonts:
                book = msgspec.structs.replace(book, epub=msgspec.structs.replace(book.epub, has_fonts=False))
            once = tuple(_another_identifier(project, book, output))
            artifacts, advice, late = _write(book, design, press, chosen, is_advised=known is not None)
            chosen, faults = made_of(chosen, artifacts, late), tuple(sorted({*faults, *late}))
        owned = {(name, edition) for name, editions in chosen.items() for edition in editions}
        made, written, removed = put_in_place(artifacts, output, owned, book)
        seconds = time.perf_counter() - started
        noticed = {warning for artifact in artifacts for warning in artifact.warnings}
        of_text = tuple(sorted((*warnings, *advice)))
        lasting = tuple(sorted((*of_text, *noticed)))
        report = Report(made, lasting, seconds, press.worked, press.reused, written, removed)
        now_made = tuple(sorted({*before, *made_with(chosen, pages)})) if options.use_cache else ()
        remember(project, Memory(inputs, str(output), report, chosen, now_made, of_text))
        cache.prune()
    return msgspec.structs.replace(report, warnings=tuple(sorted((*lasting, *once))), errors=faults)


def make(
    project: Project,
    format_name: str,
    write: Callable[[Book, Design, Press], Sequence[Artifact]],
    progress: Progress | None = None,
    epoch: str | None = None,
) -> Sequence[Artifact]:
    """Return what `write` makes of a project's book, as it is for a format, and put nothing in place.

    Raises what `build` raises. Results of the press are kept and reused as in a build.
    """
    from pipeline.transforms import select

    design = theme.load(project)
    cache = Cache(project.state / "cache")
    with open_press(cache, None, progress, _preparation(project, design)) as press:
        book, _ = load(project, cache, design, epoch, advice=False)
        return write(select(book, format_name), design, press)


def _another_identifier(project: Project, book: Book, output: Path) -> Iterator[Finding]:
    """Yield a warning where the book had another identifier when it was last built."""
    before = earlier_identifier(output)
    if before and before != book.identifier:
        message = f"“identifier” was {before} when the book was last built"
        hint = (
            "Shops and devices take a book with another identifier for another book. Put it back, or build once more."
        )
        _, lines = project.settings()
        yield Finding(lines.at("identifier"), "identifier-changed", message, hint, "warning")


def _preparation(project: Project, design: Design, *, is_brief: bool = False) -> Callable[[], None]:
    """Return what each process of the press does first: it loads WeasyPrint with the design's fonts.

    It is brief where no page is likely to be typeset, but a cover, as when the manuscript has not changed.
    """
    fonts = tuple(str(font.path) for font in design.fonts)
    # Fontconfig keeps its list of fonts here even when our own cache is not asked.
    return partial(_prepare, fonts, str(project.state / "cache" / "fonts"), is_brief)


def _prepare(fonts: tuple[str, ...], folder: str, is_brief: bool) -> None:
    from pipeline.writers import _weasyprint

    _weasyprint.prepare(fonts, folder)
    if not is_brief:
        from pipeline.writers import _sewing

        _weasyprint.warm_up()
        _sewing.prepare()


def _write(
    book: Book, design: Design, press: Press, chosen: Mapping[str, tuple[str, ...]], *, is_advised: bool
) -> tuple[list[Artifact], Sequence[Finding], Sequence[Finding]]:
    """Return the files of the chosen formats, advice on a text that has had none, and what kept editions back.

    With processes, all is done at once.
    """
    faults: list[Finding] = []

    def advise() -> Sequence[Finding]:
        if is_advised:
            return ()
        from pipeline import checks

        context = _context(design, press.cache)
        findings: set[Finding] = set()
        with press.turn:
            rules = checks.rules(advice=True)
        for rule in rules.values():
            with press.turn:
                findings.update(rule(book, context))
            # Who gives a lock back and asks for it at once gets it; a writer that waits comes first.
            time.sleep(0.001)
        return sorted(findings)

    def write(name: str) -> Sequence[Artifact]:
        from pipeline.transforms import select

        # One computes while the others wait for the press: threads that compute at once hold each other up.
        with press.turn:
            of_format = select(book, name)

            def make(editions: tuple[str, ...]) -> Sequence[Artifact]:
                asked = {} if editions == ("",) else {"editions": editions}
                made: Sequence[Artifact] = writer(name).write(of_format, design, press, **asked)
                return made

            try:
                made = make(chosen[name])
            except ContentError as error:
                # How wide the fold is, and so how much is left of a page, shows when the pages are counted.
                left, late = without_late(chosen[name], error, book, design)
                faults.extend(late)
                made = make(left)
            press.progress.finished(name, len(made))
        return made

    order = typeset_first(tuple(chosen))
    if press.jobs == 1:
        return [artifact for name in order for artifact in write(name)], advise(), faults
    with ThreadPoolExecutor(len(order) + 1) as threads:
        try:
            written = threads.map(write, order)
            advice = threads.submit(advise)
            return [artifact for made in written for artifact in made], advice.result(), faults
        finally:
            # After an error or Ctrl-C the other threads must not wait for work that nobody wants.
            press.close()


def _pages_listed(project: Project, design: Design) -> str:
    """Return whose page numbers the EPUB lists; settings that can't be read are told when all of the book is."""
    from pipeline.writers.workbook import pages_listed

    try:
        settings = project.settings()[0]
        return pages_listed(settings.epub.pages, settings.editions, design)
    except QuireError:
        return "workbook"


@contextmanager
def _only_build(project: Project) -> Iterator[None]:
    """Hold the project's lock. Raises WriteError where another build holds it."""
    from filelock import FileLock, Timeout

    try:
        project.state.mkdir(parents=True, exist_ok=True)
        lock = FileLock(project.state / "lock", timeout=0)
        lock.acquire()
    except Timeout:
        raise WriteError(
            f"{project.relative(project.state)}/lock: another build of this book is running\n"
            "    Wait until it has ended."
        ) from None
    except OSError as error:
        raise cant_write(project.state, error) from error
    try:
        yield
    finally:
        lock.release()
