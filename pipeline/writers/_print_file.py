"""Gatherings being bound in; the same for a print shop, PDF/X-4 in its inks without a link, out (ISO 15930-7)."""

import itertools
import uuid

from pikepdf import Array, Dictionary, Name, Pdf, String

from pipeline.writers._inks import Inks
from pipeline.writers._separate import separate

_IDENTIFICATION = """<pdfxid:GTS_PDFXVersion xmlns:pdfxid="http://www.npes.org/pdfx/ns/id/">PDF/X-4</pdfxid:GTS_PDFXVersion>
<pdf:Trapped>False</pdf:Trapped>
<xmpMM:DocumentID xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/">uuid:{uuid}</xmpMM:DocumentID>
<xmpMM:VersionID xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/">1</xmpMM:VersionID>
<xmpMM:RenditionClass xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/">default</xmpMM:RenditionClass>
<xmp:MetadataDate>{date}T00:00:00Z</xmp:MetadataDate>"""
# PDF/X-4 is a subset of it.
VERSION = "1.6"


def identification(title: str, date: str) -> str:
    """Return the XMP that says what the file is (ISO 15930-7, 6.8); the same book of one day has the same id."""
    return _IDENTIFICATION.format(uuid=uuid.uuid5(uuid.NAMESPACE_URL, f"{title} {date}"), date=date)


def finish(pdf: Pdf, inks: Inks) -> None:
    """Take a gathering's links out, and separate all its colors."""
    for page in pdf.pages:
        if "/Annots" in page.obj:
            del page.obj["/Annots"]
        # It says in what order to go through links and fields.
        if "/Tabs" in page.obj:
            del page.obj.Tabs
    _forget_annotations(pdf)
    separate(pdf, inks)


def name_inks(pdf: Pdf, inks: Inks) -> None:
    """Say in a catalog what the file is to be printed with, and that its colors don't overlap on purpose."""
    condition, about = inks.condition
    intent = Dictionary(
        Type=Name.OutputIntent,
        S=Name.GTS_PDFX,
        OutputConditionIdentifier=String("Custom"),
        OutputCondition=String(condition),
        Info=String(about),
        DestOutputProfile=pdf.make_stream(inks.profile, N=inks.channels),
    )
    pdf.Root.OutputIntents = Array([pdf.make_indirect(intent)])
    pdf.docinfo["/Trapped"] = Name("/False")


def _forget_annotations(pdf: Pdf) -> None:
    """Take links and fields out of the structure tree (ISO 32000-1, 14.7.4.3), which would keep them in the file."""
    root = pdf.Root.get("/StructTreeRoot")
    if root is None:
        return
    pending = [root]
    while pending:
        element = pending.pop()
        kids = element.get("/K")
        if isinstance(kids, Array):
            kept = [kid for kid in kids if not (isinstance(kid, Dictionary) and kid.get("/Type") == Name.OBJR)]
            if len(kept) < len(kids):
                element.K = Array(kept)
            pending += [kid for kid in kept if isinstance(kid, Dictionary) and "/S" in kid]
    # A page's entry is the list of its content's elements; an annotation's is its element.
    numbers = list(root.ParentTree.Nums)
    pages = [pair for pair in zip(numbers[::2], numbers[1::2], strict=True) if isinstance(pair[1], Array)]
    root.ParentTree.Nums = Array(list(itertools.chain(*pages)))
