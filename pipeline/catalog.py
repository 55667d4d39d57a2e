"""The formats that there are, and the editions of each: the public modules of `writers`, and what they say."""

import importlib
import pkgutil
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import pipeline.writers
from pipeline.errors import ConfigError

EVERY_EDITION = "all"


def formats() -> dict[str, str]:
    """Return every format by name with its one line, in the order of their names: the public modules of `writers`."""
    names = sorted(module.name for module in pkgutil.iter_modules(pipeline.writers.__path__) if module.name[0] != "_")
    return {name: _summary(name) for name in names}


def _summary(name: str) -> str:
    """Return a writer's one line without importing it, since some import much."""
    source = (Path(pipeline.writers.__path__[0]) / f"{name}.py").read_text(encoding="utf-8")
    return source.removeprefix('"""').split("\n", 1)[0].removesuffix('"""')


def typeset_first(names: Sequence[str]) -> list[str]:
    """Return formats with those first that say they are typeset: they give the press most of its work."""
    return sorted(names, key=lambda name: not getattr(writer(name), "IS_TYPESET", False))


def writer(name: str) -> ModuleType:
    """Return the module of a format."""
    return importlib.import_module(f"pipeline.writers.{name}")


def editions(name: str) -> dict[str, str]:
    """Return a format's editions by name with their one line, the usual one first; none where it has one form."""
    known: dict[str, str] = getattr(writer(name), "EDITIONS", {})
    return known


def chosen_editions(names: Sequence[str], wanted: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the formats to build, each with its editions; one that has none has the edition "".

    Formats that have none of the editions asked for are left out. Raises ConfigError for a name that nothing has.
    """
    known = formats()
    for name in names:
        if name not in known:
            raise ConfigError(f"there is no format “{name}”\n    Formats: {', '.join(known)}.")
    asked = [name for name in known if not names or name in names]
    has = {name: tuple(editions(name)) for name in asked}
    there = [edition for of_format in has.values() for edition in of_format]
    for edition in wanted:
        if edition not in (*there, EVERY_EDITION):
            hint = f"Editions: {', '.join(there)}, or {EVERY_EDITION}." if there else "These formats have no editions."
            raise ConfigError(f"there is no edition “{edition}”\n    {hint}")
    if not wanted or EVERY_EDITION in wanted:
        return {name: (of_format if wanted else of_format[:1]) or ("",) for name, of_format in has.items()}
    picked = {name: tuple(e for e in of_format if e in wanted) for name, of_format in has.items()}
    return {name: of_format for name, of_format in picked.items() if of_format}
