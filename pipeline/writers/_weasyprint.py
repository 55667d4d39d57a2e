"""Fonts in; WeasyPrint with these and no others, its faults mended and its long ways shortened, out."""

import hashlib
import html
import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any
from xml.etree import ElementTree

from pipeline.errors import WriteError
from pipeline.writers import _mendings, _shortcuts


def prepare(fonts: tuple[str, ...], folder: str) -> None:
    """Load WeasyPrint with these font files and no others, in this process; `folder` keeps fontconfig's own cache.

    Raises WriteError where WeasyPrint's system libraries are missing.
    """
    offer(fonts, folder)
    load()


def offer(fonts: tuple[str, ...], folder: str) -> None:
    """Have this process know these font files and no others, if it hasn't loaded WeasyPrint yet."""
    folders = sorted({str(Path(font).parent) for font in fonts})
    rows = [f"<dir>{html.escape(name)}</dir>" for name in folders]
    accepted = "".join(f"<glob>{html.escape(font)}</glob>" for font in fonts)
    rows.append(f"<cachedir>{html.escape(str(Path(folder).resolve()))}</cachedir>")
    rows.append(f"<selectfont><acceptfont>{accepted}</acceptfont><rejectfont><glob>*</glob></rejectfont></selectfont>")
    text = '<?xml version="1.0"?>\n<!DOCTYPE fontconfig SYSTEM "fonts.dtd">\n'
    text += f"<fontconfig>{''.join(rows)}</fontconfig>\n"
    path = Path(folder) / f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.conf"
    if not path.exists():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # Several processes prepare at once, and none may read what another has half written.
            draft = path.with_suffix(f".{os.getpid()}")
            draft.write_text(text, encoding="utf-8")
            draft.replace(path)
        except OSError as error:
            raise WriteError(f"{path}: can't be written: {error.strerror}") from error
    os.environ["FONTCONFIG_FILE"] = str(path.resolve())


def warm_up() -> None:
    """Typeset a line of nothing, so that what every page needs is there: types of C, hyphenation, the subsetter.

    Processes do so while they wait for the manuscript.
    """
    words = "<p style='hyphens: auto; width: 3em'>Extraordinary <em>circumstances</em></p><input name='a'/>"
    page = parsed(f"<html lang='en'><head><title>-</title></head><body>{words}</body></html>", None)
    page.render(pdf_variant="pdf/ua-1", pdf_forms=True).write_pdf(pdf_variant="pdf/ua-1", pdf_forms=True)


def load() -> Any:
    """Return WeasyPrint, mended. Raises WriteError where its system libraries are missing."""
    try:
        # WeasyPrint falls back on these where it lacks HarfBuzz's subsetter, and they take a third of its time to load.
        with _no_search_for_libraries(), _put_off("fontTools.subset", "fontTools.varLib.instancer"):
            import weasyprint
    except OSError as error:
        raise WriteError(
            f"Pango is missing: {str(error).splitlines()[0]}\n"
            "    Debian, Ubuntu: sudo apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0\n"
            "    Fedora: sudo dnf install pango harfbuzz\n"
            "    macOS: brew install pango"
        ) from error
    _change()
    return weasyprint


def parsed(page: str, fetcher: Any) -> Any:
    """Return a page as WeasyPrint's HTML: one that is well-formed XML is read as such, a tenth of the time."""
    weasyprint = load()
    try:
        # A drawing in the page itself has a namespace that only HTML's own rules give it.
        root = None if "<svg" in page or "<math" in page else ElementTree.fromstring(page)
    except ElementTree.ParseError:
        root = None
    if root is None:
        return weasyprint.HTML(string=page, url_fetcher=fetcher, media_type="print", base_url=None)
    return _read_as_xml()(root, fetcher)


@lru_cache(maxsize=1)
def _read_as_xml() -> Any:
    import cssselect2
    import weasyprint

    class ReadAsXml(weasyprint.HTML):
        def __init__(self, root: ElementTree.Element, fetcher: Any) -> None:
            self.base_url = None
            self.url_fetcher = fetcher
            self.media_type = "print"
            self.wrapper_element = cssselect2.ElementWrapper.from_html_root(root, content_language=None)
            self.etree_element = self.wrapper_element.etree_element

    return ReadAsXml


class _Later(ModuleType):
    """Stands for a module until one of its functions or classes is called."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)

        def call(*values: Any, **named: Any) -> Any:
            return getattr(importlib.import_module(self.__name__), name)(*values, **named)

        return call


@contextmanager
def _put_off(*names: str) -> Iterator[None]:
    """Let what is imported in the block have modules that load when they are first used."""
    put_off = [name for name in names if name not in sys.modules]
    sys.modules.update((name, _Later(name)) for name in put_off)
    try:
        yield
    finally:
        for name in put_off:
            del sys.modules[name]


@contextmanager
def _no_search_for_libraries() -> Iterator[None]:
    """Spare the search that cffi makes, with a compiler and a linker, for names that Linux doesn't use.

    WeasyPrint asks for each library by the names of all systems, and Linux loads it by one of the later ones.
    """
    if sys.platform != "linux":
        yield
        return
    import ctypes.util

    search = ctypes.util.find_library
    ctypes.util.find_library = lambda name: None
    try:
        yield
    finally:
        ctypes.util.find_library = search


@lru_cache(maxsize=1)
def _change() -> None:
    for change in (*_mendings.MENDINGS, *_shortcuts.SHORTCUTS):
        change()
