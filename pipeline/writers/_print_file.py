"""Gatherings being bound in; the same for a print shop, PDF/X-4 in its inks without a link, out (ISO 15930-7)."""

import io
import itertools
import uuid
from collections.abc import Callable, Mapping
from urllib.parse import unquote

import msgspec
import pikepdf
from pikepdf import Array, Dictionary, Name, Object, Pdf, String

from pipeline.writers._bind import NUMBER_HEIGHT, PAGE_SCHEME
from pipeline.writers._inks import Inks
from pipeline.writers._separate import separate
from pipeline.writers._subset import Face, subset
from pipeline.writers._whole_font import WholeFont, whole_font

_IDENTIFICATION = """<pdfxid:GTS_PDFXVersion xmlns:pdfxid="http://www.npes.org/pdfx/ns/id/">PDF/X-4</pdfxid:GTS_PDFXVersion>
<pdf:Trapped>False</pdf:Trapped>
<xmpMM:DocumentID xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/">uuid:{uuid}</xmpMM:DocumentID>
<xmpMM:VersionID xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/">1</xmpMM:VersionID>
<xmpMM:RenditionClass xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/">default</xmpMM:RenditionClass>
<xmp:MetadataDate>{date}T00:00:00Z</xmp:MetadataDate>"""
# PDF/X-4 is a subset of it.
VERSION = "1.6"
_FIGURES = "0123456789ivxlcdm"


def identification(title: str, date: str) -> str:
    """Return the XMP that says what the file is (ISO 15930-7, 6.8); the same book of one day has the same id."""
    return _IDENTIFICATION.format(uuid=uuid.uuid5(uuid.NAMESPACE_URL, f"{title} {date}"), date=date)


def figures(serif: bytes) -> WholeFont:
    """Return the font of page numbers in the text: those figures of the text's font that stand in text."""
    return _old_style(subset(Face(serif, _FIGURES)))


def finish(pdf: Pdf, numbers: Mapping[str, str], inks: Inks, font: WholeFont, embedded: Callable[[], Object]) -> None:
    """Write the page numbers that a gathering's text refers to, take its links out, and separate all its colors.

    `embedded` puts the font into the gathering's PDF, where it is needed.
    """
    for page in pdf.pages:
        _write_numbers(pdf, page, numbers, font, embedded)
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


def _old_style(content: bytes) -> WholeFont:
    """Return a font whose figures are those that stand in text, where it has them (OpenType `onum`)."""
    from fontTools.ttLib import TTFont

    font = whole_font(content)
    face = TTFont(io.BytesIO(content), lazy=True)
    if "GSUB" not in face:
        return font
    table = face["GSUB"].table
    lookups = {
        at for r in table.FeatureList.FeatureRecord if r.FeatureTag == "onum" for at in r.Feature.LookupListIndex
    }
    others: dict[str, str] = {}
    for at in sorted(lookups):
        for part in table.LookupList.Lookup[at].SubTable:
            others |= getattr(getattr(part, "ExtSubTable", part), "mapping", {})
    plain = face.getBestCmap()
    names = {character: others.get(plain[ord(character)], plain[ord(character)]) for character in _FIGURES}
    return msgspec.structs.replace(font, glyphs={character: face.getGlyphID(name) for character, name in names.items()})


def _write_numbers(
    pdf: Pdf, page: pikepdf.Page, numbers: Mapping[str, str], font: WholeFont, embedded: Callable[[], Object]
) -> None:
    drawn = []
    for annotation in page.obj.get("/Annots", ()):
        address = str(annotation.get("/A", Dictionary()).get("/URI", ""))
        if address.startswith(f"{PAGE_SCHEME}:"):
            left, first, _, second = (float(edge) for edge in annotation.Rect)
            bottom, height = min(first, second), abs(first - second)
            number = numbers[unquote(address.removeprefix(f"{PAGE_SCHEME}:"))]
            codes = "".join(f"{font.glyphs[character]:04x}" for character in number)
            size = height / NUMBER_HEIGHT
            drawn.append(f"/QuireNumber {size:.3f} Tf 1 0 0 1 {left:.3f} {bottom:.3f} Tm <{codes}> Tj")
    if drawn:
        page.obj.Resources.Font[Name("/QuireNumber")] = embedded()
        page.contents_add(pdf.make_stream(b"q\n"), prepend=True)
        page.contents_add(pdf.make_stream(f"\nQ q BT 0 g {' '.join(drawn)} ET Q\n".encode("ascii")))
