import io
import os
import re
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import msgspec
import pytest
from builders import a_book

from pipeline import model as m
from pipeline import theme
from pipeline.cache import Cache
from pipeline.errors import Location
from pipeline.press import Press
from pipeline.project import Project
from pipeline.transforms import complete, select
from pipeline.writers import _interior, epub
from pipeline.writers._html import Templates
from pipeline.writers._page_letters import letters
from pipeline.writers._subset import Face, characters_of, subset

ROOT = Path(__file__).parents[3]
XHTML = "{http://www.w3.org/1999/xhtml}"
TYPE = "{http://www.idpf.org/2007/ops}type"
OPF = "{http://www.idpf.org/2007/opf}"
HERE = Location("content/chapters/01-a.md")
NO_TEXT = m.Document(())
REFERENCE = '{"id": "brehm1966", "type": "book", "author": [{"family": "Brehm"}], "issued": 1966, "title": "Reactance"}'


def paragraph(*children: m.Inline) -> m.Paragraph:
    return m.Paragraph(children, HERE)


def heading(level: int, name: str) -> m.Heading:
    return m.Heading(level, name, (m.Text(name),), HERE)


def chapter(number: int, *blocks: m.Block, **changes: Any) -> m.Chapter:
    name = f"{number:02d}-chapter-{number}"
    made = m.Chapter(
        number=number,
        id=name,
        slug=f"chapter-{number}",
        title=f"Title {number}",
        summary="Summary.",
        takeaway="Takeaway.",
        motif=0.5,
        text=m.Document(blocks),
        worksheet_title="",
        worksheet_intro="",
        worksheet=(),
        prompts=(),
        location=Location(f"content/chapters/{name}.md"),
    )
    return msgspec.structs.replace(made, **changes)


def book(*chapters: m.Chapter, **changes: Any) -> m.Book:
    part = m.Part(1, "part-1", "Part", 0.5, NO_TEXT, chapters or (chapter(1),), Location("content/book.yaml", 9))
    made = m.Book(
        title="Title",
        subtitle="",
        authors=("Author",),
        language="en-US",
        identifier="urn:uuid:00000000-0000-4000-8000-000000000001",
        date="2026-01-02",
        publisher="",
        rights="",
        description="",
        subjects=(),
        website="",
        motif=0.5,
        front=(),
        parts=(part,),
        back=(),
        newsletter=None,
        sender=None,
        references=(),
        glossary=(),
        images={},
    )
    return msgspec.structs.replace(made, **changes)


@pytest.fixture
def press(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Press]:
    monkeypatch.setattr(epub, "cover_png", lambda *_: a_bitmap(8, 8, "PNG").content)
    monkeypatch.setattr(epub, "subset", _no_font)
    monkeypatch.setattr(epub, "printed", _printed)
    made = Press(Cache(tmp_path / "cache"), 1)
    yield made
    made.close()


def _printed(book: m.Book, *_: Any) -> dict[str, list[tuple[str, str]]]:
    """Return a page for each piece of the book, a title page with a back, and a second page for the first chapter."""
    owners = [owner for owner, _ in book.texts()]
    pages = {owner: [(str(number), "")] for number, owner in enumerate(owners, start=1)}
    pages[book.chapters[0].id].append((str(len(owners) + 1), letters("On the second page of this chapter")))
    return {"cover": [("", "")], "title-page": [("i", ""), ("ii", "")], "contents": [("iii", "")], **pages}


def _no_font(face: Face) -> bytes:
    return b"font"


def files(source: m.Book, press: Press, edition: str = "ebook") -> dict[str, str]:
    source = complete(source, press.cache)
    [artifact] = epub.write(source, theme.load(Project(ROOT)), press, [edition])
    with zipfile.ZipFile(io.BytesIO(artifact.content)) as archive:
        names = [name for name in archive.namelist() if name.endswith((".xhtml", ".opf", ".ncx", ".css"))]
        return {name.removeprefix("EPUB/"): archive.read(name).decode() for name in names}


def page(made: dict[str, str], number: int = 1) -> str:
    return made[f"chapter-{number:02d}-chapter-{number}.xhtml"]


def test_every_page_is_well_formed_and_has_one_h1_and_a_language(press: Press) -> None:
    piece = m.Matter("introduction", "introduction", "Introduction", "", 0.1, NO_TEXT, HERE)
    made = files(book(chapter(1), chapter(2), front=(piece,)), press)
    pages = [text for name, text in made.items() if name.endswith(".xhtml")]
    assert len(pages) == 8
    for text in pages:
        root = ElementTree.fromstring(text)
        assert len(root.findall(f".//{XHTML}h1")) == 1
        assert root.get("lang") == root.get("{http://www.w3.org/XML/1998/namespace}lang") == "en-US"
        ids = re.findall(r'\bid="([^"]+)"', text)
        assert len(ids) == len(set(ids))


def test_markup_characters_stay_text_everywhere(press: Press) -> None:
    title = 'A <b> & "c" {{ d }}'
    made = files(book(chapter(1, paragraph(m.Text(title)), title=title), title=title, authors=(title,)), press)
    for text in (made["content.opf"], made["toc.ncx"], made["title.xhtml"], made["nav.xhtml"], page(made)):
        assert title in "".join(ElementTree.fromstring(text).itertext())


def test_characters_that_xml_forbids_are_left_out(press: Press) -> None:
    assert "ab" in page(files(book(chapter(1, paragraph(m.Text("a\x0b\x00b")))), press))


def test_every_link_leads_to_an_id_that_is_there(press: Press) -> None:
    mark = m.IndexMark("ix-1", ("space", "between"), (m.Text("space"),), HERE)
    note = m.Footnote(1, (paragraph(m.Text("A note.")),))
    cite = m.Cite(("brehm1966",), False, HERE)
    term = m.Term("Reactance", (m.Text("reactance"),), HERE)
    call = m.FootnoteRef(1, HERE)
    blocks = (paragraph(mark, cite, term, call, call), heading(2, "a"), heading(3, "b"))
    see = m.IndexMark("ix-2", ("distance",), (), HERE, see="Space; between")
    source = book(
        chapter(1, text=m.Document(blocks, (note,)), worksheet=(prompt(m.Lines()),)),
        chapter(2, paragraph(see, m.Ref("01-chapter-1#b", (), HERE), m.Ref("part-1", (), HERE)), m.Takeaways(HERE)),
        back=(m.Generated("index"), m.Generated("notes"), m.Generated("glossary")),
        references=(m.Reference("brehm1966", REFERENCE, HERE),),
        glossary=(m.GlossaryEntry("term-reactance", "reactance", (cite,), (), HERE),),
    )
    made = files(source, press)
    for name, text in made.items():
        for href in re.findall(r'(?:href|src)="([^"]+\.xhtml[^"]*|#[^"]*)"', text):
            target, _, anchor = href.partition("#")
            there = made[target or name]
            assert not anchor or f'id="{anchor}"' in there, f"{name}: {href}"
    assert 'href="#entry.3">Space, between</a>' in made["index.xhtml"]
    assert 'aria-label="Back to Chapter 1">1</a>' in made["notes.xhtml"]


def test_spine_names_each_page_once_in_the_order_of_the_contents(press: Press) -> None:
    made = files(book(chapter(1), chapter(2)), press)
    package = ElementTree.fromstring(made["content.opf"])
    manifest = {item.get("id"): item.get("href") for item in package.iter(f"{OPF}item")}
    spine = [str(manifest[item.get("idref")]) for item in package.iter(f"{OPF}itemref")]
    assert sorted(spine) == sorted(name for name in made if name.endswith(".xhtml"))
    listed = re.findall(r'src="([^"]+)"', made["toc.ncx"])
    nav = ElementTree.fromstring(made["nav.xhtml"])
    toc = next(node for node in nav.iter(f"{XHTML}nav") if node.get(TYPE) == "toc")
    assert [link.get("href") for link in toc.iter(f"{XHTML}a")] == listed == [name for name in spine if name in listed]


def test_headings_open_nested_sections(press: Press) -> None:
    blocks = (heading(2, "a"), heading(3, "b"), paragraph(m.Text("x")), heading(2, "c"))
    root = ElementTree.fromstring(page(files(book(chapter(1, *blocks)), press)))
    inner = root.find(f".//{XHTML}section/{XHTML}section")
    assert inner is not None
    assert inner.findtext(f"{XHTML}h3") == "b"
    assert [h.text for h in root.findall(f".//{XHTML}div/{XHTML}section/{XHTML}h2")] == ["a", "c"]


# EPUB's words that DPUB-ARIA 1.1 has roles for on the elements that we use; the others have none.
ROLES = {
    **{
        kind: f"doc-{kind}"
        for kind in ("chapter", "part", "toc", "glossary", "index", "noteref", "footnote", "glossref")
    },
    **{kind: f"doc-{kind}" for kind in ("introduction", "conclusion", "biblioref", "bibliography", "backlink", "tip")},
    "pagebreak": "doc-pagebreak",
    "page-list": "doc-pagelist",
    "subtitle": "doc-subtitle",
}


def test_what_epub_has_a_word_for_has_the_role_that_screen_readers_know(press: Press) -> None:
    made = files(select(a_book(), "epub"), press)
    met = set()
    for name, text in made.items():
        for node in ElementTree.fromstring(text).iter() if name.endswith(".xhtml") else ():
            is_landmark = name == "nav.xhtml" and node.tag == f"{XHTML}a"
            if (kind := node.get(TYPE)) and not is_landmark:
                assert node.get("role") == ROLES.get(kind), f"{name}: {kind}"
                met.add(kind)
    assert met >= set(ROLES)


def prompt(answer: m.Answer) -> m.Prompt:
    return m.Prompt("name", (m.Text("Question?"),), (), answer, HERE)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (m.Lines(), ""),
        (m.Scale(2, 4, "Low", "High"), "2 3 4 2: Low 4: High"),
        (m.Checklist(((m.Text("One"),), (m.Text("Two"),))), "One Two"),
        (m.Grid(("Day", "What"), 1, ("Monday",)), "Day What Monday"),
        (m.Plan(((m.Text("On "), m.Blank(4)),)), "On ____"),
        (m.Letter(3, (m.Text("Dear"),), (m.Text("Yours"),)), "Dear Yours"),
    ],
)
def test_prompts_are_text_and_no_forms(answer: m.Answer, words: str, press: Press) -> None:
    text = page(files(book(chapter(1, worksheet=(prompt(answer),), takeaway="")), press))
    assert not re.search("<(form|input|textarea|select)", text)
    [shown] = [node for node in ElementTree.fromstring(text).iter(f"{XHTML}div") if node.get("class") == "prompt"]
    assert " ".join(" ".join(shown.itertext()).split()) == f"1 Question? {words}".strip()


def test_worksheet_links_to_its_pdf_only_where_the_book_has_a_site(press: Press) -> None:
    sheet = chapter(1, worksheet=(prompt(m.Lines()),))
    address = "https://example.com/a/worksheets/01-chapter-1.pdf"
    assert address in page(files(book(sheet, website="https://example.com/a/"), press))
    assert "Print this" not in page(files(book(sheet), press))


def test_back_matter_without_content_is_left_out_and_so_are_links_to_it(press: Press) -> None:
    cite = m.Cite(("brehm1966",), False, HERE)
    source = book(
        chapter(1, paragraph(cite)),
        back=(m.Generated("glossary"), m.Generated("index")),
        references=(m.Reference("brehm1966", REFERENCE, HERE),),
    )
    made = files(source, press)
    assert not {"notes.xhtml", "glossary.xhtml", "index.xhtml"} & set(made)
    assert "Brehm, 1966" in page(made)
    assert 'class="cite"' not in page(made)


def test_metadata_says_what_is_in_the_book(press: Press) -> None:
    made = files(book(), press)["content.opf"]
    assert '<package xml:lang="en-US"' in made
    assert '<meta property="dcterms:modified">2026-01-02T00:00:00Z</meta>' in made
    assert ">index<" not in made
    assert "every figure" not in made
    mark = m.IndexMark("ix-1", ("space",), (m.Text("space"),), HERE)
    made = files(book(chapter(1, paragraph(mark)), back=(m.Generated("index"),)), press)["content.opf"]
    assert '<meta property="schema:accessibilityFeature">index</meta>' in made


def test_metadata_files_titles_and_names_as_catalogs_do(press: Press) -> None:
    names = ("Ann B. Example", "The House", "Ursula K. Le Guin")
    made = files(book(title="The Small Book", authors=names, publisher="The House"), press)["content.opf"]
    assert re.findall(r'property="file-as">([^<]+)', made) == ["Small Book, The", "Example, Ann B.", "The House"]
    filed = book(title="A", title_filed="Letter A", authors=names[:1], authors_filed=("B. Example, Ann",))
    made = files(filed, press)["content.opf"]
    assert re.findall(r'property="file-as">([^<]+)', made) == ["Letter A", "B. Example, Ann"]


def test_metadata_holds_series_subjects_and_isbn(press: Press) -> None:
    texts = m.Texts(bisac=(m.Subject("FAM029000", "Love & Romance"),), thema=(m.Subject("VSP", "Psychology"),))
    edition = m.EpubEdition(isbn="9783161484100")
    source = book(series=m.Series("Small Books", 2), texts_around=texts, epub=edition)
    made = files(source, press)["content.opf"]
    assert '<dc:identifier id="isbn">urn:isbn:9783161484100</dc:identifier>' in made
    assert 'property="belongs-to-collection">Small Books<' in made
    assert 'property="group-position">2<' in made
    assert '<meta refines="#bisac-1" property="term">FAM029000</meta>' in made
    assert '<meta refines="#thema-1" property="authority">Thema</meta>' in made
    assert "urn:isbn" not in files(book(), press)["content.opf"]


def test_conformance_is_claimed_only_where_somebody_certifies_it(press: Press) -> None:
    made = files(book(), press)["content.opf"]
    assert "conformsTo" not in made
    assert "certif" not in made
    stated = m.Conformance("Ann", "2.2", "AA", "Tester", "https://example.com/report")
    made = files(book(epub=m.EpubEdition(conformance=stated)), press)["content.opf"]
    assert ">EPUB Accessibility 1.1 - WCAG 2.2 Level AA<" in made
    assert re.search(r'<meta property="a11y:certifiedBy" refines="#conformance" id="certifier">Ann<', made)
    assert 'rel="a11y:certifierReport"' in made
    assert {"04", "82", "85"} <= set(re.findall(r'"onix:codelist196">(\d\d)', made))


def test_a_book_written_from_right_to_left_says_so_on_each_page_and_in_its_spine(press: Press) -> None:
    made = files(book(language="he"), press)
    assert re.search('<spine [^>]*page-progression-direction="rtl"', made["content.opf"])
    assert 'dir="rtl"' in page(made)
    assert "rtl" not in "".join(files(book(), press).values())


def test_artifact_names_its_sources_in_order(press: Press) -> None:
    [artifact] = epub.write(book(chapter(2), chapter(1)), theme.load(Project(ROOT)), press)
    assert (artifact.path, artifact.media_type) == ("book.epub", "application/epub+zip")
    assert list(artifact.sources) == sorted({*artifact.sources, "content/chapters/01-chapter-1.md"})


def test_bytes_are_the_same_in_every_time_zone(press: Press, monkeypatch: pytest.MonkeyPatch) -> None:
    made = set()
    for zone in ("UTC", "Asia/Tokyo", "America/Los_Angeles"):
        monkeypatch.setitem(os.environ, "TZ", zone)
        time.tzset()
        [artifact] = epub.write(book(), theme.load(Project(ROOT)), press)
        made.add(artifact.content)
    monkeypatch.undo()
    time.tzset()
    assert len(made) == 1


def test_subset_keeps_the_characters_used_and_their_kerning() -> None:
    from fontTools.ttLib import TTFont

    font = next(font for font in theme.load(Project(ROOT)).fonts if font.style == "regular")
    whole = font.path.read_bytes()
    part = subset(Face(whole, characters_of(["fin AV", "\n"])))
    assert part == subset(Face(whole, " AVfin"))
    cut = TTFont(io.BytesIO(part))
    assert set(map(chr, cut.getBestCmap())) == set(" AVfin")
    features = {record.FeatureTag for record in cut["GPOS"].table.FeatureList.FeatureRecord}
    features |= {record.FeatureTag for record in cut["GSUB"].table.FeatureList.FeatureRecord}
    assert features >= {"kern", "liga", "smcp"}
    assert cut["head"].modified == TTFont(io.BytesIO(whole))["head"].modified
    assert len(part) < len(whole) / 5


# --------------------------------------------------------------------------- editions


def names(source: m.Book, press: Press, edition: str = "ebook") -> list[str]:
    [artifact] = epub.write(complete(source, press.cache), theme.load(Project(ROOT)), press, [edition])
    with zipfile.ZipFile(io.BytesIO(artifact.content)) as archive:
        return archive.namelist()


def test_the_first_edition_is_made_where_none_is_named_and_else_those_that_are(press: Press) -> None:
    design = theme.load(Project(ROOT))
    assert [made.path for made in epub.write(book(), design, press)] == ["book.epub"]
    assert [made.path for made in epub.write(book(), design, press, ())] == ["book.epub"]
    made = epub.write(book(), design, press, ("sample", "kindle"))
    assert [one.path for one in made] == ["book-kindle.epub", "book-sample.epub"]


def test_fonts_stay_out_where_the_book_says_so(press: Press) -> None:
    source = book(epub=m.EpubEdition(has_fonts=False))
    assert not [name for name in names(source, press) if "fonts/" in name]
    assert "@font-face" not in files(source, press)["epub.css"]
    assert [name for name in names(book(), press) if "fonts/" in name]


def test_kindle_gets_a_jpeg_as_its_cover_and_no_page_that_shows_it_again(press: Press) -> None:
    made = names(book(), press, "kindle")
    assert "EPUB/cover.jpg" in made
    assert not [name for name in made if name.endswith(("cover.xhtml", ".png"))]
    package = files(book(), press, "kindle")["content.opf"]
    assert re.search(r'href="cover.jpg" [^>]*media-type="image/jpeg" properties="cover-image"', package)
    assert "cover" not in files(book(), press, "kindle")["nav.xhtml"]


def test_kindle_gets_styles_that_its_converter_knows(press: Press) -> None:
    style = files(book(), press, "kindle")["epub.css"]
    for refused in (
        r"(margin|indent|top|left)[^;]*: *[^;]*-[\d.]",
        r"\bposition:",
        r"\bflex\b",
        "@media",
        "@supports",
        "::before",
        r"\dvh\b",
        "rgba",
    ):
        assert not re.search(refused, style), refused


def test_no_style_gives_the_text_of_the_page_a_color(press: Press) -> None:
    for edition in epub.EDITIONS:
        style = files(book(), press, edition)["epub.css"]
        colored = {
            selector.strip()
            for selector, rules in re.findall(r"([^{}]+)\{([^{}]*)\}", style)
            if re.search(r"(?<![-\w])color:(?! *(inherit|transparent))", rules)
        }
        assert {selector.rpartition("*/")[2].strip() for selector in colored} == {".motif"}


def a_sample(press: Press, **changes: Any) -> dict[str, str]:
    cite = m.Cite(("brehm1966",), False, HERE)
    ref = m.Ref("03-chapter-3", (), HERE)
    term = m.Term("reactance", (m.Text("the pull"),), HERE)
    source = book(
        *(chapter(1, paragraph(cite, ref, term)), chapter(2), chapter(3), chapter(4)),
        front=(m.Matter("introduction", "introduction", "Introduction", "", None, NO_TEXT, HERE),),
        back=(m.Generated("notes"), m.Generated("glossary")),
        references=(m.Reference("brehm1966", REFERENCE, HERE),),
        glossary=(m.GlossaryEntry("term-reactance", "reactance", (m.Text("A pull."),), (), HERE),),
        **changes,
    )
    return files(source, press, "sample")


def test_a_sample_ends_after_two_chapters_and_says_where_the_rest_is(press: Press) -> None:
    made = a_sample(press, website="https://example.com/a")
    pages = [name for name in made if name.endswith(".xhtml")]
    assert "front-introduction.xhtml" in pages
    assert [name for name in pages if name.startswith("chapter")] == [
        "chapter-01-chapter-1.xhtml",
        "chapter-02-chapter-2.xhtml",
    ]
    assert not {"notes.xhtml", "glossary.xhtml"} & set(pages)
    rest = made["rest.xhtml"]
    assert 'href="https://example.com/a"' in rest
    assert re.findall(r"<li>([^<]+)", rest) == ["Title 3", "Title 4"]
    assert made["toc.ncx"].rindex("rest.xhtml") > made["toc.ncx"].rindex("chapter-02")
    assert "https" not in a_sample(press)["rest.xhtml"].partition("<body")[2]


def test_links_of_a_sample_to_what_is_not_in_it_are_text(press: Press) -> None:
    made = a_sample(press)
    assert "(Brehm, 1966)Chapter 3the pull" in page(made)
    for text in made.values():
        for href in re.findall(r'href="([^"#:]+\.xhtml)', text):
            assert href in made


def test_a_sample_has_an_identifier_of_its_own_and_names_the_book_it_is_from(press: Press) -> None:
    made = a_sample(press, epub=m.EpubEdition(isbn="9783161484100"))["content.opf"]
    [whole] = re.findall("<dc:source>([^<]+)", made)
    [own] = re.findall('<dc:identifier id="id">([^<]+)', made)
    assert whole == "urn:uuid:00000000-0000-4000-8000-000000000001"
    assert re.fullmatch("urn:uuid:[0-9a-f-]{36}", own)
    assert own != whole
    assert "isbn" not in made
    assert own in a_sample(press)["toc.ncx"]


def test_a_book_of_two_chapters_has_a_sample_as_well(press: Press) -> None:
    made = files(book(chapter(1), chapter(2)), press, "sample")
    assert "It goes on" not in made["rest.xhtml"]


# --------------------------------------------------------------------------- the printed book's pages


def test_pages_are_listed_in_order_and_each_entry_leads_to_its_mark(press: Press) -> None:
    text = paragraph(m.Text("The first page has this. On the second page of this chapter stands that."))
    made = files(book(chapter(1, text), chapter(2)), press)
    listed = made["nav.xhtml"].partition('epub:type="page-list"')[2]
    entries = re.findall(r'<a href="([^"]+)">(\w+)</a>', listed.partition("</nav>")[0])
    assert [label for _, label in entries] == ["i", "ii", "iii", "1", "2", "4", "3"]
    for href, label in entries:
        file, _, anchor = href.partition("#")
        assert re.search(f'id="{re.escape(anchor)}" aria-label="{label}"', made[file])
    assert 'aria-label="4"></span>On the second page' in page(made)
    assert entries[:3] == [
        ("title.xhtml#page.i", "i"),
        ("copyright.xhtml#page.ii", "ii"),
        ("nav.xhtml#page.iii", "iii"),
    ]


def test_metadata_names_what_the_page_numbers_are_those_of(press: Press) -> None:
    made = files(book(), press)["content.opf"]
    assert '<meta property="pageBreakSource">Title, printed, A5</meta>' in made
    assert ">pageNavigation<" in made
    assert {"19"} < set(re.findall(r'"onix:codelist196">(\d\d)', made))


def test_a_sample_has_the_numbers_of_its_own_pages_only(press: Press) -> None:
    made = a_sample(press)
    listed = made["nav.xhtml"].partition('epub:type="page-list"')[2].partition("</nav>")[0]
    # The introduction, the part, and two chapters of four, the first on two pages.
    assert re.findall(r">(\w+)</a>", listed) == ["i", "ii", "iii", "1", "2", "3", "7", "4"]
    assert sorted(re.findall(r'aria-label="(\d+)"></', "".join(made.values()))) == ["1", "2", "3", "4", "7"]


def test_kindle_counts_its_own_pages(press: Press) -> None:
    made = files(book(), press, "kindle")
    assert "page-list" not in made["nav.xhtml"]
    assert "pagebreak" not in "".join(made.values())
    assert "pageBreak" not in made["content.opf"]


def test_hairlines_suit_every_ground_and_lines_of_a_wide_screen_have_an_end(press: Press) -> None:
    solid = theme.load(Project(ROOT)).theme.colors.light["rule"]
    ours, kindle = (files(book(), press, edition)["epub.css"] for edition in ("ebook", "kindle"))
    assert solid not in ours
    assert solid in kindle
    assert "max-width: 37.5em" in ours
    assert "max-width: 37.5em" not in kindle


@pytest.mark.parametrize("overlap", [0.0, 0.3, 1.0])
def test_circles_at_the_margin_begin_where_the_words_below_them_do(press: Press, overlap: float) -> None:
    found = page(files(book(msgspec.structs.replace(chapter(1), motif=overlap)), press))
    sizes = re.search(r'viewBox="0 0 (\S+) (\S+)" width="([\d.]+)em" height="([\d.]+)em"', found)
    first = re.search(r'<circle cx="(\S+)" cy="\S+" r="(\S+)"', found)
    assert sizes
    assert first
    width, height, across, down = map(float, sizes.groups())
    center, radius = map(float, first.groups())
    line = height / 2 - radius
    assert center == radius + line
    assert width == pytest.approx(height + (1 - overlap) * 2.3 * radius, abs=0.1)
    assert across / down == pytest.approx(width / height, rel=1e-3)


@pytest.mark.parametrize("is_for_kindle", [False, True])
def test_from_right_to_left_the_styles_are_mirrored(is_for_kindle: bool) -> None:
    templates = Templates(theme.load(Project(ROOT)))
    ours, theirs = (
        templates.style("epub.css.j2", faces=[], is_for_kindle=is_for_kindle, is_rtl=is_rtl) for is_rtl in (False, True)
    )
    other = {"left": "right", "right": "left"}
    mirrored = re.sub(r"(?<!\.)\b(left|right)\b", lambda side: other[side[1]], ours)
    # A column of numbers ends at the right in every language.
    mirrored = mirrored.replace(".right { text-align: left }", ".right { text-align: right }")
    assert sorted(re.split(r"\s*[;{}\n]\s*", mirrored)) == sorted(re.split(r"\s*[;{}\n]\s*", theirs))


def test_a_blank_is_one_line_in_every_edition(press: Press) -> None:
    rules = {name: re.search(r"\.blank \{(.*?)\}", files(book(), press, name)["epub.css"]) for name in epub.EDITIONS}
    for name, rule in rules.items():
        assert rule, name
        assert ("transparent" in rule[1]) is ("border-bottom" in rule[1]), name


def test_what_is_set_apart_by_a_slope_stands_upright_among_sloping_words(press: Press) -> None:
    for edition in epub.EDITIONS:
        style = files(book(), press, edition)["epub.css"]
        sloping = re.findall(r"([^{}\n]+)\{[^{}]*font-style: italic", style)
        upright = " ".join(re.findall(r"([^{}\n]+)\{[^{}]*font-style: normal", style))
        # A subtitle is a line of plain text.
        names = {one.strip() for one in sloping} - {".title-page .subtitle", "@font-face"}
        assert names >= {"blockquote", ".summary", ".help"}
        assert {name for name in names if f"{name} em" not in upright} == set()


def test_numbers_in_the_contents_are_all_written_alike(press: Press) -> None:
    ours, kindle = (files(book(), press, edition)["epub.css"] for edition in ("ebook", "kindle"))
    assert ".contents .stop { display: none }" in ours
    # Where nothing hangs, a stop is what parts a number from its title.
    assert re.findall(r".*\.stop .*", kindle) == [".contents .part > a .stop { display: none }"]


def test_kindle_has_no_drawings_but_the_authors(press: Press) -> None:
    assert '<div class="motif"' in page(files(book(), press))
    assert "<svg" not in "".join(files(book(), press, "kindle").values())


def test_pages_are_those_of_the_workbook_with_what_only_it_has(press: Press, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[m.Book] = []

    def no_pages(book: m.Book, *_: Any) -> SimpleNamespace:
        seen.append(book)
        return SimpleNamespace(settled=lambda: _interior.Settled((), {}, {}, {}, {}))

    monkeypatch.setattr(epub, "printed", _interior.printed)
    monkeypatch.setattr(_interior, "screen_interior", no_pages)
    only = m.Only(("workbook",), (paragraph(m.Text("On paper.")),), HERE)
    source = complete(book(chapter(1, only, paragraph(m.Text("Everywhere.")))), press.cache)
    epub.write(select(source, "epub"), theme.load(Project(ROOT)), press)
    assert [len(one.chapters[0].text.blocks) for one in seen] == [2]


# --------------------------------------------------------------------------- images


def a_bitmap(width: int, height: int, kind: str, mode: str = "RGB") -> m.Image:
    from PIL import Image

    stream = io.BytesIO()
    Image.new(mode, (width, height)).save(stream, kind)
    return m.Image("images/a", f"image/{kind.lower()}", stream.getvalue(), width, height)


def image_in(image: m.Image, press: Press) -> Any:
    from PIL import Image

    figure = m.Figure("images/a", "A picture.", "a", (), HERE)
    source = complete(book(chapter(1, figure), images={"images/a": image}), press.cache)
    [artifact] = epub.write(source, theme.load(Project(ROOT)), press)
    with zipfile.ZipFile(io.BytesIO(artifact.content)) as archive:
        [name] = [name for name in archive.namelist() if "images/" in name]
        return Image.open(io.BytesIO(archive.read(name)))


@pytest.mark.parametrize(
    ("kind", "mode"), [("PNG", "RGB"), ("PNG", "RGBA"), ("PNG", "P"), ("JPEG", "RGB"), ("JPEG", "CMYK")]
)
def test_a_bitmap_larger_than_any_screen_is_scaled_down(kind: str, mode: str, press: Press) -> None:
    picture = image_in(a_bitmap(4000, 1000, kind, mode), press)
    assert (picture.format, picture.size) == (kind, (1600, 400))


def test_a_bitmap_that_fits_is_left_as_it_is(press: Press) -> None:
    image = a_bitmap(300, 200, "PNG")
    picture = image_in(image, press)
    assert picture.size == (300, 200)
