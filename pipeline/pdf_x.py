"""A finished PDF in; what keeps it from being a PDF/X-4 (ISO 15930-7:2010) out.

No open checker knows PDF/X-4, so this one reads the file for what the standard asks. It doesn't parse fonts, check
syntax, or render; what it finds is wrong, and what it doesn't find may still be.
"""

import io
import re
from collections.abc import Iterator, Sequence
from typing import Any
from xml.etree import ElementTree

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf, Stream

_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_NEEDED_IN_XMP = {
    "{http://purl.org/dc/elements/1.1/}title": "dc:title",
    "{http://ns.adobe.com/xap/1.0/}CreateDate": "xmp:CreateDate",
    "{http://ns.adobe.com/xap/1.0/}ModifyDate": "xmp:ModifyDate",
    "{http://ns.adobe.com/xap/1.0/}MetadataDate": "xmp:MetadataDate",
    "{http://ns.adobe.com/xap/1.0/mm/}DocumentID": "xmpMM:DocumentID",
    "{http://ns.adobe.com/xap/1.0/mm/}VersionID": "xmpMM:VersionID",
    "{http://ns.adobe.com/xap/1.0/mm/}RenditionClass": "xmpMM:RenditionClass",
    "{http://ns.adobe.com/pdf/1.3/}Trapped": "pdf:Trapped",
}
_CLAIM = "{http://www.npes.org/pdfx/ns/id/}GTS_PDFXVersion"
# What both the document's dictionary and XMP say must be the same.
_IN_BOTH = {"/Title": "{http://purl.org/dc/elements/1.1/}title", "/Trapped": "{http://ns.adobe.com/pdf/1.3/}Trapped"}
_DATES_IN_BOTH = {
    "/CreationDate": "{http://ns.adobe.com/xap/1.0/}CreateDate",
    "/ModDate": "{http://ns.adobe.com/xap/1.0/}ModifyDate",
}
_INKS = {b"GRAY": ("/DeviceGray", 1), b"RGB ": ("/DeviceRGB", 3), b"CMYK": ("/DeviceCMYK", 4)}
_SPACE_OF = {"g": "/DeviceGray", "rg": "/DeviceRGB", "k": "/DeviceCMYK"}
_DEFAULTS = {"/DeviceGray": "/DefaultGray", "/DeviceRGB": "/DefaultRGB", "/DeviceCMYK": "/DefaultCMYK"}
_FILES = ("/FontFile", "/FontFile2", "/FontFile3")
_FILTERS_OUT = {"/LZWDecode", "/Crypt"}
# Where two boxes differ by less, in points, they are the same.
_HAIR = 0.01


def faults(content: bytes) -> Iterator[tuple[str, str]]:
    """Yield the code and the message of each thing that PDF/X-4 doesn't allow, or asks for and doesn't get."""
    try:
        pdf = Pdf.open(io.BytesIO(content))
    except pikepdf.PasswordError:
        yield "x4-encryption", "the file is encrypted"
        return
    with pdf:
        yield from _file(pdf)
        yield from _metadata(pdf)
        yield from _intent(pdf)
        yield from _actions(pdf)
        for number, page in enumerate(pdf.pages, start=1):
            yield from _boxes(number, page)
            yield from _annotations(number, page)
        yield from _objects(pdf)
        yield from _Colors(pdf).faults()


def _file(pdf: Pdf) -> Iterator[tuple[str, str]]:
    if pdf.is_encrypted:
        yield "x4-encryption", "the file is encrypted"
    if tuple(map(int, pdf.pdf_version.split("."))) > (1, 6):
        yield "x4-version", f"the file is of PDF {pdf.pdf_version}, and X-4 of 1.6 at the most"
    if len(pdf.trailer.get("/ID", ())) != 2:
        yield "x4-id", "the trailer has no file identifier"


def _metadata(pdf: Pdf) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with the claim, and with what the file says of itself in two places."""
    said = _xmp(pdf)
    if said.get(_CLAIM) != "PDF/X-4":
        yield "x4-claim", f"XMP claims “{said.get(_CLAIM, '')}” as GTS_PDFXVersion, not PDF/X-4"
    for key, name in _NEEDED_IN_XMP.items():
        if not said.get(key):
            yield "x4-xmp", f"XMP has no {name}"
    info = {key: str(value) for key, value in pdf.docinfo.items()}
    if said.get(_IN_BOTH["/Trapped"]) not in ("True", "False", None):
        yield "x4-trapped", "whether the file is trapped must be True or False"
    for key, name in _IN_BOTH.items():
        if key in info and said.get(name) and info[key].lstrip("/") != said[name]:
            yield "x4-agreement", f"{key[1:]} is “{info[key]}” in the dictionary and “{said[name]}” in XMP"
    for key, name in _DATES_IN_BOTH.items():
        if key in info and _digits(info[key]) != _digits(said.get(name, "")):
            yield "x4-agreement", f"{key[1:]} is not the date that XMP says"


def _digits(date: str) -> str:
    return re.sub(r"\D", "", date)[:14]


def _xmp(pdf: Pdf) -> dict[str, str]:
    """Return the properties of the XMP packet with their words; of those in several languages the first."""
    stream = pdf.Root.get("/Metadata")
    if not isinstance(stream, Stream):
        return {}
    try:
        root = ElementTree.fromstring(stream.read_bytes())
    except ElementTree.ParseError:
        return {}
    said: dict[str, str] = {}
    for description in root.iter(f"{_RDF}Description"):
        said.update(description.attrib)
        said.update({child.tag: " ".join("".join(child.itertext()).split()) for child in description})
    return said


def _intents(pdf: Pdf) -> list[Any]:
    return [intent for intent in pdf.Root.get("/OutputIntents", ()) if intent.get("/S") == Name.GTS_PDFX]


def _intent(pdf: Pdf) -> Iterator[tuple[str, str]]:
    intents = _intents(pdf)
    if len(intents) != 1:
        yield "x4-intent", f"there are {len(intents)} output intents for PDF/X, and there must be one"
        return
    [intent] = intents
    if not str(intent.get("/OutputConditionIdentifier", "")):
        yield "x4-intent", "the output intent names no printing condition"
    if not str(intent.get("/RegistryName", "")) and not str(intent.get("/Info", "")):
        yield "x4-intent", "the printing condition is in no registry, and Info says nothing of it"
    profile = intent.get("/DestOutputProfile")
    if not isinstance(profile, Stream):
        yield "x4-profile", "the output intent has no profile"
        return
    header = profile.read_bytes()[:128]
    length = int.from_bytes(header[:4], "big")
    if len(header) < 128 or header[36:40] != b"acsp" or length != len(profile.read_bytes()):
        yield "x4-profile", "the output intent's profile is broken"
        return
    if header[12:16] != b"prtr":
        yield "x4-profile", "the output intent's profile is not of a printer"
    if header[8] > 4:
        yield "x4-profile", f"the output intent's profile is of version {header[8]}"
    _, inks = _INKS.get(header[16:20], ("", 0))
    if int(profile.get("/N", 0)) != inks:
        yield "x4-profile", "the output intent's profile has another number of inks than N says"


def _actions(pdf: Pdf) -> Iterator[tuple[str, str]]:
    names = pdf.Root.get("/Names", Dictionary())
    for holder, key in ((pdf.Root, "/OpenAction"), (pdf.Root, "/AA"), (names, "/JavaScript"), (pdf.Root, "/AcroForm")):
        if key in holder:
            yield "x4-action", f"the file has {key[1:]}"
    if any("/AA" in page.obj for page in pdf.pages):
        yield "x4-action", "a page has AA"


def _boxes(number: int, page: pikepdf.Page) -> Iterator[tuple[str, str]]:
    if ("/TrimBox" in page.obj) == ("/ArtBox" in page.obj):
        yield "x4-boxes", f"page {number} must have a trim box or an art box, and not both"
        return
    trim = page.obj.get("/TrimBox", page.obj.get("/ArtBox"))
    outer = [("trim", trim), ("bleed", page.obj.get("/BleedBox")), ("crop", page.obj.get("/CropBox"))]
    outer.append(("media", page.mediabox))
    there = [(name, _sorted(box)) for name, box in outer if box is not None]
    for name, box in there[1:-1]:
        if not _holds(box, there[0][1]):
            yield "x4-boxes", f"the {name} box of page {number} doesn't hold its trim box"
    for name, box in there[:-1]:
        if not _holds(there[-1][1], box):
            yield "x4-boxes", f"the {name} box of page {number} leaves its media box"


def _sorted(box: Any) -> tuple[float, ...]:
    x0, y0, x1, y1 = (float(edge) for edge in box)
    return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)


def _holds(outer: Sequence[float], inner: Sequence[float]) -> bool:
    return all(o <= i + _HAIR for o, i in zip(outer[:2], inner[:2], strict=True)) and all(
        o >= i - _HAIR for o, i in zip(outer[2:], inner[2:], strict=True)
    )


def _annotations(number: int, page: pikepdf.Page) -> Iterator[tuple[str, str]]:
    """Yield annotations that reach into the bleed; a printer's marks may."""
    left, bottom, right, top = _sorted(page.obj.get("/BleedBox", page.trimbox))
    for annotation in page.obj.get("/Annots", ()):
        kind = str(annotation.get("/Subtype", ""))
        x0, y0, x1, y1 = _sorted(annotation.Rect)
        is_off = x1 <= left or x0 >= right or y1 <= bottom or y0 >= top
        if kind not in ("/PrinterMark", "/TrapNet") and not is_off:
            yield "x4-annotation", f"page {number} has a {kind[1:]} annotation"


def _objects(pdf: Pdf) -> Iterator[tuple[str, str]]:
    """Yield what no object may be: a font without its file, a forbidden filter, a way to other files."""
    for thing in pdf.objects:
        if not isinstance(thing, Dictionary | Stream):
            continue
        kind, sort = thing.get("/Type"), thing.get("/Subtype")
        if kind == Name.Font and sort not in (Name.Type0, Name.Type3) and not _is_embedded(thing):
            yield "x4-font", f"the font {str(thing.get('/BaseFont', '?'))[1:]} is not embedded"
        if isinstance(thing, Stream):
            filters = thing.get("/Filter", Array())
            names = {str(name) for name in ([filters] if isinstance(filters, Name) else filters)}
            for name in sorted(names & _FILTERS_OUT):
                yield "x4-filter", f"a stream is packed with {name[1:]}"
            for key in ("/OPI", "/Ref", "/F", "/PS"):
                if key in thing:
                    yield "x4-external", f"a stream has {key[1:]}"
            if sort == Name.PS:
                yield "x4-external", "there is PostScript in the file"
        if kind == Name.ExtGState or "/TR" in thing or "/TR2" in thing:
            for key in ("/TR", "/HTP"):
                if key in thing:
                    yield "x4-transfer", f"a graphics state has {key[1:]}"
            if thing.get("/TR2", Name.Default) != Name.Default:
                yield "x4-transfer", "a graphics state has a transfer function"
        if kind == Name.Action or thing.get("/S") == Name.JavaScript:
            yield "x4-action", "there is an action in the file"


def _is_embedded(font: Any) -> bool:
    return any(key in font.get("/FontDescriptor", Dictionary()) for key in _FILES)


class _Colors:
    """Looks for colors of a device that is not the one which the file is for."""

    def __init__(self, pdf: Pdf) -> None:
        self._pdf = pdf
        self._seen: set[tuple[int, int]] = set()
        profiles = [intent.get("/DestOutputProfile") for intent in _intents(pdf)]
        header = profiles[0].read_bytes()[:128] if profiles and isinstance(profiles[0], Stream) else b""
        self._own = _INKS.get(header[16:20], ("", 0))[0]
        # Black ink is one of four.
        self._allowed = {self._own} | ({"/DeviceGray"} if self._own == "/DeviceCMYK" else set())

    def faults(self) -> Iterator[tuple[str, str]]:
        found: dict[str, int] = {}
        for number, page in enumerate(self._pdf.pages, start=1):
            resources = page.obj.get("/Resources", Dictionary())
            for space in (*self._drawn(page, resources), *self._group(page.obj)):
                found.setdefault(space, number)
        for space, number in sorted(found.items()):
            ink = self._own[len("/Device") :] or "no ink"
            yield "x4-color", f"page {number} has {space[1:]}, and the file is for {ink}"

    def _drawn(self, holder: Any, resources: Any) -> Iterator[str]:
        """Yield spaces of a device that isn't ours in a content stream and in what it draws with."""
        spaces = resources.get("/ColorSpace", Dictionary())
        for instruction in pikepdf.parse_content_stream(holder):
            operator = str(instruction.operator).lower()
            if isinstance(instruction, pikepdf.ContentStreamInlineImage):
                yield from self._space(Name(str(instruction.iimage.colorspace or "/DeviceGray")), spaces)
            elif operator in _SPACE_OF:
                yield from self._space(Name(_SPACE_OF[operator]), spaces)
            elif operator == "cs":
                [name] = instruction.operands
                yield from self._space(spaces.get(str(name), name), spaces)
        yield from self._used(resources)

    def _used(self, resources: Any) -> Iterator[str]:
        spaces = resources.get("/ColorSpace", Dictionary())
        patterns = resources.get("/Pattern", Dictionary()).values()
        masks = (state.get("/SMask") for state in resources.get("/ExtGState", Dictionary()).values())
        things = [
            *resources.get("/XObject", Dictionary()).values(),
            *(pattern for pattern in patterns if int(pattern.PatternType) == 1),
            *(mask.G for mask in masks if isinstance(mask, Dictionary)),
        ]
        shadings = [
            *resources.get("/Shading", Dictionary()).values(),
            *(pattern.Shading for pattern in patterns if int(pattern.PatternType) == 2),
        ]
        for shading in shadings:
            yield from self._space(shading.ColorSpace, spaces)
        for thing in things:
            if thing.is_indirect and thing.objgen in self._seen:
                continue
            self._seen.add(thing.objgen)
            if thing.get("/Subtype") == Name.Image:
                yield from self._space(thing.get("/ColorSpace", Name.DeviceGray), spaces)
            else:
                yield from self._group(thing)
                yield from self._drawn(thing, thing.get("/Resources", resources))

    def _group(self, holder: Any) -> Iterator[str]:
        space = holder.get("/Group", Dictionary()).get("/CS")
        if space is not None:
            yield from self._space(space, Dictionary())

    def _space(self, space: Any, spaces: Any) -> Iterator[str]:
        """Yield a space, or the one beneath it, where it is of a device that isn't ours and has no default."""
        if isinstance(space, Array) and len(space) > 1 and str(space[0]) in ("/Indexed", "/Pattern"):
            space = space[1]
        elif isinstance(space, Array) and len(space) > 2 and str(space[0]) in ("/Separation", "/DeviceN"):
            space = space[2]
        name = str(space[0] if isinstance(space, Array) else space)
        if name in _DEFAULTS and name not in self._allowed and _DEFAULTS[name] not in spaces:
            yield name
