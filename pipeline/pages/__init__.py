"""Finished PDFs in; what a reader of their pages would stumble over out, rule by rule.

A rule is one module here: `check(document, limits)` yields findings, and its code is its file's name with hyphens.
Rules see a plain model of the pages and not the PDF, so that any page can be made up to test them.
"""

import importlib
import pkgutil
from functools import lru_cache

from pipeline.errors import Finding
from pipeline.pages._page import Box, Document, Limits, Rule
from pipeline.pages._read import read, read_sheets

__all__ = ["Box", "Document", "Limits", "check", "read", "read_sheets", "rules"]


@lru_cache(maxsize=1)
def rules() -> dict[str, Rule]:
    """Return every rule by its code, in alphabetical order."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))
    return {name.replace("_", "-"): importlib.import_module(f"{__name__}.{name}").check for name in names}


def check(document: Document, limits: Limits) -> list[Finding]:
    """Return the findings of all rules in a document, sorted by page."""
    return sorted({finding for rule in rules().values() for finding in rule(document, limits)})
