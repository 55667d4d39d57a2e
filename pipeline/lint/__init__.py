"""A mail in; what mail programs and those who read would stumble over out. One rule a file, named by its code."""

import importlib
import pkgutil
from functools import lru_cache
from types import ModuleType

from pipeline.errors import Finding
from pipeline.lint._fallbacks import Lack, lacks
from pipeline.lint._mail import Limits, Mail, Rule, Text
from pipeline.lint._read import read_message, read_page

__all__ = ["Lack", "Limits", "Mail", "Text", "check", "lacks", "read_message", "read_page", "rules"]


@lru_cache(maxsize=1)
def _modules() -> dict[str, ModuleType]:
    names = sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))
    return {name.replace("_", "-"): importlib.import_module(f"{__name__}.{name}") for name in names}


def rules() -> dict[str, Rule]:
    """Return every rule by its code, in alphabetical order."""
    return {code: module.check for code, module in _modules().items()}


def check(mail: Mail, limits: Limits) -> list[Finding]:
    """Return the findings of all rules in a mail, sorted by place; in a web page, of those that say they suit one."""
    suited = [module.check for module in _modules().values() if not mail.is_web_page or _is_about_pages(module)]
    return sorted({finding for rule in suited for finding in rule(mail, limits)})


def _is_about_pages(module: ModuleType) -> bool:
    return getattr(module, "IS_ABOUT_PAGES_TOO", False) is True
