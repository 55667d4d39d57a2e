"""A completed Book in; what is wrong with it out, rule by rule.

A rule is one module here: `check(book, context)` yields findings, and its code is its file's name with hyphens.
"""

import importlib
import pkgutil
from functools import lru_cache
from types import ModuleType

import msgspec
from msgspec import Struct

from pipeline.cache import Cache
from pipeline.checks._context import Context, Rule
from pipeline.errors import Finding
from pipeline.model import Book

__all__ = ["Advice", "Context", "advice_in", "advise", "check", "prepare", "rules"]


_kept: list[Cache] = []


class Advice(Struct, frozen=True):
    """What `advise` works on: a completed book, and the formats there are."""

    book: Book
    formats: tuple[str, ...]


@lru_cache(maxsize=1)
def _modules() -> dict[str, ModuleType]:
    names = sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))
    return {name.replace("_", "-"): importlib.import_module(f"{__name__}.{name}") for name in names}


def rules() -> dict[str, Rule]:
    """Return every rule by its code, in alphabetical order."""
    return {code: module.check for code, module in _modules().items()}


def check(book: Book, context: Context, *, with_advice: bool = True) -> list[Finding]:
    """Return the findings of all rules, sorted by place. `book` has been through `transforms.complete`.

    Rules that say `IS_ADVICE` of themselves only warn, and take longest; they can be left to `advise`.
    """
    chosen = [module for module in _modules().values() if with_advice or not _is_advice(module)]
    return sorted({finding for module in chosen for finding in module.check(book, context)})


def prepare(cache: Cache) -> None:
    """Let `advise` keep what it looks up, in this process."""
    _kept[:] = [cache]


def advise(task: Advice) -> bytes:
    """Return the findings of the rules that only advise, encoded; work for the press."""
    context = Context(task.formats, cache=_kept[0] if _kept else None)
    chosen = [module for module in _modules().values() if _is_advice(module)]
    return msgspec.json.encode(sorted({finding for module in chosen for finding in module.check(task.book, context)}))


def advice_in(result: bytes) -> list[Finding]:
    """Return what `advise` encoded."""
    return msgspec.json.decode(result, type=list[Finding])


def _is_advice(module: ModuleType) -> bool:
    return getattr(module, "IS_ADVICE", False) is True
