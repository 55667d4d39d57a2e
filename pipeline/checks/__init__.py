"""A completed Book in; what is wrong with it out, rule by rule.

A rule is one module here: `check(book, context)` yields findings, and its code is its file's name with hyphens.
"""

import importlib
import pkgutil
from collections.abc import Collection
from functools import lru_cache
from types import ModuleType

from pipeline.checks._context import Context, Rule
from pipeline.errors import Finding
from pipeline.model import Book

__all__ = ["Context", "check", "errors_in_part", "rules"]


@lru_cache(maxsize=1)
def _modules() -> dict[str, ModuleType]:
    names = sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))
    return {name.replace("_", "-"): importlib.import_module(f"{__name__}.{name}") for name in names}


def rules(*, advice: bool | None = None) -> dict[str, Rule]:
    """Return every rule by its code, in alphabetical order.

    Rules that say `IS_ADVICE` of themselves only warn, and take longest: `advice` asks for these, or for the others.
    """
    modules = _modules().items()
    return {code: module.check for code, module in modules if advice is None or _is_advice(module) == advice}


def check(book: Book, context: Context, *, advice: bool | None = None) -> list[Finding]:
    """Return the findings of all rules, sorted by place. `book` has been through `transforms.complete`."""
    return sorted({finding for rule in rules(advice=advice).values() for finding in rule(book, context)})


def errors_in_part(book: Book, context: Context, lacking: Collection[str]) -> list[Finding]:
    """Return the errors that are sure in a book of which some could not be read, sorted by place.

    A rule says in `NEEDS` what it must know whole: `references`, `glossary` or `text`.
    """
    sure = [
        module.check for module in _modules().values() if not _is_advice(module) and _needs(module).isdisjoint(lacking)
    ]
    found = {finding for rule in sure for finding in rule(book, context)}
    return sorted(finding for finding in found if finding.severity == "error")


def _needs(module: ModuleType) -> frozenset[str]:
    return frozenset(getattr(module, "NEEDS", ()))


def _is_advice(module: ModuleType) -> bool:
    return getattr(module, "IS_ADVICE", False) is True
