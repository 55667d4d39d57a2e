"""`templates/theme.yaml` in; the design's tokens, fonts and contrasts out."""

import hashlib
import importlib.util
import re
from functools import cached_property
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from pipeline.editions import trim_size
from pipeline.errors import ConfigError, ContentError
from pipeline.metadata import decode
from pipeline.project import Project

Color = Annotated[str, Meta(pattern=r"^#[0-9a-f]{6}$")]
# A paper by its name, or width and height.
Size = Annotated[str, Meta(pattern=r"^(A4|A5|Letter|\d+(\.\d+)?(mm|in) \d+(\.\d+)?(mm|in))$")]
_POINTS = {"mm": 72 / 25.4, "cm": 72 / 2.54, "in": 72.0, "pt": 1.0, "px": 0.75}


class Family(Struct, frozen=True, forbid_unknown_fields=True):
    """A typeface: its name in stylesheets, the Python package that carries it, and a file for each style."""

    name: str
    package: str
    files: dict[str, str]
    fallback: str

    @property
    def stack(self) -> str:
        return f'"{self.name}", {self.fallback}'


class Schemes(Struct, frozen=True, forbid_unknown_fields=True):
    light: dict[str, Color]
    dark: dict[str, Color]


class Contrast(Struct, frozen=True, forbid_unknown_fields=True):
    """Pairs of colors, foreground first: text needs 4.5 : 1, marks 3 : 1 (WCAG 2.2, 1.4.3 and 1.4.11)."""

    text: tuple[tuple[str, str], ...]
    marks: tuple[tuple[str, str], ...]


class Margins(Struct, frozen=True, forbid_unknown_fields=True):
    top: str
    outside: str
    bottom: str
    inside: str


class PageTokens(Struct, frozen=True, forbid_unknown_fields=True):
    """A page: its size and margins, the distance of ruled lines, and the height of a table's empty row."""

    size: Size
    margin: Margins
    line: str = ""
    row: str = ""


class Theme(Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that theme.yaml holds."""

    families: dict[str, Family]
    colors: Schemes
    contrast: Contrast
    scale: dict[str, float]
    base: dict[str, str]
    leading: dict[str, float]
    weight: dict[str, int]
    tracking: dict[str, str]
    space: dict[str, float]
    radius: dict[str, str]
    stroke: dict[str, str]
    page: PageTokens
    worksheet: PageTokens
    writing: dict[str, str]
    mail: dict[str, str]
    cover: dict[str, int]
    wrap: dict[str, str]
    motif: dict[str, float]


class Font(Struct, frozen=True):
    """One font file: its family's name, its style (`regular`, `semibold-italic`), and where it is."""

    family: str
    style: str
    path: Path

    @property
    def weight(self) -> int:
        return 600 if self.style.startswith("semibold") else 400

    @property
    def slope(self) -> str:
        return "italic" if self.style.endswith("italic") else "normal"


class Design:
    """The theme, its fonts, and the folders where templates are looked up, the project's own first."""

    def __init__(self, theme: Theme, folders: tuple[Path, ...]) -> None:
        self.theme = theme
        self.folders = folders

    @cached_property
    def fonts(self) -> tuple[Font, ...]:
        """Return every font of the theme. Raises ConfigError where a package or a file is missing."""
        fonts = []
        for family in self.theme.families.values():
            spec = importlib.util.find_spec(family.package)
            if spec is None or spec.origin is None:
                raise ConfigError(
                    f"theme.yaml: the font package {family.package} is not installed\n"
                    f"    Install it: pip install {family.package.replace('_', '-')}"
                )
            for style, name in family.files.items():
                path = Path(spec.origin).parent / "files" / name
                if not path.is_file():
                    raise ConfigError(f"theme.yaml: {family.package} has no file {name}\n    Name one that it has.")
                fonts.append(Font(family.name, style, path))
        return tuple(fonts)

    @cached_property
    def fonts_digest(self) -> str:
        """Return a hash of all font files, for the keys of what is typeset with them."""
        digest = hashlib.sha256()
        for font in self.fonts:
            digest.update(f"{font.family}\0{font.style}\0".encode() + font.path.read_bytes())
        return digest.hexdigest()

    @cached_property
    def digest(self) -> str:
        """Return a hash of every template file."""
        digest = hashlib.sha256()
        for folder in self.folders:
            for path in sorted(path for path in folder.rglob("*") if path.is_file()):
                digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
        return digest.hexdigest()


def standard_templates() -> Path:
    """Return the folder of the templates that come with Quire."""
    here = Path(__file__).parent
    installed = here / "templates"
    return installed if installed.is_dir() else here.parent / "templates"


def load(project: Project) -> Design:
    """Return a project's design. Raises ConfigError with every mistake in theme.yaml."""
    folders = tuple(dict.fromkeys(f for f in (project.templates, standard_templates()) if f.is_dir()))
    path = next((folder / "theme.yaml" for folder in folders if (folder / "theme.yaml").is_file()), None)
    if path is None:
        raise ConfigError("templates/theme.yaml: there is no such file\n    Reinstall Quire, or write one.")
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"templates/theme.yaml:1: can't be read: {error}") from None
    theme, _, findings = decode(text, Theme, "templates/theme.yaml")
    if theme is None:
        raise ConfigError(str(ContentError(findings)))
    return Design(theme, folders)


def page_size(size: str) -> tuple[str, str]:
    """Return the width and the height of a page of the theme, as CSS lengths."""
    width, _, height = size.partition(" ")
    return (width, height) if height else trim_size(size.lower())


def points(length: str) -> float:
    """Return a CSS length in points."""
    unit = length.lstrip("0123456789.")
    return float(length.removesuffix(unit)) * _POINTS[unit]


def contrast(first: str, second: str) -> float:
    """Return the contrast ratio of two colors, 1 to 21 (WCAG 2.2, relative luminance)."""
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: str) -> float:
    channels = (int(pair, 16) / 255 for pair in re.findall("[0-9a-f]{2}", color))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
