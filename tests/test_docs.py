"""The manuals say what the program does: every code, role, directive, kind and key has its place, and examples hold."""

import ast
import re
from pathlib import Path

import pytest
from builders import CASES, METADATA, a_project, findings_of
from msgspec.structs import fields

from pipeline import lint, pages
from pipeline.checks import rules
from pipeline.delivery import Delivery, Dkim, Limit, Schedule
from pipeline.editions import BookletEdition, Editions, LargeEdition, PrintEdition, WrapEdition
from pipeline.metadata import decode_list
from pipeline.model import PROMPT_KINDS
from pipeline.project import (
    AccessibilitySettings,
    BisacSettings,
    BoundsSettings,
    EpubSettings,
    FileAsSettings,
    NewsletterSettings,
    PartSettings,
    SenderSettings,
    SeriesSettings,
    Settings,
    SheetsSettings,
    TextsSettings,
)
from pipeline.reader.directives import DIRECTIVES
from pipeline.reader.metadata_blocks import (
    ChapterMetadata,
    IssueMetadata,
    MailMetadata,
    MatterMetadata,
    PartMetadata,
    WorksheetSettings,
)
from pipeline.reader.references import GlossaryTerm, Work
from pipeline.reader.roles import ROLES

ROOT = Path(__file__).parent.parent
MANUSCRIPT = (ROOT / "docs" / "manuscript.md").read_text(encoding="utf-8")
NEWSLETTER = (ROOT / "docs" / "newsletter.md").read_text(encoding="utf-8")
CHECKS = (ROOT / "docs" / "checks.md").read_text(encoding="utf-8")
CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LAYERS_WITH_FINDINGS = ("reader", "checks", "pages", "lint", "spam.py", "metadata", "project.py")

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 2 1"/>'


def _codes() -> set[str]:
    """Return the code of every finding that the program can report, from its own source."""
    codes = set(rules()) | set(pages.rules()) | set(lint.rules())
    files = [path for part in LAYERS_WITH_FINDINGS for path in _python_files(ROOT / "pipeline" / part)]
    for path in files:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and _name(node.func) in ("Finding", "report", "refuse", "_at"):
                words = [arg.value for arg in node.args[:3] if isinstance(arg, ast.Constant)]
                codes |= {word for word in words if isinstance(word, str) and CODE.fullmatch(word)}
    return codes


def _python_files(path: Path) -> list[Path]:
    return sorted(path.rglob("*.py")) if path.is_dir() else [path]


def _name(function: ast.expr) -> str:
    return getattr(function, "attr", getattr(function, "id", ""))


HEADINGS = re.findall(r"^### (\S+)$", CHECKS, re.MULTILINE)


def test_every_finding_has_a_heading_and_every_heading_a_finding():
    assert set(HEADINGS) == _codes()
    assert len(HEADINGS) == len(set(HEADINGS))


@pytest.mark.parametrize("rule", sorted(set(rules()) - {"glyph-missing"}))
def test_every_rule_has_a_case(rule):
    assert (CASES / "checks" / rule / "expected.txt").is_file()


@pytest.mark.parametrize("rule", sorted(pages.rules()))
def test_every_rule_about_pages_has_a_case(rule):
    assert (CASES / "pages" / rule / "expected.txt").is_file()


@pytest.mark.parametrize("rule", sorted(lint.rules()))
def test_every_rule_about_mails_has_a_case(rule):
    assert (CASES / "lint" / rule / "expected.txt").is_file()


@pytest.mark.parametrize("rule", ["unused-reference", "unused-term"])
def test_a_warning_is_called_one(rule):
    assert f"### {rule}\n*Warning.*" in CHECKS


@pytest.mark.parametrize("directive", sorted(DIRECTIVES))
def test_every_directive_is_in_the_manual(directive):
    assert f"{{{directive}}}" in MANUSCRIPT or f"`{directive}`" in MANUSCRIPT


@pytest.mark.parametrize("role", sorted(set(ROLES) - {"cite:p"}))
def test_every_role_is_in_the_manual(role):
    assert f"{{{role}}}`" in MANUSCRIPT


@pytest.mark.parametrize("kind", PROMPT_KINDS)
def test_every_kind_of_prompt_is_in_the_manuals_table_and_has_an_example(kind):
    assert f"\n| `{kind}` |" in MANUSCRIPT
    assert f":kind: {kind}\n" in MANUSCRIPT


@pytest.mark.parametrize(
    "struct",
    [
        *(Settings, PartSettings, NewsletterSettings, SenderSettings, ChapterMetadata, MatterMetadata, PartMetadata),
        *(IssueMetadata, WorksheetSettings, GlossaryTerm, BisacSettings, BoundsSettings, MailMetadata, TextsSettings),
        *(Editions, PrintEdition, LargeEdition, BookletEdition, WrapEdition),
        SheetsSettings,
        *(AccessibilitySettings, EpubSettings, FileAsSettings, SeriesSettings),
    ],
)
def test_every_key_of_metadata_is_in_the_manual(struct):
    missing = [
        f.encode_name for f in fields(struct) if not re.search(rf"`{f.encode_name}`|\b{f.encode_name}: ", MANUSCRIPT)
    ]
    assert not missing


@pytest.mark.parametrize("struct", [Delivery, Schedule, Limit, Dkim])
def test_every_setting_of_delivery_is_in_its_manual(struct):
    assert not [name for name in (field.encode_name for field in fields(struct)) if f"`{name}`" not in NEWSLETTER]


def _examples() -> list[tuple[int, str]]:
    """Return the indented blocks of the manual with their lines; empty lines inside one belong to it."""
    found: list[tuple[int, list[str]]] = []
    for number, row in enumerate(MANUSCRIPT.split("\n"), start=1):
        if row.startswith("    ") and (not found or found[-1][1][-1] is None):
            found.append((number, [row[4:]]))
        elif row.startswith("    ") or (found and not row and found[-1][1][-1] is not None):
            found[-1][1].append(row[4:])
        elif found and row:
            found[-1][1].append(None)
    return [(number, "\n".join(row for row in rows if row is not None).strip("\n")) for number, rows in found]


EXAMPLES = _examples()
MARKDOWN = [(line, text) for line, text in EXAMPLES if not text.startswith(("content/", "- id:", "- term:"))]


def test_the_manual_has_examples():
    assert len(MARKDOWN) >= 8


@pytest.mark.parametrize("line", [line for line, _ in MARKDOWN])
def test_an_example_in_the_manual_is_read_without_a_finding(line, tmp_path):
    text = dict(MARKDOWN)[line]
    files = {"chapters/01-first.md": METADATA + "Text.\n\n" + text + "\n", "images/circles.svg": SVG}
    assert findings_of(a_project(tmp_path, **files)) == (), f"docs/manuscript.md:{line}"


@pytest.mark.parametrize(("start", "kind"), [("- id:", Work), ("- term:", GlossaryTerm)])
def test_the_manuals_references_and_glossary_are_read(start, kind):
    (text,) = [text for _, text in EXAMPLES if text.startswith(start)]
    values, findings = decode_list(text, kind, "x.yaml")
    assert values
    assert not findings
