"""Pages with their files in; how an installed Chromium draws them out, as PNG. It reaches nothing but those files."""

import asyncio
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from pipeline.errors import ConfigError, WriteError
from pipeline.press import Progress

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page, Route

Scheme = Literal["light", "dark"]

VARIABLE = "QUIRE_CHROMIUM"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Nobody answers there (RFC 2606), and no request gets that far.
_SITE = "http://preview.invalid/"
_PAGES_AT_ONCE = 4
_PATIENCE = 30_000
_HEIGHT = 800
# One renderer draws as the next does: no animations, no subpixels of a certain screen, no way out.
_ARGUMENTS = (
    "--disable-lcd-text",
    "--font-render-hinting=none",
    "--force-color-profile=srgb",
    "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)


class View(Struct, frozen=True):
    """A way to look at a page: so many CSS pixels wide, in a scheme; and the file that gets the picture."""

    width: int
    scheme: Scheme
    file: Path


class Sight(Struct, frozen=True):
    """A page and the ways to look at it.

    `files` has what the page may ask for, by its address relative to the page: a media type and the content.
    """

    html: str
    files: Mapping[str, tuple[str, bytes]]
    views: tuple[View, ...]


def chromium(environment: Mapping[str, str]) -> str:
    """Return the path of Chromium: `QUIRE_CHROMIUM`, or the first that is installed. Raises ConfigError without one."""
    wanted = environment.get(VARIABLE, "").strip()
    for name in (wanted,) if wanted else NAMES:
        found = shutil.which(name, path=environment.get("PATH"))
        if found:
            return found
    if wanted:
        raise ConfigError(f"{VARIABLE}: “{wanted}” is no program\n    Set it to the path of Chromium or Chrome.")
    raise ConfigError(
        "previews need Chromium, and none is installed\n"
        f"    Install it: apt-get install chromium; or set {VARIABLE} to the path of Chromium or Chrome."
    )


def draw(sights: Sequence[Sight], program: str, progress: Progress, step: str = "preview") -> None:
    """Draw every view of every page, each page whole, into its file.

    Scripts are off. What a page asks for beyond its files is refused. Raises ConfigError without Playwright or where
    Chromium doesn't start, WriteError where it fails at its work.
    """
    try:
        import playwright.async_api  # noqa: F401
    except ImportError:
        hint = "Install it: pip install 'quire[preview]'. It brings no browser."
        raise ConfigError(f"previews need Playwright, and it is not installed\n    {hint}") from None
    asyncio.run(_draw(sights, program, progress, step))


async def _draw(sights: Sequence[Sight], program: str, progress: Progress, step: str) -> None:
    from playwright.async_api import Error, async_playwright

    total, done = sum(len(sight.views) for sight in sights), 0

    def drawn() -> None:
        nonlocal done
        done += 1
        progress.step(step, done, total)

    async with async_playwright() as playwright:
        try:
            # Chromium refuses to shut itself in where it is run by root.
            shut_in = os.geteuid() != 0
            browser = await playwright.chromium.launch(
                executable_path=program, args=list(_ARGUMENTS), chromium_sandbox=shut_in, timeout=_PATIENCE
            )
        except Error as error:
            hint = f"Start it by hand to see why, or set {VARIABLE} to another."
            raise ConfigError(f"{program} doesn't start: {_first_line(error)}\n    {hint}") from error
        try:
            queue = iter(sights)
            await asyncio.gather(*(_work(browser, queue, drawn) for _ in range(min(_PAGES_AT_ONCE, len(sights)))))
        except Error as error:
            raise WriteError(f"Chromium can't draw: {_first_line(error)}\n    Try again.") from error
        finally:
            await browser.close()


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]


async def _work(browser: "Browser", queue: Iterator[Sight], drawn: Callable[[], None]) -> None:
    """Draw page after page, as long as any is left to anybody."""
    context = await browser.new_context(java_script_enabled=False, service_workers="block", device_scale_factor=1)
    page = await context.new_page()
    page.set_default_timeout(_PATIENCE)
    for sight in queue:
        await _look(page, sight, drawn)
    await context.close()


async def _look(page: "Page", sight: Sight, drawn: Callable[[], None]) -> None:
    async def answer(route: "Route") -> None:
        path = route.request.url.removeprefix(_SITE)
        if route.request.is_navigation_request() and path == "":
            await route.fulfill(body=sight.html, content_type="text/html; charset=utf-8")
        elif path in sight.files:
            media_type, content = sight.files[path]
            await route.fulfill(body=content, content_type=media_type)
        elif route.request.is_navigation_request():
            # To refuse it would put a page that says so in its place.
            await route.fulfill(status=204)
        else:
            await route.abort()

    await page.route("**/*", answer)
    await page.goto(_SITE, wait_until="load")
    for view in sight.views:
        await page.set_viewport_size({"width": view.width, "height": _HEIGHT})
        await page.emulate_media(color_scheme=view.scheme)
        await page.screenshot(path=view.file, full_page=True, animations="disabled", caret="hide")
        drawn()
    await page.unroute("**/*")
