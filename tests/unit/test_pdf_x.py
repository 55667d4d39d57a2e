"""PDF/X-4: each thing that the standard asks for is missed where it is taken out of a file that has it."""

import io
from collections.abc import Callable

import pikepdf
import pytest
from builders import a_project
from pikepdf import Array, Dictionary, Name, Pdf, String

from pipeline.build import Options, build
from pipeline.pdf_x import faults


@pytest.fixture(scope="module")
def sound(tmp_path_factory) -> bytes:
    project = a_project(tmp_path_factory.mktemp("book"))
    build(project, Options(formats=("workbook",), editions=("print",), jobs=1))
    return (project.output / "workbook-print.pdf").read_bytes()


def spoiled(content: bytes, spoil: Callable[[Pdf], object], **saving: object) -> set[str]:
    """Return the codes of what is found in a file after something was done to it."""
    with Pdf.open(io.BytesIO(content)) as pdf:
        spoil(pdf)
        stream = io.BytesIO()
        pdf.save(stream, **{"deterministic_id": True, **saving})  # type: ignore[arg-type]
    return {code for code, _ in faults(stream.getvalue())}


def in_xmp(before: bytes, after: bytes) -> Callable[[Pdf], object]:
    def spoil(pdf: Pdf) -> None:
        packet = pdf.Root.Metadata.read_bytes()
        assert before in packet
        pdf.Root.Metadata.write(packet.replace(before, after))

    return spoil


def draw(operators: bytes) -> Callable[[Pdf], object]:
    return lambda pdf: pdf.pages[0].contents_add(pdf.make_stream(operators))


def annotate(kind: str, *box: float) -> Callable[[Pdf], object]:
    def spoil(pdf: Pdf) -> None:
        pdf.pages[0].obj.Annots = Array([Dictionary(Type=Name.Annot, Subtype=Name(kind), Rect=Array(box))])

    return spoil


def take_fonts_file(pdf: Pdf) -> None:
    for thing in pdf.objects:
        if isinstance(thing, Dictionary) and "/FontFile2" in thing:
            del thing.FontFile2


def other_profile(at: int, new: bytes) -> Callable[[Pdf], object]:
    def spoil(pdf: Pdf) -> None:
        profile = pdf.Root.OutputIntents[0].DestOutputProfile
        content = profile.read_bytes()
        profile.write(content[:at] + new + content[at + len(new) :])

    return spoil


def two_intents(pdf: Pdf) -> None:
    pdf.Root.OutputIntents.append(pdf.Root.OutputIntents[0])


def color_in_form(pdf: Pdf) -> None:
    """Draw in color within a form within a form."""
    inner = pdf.make_stream(b"1 0 0 rg 0 0 9 9 re f", Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 9, 9]))
    outer = pdf.make_stream(b"/In Do", Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 9, 9]))
    outer.Resources = Dictionary(XObject=Dictionary(In=inner))
    page = pdf.pages[0].obj
    page.Resources.XObject = Dictionary(Out=outer)
    pdf.pages[0].contents_add(pdf.make_stream(b"/Out Do"))


def color_image(pdf: Pdf) -> None:
    image = pdf.make_stream(bytes(3), Type=Name.XObject, Subtype=Name.Image, Width=1, Height=1, BitsPerComponent=8)
    image.ColorSpace = Name.DeviceRGB
    pdf.pages[0].obj.Resources.XObject = Dictionary(Im=image)


def transfer(pdf: Pdf) -> None:
    pdf.pages[0].obj.Resources.ExtGState = Dictionary(G=pdf.make_indirect(Dictionary(TR=Name.Identity)))


def elsewhere(pdf: Pdf) -> None:
    pdf.Root.Kept = pdf.make_stream(b"", OPI=Dictionary())


def test_a_print_edition_has_no_fault(sound: bytes) -> None:
    assert list(faults(sound)) == []


@pytest.mark.parametrize(
    ("code", "spoil"),
    [
        ("x4-claim", in_xmp(b">PDF/X-4<", b">PDF/X-3<")),
        ("x4-claim", lambda pdf: pdf.Root.__delitem__("/Metadata")),
        ("x4-xmp", in_xmp(b"xmpMM:RenditionClass", b"xmpMM:Nothing")),
        ("x4-agreement", in_xmp(b"A Small Book", b"Another Book")),
        ("x4-agreement", lambda pdf: pdf.docinfo.__setitem__("/ModDate", "D:20200101000000Z")),
        ("x4-trapped", in_xmp(b"<pdf:Trapped>False", b"<pdf:Trapped>Unknown")),
        ("x4-intent", lambda pdf: pdf.Root.__delitem__("/OutputIntents")),
        ("x4-intent", two_intents),
        ("x4-intent", lambda pdf: pdf.Root.OutputIntents[0].__delitem__("/Info")),
        ("x4-profile", lambda pdf: pdf.Root.OutputIntents[0].__delitem__("/DestOutputProfile")),
        ("x4-profile", other_profile(12, b"mntr")),
        ("x4-profile", other_profile(36, b"none")),
        ("x4-profile", other_profile(16, b"CMYK")),
        ("x4-action", lambda pdf: pdf.Root.__setitem__("/OpenAction", Dictionary(S=Name.JavaScript, JS=String("1")))),
        ("x4-action", lambda pdf: pdf.Root.__setitem__("/AcroForm", Dictionary(Fields=Array()))),
        ("x4-boxes", lambda pdf: pdf.pages[1].obj.__delitem__("/TrimBox")),
        ("x4-boxes", lambda pdf: pdf.pages[1].obj.__setitem__("/ArtBox", Array([0, 0, 9, 9]))),
        ("x4-boxes", lambda pdf: pdf.pages[1].obj.__setitem__("/BleedBox", Array([99, 99, 199, 199]))),
        ("x4-boxes", lambda pdf: pdf.pages[1].obj.__setitem__("/TrimBox", Array([-99, 0, 199, 199]))),
        ("x4-annotation", annotate("/Link", 100, 100, 120, 120)),
        ("x4-font", take_fonts_file),
        ("x4-transfer", transfer),
        ("x4-color", draw(b"1 0 0 rg")),
        ("x4-color", draw(b"/DeviceCMYK CS")),
        ("x4-color", color_in_form),
        ("x4-color", color_image),
        ("x4-external", elsewhere),
    ],
)
def test_what_pdf_x_does_not_allow_is_found(sound: bytes, code: str, spoil: Callable[[Pdf], object]) -> None:
    assert code in spoiled(sound, spoil)


@pytest.mark.parametrize(
    "spoil", [annotate("/PrinterMark", 100, 100, 120, 120), annotate("/Link", -90, -90, -80, -80), draw(b"0.5 g 0 G")]
)
def test_what_pdf_x_allows_is_no_fault(sound: bytes, spoil: Callable[[Pdf], object]) -> None:
    assert spoiled(sound, spoil) == set()


def test_encryption_and_a_later_version_are_found(sound: bytes) -> None:
    assert "x4-version" in spoiled(sound, bool, force_version="2.0")
    locked = {"deterministic_id": False, "encryption": pikepdf.Encryption(owner="a", user="")}
    assert "x4-encryption" in spoiled(sound, bool, **locked)
    locked["encryption"] = pikepdf.Encryption(owner="a", user="b")
    assert spoiled(sound, bool, **locked) == {"x4-encryption"}
