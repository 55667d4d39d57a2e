"""A PDF in color in; the same in gray alone, for printing with one ink, out."""

import io
import zlib
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Operator, Pdf

from pipeline.errors import WriteError

# Operators by what they do, for fills and for strokes (ISO 32000-1, table 74).
_GRAY_OF = {"g": "g", "rg": "g", "k": "g", "sc": "g", "scn": "g", "G": "G", "RG": "G", "K": "G", "SC": "G", "SCN": "G"}
_SPACES = {"cs": "g", "CS": "G"}
_SIZES = {"/DeviceGray": 1, "/CalGray": 1, "/DeviceRGB": 3, "/CalRGB": 3, "/DeviceCMYK": 4}
_QUALITY = 92


def to_gray(content: bytes) -> bytes:
    """Return a PDF with every color and image in gray; words, tags, links and fields stay as they are.

    Raises WriteError for a color that has no sure gray, such as one of a spot ink.
    """
    with Pdf.open(io.BytesIO(content)) as pdf:
        take_colors(pdf)
        stream = io.BytesIO()
        pdf.save(
            stream,
            deterministic_id=True,
            object_stream_mode=pikepdf.ObjectStreamMode.generate,
            compress_streams=True,
        )
        return stream.getvalue()


def take_colors(pdf: Pdf) -> None:
    """Leave nothing but DeviceGray in what a PDF's pages and fields draw. Raises WriteError as `to_gray` does."""
    _Graying(pdf).run()


def gray_of(parts: Sequence[Any]) -> Decimal:
    """Return the gray, 0 black to 1 white, of a color in gray, RGB or CMYK (ISO 32000-1, 10.3)."""
    values = [float(part) for part in parts]
    if len(values) == 3:
        gray = 0.3 * values[0] + 0.59 * values[1] + 0.11 * values[2]
    elif len(values) == 4:
        gray = 1 - min(1.0, 0.3 * values[0] + 0.59 * values[1] + 0.11 * values[2] + values[3])
    else:
        gray = values[0]
    return Decimal(f"{gray:.4f}").normalize() + 0


class _Graying:
    """One walk through all that is drawn: pages, then the forms, patterns, shadings and images that they use."""

    def __init__(self, pdf: Pdf) -> None:
        self._pdf = pdf
        self._seen: set[tuple[int, int]] = set()
        self._resources: list[Any] = []

    def run(self) -> None:
        for page in self._pdf.pages:
            resources = page.obj.get("/Resources", Dictionary())
            page.Contents = self._pdf.make_stream(self._rewritten(page, resources))
            self._follow(resources)
            _gray_group(page.obj)
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
        """Return a content stream with each color replaced by its gray."""
        spaces = resources.get("/ColorSpace", Dictionary())
        # The color space of fills and of strokes by the size of its colors; 0 is a pattern.
        now = {"g": 1, "G": 1}
        kept: list[dict[str, int]] = []
        out: list[Any] = []
        for instruction in pikepdf.parse_content_stream(holder):
            if isinstance(instruction, pikepdf.ContentStreamInlineImage):
                if str(instruction.iimage.colorspace) != "/DeviceGray":
                    raise WriteError("an image inside a content stream can't be made gray\n    Use a file for it.")
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
                out.append(([0], Operator(target)) if now[target] else instruction)
            elif operator in _GRAY_OF:
                target = _GRAY_OF[operator]
                if operator in ("sc", "scn", "SC", "SCN"):
                    out.append(([gray_of(list(operands))], Operator(target)) if now[target] else instruction)
                else:
                    now[target] = 1
                    out.append(([gray_of(list(operands))], Operator(target)))
            else:
                out.append(instruction)
        return pikepdf.unparse_content_stream(out)

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
        _gray_group(thing)

    def _annotation(self, annotation: Any) -> None:
        """Gray a field's or a link's frame, ground, text and appearances (ISO 32000-1, 12.5.2, 12.5.6.19, 12.7.3.3)."""
        look = annotation.get("/MK", Dictionary())
        for holder, key in ((annotation, "/C"), (look, "/BC"), (look, "/BG")):
            if isinstance(holder.get(key), Array) and len(holder[key]) > 1:
                holder[key] = Array([gray_of(list(holder[key]))])
        if "/DA" in annotation:
            drawn = self._pdf.make_stream(bytes(annotation.DA))
            annotation.DA = pikepdf.String(self._rewritten(drawn, Dictionary()).replace(b"\n", b" "))
        for state in annotation.get("/AP", Dictionary()).values():
            for appearance in [state] if isinstance(state, pikepdf.Stream) else state.values():
                self._content(appearance)

    def _image(self, image: Any) -> None:
        if not self._is_new(image) or "/ColorSpace" not in image or image.ColorSpace == Name.DeviceGray:
            return
        is_photograph = image.get("/Filter") in (Name.DCTDecode, Array([Name.DCTDecode]))
        picture = pikepdf.PdfImage(image).as_pil_image().convert("L")
        for key in ("/DecodeParms", "/Decode"):
            if key in image:
                del image[key]
        image.ColorSpace = Name.DeviceGray
        image.BitsPerComponent = 8
        if is_photograph:
            stream = io.BytesIO()
            picture.save(stream, "JPEG", quality=_QUALITY)
            image.write(stream.getvalue(), filter=Name.DCTDecode)
        else:
            image.write(zlib.compress(picture.tobytes(), 9), filter=Name.FlateDecode)

    def _shading(self, shading: Any) -> None:
        if not self._is_new(shading) or shading.ColorSpace == Name.DeviceGray:
            return
        _components(shading.ColorSpace)
        shading.ColorSpace = Name.DeviceGray
        if "/Background" in shading:
            shading.Background = Array([gray_of(list(shading.Background))])
        self._function(shading.Function)

    def _function(self, function: Any) -> None:
        """Gray the ends of a gradient; gray follows from color by sums, so that what is between follows too."""
        if not self._is_new(function):
            return
        kind = int(function.FunctionType) if isinstance(function, Dictionary) else 0
        if kind == 2:
            function.C0 = Array([gray_of(list(function.get("/C0", Array([0]))))])
            function.C1 = Array([gray_of(list(function.get("/C1", Array([1]))))])
        elif kind == 3:
            for part in function.Functions:
                self._function(part)
        else:
            raise WriteError("a gradient of this kind can't be made gray\n    Leave it out of what is printed in gray.")
        if "/Range" in function:
            del function.Range


def _components(space: Any) -> int:
    """Return how many numbers a color of a space has, 0 for a pattern. Raises WriteError where gray isn't sure."""
    family = str(space[0] if isinstance(space, Array) else space)
    if family == "/Pattern" and (not isinstance(space, Array) or len(space) == 1):
        return 0
    if family == "/ICCBased":
        return int(space[1].N)
    if family not in _SIZES:
        raise WriteError(
            f"a color of the space {family.removeprefix('/')} can't be made gray\n"
            "    Write colors as red, green and blue, such as #7b2d3b, in theme.yaml and in images."
        )
    return _SIZES[family]


def _gray_group(holder: Any) -> None:
    """Let a transparency group blend in gray."""
    if "/CS" in holder.get("/Group", Dictionary()):
        holder.Group.CS = Name.DeviceGray


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
