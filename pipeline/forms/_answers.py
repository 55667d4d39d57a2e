"""A file of answers in, answers by field name out, and the other way round: one JSON object."""

import json

from pipeline.errors import ConfigError
from pipeline.forms._fields import Answer

MAX_BYTES = 5_000_000


def parsed(content: bytes, name: str) -> dict[str, Answer]:
    """Return the answers in a JSON object, by field name. Raises ConfigError for anything else."""
    if len(content) > MAX_BYTES:
        raise ConfigError(f"{name}: more than {MAX_BYTES // 1_000_000} MB of answers\n    Is it the right file?")
    try:
        answers = json.loads(content.decode("utf-8-sig"), object_pairs_hook=lambda pairs: _unique(pairs, name))
    except UnicodeDecodeError:
        raise ConfigError(f"{name}: this is not UTF-8 text\n    Save the file as UTF-8.") from None
    except json.JSONDecodeError as error:
        raise ConfigError(f"{name}:{error.lineno}: this is not JSON: {error.msg}\n{_SHAPE}") from None
    except (RecursionError, ValueError):
        raise ConfigError(f"{name}: this is not JSON that holds answers\n{_SHAPE}") from None
    if not isinstance(answers, dict):
        raise ConfigError(f"{name}: this is no JSON object\n{_SHAPE}")
    return answers


_SHAPE = '    Write {"name of a field": "an answer", …}; quire worksheets --read FILE.pdf --all names the fields.'


def _unique(pairs: list[tuple[str, Answer]], name: str) -> dict[str, Answer]:
    found: dict[str, Answer] = {}
    for key, value in pairs:
        if key in found:
            raise ConfigError(f"{name}: “{key}” is here twice\n    Keep one of them.")
        found[key] = value
    return found


def shown(answers: dict[str, Answer]) -> str:
    """Return answers as JSON, a line each, in the order of the pages."""
    return json.dumps(answers, ensure_ascii=False, indent=2)
