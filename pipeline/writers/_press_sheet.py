"""Finished pages in; what the printer's machine wants of them out: sheets with two pages on a side, and page boxes."""

import io

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf

from pipeline.writers._impose import MILLIMETER, Imposition, order, paper_size, scale, sheet_of_side

# Marks in points: their length, their distance from what they mark, and their stroke.
_MARK, _GAP, _STROKE = 10.0, 4.0, 0.25
_FOUR = 4


def press_sheets(task: Imposition) -> bytes:
    """Return what `_impose.impose` promises."""
    source = Pdf.open(io.BytesIO(task.pdf))
    pdf = pikepdf.new()
    pages = list(source.pages)
    faces = [pdf.copy_foreign(page.as_form_xobject()) for page in pages]
    for side, (left, right) in enumerate(order(len(pages), task.signature)):
        shift = task.creep * MILLIMETER * sheet_of_side(side, len(pages), task.signature)
        _Side(pdf, task, shift).draw(faces[left - 1] if left else None, faces[right - 1] if right else None)
    _take_metadata(source, pdf, task.title)
    stream = io.BytesIO()
    pdf.save(
        stream,
        deterministic_id=True,
        min_version="1.7",
        object_stream_mode=pikepdf.ObjectStreamMode.generate,
        compress_streams=True,
    )
    source.close()
    return stream.getvalue()


class _Side:
    """One side of a sheet, and what is drawn on it."""

    def __init__(self, pdf: Pdf, task: Imposition, shift: float) -> None:
        self._pdf = pdf
        self._task = task
        self._shift = shift
        self._width, self._height = (length * MILLIMETER for length in paper_size(task.paper))
        self._forms = Dictionary()
        self._drawn: list[str] = []
        self._corners: list[tuple[float, float, int, int]] = []

    def draw(self, left: pikepdf.Object | None, right: pikepdf.Object | None) -> None:
        """Add the side to its PDF with a page, or a blank, on either half."""
        for name, face in (("/Left", left), ("/Right", right)):
            if face is not None:
                self._place(name, face)
        if self._task.marks:
            self._add_marks()
        page = Dictionary(
            Type=Name.Page,
            MediaBox=Array([0, 0, _number(self._width), _number(self._height)]),
            Resources=Dictionary(XObject=self._forms),
            Contents=self._pdf.make_stream("\n".join(self._drawn).encode("ascii")),
        )
        self._pdf.pages.append(pikepdf.Page(self._pdf.make_indirect(page)))

    def _place(self, name: str, face: pikepdf.Object) -> None:
        x0, y0, x1, y1 = (float(edge) for edge in face.BBox)
        factor = scale((x1 - x0) / MILLIMETER, (y1 - y0) / MILLIMETER, self._task.paper)
        width, height = (x1 - x0) * factor, (y1 - y0) * factor
        fold = self._width / 2
        is_left = name == "/Left"
        x = fold - width + self._shift if is_left else fold - self._shift
        y = (self._height - height) / 2
        self._forms[name] = face
        # What moves across the fold would stand on the neighboring page.
        half = f"{0 if is_left else _number(fold)} 0 {_number(fold)} {_number(self._height)} re W n"
        matrix = [_number(v) for v in (factor, 0, 0, factor, x - x0 * factor, y - y0 * factor)]
        self._drawn.append(f"q {half} {' '.join(map(str, matrix))} cm {name} Do Q")
        edge, outward = (x, -1) if is_left else (x + width, 1)
        self._corners += [(edge, y, outward, -1), (edge, y + height, outward, 1)]

    def _add_marks(self) -> None:
        """Draw the fold at head and foot, and the corners of the pages where there is paper to cut away."""
        lines = [(self._width / 2, y, self._width / 2, y + _MARK) for y in (0.0, self._height - _MARK)]
        for x, y, right, up in self._corners:
            lines.append((x + right * _GAP, y, x + right * (_GAP + _MARK), y))
            lines.append((x, y + up * _GAP, x, y + up * (_GAP + _MARK)))
        inside = [
            line
            for line in lines
            if all(0 <= x <= self._width for x in line[::2]) and all(0 <= y <= self._height for y in line[1::2])
        ]
        strokes = " ".join("{} {} m {} {} l S".format(*map(_number, line)) for line in inside)
        self._drawn.append(f"q 0 G {_STROKE} w {strokes} Q")


def _number(value: float) -> int | float:
    short = round(value, 4)
    return int(short) if short == int(short) else short


def _take_metadata(source: Pdf, pdf: Pdf, title: str) -> None:
    """Take over author, dates and language; sheets are not tagged, so that they can't claim what the pages do."""
    for key, value in source.docinfo.items():
        pdf.docinfo[key] = pdf.copy_foreign(value) if value.is_indirect else value
    if title:
        pdf.docinfo["/Title"] = title
    # Sheets in gray are for any printer; those in four inks are for the press that these were separated for.
    for intent in source.Root.get("/OutputIntents", ()):
        if int(intent.get("/DestOutputProfile", Dictionary()).get("/N", 0)) == _FOUR:
            pdf.Root.OutputIntents = Array([pdf.copy_foreign(intent)])
    if "/Lang" in source.Root:
        pdf.Root.Lang = source.Root.Lang
    pdf.Root.ViewerPreferences = Dictionary(DisplayDocTitle=True, Duplex=Name.DuplexFlipShortEdge)


def with_bleed_box(content: bytes, bleed: float) -> bytes:
    """Return a PDF whose pages' bleed boxes reach `bleed` mm beyond their trim boxes, however far that is.

    WeasyPrint draws as much bleed as it is asked for, but lets the box end 10 points beyond the trim.
    """
    with Pdf.open(io.BytesIO(content)) as pdf:
        for page in pdf.pages:
            x0, y0, x1, y1 = (float(edge) for edge in page.trimbox)
            reach = bleed * MILLIMETER
            page.bleedbox = Array([_number(edge) for edge in (x0 - reach, y0 - reach, x1 + reach, y1 + reach)])
        stream = io.BytesIO()
        pdf.save(stream, deterministic_id=True)
        return stream.getvalue()
