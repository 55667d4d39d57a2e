"""The profiles: that color management reads them, and what they make of gray and of colors."""

import importlib.util
import io
import struct
from pathlib import Path
from typing import Any

import pytest

from pipeline.writers._icc import cmyk_profile, gray_profile

PAPERS = ("coated", "uncoated")
SCRIPT = Path(__file__).parents[3] / "scripts" / "cmyk_profiles.py"


@pytest.fixture(scope="module")
def profile() -> Any:
    from PIL import ImageCms

    return ImageCms.ImageCmsProfile(io.BytesIO(gray_profile()))


def test_it_is_a_profile_of_a_gray_printer(profile) -> None:
    inside = profile.profile
    assert (inside.version, inside.xcolor_space.strip(), inside.device_class) == (2.1, "GRAY", "prtr")
    assert inside.profile_description == "Gray, 20% dot gain"
    assert inside.media_white_point[0] == pytest.approx([0.9642, 1.0, 0.8249], abs=1e-3)


def test_half_tone_reflects_three_tenths_and_the_ends_stay(profile) -> None:
    from PIL import Image, ImageCms

    gray = Image.new("L", (3, 1))
    gray.putdata([0, 128, 255])
    transform = ImageCms.buildTransform(profile, ImageCms.createProfile("sRGB"), "L", "RGB")
    black, middle, white = (pixel[0] for pixel in ImageCms.applyTransform(gray, transform).get_flattened_data())
    assert (black, white) == (0, 255)
    linear = ((middle / 255 + 0.055) / 1.055) ** 2.4
    assert linear == pytest.approx(0.30, abs=0.01), "half covered, and a fifth more by dot gain"


def test_the_same_bytes_each_time_and_as_long_as_it_says() -> None:
    made = gray_profile()
    assert made == gray_profile()
    assert struct.unpack(">I", made[:4])[0] == len(made)
    assert made[36:40] == b"acsp"


# --------------------------------------------------------------------------- four inks


def converted(paper: str, color: tuple[int, ...], *, is_printed: bool = False) -> tuple[int, ...]:
    """Return the inks, of 255, for a color of a screen; or what inks look like on one."""
    from PIL import Image, ImageCms

    inks = ImageCms.ImageCmsProfile(io.BytesIO(cmyk_profile(paper)))
    screen = ImageCms.createProfile("sRGB")
    ends, modes = ((inks, screen), ("CMYK", "RGB")) if is_printed else ((screen, inks), ("RGB", "CMYK"))
    intent = ImageCms.Intent.RELATIVE_COLORIMETRIC
    transform = ImageCms.buildTransform(*ends, *modes, renderingIntent=intent)
    return ImageCms.applyTransform(Image.new(modes[0], (1, 1), color), transform).getpixel((0, 0))


@pytest.mark.parametrize("paper", PAPERS)
def test_four_inks_have_a_profile_of_a_printer_with_all_tables(paper: str) -> None:
    from PIL import ImageCms

    inside = ImageCms.ImageCmsProfile(io.BytesIO(cmyk_profile(paper))).profile
    assert (inside.version, inside.xcolor_space, inside.connection_space) == (2.1, "CMYK", "Lab ")
    assert inside.device_class == "prtr"
    content = cmyk_profile(paper)
    assert struct.unpack(">I", content[:4])[0] == len(content)
    tags = {content[at : at + 4] for at in range(132, 132 + 12 * int.from_bytes(content[128:132], "big"), 12)}
    # ICC.1:2001-04, 6.3.3: all that a profile of an output device with tables must have.
    assert tags >= {b"desc", b"cprt", b"wtpt", b"A2B0", b"A2B1", b"A2B2", b"B2A0", b"B2A1", b"B2A2", b"gamt"}


@pytest.mark.parametrize("paper", PAPERS)
def test_paper_is_white_and_the_standards_mixtures_are_gray(paper: str) -> None:
    assert converted(paper, (255, 255, 255)) == (0, 0, 0, 0)
    for cyan, others in ((25, 19), (50, 40), (75, 64)):
        inks = tuple(round(share * 2.55) for share in (cyan, others, others, 0))
        shown = converted(paper, inks, is_printed=True)
        assert max(shown) - min(shown) <= 8


@pytest.mark.parametrize("paper", PAPERS)
def test_no_color_takes_more_ink_than_paper_holds(paper: str) -> None:
    steps = range(0, 256, 51)
    most = max(sum(converted(paper, (r, g, b))) for r in steps for g in steps for b in steps)
    assert most <= (3.05 if paper == "coated" else 2.85) * 255


@pytest.mark.parametrize("paper", PAPERS)
def test_colors_of_the_theme_look_on_paper_as_on_a_screen(paper: str, prepared_design) -> None:
    for name, color in prepared_design.theme.colors.light.items():
        if name == "text":
            # It is printed in black alone.
            continue
        wanted = tuple(bytes.fromhex(color[1:]))
        shown = converted(paper, converted(paper, wanted), is_printed=True)
        # Deep red is less deep where paper takes the ink in.
        assert max(abs(a - b) for a, b in zip(wanted, shown, strict=True)) <= (34 if paper == "uncoated" else 10)


@pytest.mark.parametrize("paper", PAPERS)
def test_the_profiles_are_those_of_their_script(paper: str) -> None:
    spec = importlib.util.spec_from_file_location("cmyk_profiles", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    made = script._to_lab_table(script.Model(script.CONDITIONS[paper]))
    assert made in cmyk_profile(paper)
