"""The JSON Schemas under docs/schema/, for editors."""

import json
from pathlib import Path

import pytest

from pipeline.schema import schemas

FOLDER = Path(__file__).parents[2] / "docs" / "schema"


def test_the_committed_schemas_are_those_of_the_program(update_golden):
    if update_golden:
        FOLDER.mkdir(parents=True, exist_ok=True)
        for name, text in schemas().items():
            (FOLDER / name).write_text(text, encoding="utf-8")
    committed = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.iterdir()}
    assert committed == schemas(), "run: pytest tests/unit/test_schema.py --update-golden"


@pytest.mark.parametrize("name", sorted(schemas()))
def test_a_schema_says_which_keys_there_are_and_admits_no_others(name):
    schema = json.loads(schemas()[name])
    assert schema["$schema"].startswith("https://json-schema.org/")
    assert schema["title"]
    objects = [part for part in schema["$defs"].values() if part.get("type") == "object"]
    assert objects
    assert all(part["additionalProperties"] is False for part in objects)


def test_the_required_keys_of_a_chapter_are_those_of_the_manual():
    chapter = json.loads(schemas()["chapter.schema.json"])["$defs"]["ChapterMetadata"]
    assert set(chapter["required"]) == {"title", "summary", "takeaway", "motif"}
