"""A binding in, one PDF out: pages, links, outline, page labels, form fields, one structure tree, one set of metadata.

The one place that binds PDFs with pikepdf, with `_structure`, `_stamp`, `_print_file` and `_whole_font`.
"""

import importlib
import io
import itertools
import re
import warnings
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import unquote
from xml.sax.saxutils import escape

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf, String

from pipeline import __version__
from pipeline.errors import WriteError
from pipeline.writers import _print_file
from pipeline.writers._bind import SCHEME, Binding, Bookmark, PageLabels
from pipeline.writers._stamp import Stamp
from pipeline.writers._structure import Structure
from pipeline.writers._typeset import Gathering
from pipeline.writers._whole_font import embed, whole_font

_ACCESSIBLE = '<pdfuaid:part xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/">1</pdfuaid:part>'
_FONT_OF_FIELD = re.compile(r"/(\S+) [\d.]+ Tf")


def prepare() -> None:
    """Load what binding needs, in this process."""
    importlib.import_module("fontTools.ttLib")


def sew(task: Binding) -> bytes:
    """Return what `_bind.bind` promises."""
    pdf = pikepdf.new()
    font = whole_font(task.sans)
    embedded = embed(pdf, font)
    sewing = _Sewing(pdf, task.gatherings, embedded)
    sewing.sew()
    if task.look is not None and task.folios:
        stamp = Stamp(pdf, task.look, font, embedded)
        for page, folio in zip(sewing.pages, task.folios, strict=True):
            stamp.draw(page, folio)
    if task.print_file is not None:
        _print_file.finish(pdf, sewing.pages, task.print_file)
    if task.outline:
        pdf.Root.Outlines = _outlines(pdf, task.outline, sewing.destinations)
        pdf.Root.PageMode = Name.UseOutlines
    if task.labels:
        pdf.Root.PageLabels = Dictionary(Nums=Array(list(_label_numbers(task.labels))))
    _set_metadata(pdf, task, _print_file.identification(task.title, task.date) if task.print_file else _ACCESSIBLE)
    stream = io.BytesIO()
    pdf.save(
        stream,
        deterministic_id=True,
        min_version="" if task.print_file else "1.7",
        force_version=_print_file.VERSION if task.print_file else "",
        object_stream_mode=pikepdf.ObjectStreamMode.generate,
        compress_streams=True,
    )
    return stream.getvalue()


class _Sewing:
    """Copies gatherings into one PDF and mends what each numbered for itself."""

    def __init__(self, pdf: Pdf, gatherings: Sequence[Gathering], font: pikepdf.Object) -> None:
        self._pdf = pdf
        self._gatherings = gatherings
        self._font = font
        self._structure = Structure(pdf)
        self._fields: list[Any] = []
        self._field_fonts = Dictionary()
        self.destinations: dict[str, tuple[Any, float, float]] = {}
        # Each look at the document's own list walks through it.
        self.pages: list[pikepdf.Page] = []

    def sew(self) -> None:
        sources = []
        for gathering in self._gatherings:
            source = Pdf.open(io.BytesIO(gathering.pdf))
            sources.append(source)
            first = len(self.pages)
            with warnings.catch_warnings():
                # pikepdf warns that fields and links are left behind; they are taken along below.
                warnings.simplefilter("ignore", pikepdf.PageCopyWarning)
                self._pdf.pages.extend(source.pages)
            pages = list(self._pdf.pages[first:])
            self.pages += pages
            objects = [page.obj for page in pages]
            for anchor in gathering.anchors:
                self.destinations.setdefault(anchor.name, (objects[anchor.page], anchor.x, anchor.y))
            self._structure.take(source, pages)
            self._take_fields(source)
        self._structure.finish()
        self._finish_fields()
        for page in self.pages:
            self._resolve_links(page)
        for source in sources:
            source.close()

    # ------------------------------------------------------------------ fields

    def _take_fields(self, source: Pdf) -> None:
        if "/AcroForm" not in source.Root:
            return
        form = self._pdf.copy_foreign(self._indirect(source, source.Root.AcroForm))
        for field in form.Fields:
            if "/Kids" in field:
                _mend_choices(field)
            # WeasyPrint lists the buttons of a group beside the group; they are fields by their parent alone.
            if "/Parent" not in field:
                self._fields.append(field)
            if field.get("/FT") == Name.Btn and "/DA" not in field:
                # Poppler draws no check mark where this is missing, although it takes its own font for it.
                field.DA = String("/ZaDb 0 Tf 0 g")
            # What a reader will write is not known, so that no subset serves: fields are written in the whole font.
            if name := _FONT_OF_FIELD.search(str(field.get("/DA", ""))):
                self._field_fonts[f"/{name[1]}"] = self._font

    @staticmethod
    def _indirect(source: Pdf, thing: pikepdf.Object) -> pikepdf.Object:
        return thing if thing.is_indirect else source.make_indirect(thing)

    def _finish_fields(self) -> None:
        if not self._fields:
            return
        seen: set[str] = set()
        for field in self._fields:
            name = str(field.get("/T", ""))
            if name in seen:
                raise WriteError(f"two form fields are called {name}\n    Give one of the prompts another :name:.")
            seen.add(name)
        self._pdf.Root.AcroForm = self._pdf.make_indirect(
            Dictionary(
                Fields=Array(self._fields),
                DR=Dictionary(Font=self._field_fonts),
                NeedAppearances=True,
            )
        )

    # ------------------------------------------------------------------ links

    def _resolve_links(self, page: pikepdf.Page) -> None:
        for annotation in page.obj.get("/Annots", ()):
            address = str(annotation.get("/A", Dictionary()).get("/URI", ""))
            if not address.startswith(f"{SCHEME}:"):
                continue
            name = unquote(address.removeprefix(f"{SCHEME}:"))
            if name not in self.destinations:
                raise WriteError(f"a link leads to {name}, which is not in the book")
            target, x, y = self.destinations[name]
            del annotation.A
            annotation.Dest = Array([target, Name.XYZ, x, y, None])
            # PDF/UA-1 wants a description of each link (7.18.5); the place's name is of use to nobody.
            annotation.Contents = String(_described(name))


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


def _outlines(
    pdf: Pdf, bookmarks: Sequence[Bookmark], destinations: dict[str, tuple[Any, float, float]]
) -> pikepdf.Object:
    """Return the outline's dictionary; entries below the first level are closed (ISO 32000-1, 12.3.3)."""
    root = pdf.make_indirect(Dictionary(Type=Name.Outlines))

    def fill(parent: pikepdf.Object, entries: Sequence[Bookmark], level: int) -> None:
        items = []
        for entry in entries:
            target, x, y = destinations[entry.place]
            item = pdf.make_indirect(Dictionary(Title=String(entry.title), Parent=parent))
            item.Dest = Array([target, Name.XYZ, x, y, None])
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
