"""WeasyPrint's shortcuts change nothing that is seen, and its slow helpers load when they are needed."""

import gc
import io
import subprocess
import sys
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from builders import a_book

from pipeline.cache import Cache
from pipeline.press import Press
from pipeline.transforms import select
from pipeline.writers import _weasyprint, workbook, worksheets

TESTS = Path(__file__).parents[2]
THE_LONG_WAY = """
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from builders import a_book
from pipeline import theme
from pipeline.cache import Cache
from pipeline.press import Press
from pipeline.project import Project
from pipeline.transforms import select
from pipeline.writers import _shortcuts, _weasyprint, workbook, worksheets

_shortcuts.SHORTCUTS = ()
read_as_html = _weasyprint.load().HTML
_weasyprint.parsed = lambda page, fetcher: read_as_html(string=page, url_fetcher=fetcher, media_type="print")
design = theme.load(Project(Path(sys.argv[1]).parent))
_weasyprint.prepare(tuple(str(font.path) for font in design.fonts), sys.argv[2] + "/fonts")
press = Press(Cache(Path(sys.argv[2]), enabled=False), 1)
for writer in (workbook, worksheets):
    name = writer.__name__.rpartition(".")[2]
    for artifact in writer.write(select(a_book(), name), design, press):
        path = Path(sys.argv[2], artifact.path)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(artifact.content)
"""


def unpacked(pdf: bytes) -> bytes:
    """Return a PDF with its streams as they are read, so that how well they are packed is no difference."""
    stream = io.BytesIO()
    level = pikepdf.StreamDecodeLevel.generalized
    document = pikepdf.open(io.BytesIO(pdf))
    # It is a hash of the packed streams.
    del document.trailer.ID
    document.save(stream, compress_streams=False, stream_decode_level=level, static_id=True)
    return stream.getvalue()


def test_pages_are_the_same_with_and_without_the_shortcuts(prepared_design, tmp_path: Path) -> None:
    command = [sys.executable, "-c", THE_LONG_WAY, str(TESTS), str(tmp_path)]
    subprocess.run(command, check=True, cwd=TESTS.parent, env={"PYTHONPATH": f"{TESTS.parent}:{TESTS}"})
    press = Press(Cache(tmp_path, enabled=False), 1)
    made = [
        artifact
        for writer, name in ((workbook, "workbook"), (worksheets, "worksheets"))
        for artifact in writer.write(select(a_book(), name), prepared_design, press)
    ]
    assert len(made) > 2
    for artifact in made:
        assert unpacked(artifact.content) == unpacked((tmp_path / artifact.path).read_bytes()), artifact.path


@pytest.mark.parametrize("page", ["<p>Text<br>and more</p>", "<p>A&nbsp;B</p>", "<svg width='9'></svg>"])
def test_a_page_that_is_no_xml_is_read_as_html(prepared_design, page: str) -> None:
    made = _weasyprint.parsed(f"<!DOCTYPE html><html><body>{page}</body></html>", None)
    assert made.etree_element.find("body")[0].tag.rpartition("}")[2] in ("p", "svg")


def test_the_fallback_for_subsets_is_not_loaded_before_it_is_used() -> None:
    code = "import sys; from pipeline.writers import _weasyprint; _weasyprint.load(); "
    code += "assert 'fontTools.varLib' not in sys.modules; from weasyprint.pdf import fonts; fonts.subset.Options()"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=TESTS.parent)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the kernel doesn't say how much memory is used")
def test_lines_with_font_features_leave_no_memory_behind(prepared_design) -> None:
    from weasyprint.text.line_break import Layout

    page = _weasyprint.parsed("<html><body style='font-variant-numeric: oldstyle-nums'>7</body></html>", None).render()
    [style] = {id(box.style): box.style for box in boxes_of(page.pages[0]._page_box) if hasattr(box, "text")}.values()

    def lay_out() -> int:
        for _ in range(10_000):
            Layout(style)
        status = Path("/proc/self/status").read_text(encoding="ascii")
        return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")))

    lay_out()
    before = lay_out()
    # In kilobytes. What each leaves behind where it isn't freed takes a hundred bytes and more.
    assert lay_out() - before < 400


def test_the_boxes_of_a_page_are_gone_when_it_is_drawn(prepared_design) -> None:
    text = "<p style='break-after: page'>Words with <a href='https://example.com/'>a link</a></p>"
    document = _weasyprint.parsed(f"<html lang='en'><body>{text * 3}</body></html>", None).render()
    boxes = [[weakref.ref(box) for box in boxes_of(page._page_box)] for page in document.pages]
    left = []
    paint = type(document.pages[0]).paint

    def count(page: Any, *rest: Any) -> None:
        paint(page, *rest)
        left.append([sum(box() is not None for box in each) for each in boxes])

    gc.collect()
    gc.disable()
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(type(document.pages[0]), "paint", count)
            document.write_pdf(pdf_variant="pdf/ua-1")
    finally:
        gc.enable()
    whole = [len(each) for each in boxes]
    assert left == [[0, *whole[1:]], [0, 0, whole[2]], [0, 0, 0]]


def boxes_of(box: Any) -> Iterator[Any]:
    yield box
    for child in getattr(box, "children", ()):
        yield from boxes_of(child)
