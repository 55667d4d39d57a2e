"""The ICC profiles that book.yaml names in; their bytes by edition, and what is wrong with them, out."""

import io
from collections.abc import Iterator

from pipeline.editions import Editions
from pipeline.errors import Finding
from pipeline.metadata import Lines, suggest
from pipeline.project import Project

# Those of print shops take up to three.
MAX_PROFILE_BYTES = 8_000_000
# What the header says from these bytes on (ICC.1, 7.2), and what a profile that separates colors says there.
_VERSION, _CLASS, _SPACE, _SIGNATURE = 8, 12, 16, 36
# A PDF/X-4 may have none that is later (ISO 15930-7, 6.2.3).
_LATEST = 4
_HEADER = 128
_NOT_FOR_PRINT = {
    b"mntr": "of a screen",
    b"scnr": "of a scanner or a camera",
    b"link": "a link of two devices",
    b"spac": "of a color space",
    b"abst": "of an effect",
    b"nmcl": "of named colors",
}
_SPACES = {b"RGB ": "red, green, and blue", b"GRAY": "gray", b"Lab ": "Lab", b"XYZ ": "XYZ"}
_HINT = "Ask the print shop for the ICC profile of its four inks and its paper."


def read_profiles(project: Project, editions: Editions, lines: Lines, findings: list[Finding]) -> dict[str, bytes]:
    """Return the bytes of each edition's profile, by the edition; what can't be used is reported and left out."""
    found: dict[str, bytes] = {}
    for edition, settings in (("print", editions.print), ("cover-wrap", editions.cover_wrap)):
        if not settings.profile:
            continue
        content = b""
        if settings.ink != "cmyk":
            faults = iter([("four inks have a profile, and this edition has others", "Write “ink: cmyk” beside it.")])
        else:
            content, faults = _read(project, settings.profile)
        wrong = [
            Finding(lines.at("editions", edition, "profile"), "ink-profile", f"“profile”: {message}", hint)
            for message, hint in faults
        ]
        findings += wrong
        if not wrong:
            found[edition] = content
    return found


def _read(project: Project, name: str) -> tuple[bytes, Iterator[tuple[str, str]]]:
    """Return a file's bytes, and what is wrong with them."""
    try:
        path = (project.content / name).resolve()
        if not path.is_relative_to(project.content.resolve()):
            return b"", iter([(f"{name} is or leads outside content/", "Copy it into content/.")])
        if not path.is_file():
            beside = sorted(other.name for other in path.parent.iterdir()) if path.parent.is_dir() else []
            return b"", iter([(f"there is no content/{name}", suggest(path.name, beside, "Copy it into content/."))])
        if path.stat().st_size > MAX_PROFILE_BYTES:
            return b"", iter([(f"{name} is larger than {MAX_PROFILE_BYTES // 1_000_000} MB", _HINT)])
        content = path.read_bytes()
    except (OSError, ValueError, RuntimeError):
        # A name too long, or with NUL in it, or a link that leads to itself; or a file that may not be read.
        return b"", iter([(f"{name[:60]!a} can't be read", "Check the file.")])
    return content, _faults(name, content)


def _faults(name: str, content: bytes) -> Iterator[tuple[str, str]]:
    if len(content) < _HEADER or content[_SIGNATURE : _SIGNATURE + 4] != b"acsp":
        yield f"{name} is no ICC profile", _HINT
        return
    if content[_VERSION] > _LATEST:
        yield f"{name} is of version {content[_VERSION]} of ICC profiles, which no PDF can have", _HINT
        return
    kind, space = content[_CLASS : _CLASS + 4], content[_SPACE : _SPACE + 4]
    if kind != b"prtr":
        yield f"{name} is the profile {_NOT_FOR_PRINT.get(kind, 'of something')}, and not of a press", _HINT
    elif space != b"CMYK":
        yield f"{name} is of {_SPACES.get(space, 'other colors')}, and not of four inks", _HINT
    elif not _separates(content):
        yield f"{name} is a broken profile, or one that can't separate colors", _HINT


def _separates(content: bytes) -> bool:
    """Say whether color management makes inks of screen colors by a profile, and colors of inks."""
    from PIL import ImageCms

    try:
        inks, screen = ImageCms.ImageCmsProfile(io.BytesIO(content)), ImageCms.createProfile("sRGB")
        ImageCms.buildTransform(screen, inks, "RGB", "CMYK")
        ImageCms.buildTransform(inks, screen, "CMYK", "RGB")
    except (ImageCms.PyCMSError, OSError):
        return False
    return True
