"""The workbook and the worksheets of the reference book, which has every block in it."""

import io

import pikepdf
import pytest
from builders import a_book

from pipeline import model as m
from pipeline.cache import Cache
from pipeline.press import Press
from pipeline.theme import points
from pipeline.transforms import select
from pipeline.writers import workbook, worksheets


@pytest.fixture(scope="module")
def made(prepared_design, tmp_path_factory) -> tuple[m.Artifact, pikepdf.Pdf, str]:
    press = Press(Cache(tmp_path_factory.mktemp("cache")), 1)
    [artifact] = workbook.write(select(a_book(), "workbook"), prepared_design, press)
    return artifact, pikepdf.open(io.BytesIO(artifact.content)), text_of(artifact.content)


@pytest.fixture(scope="module")
def sheets(prepared_design, tmp_path_factory) -> dict[str, m.Artifact]:
    press = Press(Cache(tmp_path_factory.mktemp("cache")), 1)
    return {a.path: a for a in worksheets.write(select(a_book(), "worksheets"), prepared_design, press)}


def text_of(pdf: bytes) -> str:
    import pypdfium2

    pages = pypdfium2.PdfDocument(pdf)
    return " ".join(" ".join(page.get_textpage().get_text_range() for page in pages).split())


def fields_of(pdf: pikepdf.Pdf) -> set[str]:
    return {str(field.T) for field in pdf.Root.AcroForm.Fields}


def expected_fields(prompts: tuple[m.Prompt, ...]) -> set[str]:
    names: set[str] = set()
    for prompt in prompts:
        match prompt.answer:
            case m.Lines() | m.Scale():
                names.add(prompt.name)
            case m.Letter(salutation=salutation, closing=closing):
                blanks = sum(isinstance(node, m.Blank) for node in (*salutation, *closing))
                names |= {prompt.name, *(f"{prompt.name}_name_{n}" for n in range(1, blanks + 1))}
            case m.Checklist(items=items):
                names |= {f"{prompt.name}_{n}" for n in range(1, len(items) + 1)}
            case m.Plan(paragraphs=paragraphs):
                blanks = sum(isinstance(node, m.Blank) for paragraph in paragraphs for node in paragraph)
                names |= {f"{prompt.name}_{n}" for n in range(1, blanks + 1)}
            case m.Grid(columns=columns, rows=rows, row_labels=labels):
                count = len(columns) - bool(labels)
                names |= {f"{prompt.name}_r{r}c{c}" for r in range(1, rows + 1) for c in range(1, count + 1)}
    return names


def test_every_prompt_has_its_fields_in_the_workbook(made) -> None:
    prompts = tuple(prompt for chapter in a_book().chapters for prompt in chapter.prompts)
    assert fields_of(made[1]) == expected_fields(prompts)


def test_every_prompt_has_the_same_fields_on_its_worksheet(sheets) -> None:
    for chapter in a_book().chapters:
        if chapter.prompts:
            pdf = pikepdf.open(io.BytesIO(sheets[f"worksheets/{chapter.file_stem}.pdf"].content))
            assert fields_of(pdf) == expected_fields(chapter.prompts)


def test_the_pack_holds_all_worksheets(sheets) -> None:
    pack = sheets["worksheets/all.pdf"]
    assert pack.pages == sum(artifact.pages or 0 for path, artifact in sheets.items() if path != pack.path)


def test_every_field_is_described(made) -> None:
    for field in made[1].Root.AcroForm.Fields:
        assert str(field.TU).strip()
        for kid in field.get("/Kids", ()):
            assert str(kid.TU).strip()


def test_the_words_of_every_block_are_on_the_pages(made) -> None:
    book, text = select(a_book(), "workbook"), "".join(made[2].split())
    # A hyphen at a line's end is U+FFFE or U+2010 to a reader of text: compare letters alone.
    letters = "".join(c for c in text if c.isalpha())
    for _, document in book.texts():
        for node in m.walk((document.blocks, tuple(note.blocks for note in document.footnotes))):
            if isinstance(node, m.Text):
                for word in node.text.split():
                    plain = "".join(c for c in word if c.isalpha())
                    assert plain in letters, word


def test_chapters_are_numbered_from_one_after_roman_front_matter(made) -> None:
    labels = [page.label for page in made[1].pages]
    assert labels[:3] == ["Cover", "i", "ii"]
    assert "1" in labels
    assert labels[-1].isdigit()


def test_the_contents_name_the_page_on_which_a_chapter_begins(made) -> None:
    _, pdf, text = made
    with pdf.open_outline() as outline:
        part = next(item for item in outline.root if item.title.startswith("Part I:"))
        first = part.children[0]
    page = next(at for at, page in enumerate(pdf.pages) if page.obj.objgen == first.destination[0].objgen)
    assert f"{a_book().chapters[0].title}" in text
    assert pdf.pages[page].label in text.split("Contents", 1)[1][:600]


def test_a_passage_for_other_formats_is_left_out(made) -> None:
    assert "only epub" not in made[2].lower()


def test_a_book_without_prompts_has_no_worksheets(prepared_design, tmp_path) -> None:
    import msgspec

    bare = tuple(
        msgspec.structs.replace(
            part,
            chapters=tuple(msgspec.structs.replace(c, prompts=(), worksheet=()) for c in part.chapters),
        )
        for part in a_book().parts
    )
    book = msgspec.structs.replace(a_book(), parts=bare)
    assert worksheets.write(book, prepared_design, Press(Cache(tmp_path), 1)) == ()


def test_the_copyright_page_ends_at_the_foot_of_the_text_block(made, prepared_design) -> None:
    import pypdfium2

    pages = [page.get_textpage() for page in pypdfium2.PdfDocument(made[0].content)]
    page = next(page for page in pages if a_book().date in page.get_text_range())
    lowest = min(page.get_rect(n)[1] for n in range(page.count_rects()))
    margin = points(prepared_design.theme.page.margin.bottom)
    assert margin <= lowest < margin + 10
