"""The worksheets: one fillable PDF a chapter, and all of them in one pack."""

from collections.abc import Sequence

import msgspec

from pipeline.cache import Result
from pipeline.model import Artifact, Book, Chapter
from pipeline.press import Press
from pipeline.theme import Design
from pipeline.writers import _bind, _typeset
from pipeline.writers._bind import Bookmark, PageLabels, place, place_address
from pipeline.writers._html import Renderer, Templates, label_of
from pipeline.writers._ink import ink_saving
from pipeline.writers._motif import motif_svg
from pipeline.writers._prompts import field_values, image_address, image_resources, ruled_svg

# The press has most to do for it, so a build begins here.
IS_TYPESET = True


def write(book: Book, design: Design, press: Press) -> Sequence[Artifact]:
    """Return a PDF for each chapter that has prompts, in the book's order, then the pack of all of them.

    They are for the theme's paper; after them come the same for each of the book's papers, in a folder of its name.
    """
    own = design.theme.worksheet.size.lower()
    papers = tuple(dict.fromkeys(book.papers))
    made = {paper: print_sheets(book, design, press, paper=paper) for paper in {own: None, **dict.fromkeys(papers)}}
    return (*made[own], *(_in_folder(paper, artifact) for paper in papers for artifact in made[paper]))


def print_sheets(
    book: Book, design: Design, press: Press, *, paper: str = "", saves_ink: bool = False, only: str = ""
) -> list[Artifact]:
    """Return the worksheets for one paper, and their pack; or the one of the chapter whose id is `only`, alone.

    With `saves_ink` they are set in grays, with hairlines and without fills.
    """
    chapters = [chapter for chapter in book.chapters if chapter.prompts and only in ("", chapter.id)]
    if not chapters:
        return []
    sheets = _sheets(chapters, book, ink_saving(design) if saves_ink else design, _size(paper), saves_ink)
    gatherings = [_typeset.gathering(result) for result in press.results(_typeset.typeset, sheets, "worksheets")]
    bindings = [
        _bind.binding([gathering], book, design, f"{_title(chapter)}: worksheet {chapter.number}")
        for chapter, gathering in zip(chapters, gatherings, strict=True)
    ]
    if not only:
        outline = tuple(Bookmark(f"{chapter.number}. {_title(chapter)}", place(chapter.id)) for chapter in chapters)
        labels = (PageLabels(0, "D"),)
        title = f"{book.title}: worksheets"
        bindings.append(_bind.binding(gatherings, book, design, title, outline=outline, labels=labels))
    pdfs = press.results(_bind.bind_in_pieces, bindings, "worksheets")
    artifacts = [
        _artifact(
            f"{chapter.file_stem}.pdf",
            pdf,
            f"the worksheet of chapter {chapter.number}, {chapter.title}",
            (chapter.location.path,),
            gathering.pages,
        )
        for chapter, gathering, pdf in zip(chapters, gatherings, pdfs, strict=False)
    ]
    if not only:
        sources = tuple(sorted(chapter.location.path for chapter in chapters))
        pages = sum(gathering.pages for gathering in gatherings)
        artifacts.append(_artifact("all.pdf", pdfs[-1], "all worksheets in one file", sources, pages))
    return artifacts


def _artifact(name: str, pdf: Result, summary: str, sources: tuple[str, ...], pages: int) -> Artifact:
    path = f"worksheets/{name}"
    sources = ("content/book.yaml", *sources)
    return Artifact(path, "worksheets", "application/pdf", b"", summary, sources, pages, kept=pdf)


def _in_folder(paper: str, artifact: Artifact) -> Artifact:
    path = artifact.path.replace("/", f"/{paper}/", 1)
    return msgspec.structs.replace(artifact, path=path, summary=f"{artifact.summary}, for {_size(paper)} paper")


def _size(paper: str) -> str:
    """Return a paper's name as stylesheets and people write it: A4, Letter; empty for an empty one."""
    return paper[:1].upper() + paper[1:]


def _title(chapter: Chapter) -> str:
    return chapter.worksheet_title or chapter.title


def _sheets(
    chapters: Sequence[Chapter], book: Book, design: Design, size: str, saves_ink: bool
) -> list[_typeset.Sheet]:
    templates = Templates(design)
    tokens = design.theme.worksheet
    css = templates.style("worksheets.css.j2", size=size or tokens.size)
    ruled = ruled_svg(templates, tokens.line)
    images = image_resources(book)
    renderer: Renderer = Renderer(
        book,
        templates,
        place_address,
        ["worksheets/blocks.html.j2", "shared/prompts.html.j2", "shared/blocks.html.j2"],
        anchor=lambda identifier: place(renderer.owner, identifier),
        image=image_address,
        label_of=label_of,
        **field_values(templates, tokens.line, tokens.row),
    )
    motif_fill = "none" if saves_ink else "accent-soft"
    sheets = []
    for chapter in chapters:
        renderer.start(chapter.id, chapter.text)
        html = templates.page("worksheets/sheet.html.j2", book=book, chapter=chapter, place=place, render=renderer)
        motif = motif_svg(templates, chapter.motif, fill=motif_fill, is_tight=True)
        resources = {"ruled.svg": ("image/svg+xml", ruled), "motif.svg": ("image/svg+xml", motif)}
        resources |= {name: image for name, image in images.items() if _typeset.resource_address(name) in html}
        sheets.append(_typeset.sheet(design, html, css, resources, name=f"worksheet {chapter.number}"))
    return sheets
