"""Any text in; the small letters, digits and hyphens of an identifier out."""

import re
import unicodedata


def slugify(text: str) -> str:
    """Return text as small ASCII letters, digits and hyphens; empty if nothing is left."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower().replace("'", "")).strip("-")
