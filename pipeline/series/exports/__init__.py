"""Built letters in; the files that another service takes them from out. One service a file, named by it."""

import importlib
import pkgutil
from functools import lru_cache
from typing import Protocol

from pipeline.series.exports._material import Export, File, Material

__all__ = ["Export", "File", "Material", "exported", "services"]


class Service(Protocol):
    """A module of this folder."""

    def export(self, material: Material) -> Export: ...


@lru_cache(maxsize=1)
def services() -> tuple[str, ...]:
    """Return the names of all services, in alphabetical order."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_")))


def exported(service: str, material: Material) -> Export:
    """Return what a service takes. Raises ConfigError where something is missing that it can't do without."""
    module: Service = importlib.import_module(f"{__name__}.{service}")
    return module.export(material)
