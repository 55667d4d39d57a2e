import io
import zipfile

import pytest

from pipeline import packing


def opened(content: bytes) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(content))


def test_mimetype_is_first_and_stored() -> None:
    content = packing.pack([("a.xhtml", b"a"), ("mimetype", b"application/epub+zip")])
    first = opened(content).infolist()[0]
    assert (first.filename, first.compress_type, first.extra) == ("mimetype", zipfile.ZIP_STORED, b"")
    # Where OCF 3.3 §4.2.2 lets a reader look for it.
    assert content[30:58] == b"mimetypeapplication/epub+zip"


def test_other_entries_keep_their_order_and_content() -> None:
    archive = opened(packing.pack([("b", b"2"), ("mimetype", b"m"), ("a", b"1")]))
    assert archive.namelist() == ["mimetype", "b", "a"]
    assert archive.read("a") == b"1"
    assert archive.testzip() is None


def test_entries_have_one_fixed_time_and_mode() -> None:
    [entry] = opened(packing.pack([("a", b"1")])).infolist()
    assert entry.date_time == (1980, 1, 1, 0, 0, 0)
    assert (entry.create_system, entry.external_attr >> 16) == (3, 0o100644)


def test_what_is_compressed_already_is_stored() -> None:
    archive = opened(packing.pack([("a.PNG", b"1"), ("a.css", b"1")]))
    kinds = {entry.filename: entry.compress_type for entry in archive.infolist()}
    assert kinds == {"a.PNG": zipfile.ZIP_STORED, "a.css": zipfile.ZIP_DEFLATED}


@pytest.mark.parametrize("names", [("a", "a"), ("/a",), ("a/../b",), ("..",)])
def test_name_that_is_twice_there_or_leads_out_is_refused(names: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="archive"):
        packing.pack([(name, b"") for name in names])
