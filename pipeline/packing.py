"""Names and bytes in; a zip archive that is the same on every machine and day out."""

import io
import zipfile
from collections.abc import Iterable

# The first moment that the format can name; no reader shows it.
_MOMENT = (1980, 1, 1, 0, 0, 0)
_UNIX = 3
_MODE = 0o100644 << 16
# What is compressed already grows no smaller.
_PACKED = (".png", ".jpg", ".jpeg", ".woff", ".woff2")


def pack(entries: Iterable[tuple[str, bytes]]) -> bytes:
    """Return an archive of the entries in their order, none twice.

    `mimetype` comes first and is stored, whatever its place among the entries (OCF 3.3 §4.2.2). Raises ValueError
    for a name that is there twice or that leads out of the archive.
    """
    files = dict[str, bytes]()
    for name, content in entries:
        if name in files:
            raise ValueError(f"{name} is in the archive twice")
        if name.startswith("/") or ".." in name.split("/"):
            raise ValueError(f"{name} leads out of the archive")
        files[name] = content
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in sorted(files, key=lambda name: name != "mimetype"):
            entry = zipfile.ZipInfo(name, _MOMENT)
            entry.create_system = _UNIX
            entry.external_attr = _MODE
            is_stored = name == "mimetype" or name.lower().endswith(_PACKED)
            entry.compress_type = zipfile.ZIP_STORED if is_stored else zipfile.ZIP_DEFLATED
            archive.writestr(entry, files[name], compresslevel=6)
    return stream.getvalue()
