"""A filled PDF in, its answers by field name out."""

from collections.abc import Iterable

from pipeline.errors import ConfigError
from pipeline.forms._fields import Answer, fields, opened

_NAMED = 5


def read(content: bytes, name: str, known: Iterable[str], *, all_fields: bool = False) -> dict[str, Answer]:
    """Return the answers in a PDF by field name, in its own order: of filled fields, or of `all_fields`.

    Raises ConfigError for a PDF without fields, and for one with fields that are not among the `known`.
    """
    with opened(content, name) as pdf:
        found = tuple(fields(pdf))
        answers = {field.name: field.answer() for field in found if all_fields or field.is_filled()}
    if not found:
        raise ConfigError(
            f"{name}: this PDF has no form fields\n"
            "    Save the filled PDF itself: a print or an export of it keeps the look of the fields alone."
        )
    others = sorted({field.name for field in found} - set(known))
    if others:
        more = f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
        named = ", ".join(others[:_NAMED]) + more
        raise ConfigError(
            f"{name}: {len(others)} of its {len(found)} fields are not in this book: {named}\n"
            "    Name a PDF of this book; one of an older edition is read with its own manuscript: quire -C DIR …"
        )
    return answers
