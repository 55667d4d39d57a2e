"""Which Chromium draws previews, and what is said where there is none."""

import os
import sys
from pathlib import Path

import pytest

from pipeline import browser
from pipeline.browser import Sight, View, chromium, draw
from pipeline.errors import ConfigError
from pipeline.press import Progress


def a_program(folder: Path, name: str, script: str = "exit 1") -> str:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


def test_the_first_chromium_on_the_path_draws(tmp_path):
    google = a_program(tmp_path, "google-chrome")
    assert chromium({"PATH": str(tmp_path)}) == google
    debian = a_program(tmp_path, "chromium")
    assert chromium({"PATH": str(tmp_path)}) == debian


def test_the_chromium_that_is_named_goes_before_those_on_the_path(tmp_path):
    a_program(tmp_path / "bin", "chromium")
    own = a_program(tmp_path, "my-own")
    assert chromium({"PATH": str(tmp_path / "bin"), browser.VARIABLE: own}) == own
    with pytest.raises(ConfigError, match="QUIRE_CHROMIUM: “nowhere” is no program"):
        chromium({"PATH": str(tmp_path / "bin"), browser.VARIABLE: "nowhere"})


def test_without_chromium_it_is_said_how_to_install_it(tmp_path):
    with pytest.raises(ConfigError, match="apt-get install chromium; or set QUIRE_CHROMIUM"):
        chromium({"PATH": str(tmp_path)})


def test_without_playwright_it_is_said_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "playwright", None)
    monkeypatch.setitem(sys.modules, "playwright.async_api", None)
    with pytest.raises(ConfigError, match=r"pip install 'quire\[preview\]'"):
        draw((), "chromium", Progress())


def test_a_program_that_is_no_chromium_is_told(tmp_path):
    program = a_program(tmp_path, "chromium", "echo no display >&2; exit 1")
    sight = Sight("<p>a</p>", {}, (View(300, "light", tmp_path / "a.png"),))
    with pytest.raises(ConfigError, match=f"{program} doesn't start"):
        draw([sight], program, Progress())
    assert not (tmp_path / "a.png").exists()


@pytest.mark.needs("chromium")
def test_each_view_is_a_picture_of_the_whole_page_in_its_width_and_scheme(tmp_path):
    from PIL import Image

    page = (
        "<!DOCTYPE html><meta name=viewport content='width=device-width'><style>body { margin: 0; background: white }"
        " img { display: block }"
        " div { height: 2000px } @media (prefers-color-scheme: dark) { body { background: black } }"
        " @media (max-width: 400px) { div { height: 3000px } }</style><div><img src=lamp.svg></div>"
    )
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><path fill="red" d="M0 0h9v9H0z"/></svg>'
    views = [View(w, s, tmp_path / f"{w}-{s}.png") for w in (320, 640) for s in ("light", "dark")]
    draw([Sight(page, {"lamp.svg": ("image/svg+xml", svg)}, tuple(views))], chromium(os.environ), Progress())
    for view in views:
        with Image.open(view.file) as picture:
            assert picture.size == (view.width, 3000 if view.width == 320 else 2000)
            assert picture.convert("RGB").getpixel((4, 4)) == (255, 0, 0)
            ground = picture.convert("RGB").getpixel((300, 1999))
            assert ground == ((255, 255, 255) if view.scheme == "light" else (0, 0, 0))


@pytest.mark.needs("chromium")
def test_a_page_reaches_nothing_but_its_files_and_runs_no_scripts(tmp_path):
    from http.server import BaseHTTPRequestHandler, HTTPServer
    from threading import Thread

    from PIL import Image

    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_):
            pass

    secret = tmp_path / "secret.svg"
    secret.write_text('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><path d="M0 0h9v9H0z"/></svg>')
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        address = f"http://127.0.0.1:{server.server_port}"
        page = (
            f"<!DOCTYPE html><link rel=stylesheet href={address}/css><link rel=preconnect href={address}>"
            f"<style>@import '{address}/import'; body {{ margin: 0; background: green url({address}/ground) }}</style>"
            f"<img src={address}/img alt=''><img src='{secret.as_uri()}' alt=''><iframe src={address}/frame></iframe>"
            f"<script>document.body.style.background = 'red'; fetch('{address}/script')</script>"
            f"<meta http-equiv=refresh content='0;url={address}/refresh'>"
        )
        try:
            draw([Sight(page, {}, (View(300, "light", tmp_path / "a.png"),))], chromium(os.environ), Progress())
        finally:
            server.shutdown()
            thread.join()
    assert asked == []
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.convert("RGB").getpixel((298, 798)) == (0, 128, 0)
        assert (0, 0, 0) not in {color for _, color in picture.convert("RGB").crop((0, 0, 12, 12)).getcolors()}
