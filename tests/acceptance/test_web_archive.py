"""The web archive of this book, in a real browser."""

import html as markup
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest


@pytest.mark.needs("chromium")
@pytest.mark.parametrize("width", [320, 1024])
def test_pages_of_the_archive_are_read_without_scrolling_sideways(built_book: Path, tmp_path: Path, width: int) -> None:
    folder = built_book / "output" / "newsletter" / "web"
    link = '<link rel="stylesheet" href="style.css">'
    style = f"<style>{(folder / 'style.css').read_text(encoding='utf-8')}</style>"
    pages = {page.stem: page.read_text(encoding="utf-8") for page in sorted(folder.glob("*.html"))}
    assert len(pages) == 21
    frames = "".join(
        f'<iframe id="{name}" width="{width}" height="600" style="border: 0" srcdoc="'
        f'{markup.escape(page.replace(link, style))}"></iframe>'
        for name, page in pages.items()
    )
    script = (
        "onload = () => document.body.innerHTML = '<pre>' + JSON.stringify(Object.fromEntries("
        "[...document.querySelectorAll('iframe')].map(f => [f.id, ["
        "f.contentDocument.documentElement.scrollWidth, f.contentDocument.styleSheets.length]]))) + '</pre>'"
    )
    sheet = tmp_path / "sheet.html"
    sheet.write_text(f"<!DOCTYPE html><meta charset=utf-8><body>{frames}<script>{script}</script>", encoding="utf-8")
    chromium = shutil.which("chromium")
    assert chromium
    options = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom"]
    done = subprocess.run([chromium, *options, sheet.as_uri()], capture_output=True, text=True, timeout=120)
    found = re.search(r"<pre>(\{.*?\})</pre>", done.stdout)
    assert found, done.stderr
    measured = json.loads(found[1])
    assert set(measured) == set(pages)
    assert all(styled == 1 for _, styled in measured.values())
    assert {name: wide for name, (wide, _) in measured.items() if wide > width} == {}
