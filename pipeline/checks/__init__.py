"""A completed Book in; what is wrong with it out, rule by rule.

A rule is one module here: `check(book, context)` yields findings, and its code is its file's name with hyphens.
"""

import importlib
import pkgutil
from functools import lru_cache

from pipeline.checks._context import Context, Rule
from pipeline.errors import Finding
from pipeline.model import Book

__all__ = ["Context", "check", "rules"]


@lru_cache(maxsize=1)
def rules() -> dict[str, Rule]:
    """Return every rule by its code, in alphabetical order."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))
    return {name.replace("_", "-"): importlib.import_module(f"{__name__}.{name}").check for name in names}


def check(book: Book, context: Context) -> list[Finding]:
    """Return the findings of all rules, sorted by place. `book` has been through `transforms.complete`."""
    return sorted({finding for rule in rules().values() for finding in rule(book, context)})
