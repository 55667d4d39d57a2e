"""A binding in, one PDF out: pages, links, outline, page labels, form fields, one structure tree, one set of metadata.

The one place that binds PDFs with pikepdf, with `_pdf_file`, `_structure`, `_stamp`, `_page_numbers`, `_print_file` and
`_whole_font`.
"""

import importlib
import io
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, partial
from typing import Any, TypeAlias
from urllib.parse import unquote
from xml.sax.saxutils import escape

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf, String

from pipeline import __version__
from pipeline.errors import WriteError
from pipeline.processes import let_go
from pipeline.writers import _print_file
from pipeline.writers._bind import SCHEME, Binding, Bookmark, PageLabels
from pipeline.writers._inks import inks_of
from pipeline.writers._page_numbers import figures, write_numbers
from pipeline.writers._pdf_file import PdfFile, Source
from pipeline.writers._stamp import Stamp
from pipeline.writers._structure import Structure
from pipeline.writers._typeset import Gathering, pdf_of
from pipeline.writers._whole_font import embed, whole_font

_ACCESSIBLE = '<pdfuaid:part xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/">1</pdfuaid:part>'
# The number of a page's object, and x and y on the page in points.
_Place: TypeAlias = tuple[int, float, float]
_MANY_GATHERINGS = 100
_FONT_OF_FIELD = re.compile(r"/(\S+) [\d.]+ Tf")


def prepare() -> None:
    """Load what binding needs, in this process."""
    importlib.import_module("fontTools.ttLib")


def sew(task: Binding) -> Iterator[bytes]:
    """Yield what `_bind.bind_in_pieces` promises.

    Gatherings are opened and written one after the other, so that what is held is as large as one.
    """
    if len(task.gatherings) > _MANY_GATHERINGS:
        # An index was set just before, and its gathering takes more than a chapter's here too.
        let_go()
    file = PdfFile(_print_file.VERSION if task.print_file else "1.7")
    sewing = _Sewing(file, task)
    for gathering in task.gatherings:
        sewing.add(gathering)
        yield file.take()
    yield sewing.finish()


class _Sewing:
    """One PDF while it is bound. `_top` is the document that has the catalog and what belongs to no gathering."""

    def __init__(self, file: PdfFile, task: Binding) -> None:
        self._file = file
        self._task = task
        self._top = Source(file, pikepdf.new())
        self._font = whole_font(task.sans)
        if task.print_file is not None:
            self._inks = inks_of(task.print_file.inks, task.print_file.profile)
        if task.numbers is not None:
            self._figures = figures(task.numbers.serif)
        self._structure = Structure(file)
        # Links lead forward too: a page has its number before it is written.
        self._first_page = file.reserve(sum(gathering.pages for gathering in task.gatherings))
        self._places: dict[str, _Place] = {}
        first = self._first_page
        for gathering in task.gatherings:
            for anchor in gathering.anchors:
                self._places.setdefault(anchor.name, (first + anchor.page, anchor.x, anchor.y))
            first += gathering.pages
        self._pages = 0
        self._page_tree = file.reserve()
        self._branches: list[int] = []
        self._fields: dict[str, int] = {}
        self._field_fonts: set[str] = set()

    # A font comes into the file with the first that is written in it: a cover has no folios.
    @cached_property
    def _embedded(self) -> int:
        return self._top.number(embed(self._top.pdf, self._font))

    @cached_property
    def _embedded_figures(self) -> int:
        return self._top.number(embed(self._top.pdf, self._figures))

    def _figures_in(self, source: Source) -> pikepdf.Object:
        return source.stand_in(self._embedded_figures)

    def add(self, gathering: Gathering) -> None:
        """Write a gathering's pages, and all that belongs to them."""
        with Pdf.open(io.BytesIO(pdf_of(gathering))) as pdf:
            source = Source(self._file, pdf)
            pages = list(pdf.pages)
            self._take_fields(source)
            self._draw_folios(source, pages)
            if written := self._task.numbers:
                embedded = partial(self._figures_in, source)
                write_numbers(pdf, written.numbers, written.color, self._figures, embedded)
            if self._task.print_file is not None:
                _print_file.finish(pdf, self._inks)
            self._structure.take(source, pages)
            for page in pages:
                self._resolve_links(source, page)
            self._take_pages(source, pages)
            source.write()

    def finish(self) -> bytes:
        """Return the rest of the PDF."""
        task, top, root = self._task, self._top, self._top.pdf.Root
        branches = Array([top.stand_in(branch) for branch in self._branches])
        root.Pages = top.pdf.make_indirect(Dictionary(Type=Name.Pages, Kids=branches, Count=self._pages))
        top.number(root.Pages, self._page_tree)
        self._structure.finish(top)
        self._finish_fields()
        if task.outline:
            root.Outlines = _outlines(top, task.outline, self._places)
            root.PageMode = Name.UseOutlines
        if task.labels:
            root.PageLabels = Dictionary(Nums=Array(list(_label_numbers(task.labels))))
        _set_metadata(
            top.pdf, task, _print_file.identification(task.title, task.date) if task.print_file else _ACCESSIBLE
        )
        if task.print_file is not None:
            _print_file.name_inks(top.pdf, self._inks)
        catalog, about = top.number(root), top.number(top.pdf.docinfo)
        top.write()
        return self._file.finish(catalog, about)

    # ------------------------------------------------------------------ pages

    def _take_pages(self, source: Source, pages: Sequence[pikepdf.Page]) -> None:
        """Give pages their numbers, and a branch of the page tree (ISO 32000-1, 7.7.3)."""
        branch = source.pdf.make_indirect(Dictionary(Type=Name.Pages, Count=len(pages)))
        branch.Parent = source.stand_in(self._page_tree)
        branch.Kids = Array([page.obj for page in pages])
        for page in pages:
            page.obj.Parent = branch
            source.number(page.obj, self._first_page + self._pages)
            self._pages += 1
        self._branches.append(source.number(branch))

    def _draw_folios(self, source: Source, pages: Sequence[pikepdf.Page]) -> None:
        if self._task.look is None or not self._task.folios:
            return
        stamp = Stamp(source.pdf, self._task.look, self._font, source.stand_in(self._embedded))
        folios = self._task.folios[self._pages : self._pages + len(pages)]
        for page, folio in zip(pages, folios, strict=True):
            stamp.draw(page, folio)

    # ------------------------------------------------------------------ fields

    def _take_fields(self, source: Source) -> None:
        for field in source.pdf.Root.get("/AcroForm", Dictionary()).get("/Fields", ()):
            if "/Kids" in field:
                _mend_choices(field)
            if field.get("/FT") == Name.Btn and "/DA" not in field:
                # Poppler draws no check mark where this is missing, although it takes its own font for it.
                field.DA = String("/ZaDb 0 Tf 0 g")
            # What a reader will write is not known, so that no subset serves: fields are written in the whole font.
            if font := _FONT_OF_FIELD.search(str(field.get("/DA", ""))):
                self._field_fonts.add(font[1])
            # WeasyPrint lists the buttons of a group beside the group; they are fields by their parent alone.
            if "/Parent" in field:
                continue
            name = str(field.get("/T", ""))
            if name in self._fields:
                raise WriteError(f"two form fields are called {name}\n    Give one of the prompts another :name:.")
            self._fields[name] = source.number(field)

    def _finish_fields(self) -> None:
        if not self._fields:
            return
        top = self._top
        font = top.stand_in(self._embedded)
        top.pdf.Root.AcroForm = top.pdf.make_indirect(
            Dictionary(
                Fields=Array([top.stand_in(field) for field in self._fields.values()]),
                DR=Dictionary(Font=Dictionary({f"/{name}": font for name in sorted(self._field_fonts)})),
                NeedAppearances=True,
            )
        )

    # ------------------------------------------------------------------ links

    def _resolve_links(self, source: Source, page: pikepdf.Page) -> None:
        for annotation in page.obj.get("/Annots", ()):
            address = str(annotation.get("/A", Dictionary()).get("/URI", ""))
            if not address.startswith(f"{SCHEME}:"):
                continue
            name = unquote(address.removeprefix(f"{SCHEME}:"))
            if name not in self._places:
                raise WriteError(f"a link leads to {name}, which is not in the book")
            del annotation.A
            annotation.Dest = _destination(source, self._places[name])
            # PDF/UA-1 wants a description of each link (7.18.5); the place's name is of use to nobody.
            annotation.Contents = String(_described(name))


def _destination(source: Source, place: _Place) -> Array:
    page, x, y = place
    return Array([source.stand_in(page), Name.XYZ, x, y, None])


def _mend_choices(group: pikepdf.Object) -> None:
    """Make a group's radio buttons its widgets, each described by the question and its own value."""
    question = str(group.TU)
    for button, value in zip(group.Kids, group.Opt, strict=True):
        for key in ("/T", "/FT"):
            if key in button:
                del button[key]
        button.TU = String(f"{question} {value}")


def _described(name: str) -> str:
    owner, _, anchor = name.partition("--")
    words = owner if anchor == "top" else f"{owner}, {anchor}"
    return "Go to " + words.replace("-", " ")


def _outlines(top: Source, bookmarks: Sequence[Bookmark], places: Mapping[str, _Place]) -> pikepdf.Object:
    """Return the outline's dictionary; entries below the first level are closed (ISO 32000-1, 12.3.3)."""
    root = top.pdf.make_indirect(Dictionary(Type=Name.Outlines))

    def fill(parent: pikepdf.Object, entries: Sequence[Bookmark], level: int) -> None:
        items = []
        for entry in entries:
            item = top.pdf.make_indirect(Dictionary(Title=String(entry.title), Parent=parent))
            item.Dest = _destination(top, places[entry.place])
            if entry.children:
                fill(item, entry.children, level + 1)
                item.Count = len(entry.children) if level == 0 else -len(entry.children)
            items.append(item)
        for before, after in itertools.pairwise(items):
            before.Next, after.Prev = after, before
        parent.First, parent.Last = items[0], items[-1]

    fill(root, bookmarks, 0)
    root.Count = len(bookmarks) + sum(len(entry.children) for entry in bookmarks)
    return root


def _label_numbers(labels: Sequence[PageLabels]) -> Iterator[Any]:
    for label in labels:
        entry = Dictionary()
        if label.style:
            entry.S = Name(f"/{label.style}")
        if label.prefix:
            entry.P = String(label.prefix)
        if label.start != 1:
            entry.St = label.start
        yield label.first
        yield entry


def _set_metadata(pdf: Pdf, task: Binding, identification: str) -> None:
    """Set title, language and the rest, in the document's dictionary and in XMP, with no clock.

    `identification` is XMP that says which standard the file keeps to.
    """
    authors = ", ".join(task.authors)
    stamp = f"{task.date}T00:00:00Z"
    date = f"D:{task.date.replace('-', '')}000000Z"
    producer = f"Quire {__version__}"
    pdf.Root.Lang = String(task.language)
    pdf.Root.ViewerPreferences = Dictionary(DisplayDocTitle=True)
    info = {"/Title": task.title, "/Author": authors, "/Subject": task.description, "/Creator": producer}
    for key, value in {**info, "/Producer": producer, "/CreationDate": date, "/ModDate": date}.items():
        if value:
            pdf.docinfo[key] = value
    creators = "".join(f"<rdf:li>{escape(author)}</rdf:li>" for author in task.authors)
    packet = f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:pdf="http://ns.adobe.com/pdf/1.3/">
<dc:format>application/pdf</dc:format>
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{escape(task.title)}</rdf:li></rdf:Alt></dc:title>
<dc:creator><rdf:Seq>{creators}</rdf:Seq></dc:creator>
<dc:description><rdf:Alt><rdf:li xml:lang="x-default">{escape(task.description)}</rdf:li></rdf:Alt></dc:description>
<dc:language><rdf:Bag><rdf:li>{escape(task.language)}</rdf:li></rdf:Bag></dc:language>
<xmp:CreateDate>{stamp}</xmp:CreateDate><xmp:ModifyDate>{stamp}</xmp:ModifyDate>
<xmp:CreatorTool>{producer}</xmp:CreatorTool><pdf:Producer>{producer}</pdf:Producer>
{identification}
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>"""
    pdf.Root.Metadata = pdf.make_stream(packet.encode(), Type=Name.Metadata, Subtype=Name.XML)
