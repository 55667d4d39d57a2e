"""Previews of this repository's own letters, by a real Chromium: what a reader sees is what is drawn."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from acceptance.conftest import copy_of_the_book, environment, quire_command

if TYPE_CHECKING:
    from PIL.Image import Image

pytestmark = [pytest.mark.heavy, pytest.mark.needs("chromium")]

CANVAS = {"light": (0xF6, 0xF1, 0xEA), "dark": (0x17, 0x14, 0x12)}
ROSE = (0x7B, 0x2D, 0x3B)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return this book with its newsletter built, and letters 3 and 7 drawn."""
    project = copy_of_the_book(tmp_path_factory.mktemp("drawn"))
    quire(project, "build", "newsletter")
    quire(project, "preview", "newsletter", "--issue", "3", "--issue", "7")
    return project


def quire(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        quire_command("-C", str(project), *arguments), env=environment(), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done


def opened(project: Path, name: str) -> "Image":
    from PIL import Image

    with Image.open(project / "output" / "preview" / name) as picture:
        return picture.convert("RGB")


def shades(picture: "Image") -> dict[tuple[int, int, int], int]:
    """Return how many pixels there are of each color."""
    found = picture.getcolors(picture.width * picture.height)
    assert found
    return {color: count for count, color in found}


@pytest.mark.parametrize("width", [320, 640, 1000])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_letter_is_drawn_whole_in_its_width_on_the_canvas_of_its_scheme(
    project: Path, width: int, scheme: str
) -> None:
    picture = opened(project, f"newsletter/07-longing-{width}-{scheme}.png")
    assert picture.width == width
    assert picture.height > 1000
    # Its foot stands on the canvas.
    assert picture.getpixel((2, picture.height - 3)) == CANVAS[scheme]


def test_outlook_shows_the_button_with_square_corners_and_browsers_with_round_ones(project: Path) -> None:
    assert _corner_of_button(opened(project, "newsletter/07-longing-640-outlook.png")) == ROSE
    assert _corner_of_button(opened(project, "newsletter/07-longing-640-light.png")) != ROSE


def _corner_of_button(picture: "Image") -> object:
    """Return the color at the upper left corner of the widest box in the accent's color."""
    rows = [y for y in range(picture.height) if _run(picture, y) > 150]
    top = rows[0]
    left = min(x for x in range(picture.width) if picture.getpixel((x, rows[len(rows) // 2])) == ROSE)
    return picture.getpixel((left, top))


def _run(picture: "Image", y: int) -> int:
    return sum(picture.getpixel((x, y)) == ROSE for x in range(picture.width))


def test_without_pictures_the_motif_is_gone(project: Path) -> None:
    with_motif = opened(project, "newsletter/07-longing-640-light.png").crop((200, 90, 440, 190))
    without = opened(project, "newsletter/07-longing-640-no-pictures.png").crop((200, 90, 440, 190))
    # The circles are filled with a tint that nothing else has.
    tint = max((c for c in shades(with_motif) if c != (255, 255, 255)), key=shades(with_motif).__getitem__)
    assert shades(with_motif)[tint] > 500
    assert shades(without).get(tint, 0) == 0


def test_the_sheet_shows_light_dark_and_outlook_of_each_letter(project: Path) -> None:
    found = shades(opened(project, "newsletter.png"))
    assert found[(255, 255, 255)] > 100_000
    assert found[(0x1F, 0x1B, 0x19)] > 50_000


def test_drawn_again_a_preview_is_the_same(project: Path) -> None:
    def contents() -> Iterator[tuple[str, bytes]]:
        for path in sorted((project / "output" / "preview").rglob("*")):
            if path.is_file():
                yield path.as_posix(), path.read_bytes()

    before = dict(contents())
    done = quire(project, "preview", "newsletter", "--issue", "3", "--issue", "7")
    assert dict(contents()) == before
    assert done.stdout.splitlines() == ["output/preview/newsletter.png", "output/preview/newsletter/index.html"]
    assert done.stderr == f"preview: {len(before)} files\n"


def test_a_chromium_that_is_missing_is_told(project: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        quire_command("-C", str(project), "preview", "newsletter"),
        env={**environment(PATH=str(tmp_path)), "HOME": os.environ.get("HOME", "")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 3
    assert "previews need Chromium, and none is installed\n    Install it: apt-get install chromium" in done.stderr
