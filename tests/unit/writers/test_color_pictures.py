"""Pictures in color: which are told to the author who prints in gray."""

import base64
import io
import random
from typing import Any

import pytest
from builders import METADATA, a_project

from pipeline.build import Options, build
from pipeline.model import Image
from pipeline.writers._color_pictures import has_color

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">{}</svg>'


def bitmap(mode: str, color: Any, kind: str = "PNG") -> Image:
    from PIL import Image as Pillow

    stream = io.BytesIO()
    Pillow.new(mode, (600, 400), color).save(stream, kind)
    return Image("a", f"image/{kind.lower()}", stream.getvalue(), 600, 400)


def drawing(inside: str) -> Image:
    return Image("a.svg", "image/svg+xml", SVG.format(inside).encode(), 9, 9)


def embedded(color: tuple[int, int, int]) -> Image:
    data = base64.b64encode(bitmap("RGB", color).content).decode()
    return drawing(f'<image href="data:image/png;base64,{data}" width="9" height="9"/>')


@pytest.mark.parametrize(
    "image",
    [
        bitmap("RGB", (200, 60, 60)),
        bitmap("RGB", (200, 60, 60), "JPEG"),
        bitmap("RGBA", (40, 90, 200, 128)),
        bitmap("CMYK", (0, 200, 200, 0), "JPEG"),
        drawing('<path d="M0 0h9" stroke="#7b2d3b"/>'),
        drawing('<path d="M0 0h9" style="fill: none; stroke: rgb(10%, 60%, 20%)"/>'),
        drawing("<style>path { fill: rebeccapurple }</style>"),
        drawing('<stop stop-color="#f00"/>'),
        drawing('<path fill="hsl(200, 40%, 50%)"/>'),
        embedded((200, 60, 60)),
    ],
)
def test_a_picture_with_color_is_known(image: Image) -> None:
    assert has_color(image)


@pytest.mark.parametrize(
    "image",
    [
        bitmap("L", 90),
        bitmap("1", 0),
        bitmap("RGB", (90, 90, 90), "JPEG"),
        bitmap("RGB", (90, 94, 96)),
        drawing('<path d="M0 0h9" fill="none" stroke="#333"/>'),
        drawing('<path class="red" id="blue" fill="url(#bad)" stroke="rgb(20, 20, 20)"/>'),
        drawing('<title>A red house</title><path fill="currentColor" stroke="gray"/>'),
        drawing('<path fill="hsl(200, 0%, 50%)"/>'),
        embedded((90, 90, 90)),
    ],
)
def test_a_picture_in_gray_is_none_in_color(image: Image) -> None:
    assert not has_color(image)


def test_a_small_spot_of_color_in_a_large_photograph_is_found() -> None:
    from PIL import Image as Pillow

    chance = random.Random(1)
    picture = Pillow.new("L", (1600, 1200)).point(lambda _: chance.randrange(256)).convert("RGB")
    picture.paste((220, 30, 30), (500, 500, 560, 560))
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=90)
    assert has_color(Image("a.jpg", "image/jpeg", stream.getvalue(), 1600, 1200))


def test_the_print_edition_tells_where_a_picture_loses_its_color(tmp_path) -> None:
    figure = f"{METADATA}Text.\n\n:::{{figure}} ../images/house.png\n:alt: A red house\n\nA house.\n:::\n"
    files = {"chapters/01-first.md": figure, "images/house.png": bitmap("RGB", (200, 60, 60)).content}
    project = a_project(tmp_path, **files)
    report = build(project, Options(("workbook",), ("print", "booklet"), jobs=1))
    [finding] = [f for f in report.warnings if f.code == "color-picture"]
    assert str(finding.location) == "content/chapters/01-first.md:9"
    assert "images/house.png is in color" in finding.message
    report = build(project, Options(("workbook",), ("screen",), jobs=1))
    assert [f for f in report.warnings if f.code == "color-picture"] == []
