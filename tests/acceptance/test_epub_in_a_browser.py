"""The pages of this book's EPUB in a real browser, on a phone and a tablet, by day and by night."""

import shutil
import zipfile
from pathlib import Path
from typing import Literal

import pytest

pytestmark = [pytest.mark.heavy, pytest.mark.needs("chromium")]

# What a reader's night mode does, and the color that it gives to text.
NIGHT = "html, body { background: #111 !important; color: #eee !important }"
LIGHT = "rgb(238, 238, 238)"
# The width that a page takes, and each element with words of its own whose color isn't the page's. A blank shows its
# line alone.
MEASURE = """light => {
    const colored = [...document.body.querySelectorAll('*:not(.blank)')].filter(
        element => [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim())
            && getComputedStyle(element).color !== light);
    return [document.documentElement.scrollWidth, colored.map(element => element.outerHTML.slice(0, 80))];
}"""


@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (360, "dark"), (1024, "light"), (1024, "dark")])
def test_pages_fit_their_screen_and_take_the_colors_of_the_reader(
    built_book: Path, tmp_path: Path, width: int, scheme: Literal["light", "dark"]
) -> None:
    from playwright.sync_api import sync_playwright

    with zipfile.ZipFile(built_book / "output" / "book.epub") as archive:
        archive.extractall(tmp_path)
    pages = sorted((tmp_path / "EPUB").glob("*.xhtml"))
    assert len(pages) > 25
    wide, colored = {}, {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
        for path in pages:
            page.goto(path.as_uri())
            page.add_style_tag(content=NIGHT)
            taken, others = page.evaluate(MEASURE, LIGHT)
            if taken > width:
                wide[path.name] = taken
            if others:
                colored[path.name] = others
        browser.close()
    assert (wide, colored) == ({}, {})
