"""A color in gray, RGB or CMYK in; how much of each ink prints it, out."""

import io
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, cast, get_args

from msgspec import Struct

from pipeline.writers._icc import Paper, cmyk_profile, gray_profile

# Parts of a color that differ by less are the same, so that gray is printed with black alone: three inks that don't
# lie quite on one another would give small type a colored edge.
_SAME = 0.012


class Inks(Struct, frozen=True):
    """The inks of a press: their color space and how many, Pillow's mode, and the operators that set them.

    `profile` is the ICC profile of what is printed. `condition` is what an output intent says: how it is printed, and
    more about that.
    """

    space: str
    channels: int
    mode: str
    fill: str
    stroke: str
    condition: tuple[str, str]
    profile: bytes

    def of(self, parts: Sequence[Any]) -> list[Decimal]:
        """Return how a color is printed, as an operator has it: with four inks, gray is black alone."""
        if self.channels == 1:
            return [gray_of(parts)]
        values = [min(1.0, max(0.0, float(part))) for part in parts]
        if len(values) != 4:
            is_gray = len(values) == 1 or max(values) - min(values) < _SAME
            values = [0, 0, 0, 1 - float(gray_of(values))] if is_gray else _separated(self.profile, tuple(values))
        return [Decimal(f"{value:.3f}").normalize() + 0 for value in values]

    def picture(self, picture: Any) -> Any:
        """Return a Pillow picture in these inks."""
        from PIL import Image, ImageChops, ImageCms

        if self.channels == 1 or picture.mode == self.mode:
            return picture.convert(self.mode)
        if picture.mode in ("1", "L"):
            none = Image.new("L", picture.size, 0)
            return Image.merge(self.mode, (none, none, none, ImageChops.invert(picture.convert("L"))))
        return ImageCms.applyTransform(picture.convert("RGB"), _transform(self.profile))


GRAY = Inks(
    "/DeviceGray",
    1,
    "L",
    "g",
    "G",
    ("Black ink on uncoated paper", "One black, a dot gain of about 20 percent"),
    gray_profile(),
)


def inks_of(name: str, profile: bytes = b"") -> Inks:
    """Return the inks that a print file names: `gray`, or the paper that four inks are printed on.

    A print shop's `profile` of four inks stands in for our own.
    """
    if name not in get_args(Paper):
        return GRAY
    paper = cast(Paper, name)
    condition = (
        f"Offset printing on {paper} paper",
        f"Cyan, magenta, yellow and black by the aims of ISO 12647-2, {paper}",
    )
    if profile:
        condition = (_description(profile), "Cyan, magenta, yellow and black by the print shop's own profile")
    return Inks("/DeviceCMYK", 4, "CMYK", "k", "K", condition, profile or cmyk_profile(paper))


def _description(profile: bytes) -> str:
    """Return what a profile says of itself."""
    from PIL import ImageCms

    return str(ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(profile)))).strip() or "Four inks"


def gray_of(parts: Sequence[Any]) -> Decimal:
    """Return the gray, 0 black to 1 white, of a color in gray, RGB or CMYK (ISO 32000-1, 10.3)."""
    values = [float(part) for part in parts]
    if len(values) == 3:
        gray = 0.3 * values[0] + 0.59 * values[1] + 0.11 * values[2]
    elif len(values) == 4:
        gray = 1 - min(1.0, 0.3 * values[0] + 0.59 * values[1] + 0.11 * values[2] + values[3])
    else:
        gray = values[0]
    return Decimal(f"{gray:.4f}").normalize() + 0


@lru_cache(maxsize=2)
def _transform(profile: bytes) -> Any:
    """Return what takes a picture from sRGB to four inks, relative to the paper's white, as dark at the darkest."""
    from PIL import ImageCms

    return ImageCms.buildTransform(
        ImageCms.createProfile("sRGB"),
        ImageCms.ImageCmsProfile(io.BytesIO(profile)),
        "RGB",
        "CMYK",
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )


@lru_cache(maxsize=1024)
def _separated(profile: bytes, color: tuple[float, ...]) -> list[float]:
    from PIL import Image, ImageCms

    red, green, blue = (round(part * 255) for part in color)
    made = cast(Any, ImageCms.applyTransform(Image.new("RGB", (1, 1), (red, green, blue)), _transform(profile)))
    return [part / 255 for part in made.getpixel((0, 0))]
