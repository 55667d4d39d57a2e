"""The worksheets: papers, the ink-saving design, and names of fields that outlive an edit."""

import io
import re

import msgspec
import pikepdf
import pytest
from builders import BOOK_YAML, METADATA, a_book, a_project
from tagged import tagged

from pipeline import model as m
from pipeline.cache import Cache
from pipeline.press import Press
from pipeline.reader import read
from pipeline.transforms import complete, select
from pipeline.writers import worksheets
from pipeline.writers._ink import ink_saving

POINTS = {"A4": (595.28, 841.89), "Letter": (612, 792)}
SCALE = ":::{reflect} How far?\n:kind: scale\n:name: how-far\n:::\n"
LINES = ":::{reflect} And why?\n:kind: lines\n:name: why\n:::\n"
UNNAMED = ":::{reflect} What now?\n:kind: checklist\n- One\n- Two\n:::\n"


@pytest.fixture
def press(tmp_path) -> Press:
    return Press(Cache(tmp_path / "cache"), 1)


def with_papers(*papers: str) -> m.Book:
    return msgspec.structs.replace(select(a_book(), "worksheets"), papers=papers)


def texts(pdf: bytes) -> list[str]:
    import pypdfium2

    return [page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(pdf)]


def opened(artifact: m.Artifact) -> pikepdf.Pdf:
    return pikepdf.open(io.BytesIO(artifact.content))


def test_without_papers_only_the_themes_own_is_made(prepared_design, press) -> None:
    made = worksheets.write(with_papers(), prepared_design, press)
    assert {path.path.count("/") for path in made} == {1}


def test_each_paper_has_a_folder_and_the_themes_own_is_typeset_once(prepared_design, press) -> None:
    bare = worksheets.write(with_papers(), prepared_design, press)
    worked = press.worked
    made = {a.path: a for a in worksheets.write(with_papers("a4", "letter"), prepared_design, press)}
    assert len(made) == 3 * len(bare)
    assert press.worked == 2 * worked
    for artifact in bare:
        name = artifact.path.removeprefix("worksheets/")
        assert made[f"worksheets/a4/{name}"].content == made[f"worksheets/{name}"].content == artifact.content
        assert made[f"worksheets/letter/{name}"].content != artifact.content


@pytest.mark.parametrize("size", ["A4", "Letter"])
def test_every_page_has_the_size_of_its_paper(prepared_design, press, size) -> None:
    for artifact in worksheets.print_sheets(with_papers(), prepared_design, press, paper=size.lower()):
        for page in opened(artifact).pages:
            assert [float(edge) for edge in page.mediabox[2:]] == pytest.approx(POINTS[size], abs=0.1)


def test_each_page_says_whose_it_is_and_the_first_alone_is_read_out(tmp_path, prepared_design, press) -> None:
    letters = "".join(f":::{{reflect}} Write to me.\n:kind: letter\n:name: letter-{n}\n:::\n\n" for n in range(4))
    project = a_project(tmp_path, **{"chapters/01-first.md": METADATA + "Text.\n\n" + letters})
    book = select(complete(read(project)[0], press.cache), "worksheets")
    sheet, _ = worksheets.print_sheets(book, prepared_design, press)
    pages = texts(sheet.content)
    assert len(pages) == 2
    assert all("WORKSHEET 1 · FIRST" in page.upper() for page in pages)
    assert ["2 / 2" in page for page in pages] == [False, True]
    assert tagged(opened(sheet)).text().upper().count("WORKSHEET 1") == 1


def test_a_worksheet_alone_is_the_one_of_the_pack_of_all(prepared_design, press) -> None:
    book = with_papers()
    all_made = {a.path: a.content for a in worksheets.print_sheets(book, prepared_design, press)}
    chapter = next(chapter for chapter in book.chapters if chapter.prompts)
    [alone] = worksheets.print_sheets(book, prepared_design, press, only=chapter.id)
    assert all_made[alone.path] == alone.content


def test_the_hand_has_room_on_lines_and_in_rows(prepared_design) -> None:
    tokens = prepared_design.theme.worksheet
    assert float(tokens.line.removesuffix("mm")) == 8
    assert float(tokens.row.removesuffix("mm")) >= 9


def pixels_of(artifact: m.Artifact):
    import pypdfium2

    return pypdfium2.PdfDocument(artifact.content)[0].render(scale=1.5).to_pil()


def test_a_sheet_that_saves_ink_has_no_color_and_less_ink(prepared_design, press) -> None:
    book = with_papers()
    chapter = next(chapter for chapter in book.chapters if chapter.prompts)
    [full] = worksheets.print_sheets(book, prepared_design, press, only=chapter.id)
    [sparing] = worksheets.print_sheets(book, prepared_design, press, only=chapter.id, saves_ink=True)
    picture = pixels_of(sparing)
    assert all(max(color) - min(color) <= 2 for _, color in picture.getcolors(1 << 20))
    inks = [sum(255 - level for level in pixels_of(sheet).convert("L").tobytes()) for sheet in (sparing, full)]
    assert inks[0] < inks[1]
    assert any(max(color) - min(color) > 20 for _, color in pixels_of(full).getcolors(1 << 20))


def test_the_motif_is_not_filled_where_ink_is_saved(prepared_design) -> None:
    book = with_papers()
    chapters = [chapter for chapter in book.chapters if chapter.prompts]
    for saves_ink, design in ((False, prepared_design), (True, ink_saving(prepared_design))):
        for sheet in worksheets._sheets(chapters, book, design, "A4", saves_ink):
            motif = next(content for name, _, content in sheet.resources if name == "motif.svg").decode()
            fills = set(re.findall(r'fill="([^"]*)"', motif))
            assert (fills == {"none"}) is saves_ink


def fields_of(folder, prepared_design, press, chapters: dict[str, str]) -> dict[str, list[str]]:
    """Return the names of fields by chapter, for a book of these chapters."""
    names = ", ".join(chapters)
    files = {f"chapters/{name}.md": METADATA + "Text.\n\n" + text for name, text in chapters.items()}
    book, _ = read(a_project(folder, **{"book.yaml": BOOK_YAML.replace("01-first", names), **files}))
    made = worksheets.write(select(complete(book, Cache(folder, enabled=False)), "worksheets"), prepared_design, press)
    found = {}
    for artifact in made:
        with opened(artifact) as pdf:
            found[artifact.path.rsplit("/", 1)[1].split("-", 1)[-1]] = [str(f.T) for f in pdf.Root.AcroForm.Fields]
    return found


def test_an_edit_elsewhere_changes_no_fields_name(tmp_path, prepared_design, press) -> None:
    before = fields_of(tmp_path / "a", prepared_design, press, {"01-first": SCALE + "\n" + LINES + "\n" + UNNAMED})
    # A new chapter comes before, files are numbered anew, and prompts change their places.
    after = fields_of(
        tmp_path / "b",
        prepared_design,
        press,
        {"01-new": SCALE + "\n" + LINES, "02-first": UNNAMED + "\n" + LINES + "\n" + SCALE},
    )
    assert len(before["first.pdf"]) == 4
    assert sorted(after["first.pdf"]) == sorted(before["first.pdf"])


def test_names_of_fields_are_unique_in_the_pack_though_chapters_ask_alike(tmp_path, prepared_design, press) -> None:
    both = SCALE + "\n" + UNNAMED
    found = fields_of(tmp_path, prepared_design, press, {"01-first": both, "02-second": both})
    assert len(found["all.pdf"]) == len(set(found["all.pdf"])) == 6
