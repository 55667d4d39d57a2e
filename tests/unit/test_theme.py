"""The theme: its contrasts, its fonts, and that nothing has a color or a size of its own."""

import re
from pathlib import Path

import pytest
from builders import a_project

from pipeline import theme
from pipeline.errors import ConfigError
from pipeline.project import Project

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "templates"
DESIGN = theme.load(Project(ROOT))
SCHEMES = {"light": DESIGN.theme.colors.light, "dark": DESIGN.theme.colors.dark}
PAIRS = [
    (scheme, kind, foreground, background)
    for scheme in SCHEMES
    for kind, pairs in (("text", DESIGN.theme.contrast.text), ("marks", DESIGN.theme.contrast.marks))
    for foreground, background in pairs
]


@pytest.mark.parametrize(("scheme", "kind", "foreground", "background"), PAIRS)
def test_each_pair_of_colors_reaches_the_contrast_of_wcag_aa(
    scheme: str, kind: str, foreground: str, background: str
) -> None:
    colors = SCHEMES[scheme]
    assert theme.contrast(colors[foreground], colors[background]) >= {"text": 4.5, "marks": 3.0}[kind]


def test_the_contrast_of_black_and_white_is_21() -> None:
    assert theme.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert theme.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_every_color_of_text_is_in_a_pair() -> None:
    paired = {color for pair in DESIGN.theme.contrast.text + DESIGN.theme.contrast.marks for color in pair}
    assert set(SCHEMES["light"]) - paired <= {"rule"}, "a hairline carries no meaning; everything else must be read"


def test_both_schemes_have_the_same_colors() -> None:
    assert SCHEMES["light"].keys() == SCHEMES["dark"].keys()


@pytest.mark.parametrize(
    "path", sorted(TEMPLATES.rglob("*.j2")), ids=lambda path: path.relative_to(TEMPLATES).as_posix()
)
def test_no_template_has_a_color_or_a_type_size_of_its_own(path: Path) -> None:
    text = re.sub(r"\{#.*?#\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert not re.findall(r"(?<![&\w])#(?:[0-9a-fA-F]{3}){1,2}\b(?!\s*\{)", text)
    assert not re.findall(r"\brgba?\(|\bhsla?\(", text)
    sizes = re.findall(r"font-size:\s*([^;}\"]+)", text)
    assert all(size.lstrip().startswith(("{{", "inherit", "0")) or size.strip() in ("1em", "100%") for size in sizes), (
        sizes
    )


def test_every_font_file_is_there_and_every_family_has_a_regular_style() -> None:
    assert all(font.path.is_file() for font in DESIGN.fonts)
    assert all("regular" in family.files for family in DESIGN.theme.families.values())


def test_a_project_without_templates_takes_those_of_quire(tmp_path: Path) -> None:
    assert theme.load(a_project(tmp_path)).theme == DESIGN.theme


def test_a_project_s_own_theme_comes_first(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    project.templates.mkdir()
    text = (TEMPLATES / "theme.yaml").read_text(encoding="utf-8")
    accent = SCHEMES["light"]["accent"]
    (project.templates / "theme.yaml").write_text(text.replace(accent, "#123456"), encoding="utf-8")
    assert theme.load(project).theme.colors.light["accent"] == "#123456"


def test_every_mistake_in_a_theme_is_named_with_its_line(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    project.templates.mkdir()
    (project.templates / "theme.yaml").write_text("families: 3\ncolour: {}\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        theme.load(project)
    assert "templates/theme.yaml:1: “families”" in str(caught.value)
    assert "templates/theme.yaml:2: unknown key “colour”" in str(caught.value)
