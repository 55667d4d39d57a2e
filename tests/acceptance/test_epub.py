"""The EPUB against EPUBCheck, Ace and another reader: this book, and a small one with everything awkward in it."""

import html
import os
import re
import subprocess
import zipfile
from functools import partial
from pathlib import Path

import pytest
from acceptance.conftest import copy_of_the_book, environment, quire_command

from pipeline import theme
from pipeline.cache import Cache
from pipeline.output import Made, described
from pipeline.press import open_press
from pipeline.project import Project
from pipeline.reader import read
from pipeline.transforms import complete, select
from pipeline.validate import ANSWERED, CHECKERS, found_by
from pipeline.writers import _weasyprint, epub
from pipeline.writers._page_letters import letters

ROOT = Path(__file__).parents[2]

BOOK = """\
title: 'Less < more & "so" on ]]> {{ title }}'
author: [A < B, "C & D"]
language: en-GB
identifier: urn:uuid:00000000-0000-4000-8000-000000000001
date: 2026-01-02
parts:
  - title: One & only <part>
    chapters: [01-all]
  - title: Two
    chapters: [02-none]
back: [notes, glossary, index]
"""

EVERYTHING = r"""---
title: Every <kind> & more
summary: A summary with < and &.
takeaway: A takeaway with < and &.
motif: 0.0
---

Text with *emphasis*, **strong**, `code < &`, a [link](https://example.com/?a=1&b=2), a note[^one],
another[^two] and the first again[^one]. {index}`Space <space; between>` and
{index}`space <space; between>`, {index}`<see: distance; space>`
{index}`<seealso: space; nothing of the kind>`.

## A heading & \<another>

### Deeper

1. one

   with a second paragraph
2. two
   - nested

## Page

> A quotation.
>
> > In a quotation.

***

    code & <block>

| a | b | c | d |
|:--|:-:|--:|---|
| 1 | 2 | 3 | \<4> |

:::{figure} ../images/circles.svg
:alt: Two circles & "more".
A caption with {ref}`shown`.
:::

(shown)=
![Alone](../images/circles.svg)

Term
: Its definition.

:::{note} A title with & in it
A note.

Of two paragraphs.
:::

:::{research}
Research.
:::

::::{exercise} An exercise
Do it.

:::{tip}
Inside.
:::
::::

:::{takeaways}
:::

:::{only} epub
Only here, {ref}`02-none`.
:::

:::{reflect} A prompt in the middle, with {index}`an entry <entry>`?
:kind: scale
:from: 0
:to: 4
:::

More text.

:::{reflect} Lines & \<more>?
:kind: lines
:::

:::{reflect} A scale?
:kind: scale
:low: Low & <low>
:high: High
:::

:::{reflect} A checklist?
:kind: checklist
- One & \<two>
- Two, *really*
:::

:::{reflect} A table?
:kind: table
:columns: Day | What & <why>
:row-labels: Monday | Tuesday
:::

:::{reflect} A plan.
:kind: plan
On ____ I will ____________________.
:::

:::{reflect} A letter.
:kind: letter
:salutation: Dear ____,
:closing: Yours, ____
:::

[^one]: A note with *emphasis* & \<markup>.
[^two]: Another.

    Of two paragraphs.
"""

NOTHING = """\
---
title: Nothing
summary: Next to nothing.
takeaway: Nothing.
motif: 1.0
---

One line.
"""

CIRCLES = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 20"><circle cx="10" cy="10" r="9"/></svg>'


@pytest.fixture
def adverse(tmp_path: Path) -> Path:
    content = tmp_path / "project" / "content"
    for name, text in {
        "book.yaml": BOOK,
        "chapters/01-all.md": EVERYTHING,
        "chapters/02-none.md": NOTHING,
        "images/circles.svg": CIRCLES,
    }.items():
        (content / name).parent.mkdir(parents=True, exist_ok=True)
        (content / name).write_text(text, encoding="utf-8")
    return content.parent


@pytest.fixture(scope="session")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where these tests keep what they have typeset."""
    return tmp_path_factory.mktemp("state")


def build(root: Path, state: Path, output: Path, edition: str = "ebook") -> Made:
    """Put an edition of a project's EPUB into `output`, and return what the manifest would say of it."""
    project = Project(root)
    cache = Cache(state / "cache")
    book = select(complete(read(project)[0], cache), "epub")
    design = theme.load(project)
    prepare = partial(_weasyprint.prepare, tuple(str(font.path) for font in design.fonts), str(state / "fonts"))
    with open_press(cache, 1, prepare=prepare) as press:
        [artifact] = epub.write(book, design, press, [edition])
    (output / artifact.path).write_bytes(artifact.content)
    return described(artifact)


def found(name: str, made: Made, output: Path) -> list[str]:
    """Return what a checker says of an EPUB, but for the notes that are answered."""
    [checker] = [checker for checker in CHECKERS if checker.name == name]
    if not checker.is_there(os.environ):
        missing = f"{name} should have been installed: {checker.install}"
        pytest.fail(missing, pytrace=False) if os.environ.get("QUIRE_NO_SKIP") else pytest.skip(missing)
    return list(map(str, found_by(checker, made, output, os.environ)))


MARK = re.compile(r'role="doc-pagebreak" id="[^"]*" aria-label="(\w+)"></\w+>')
HIDDEN = re.compile(r'<nav\b[^>]* hidden="hidden">.*?</nav>', re.DOTALL)
TAG = re.compile(r"<svg\b.*?</svg>|<[^>]*>", re.DOTALL)


@pytest.mark.heavy
@pytest.mark.parametrize("edition", epub.EDITIONS)
def test_epubcheck_finds_nothing_in_our_book(edition: str, tmp_path: Path, state: Path) -> None:
    made = build(ROOT, state, tmp_path, edition)
    assert found("EPUBCheck", made, tmp_path) == []
    assert made.bytes < 1_500_000


@pytest.mark.heavy
def test_epubcheck_finds_nothing_in_an_adverse_book(adverse: Path, tmp_path: Path, state: Path) -> None:
    made = build(adverse, state, tmp_path)
    assert found("EPUBCheck", made, tmp_path) == []
    with zipfile.ZipFile(tmp_path / made.path) as archive:
        names = archive.namelist()
    assert "EPUB/index.xhtml" in names
    assert not {"EPUB/notes.xhtml", "EPUB/glossary.xhtml"} & set(names)


@pytest.mark.heavy
def test_each_answered_note_is_still_told_and_explained(tmp_path: Path, state: Path) -> None:
    [checker] = [checker for checker in CHECKERS if checker.name == "EPUBCheck"]
    made = build(ROOT, state, tmp_path, "kindle")
    told = {code for code, _, _ in checker.check(tmp_path / made.path, os.environ)}
    explained = set(re.findall(r"\*\*([A-Z]+-\d+)\*\*", (ROOT / "docs" / "epub.md").read_text(encoding="utf-8")))
    assert told == explained == set(ANSWERED)


@pytest.mark.heavy
def test_ace_finds_nothing_in_our_book(tmp_path: Path, state: Path) -> None:
    assert found("Ace by DAISY", build(ROOT, state, tmp_path), tmp_path) == []


@pytest.mark.heavy
def test_ace_finds_nothing_in_an_adverse_book(adverse: Path, tmp_path: Path, state: Path) -> None:
    assert found("Ace by DAISY", build(adverse, state, tmp_path), tmp_path) == []


@pytest.mark.heavy
@pytest.mark.needs("pdftotext")
def test_page_numbers_lead_to_the_words_that_the_printed_books_pages_begin_with(tmp_path: Path) -> None:
    import pikepdf

    project = copy_of_the_book(tmp_path)
    for arguments in (["workbook", "--edition", "screen", "--edition", "print"], ["epub"]):
        subprocess.run(
            quire_command("-C", str(project), "build", *arguments), env=environment(), capture_output=True, check=True
        )
    pdf = project / "output" / "workbook-print.pdf"
    shown = subprocess.run(["pdftotext", str(pdf), "-"], capture_output=True, text=True, check=True).stdout
    with pikepdf.open(pdf) as opened, pikepdf.open(project / "output" / "workbook.pdf") as on_screen:
        labels = [str(page.label) for page in opened.pages]
        without_blanks = [str(page.label) for page in on_screen.pages]
    printed = dict(zip(labels, map(letters, shown.split("\f")), strict=False))
    with zipfile.ZipFile(project / "output" / "book.epub") as archive:
        texts = [archive.read(name).decode() for name in archive.namelist() if name.endswith(".xhtml")]
    marks = {mark[1]: text[mark.end() :] for text in texts for mark in MARK.finditer(text)}
    assert labels == sorted(marks, key=labels.index)
    # A page has one number, on paper, on a screen, and in the EPUB.
    assert without_blanks == ["Cover", *(label for label in labels if printed[label])]
    words = {label: letters(html.unescape(TAG.sub("", text)))[:24] for label, text in marks.items()}
    # A blank page has no words. What begins with a table's repeated headings, or with numbers that the EPUB's index
    # has not. A word divided between two pages is whole after the mark.
    apart = [
        label
        for label, begins in words.items()
        if printed[label] and not any(begins[divided:] in printed[label] for divided in range(len(begins) // 2))
    ]
    assert len(apart) <= 4, apart


def shown_and_lost(path: Path, tmp_path: Path) -> tuple[str, list[str]]:
    """Return the letters that MuPDF shows of an EPUB, and the pages that it doesn't show whole and in order."""
    command = ["mutool", "draw", "-F", "txt", "-o", str(tmp_path / "shown.txt"), str(path)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    assert [line for line in told.splitlines() if line.startswith("error")] == []
    shown = letters((tmp_path / "shown.txt").read_text(encoding="utf-8"))
    with zipfile.ZipFile(path) as archive:
        package = archive.read("EPUB/content.opf").decode()
        files = {identifier: name for name, identifier in re.findall(r'<item href="([^"]+)" id="([^"]+)"', package)}
        order = [files[identifier] for identifier in re.findall(r'<itemref idref="([^"]+)"', package)]
        bodies = [archive.read(f"EPUB/{name}").decode().partition("<body")[2] for name in order]
    written = [letters(html.unescape(TAG.sub("", HIDDEN.sub("", body.partition(">")[2])))) for body in bodies]
    return shown, [name for name, text in zip(order, written, strict=True) if text not in shown]


@pytest.mark.heavy
@pytest.mark.needs("mutool")
def test_another_reader_shows_every_letter_of_our_book_and_none_of_its_hidden_lists(
    built_book: Path, tmp_path: Path
) -> None:
    shown, lost = shown_and_lost(built_book / "output" / "book.epub", tmp_path)
    assert len(shown) > 100_000
    assert lost == []
    assert not [title for title in ("Pages of the printed book", "Landmarks") if letters(title) in shown]


@pytest.mark.heavy
@pytest.mark.needs("mutool")
@pytest.mark.parametrize("edition", epub.EDITIONS)
def test_another_reader_shows_every_letter_of_an_adverse_book(
    edition: str, adverse: Path, tmp_path: Path, state: Path
) -> None:
    made = build(adverse, state, tmp_path, edition)
    shown, lost = shown_and_lost(tmp_path / made.path, tmp_path)
    assert len(shown) > 500
    assert lost == []
