"""The gray profile: that color management reads it, and what it makes of gray."""

import io
import struct
from typing import Any

import pytest

from pipeline.writers._icc import gray_profile


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
