"""The worksheets: one fillable PDF a chapter, and all of them in one pack."""

from collections.abc import Sequence

from pipeline.model import Artifact, Book, Chapter
from pipeline.press import Press
from pipeline.theme import Design
from pipeline.writers import _bind, _typeset
from pipeline.writers._bind import Bookmark, PageLabels, place, place_address
from pipeline.writers._html import Renderer, Templates, label_of
from pipeline.writers._motif import motif_svg
from pipeline.writers._prompts import field_values, image_address, image_resources, ruled_svg

# The press has most to do for it, so a build begins here.
IS_TYPESET = True


def write(book: Book, design: Design, press: Press) -> Sequence[Artifact]:
    """Return a PDF for each chapter that has prompts, in the book's order, then the pack of all of them."""
    chapters = [chapter for chapter in book.chapters if chapter.prompts]
    if not chapters:
        return ()
    sheets = _sheets(chapters, book, design)
    gatherings = [_typeset.decode(result) for result in press.run(_typeset.typeset, sheets, "worksheets")]
    bindings = [
        _bind.binding([gathering], book, design, f"{_title(chapter)}: worksheet {chapter.number}")
        for chapter, gathering in zip(chapters, gatherings, strict=True)
    ]
    outline = tuple(Bookmark(f"{chapter.number}. {_title(chapter)}", place(chapter.id)) for chapter in chapters)
    labels = (PageLabels(0, "D"),)
    bindings.append(
        _bind.binding(gatherings, book, design, f"{book.title}: worksheets", outline=outline, labels=labels)
    )
    *pdfs, pack = press.run(_bind.bind, bindings, "worksheets")
    artifacts = [
        _artifact(
            f"{chapter.file_stem}.pdf",
            pdf,
            f"the worksheet of chapter {chapter.number}, {chapter.title}",
            (chapter.location.path,),
            gathering.pages,
        )
        for chapter, gathering, pdf in zip(chapters, gatherings, pdfs, strict=True)
    ]
    sources = tuple(sorted(chapter.location.path for chapter in chapters))
    pages = sum(gathering.pages for gathering in gatherings)
    artifacts.append(_artifact("all.pdf", pack, "all worksheets in one file", sources, pages))
    return artifacts


def _artifact(name: str, pdf: bytes, summary: str, sources: tuple[str, ...], pages: int) -> Artifact:
    path = f"worksheets/{name}"
    return Artifact(path, "worksheets", "application/pdf", pdf, summary, ("content/book.yaml", *sources), pages)


def _title(chapter: Chapter) -> str:
    return chapter.worksheet_title or chapter.title


def _sheets(chapters: Sequence[Chapter], book: Book, design: Design) -> list[_typeset.Sheet]:
    templates = Templates(design)
    css = templates.style("worksheets.css.j2")
    line = design.theme.worksheet.line
    ruled = ruled_svg(templates, line)
    images = image_resources(book)
    renderer: Renderer = Renderer(
        book,
        templates,
        place_address,
        ["worksheets/blocks.html.j2", "shared/prompts.html.j2", "shared/blocks.html.j2"],
        anchor=lambda identifier: place(renderer.owner, identifier),
        image=image_address,
        label_of=label_of,
        **field_values(templates, line),
    )
    sheets = []
    for chapter in chapters:
        renderer.start(chapter.id, chapter.text)
        html = templates.page("worksheets/sheet.html.j2", book=book, chapter=chapter, place=place, render=renderer)
        resources = {"ruled.svg": ("image/svg+xml", ruled)}
        resources["motif.svg"] = ("image/svg+xml", motif_svg(templates, chapter.motif, is_tight=True))
        resources |= {name: image for name, image in images.items() if _typeset.resource_address(name) in html}
        sheets.append(_typeset.sheet(design, html, css, resources, name=f"worksheet {chapter.number}"))
    return sheets
