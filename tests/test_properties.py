"""What holds for any input: only QuireError is raised, and soon."""

import tempfile
from pathlib import Path

from builders import BOOK_YAML, METADATA, a_project, findings_of
from hypothesis import given
from hypothesis import strategies as st

from pipeline.cache import Cache
from pipeline.checks import Context, check
from pipeline.errors import QuireError
from pipeline.mail.placeholders import Slot, pieces
from pipeline.metadata import decode, decode_list, decode_records
from pipeline.model import Cite, Placeholder, Ref, Term, walk
from pipeline.project import Settings
from pipeline.reader import read
from pipeline.reader.metadata_blocks import ChapterMetadata
from pipeline.reader.references import GlossaryTerm, Work
from pipeline.transforms import complete, select
from pipeline.writers._mail_text import letter_text

# Pieces of the manuscript's language: any text seldom has two of them side by side.
PIECES = st.sampled_from(
    [
        *(
            "\n",
            "\n\n",
            " ",
            "  \n",
            "\t",
            "text",
            "*",
            "**",
            "_",
            "___",
            "`",
            "``",
            "```\n",
            "~~~\n",
            "> ",
            "- ",
            "1. ",
        ),
        *(
            "# ",
            "## ",
            "#### ",
            "---\n",
            "===\n",
            "***\n",
            "|a|b|\n",
            "|-|-|\n",
            "\n: ",
            "\\",
            "&amp;",
            "&#8;",
            '"',
            "'",
        ),
        *(
            "[a](",
            "](https://a.b)",
            "![",
            "](../images/a.svg)",
            "[^a]",
            "\n[^a]: ",
            "<b>",
            "</b>",
            "<!--",
            "-->",
            "<a@b.c>",
        ),
        *("\n:::{note}\n", "\n:::\n", "\n::::{exercise} T\n", "\n::::\n", "\n:::{reflect} Q?\n", ":kind: lines\n"),
        *(":kind: plan\n", ":kind: checklist\n", ":kind: table\n:columns: a | b\n", ":lines: 99\n", ":name: x\n"),
        *(
            "\n:::{figure} x.svg\n",
            ":alt: A\n",
            "\n:::{only} epub\n",
            "\n:::{takeaways}\n",
            "\n(label)=\n",
            "% remark\n",
        ),
        *("{cite}`a,b`", "{term}`t <u>`", "{ref}`01-first`", "{index}`a; b`", "{index}`<see: a; b>`", "{worksheet}`w`"),
        *(
            "{x}`y`",
            "{{ name }}",
            "{{ name|b }}",
            "{{",
            "}}",
            "|",
            "{% if %}",
            "\u00e9",
            "\u202e",
            "\u2028",
            "\0",
            "\ue000",
            "龍",
            "\r\n",
        ),
    ]
)
TEXT = st.one_of(st.text(st.characters(exclude_categories=["Cs"])), st.lists(PIECES, max_size=40).map("".join))
KEYS = st.sampled_from(
    ["title", "summary", "takeaway", "motif", "slug", "worksheet", "parts", "chapters", "author", "x"]
)
YAML_PIECES = st.sampled_from(
    [
        *("\n", ": ", "- ", "[", "]", "{", "}", "&a ", "*a", "!!int ", "!x ", "'", '"', "|\n  ", ">\n  ", "# ", "? "),
        *("---\n", "...\n", "%YAML 1.1\n", "0x1", "1e9", "yes", "null", "2026-13-01", ".inf", "<<", "=", "\t", "  "),
        *("text", "\\x00"),
    ]
)
YAML = st.one_of(st.text(), st.lists(st.one_of(KEYS, YAML_PIECES, st.text(max_size=4)), max_size=40).map("".join))


def build(selected="epub", **files):
    """Read, complete and check a project with these files; return its book, or None where there are errors."""
    with tempfile.TemporaryDirectory() as folder:
        project = a_project(Path(folder), **{"book.yaml": BOOK_YAML, **files})
        try:
            book, _ = read(project)
        except QuireError:
            return None
        book = complete(book, Cache(Path(folder), enabled=False))
        check(book, Context(("epub", "newsletter", "workbook")))
        return select(book, selected)


@given(TEXT)
def test_any_text_as_a_chapter_is_read_or_is_a_quire_error(text):
    book = build(**{"chapters/01-first.md": METADATA + text.replace("\r", "")})
    if book is not None:
        assert all(path.path.startswith("content/") for path in walk(book.parts) if hasattr(path, "line"))


LETTERS = (
    BOOK_YAML
    + "newsletter: {id: n, title: N, issues: [01-one]}\n"
    + "sender: {name: S, address: s@example.com, postal_address: P}\n"
)


@given(TEXT)
def test_any_text_as_a_letter_holds_the_placeholders_that_are_meant_or_is_a_quire_error(text):
    issue = f"---\nsubject: S\npreheader: P\nchapter: 01-first\n---\n{text}".replace("\r", "")
    files = {"book.yaml": LETTERS, "newsletter/01-one.md": issue, "chapters/01-first.md": METADATA + "Text.\n"}
    book = build("newsletter", **files)
    # What leads nowhere is an error that the rules find, and no letter is made then.
    if book is not None and not any(isinstance(node, Cite | Ref | Term) for node in walk(book.newsletter)):
        [letter] = book.newsletter.issues
        drawn = letter_text(book, book.newsletter, book.sender, letter)
        slots = [piece for piece in pieces(drawn) if isinstance(piece, Slot)]
        written = [node for node in walk(letter.text) if isinstance(node, Placeholder)]
        assert all(node.name == "name" and node.fallback for node in written)
        assert drawn.count("{{") == len(slots)
        assert sum(slot.name == "name" for slot in slots) <= len(written)


@given(st.binary(max_size=300))
def test_any_bytes_as_a_file_are_read_or_are_a_quire_error(content):
    build(**{"chapters/01-first.md": content})
    build(**{"chapters/01-first.md": METADATA.encode() + content})
    build(**{"book.yaml": content})
    files = {"references.yaml": content, "glossary.yaml": content, "images/a.svg": content, "images/a.png": content}
    build(**{"chapters/01-first.md": METADATA + "![A](../images/a.svg)\n\n![A](../images/a.png)\n", **files})


@given(YAML)
def test_any_text_as_metadata_is_a_value_or_findings(text):
    for kind in (Settings, ChapterMetadata):
        value, _, findings = decode(text, kind, "x.yaml")
        assert (value is None) == bool(findings)
        assert all(finding.location.line <= text.count("\n") + 1 for finding in findings)
    decode_records(text, "x.yaml")
    decode_list(text, GlossaryTerm, "x.yaml")


NAMES = st.lists(
    st.dictionaries(st.sampled_from(["family", "given", "literal", "suffix"]), st.text(max_size=5)), max_size=2
)
DATES = st.one_of(
    st.integers(-9999, 9999),
    st.sampled_from(["1966", "1966-05-03", "in press", "1966-77", ""]),
    st.just({"year": 1966}),
)


@given(
    st.fixed_dictionaries(
        {"type": st.sampled_from(["book", "chapter", "interview", "webpage", "legal_case"])},
        optional={
            **dict.fromkeys(["author", "editor", "translator", "guest"], NAMES),
            **dict.fromkeys(["issued", "accessed", "submitted"], DATES),
            **dict.fromkeys(["title", "page", "volume", "URL", "language", "edition"], st.text(max_size=8)),
        },
    )
)
def test_any_work_that_the_reader_accepts_can_be_cited(work):
    import yaml

    text = yaml.safe_dump([{"id": "a", "title": "T", **work}], allow_unicode=True)
    values, findings = decode_list(text, Work, "references.yaml")
    assert values or findings
    build(**{"chapters/01-first.md": METADATA + "{cite}`a`\n", "references.yaml": text})


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_any_name_of_a_file_is_found_or_refused(name):
    from json import dumps

    with tempfile.TemporaryDirectory() as folder:
        book = BOOK_YAML.replace("[01-first]", f"[01-first, {dumps(name)}]")
        project = a_project(Path(folder), **{"book.yaml": book, "chapters/01-first.md": METADATA + "Text.\n"})
        assert findings_of(project)
