"""Objects of several documents in one PDF: numbers, references, streams, and nothing twice."""

import io

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, Pdf, String

from pipeline.writers._pdf_file import PdfFile, Source


def opened(file: PdfFile, top: Source, **entries: object) -> Pdf:
    """Return the file with these entries in its catalog, read again; it must be sound."""
    pages = top.pdf.make_indirect(Dictionary(Type=Name.Pages, Kids=[], Count=0))
    root = top.pdf.make_indirect(Dictionary(Type=Name.Catalog, Pages=pages, **entries))
    about = top.pdf.make_indirect(Dictionary(Title=String("Title")))
    numbers = top.number(root), top.number(about)
    top.write()
    pdf = pikepdf.open(io.BytesIO(file.finish(*numbers)))
    assert pdf.check_pdf_syntax() == []
    return pdf


@pytest.fixture
def file() -> PdfFile:
    return PdfFile("1.7")


@pytest.fixture
def top(file: PdfFile) -> Source:
    return Source(file, pikepdf.new())


@pytest.mark.parametrize("words", ["See 1 0 R", "(1 0 R) 2 0 R", "a\\) 1 0 R (", "\u201c1 0 R\u201d", "\r\n1 0 R"])
def test_what_looks_like_a_reference_in_a_string_stays(file: PdfFile, top: Source, words: str) -> None:
    thing = top.pdf.make_indirect(Dictionary(Number=7))
    pdf = opened(file, top, Words=String(words), Thing=thing)
    assert str(pdf.Root.Words) == words
    assert pdf.Root.Thing.Number == 7


def test_an_object_that_several_refer_to_is_written_once(file: PdfFile, top: Source) -> None:
    thing = top.pdf.make_indirect(Dictionary(Marked=True))
    thing.Itself = thing
    pdf = opened(file, top, Things=Array([thing, thing]))
    assert sum(isinstance(o, Dictionary) and "/Marked" in o for o in pdf.objects) == 1
    assert pdf.Root.Things[0].objgen == pdf.Root.Things[1].Itself.objgen


def test_objects_that_nothing_refers_to_are_left_behind(file: PdfFile, top: Source) -> None:
    top.pdf.make_indirect(Dictionary(Marked=True))
    pdf = opened(file, top)
    assert not any(isinstance(o, Dictionary) and "/Marked" in o for o in pdf.objects)


def test_one_document_may_refer_to_another_s_object_before_it_is_written(file: PdfFile, top: Source) -> None:
    number = file.reserve()
    with pikepdf.new() as first, pikepdf.new() as second:
        early, late = Source(file, first), Source(file, second)
        referring = early.number(first.make_indirect(Dictionary(Other=early.stand_in(number))))
        early.write()
        late.number(second.make_indirect(Dictionary(Word=String("late"))), number)
        late.write()
    pdf = opened(file, top, Thing=top.stand_in(referring))
    assert str(pdf.Root.Thing.Other.Word) == "late"


def test_more_objects_than_stand_together_all_come_back_in_their_order(file: PdfFile, top: Source) -> None:
    things = [top.pdf.make_indirect(Dictionary(Number=number)) for number in range(1000)]
    pdf = opened(file, top, Things=Array(things))
    assert [int(thing.Number) for thing in pdf.Root.Things] == list(range(1000))


def test_streams_are_compressed_but_for_metadata(file: PdfFile, top: Source) -> None:
    long = b"words " * 100
    plain = top.pdf.make_stream(long, Type=Name.Metadata)
    pdf = opened(file, top, Metadata=plain, Drawn=top.pdf.make_stream(long))
    assert pdf.Root.Metadata.read_raw_bytes() == long
    assert pdf.Root.Drawn.read_bytes() == long
    assert len(pdf.Root.Drawn.read_raw_bytes()) < 100


def test_another_content_has_another_identifier() -> None:
    identifiers = []
    for word in ("one", "one", "two"):
        file = PdfFile("1.7")
        identifiers.append(bytes(opened(file, Source(file, pikepdf.new()), Word=String(word)).trailer.ID[0]))
    assert identifiers[0] == identifiers[1] != identifiers[2]
