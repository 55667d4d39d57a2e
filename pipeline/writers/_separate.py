"""A PDF in color in; the same in the inks that it is printed with, one or four, out."""

import io
import zlib
from collections.abc import Iterable
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Operator, Pdf

from pipeline.errors import WriteError
from pipeline.writers._inks import GRAY, Inks

# Operators by what they do, for fills and for strokes (ISO 32000-1, table 74).
_SETS = {"g": "g", "rg": "g", "k": "g", "sc": "g", "scn": "g", "G": "G", "RG": "G", "K": "G", "SC": "G", "SCN": "G"}
_SPACES = {"cs": "g", "CS": "G"}
_SIZES = {"/DeviceGray": 1, "/CalGray": 1, "/DeviceRGB": 3, "/CalRGB": 3, "/DeviceCMYK": 4}
_QUALITY = 92


def to_gray(content: bytes) -> bytes:
    """Return a PDF with every color and image in gray; words, tags, links and fields stay as they are.

    Raises WriteError for a color that has no sure gray, such as one of a spot ink.
    """
    with Pdf.open(io.BytesIO(content)) as pdf:
        separate(pdf, GRAY)
        stream = io.BytesIO()
        pdf.save(
            stream,
            deterministic_id=True,
            object_stream_mode=pikepdf.ObjectStreamMode.generate,
            compress_streams=True,
        )
        return stream.getvalue()


def separate(pdf: Pdf, inks: Inks) -> None:
    """Leave nothing but a device's inks in what a PDF's pages and fields draw. Raises WriteError as `to_gray` does.

    Pictures in gray stay so: black is one of the inks.
    """
    _Separation(pdf, inks).run()


class _Separation:
    """One walk through all that is drawn: pages, then the forms, patterns, shadings and images that they use."""

    def __init__(self, pdf: Pdf, inks: Inks) -> None:
        self._pdf = pdf
        self._inks = inks
        self._space = Name(inks.space)
        self._seen: set[tuple[int, int]] = set()
        self._resources: list[Any] = []

    def run(self) -> None:
        for page in self._pdf.pages:
            resources = page.obj.get("/Resources", Dictionary())
            page.Contents = self._pdf.make_stream(self._rewritten(page, resources))
            self._follow(resources)
            self._blend(page.obj)
            for annotation in page.obj.get("/Annots", ()):
                self._annotation(annotation)
        form = self._pdf.Root.get("/AcroForm", Dictionary())
        for field in (form, *_fields(form.get("/Fields", ()))):
            self._annotation(field)
        # A page that comes later may draw with the same resources, so their names are needed until now.
        for resources in self._resources:
            _drop_spaces(resources)

    # ------------------------------------------------------------------ operators

    def _rewritten(self, holder: Any, resources: Any) -> bytes:
        """Return a content stream with each color replaced by its inks."""
        spaces = resources.get("/ColorSpace", Dictionary())
        # The color space of fills and of strokes by the size of its colors; 0 is a pattern.
        now = {"g": 1, "G": 1}
        kept: list[dict[str, int]] = []
        out: list[Any] = []
        for instruction in pikepdf.parse_content_stream(holder):
            if isinstance(instruction, pikepdf.ContentStreamInlineImage):
                if str(instruction.iimage.colorspace) != "/DeviceGray":
                    raise WriteError("an image inside a content stream can't be printed\n    Use a file for it.")
                out.append(instruction)
                continue
            operands, operator = instruction.operands, str(instruction.operator)
            if operator == "q":
                kept.append(dict(now))
            elif operator == "Q" and kept:
                now = kept.pop()
            if operator in _SPACES:
                target = _SPACES[operator]
                now[target] = _components(spaces.get(str(operands[0]), operands[0]))
                # A space begins with its black.
                out.append(self._set(target, [0]) if now[target] else instruction)
            elif operator in _SETS:
                target = _SETS[operator]
                if operator not in ("sc", "scn", "SC", "SCN"):
                    now[target] = 1
                out.append(self._set(target, operands) if now[target] else instruction)
            else:
                out.append(instruction)
        return pikepdf.unparse_content_stream(out)

    def _set(self, target: str, parts: Iterable[Any]) -> tuple[list[Any], Operator]:
        operator = self._inks.fill if target == "g" else self._inks.stroke
        return self._inks.of(list(parts)), Operator(operator)

    # ------------------------------------------------------------------ what is drawn with

    def _is_new(self, thing: Any) -> bool:
        if not thing.is_indirect:
            return True
        is_new = thing.objgen not in self._seen
        self._seen.add(thing.objgen)
        return is_new

    def _follow(self, resources: Any) -> None:
        if not self._is_new(resources):
            return
        self._resources.append(resources)
        for thing in resources.get("/XObject", Dictionary()).values():
            if thing.get("/Subtype") == Name.Image:
                self._image(thing)
            else:
                self._content(thing)
        for pattern in resources.get("/Pattern", Dictionary()).values():
            if int(pattern.PatternType) == 1:
                self._content(pattern)
            elif self._is_new(pattern):
                self._shading(pattern.Shading)
        for shading in resources.get("/Shading", Dictionary()).values():
            self._shading(shading)
        for state in resources.get("/ExtGState", Dictionary()).values():
            mask = state.get("/SMask")
            if isinstance(mask, Dictionary):
                self._content(mask.G)

    def _content(self, thing: Any) -> None:
        if not self._is_new(thing):
            return
        resources = thing.get("/Resources", Dictionary())
        thing.write(self._rewritten(thing, resources))
        self._follow(resources)
        self._blend(thing)

    def _annotation(self, annotation: Any) -> None:
        """Separate a field's or a link's frame, ground, text and appearances (ISO 32000-1, 12.5.6.19, 12.7.3.3)."""
        look = annotation.get("/MK", Dictionary())
        for holder, key in ((annotation, "/C"), (look, "/BC"), (look, "/BG")):
            if isinstance(holder.get(key), Array) and len(holder[key]) > 1:
                holder[key] = Array(self._inks.of(list(holder[key])))
        if "/DA" in annotation:
            drawn = self._pdf.make_stream(bytes(annotation.DA))
            annotation.DA = pikepdf.String(self._rewritten(drawn, Dictionary()).replace(b"\n", b" "))
        for state in annotation.get("/AP", Dictionary()).values():
            for appearance in [state] if isinstance(state, pikepdf.Stream) else state.values():
                self._content(appearance)

    def _image(self, image: Any) -> None:
        if not self._is_new(image) or "/ColorSpace" not in image or image.ColorSpace in (Name.DeviceGray, self._space):
            return
        is_photograph = image.get("/Filter") in (Name.DCTDecode, Array([Name.DCTDecode]))
        picture = pikepdf.PdfImage(image).as_pil_image()
        for key in ("/DecodeParms", "/Decode"):
            if key in image:
                del image[key]
        picture = self._inks.picture(picture)
        image.ColorSpace = self._space
        image.BitsPerComponent = 8
        if is_photograph and self._inks.channels == 4:
            # A JPEG of four inks says how much paper is left, and not how much ink is there.
            image.Decode = Array([1, 0] * 4)
        if is_photograph:
            stream = io.BytesIO()
            picture.save(stream, "JPEG", quality=_QUALITY)
            image.write(stream.getvalue(), filter=Name.DCTDecode)
        else:
            image.write(zlib.compress(picture.tobytes(), 9), filter=Name.FlateDecode)

    def _shading(self, shading: Any) -> None:
        if not self._is_new(shading) or shading.ColorSpace in (Name.DeviceGray, self._space):
            return
        _components(shading.ColorSpace)
        shading.ColorSpace = self._space
        if "/Background" in shading:
            shading.Background = Array(self._inks.of(list(shading.Background)))
        self._function(shading.Function)

    def _function(self, function: Any) -> None:
        """Separate the ends of a gradient: gray is a sum, so that what is between follows, and nearly does in inks."""
        if not self._is_new(function):
            return
        kind = int(function.FunctionType) if isinstance(function, Dictionary) else 0
        if kind == 2:
            function.C0 = Array(self._inks.of(list(function.get("/C0", Array([0])))))
            function.C1 = Array(self._inks.of(list(function.get("/C1", Array([1])))))
        elif kind == 3:
            for part in function.Functions:
                self._function(part)
        else:
            raise WriteError("a gradient of this kind can't be printed\n    Leave it out of what is printed.")
        if "/Range" in function:
            del function.Range

    def _blend(self, holder: Any) -> None:
        """Let a transparency group blend in the inks."""
        if "/CS" in holder.get("/Group", Dictionary()):
            holder.Group.CS = self._space


def _components(space: Any) -> int:
    """Return how many numbers a color of a space has, 0 for a pattern. Raises WriteError where gray isn't sure."""
    family = str(space[0] if isinstance(space, Array) else space)
    if family == "/Pattern" and (not isinstance(space, Array) or len(space) == 1):
        return 0
    if family == "/ICCBased":
        return int(space[1].N)
    if family not in _SIZES:
        raise WriteError(
            f"a color of the space {family.removeprefix('/')} can't be printed\n"
            "    Write colors as red, green and blue, such as #7b2d3b, in theme.yaml and in images."
        )
    return _SIZES[family]


def _drop_spaces(resources: Any) -> None:
    """Remove names of color spaces that nothing uses now."""
    spaces = resources.get("/ColorSpace", Dictionary())
    for name in list(spaces.keys()):
        del spaces[name]
    if "/ColorSpace" in resources:
        del resources["/ColorSpace"]


def _fields(fields: Iterable[Any]) -> Iterable[Any]:
    for field in fields:
        yield field
        yield from _fields(field.get("/Kids", ()))
