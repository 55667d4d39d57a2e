"""Any edits followed by builds give the same bytes as one clean build of the end."""

import shutil
import tempfile
from pathlib import Path

import pytest
from acceptance.test_book import digests
from builders import METADATA, a_project
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.build import Options, build
from pipeline.project import Project

pytestmark = pytest.mark.heavy

NAMES = ["01-first", "02-second", "03-third"]
PROMPT = ":::{reflect} What did you notice?\n:kind: lines\n:name: noticed\n:::\n"
WORDS = st.lists(
    st.sampled_from(["room", "space *and* time", "“said”", "{index}`room`", "\n\n", "## Part"]), max_size=60
)


@st.composite
def edits(draw: st.DrawFn) -> dict[str, str]:
    """Return an edit: files of the project with their new text."""
    kind = draw(st.sampled_from(["text", "prompt", "title", "order", "grow"]))
    name = draw(st.sampled_from(NAMES))
    body = "Text. " + " ".join(draw(WORDS)).replace("## Part", "\n\n## Part\n\nText ")
    if kind == "order":
        return {"book.yaml": book(draw(st.permutations(NAMES)))}
    if kind == "title":
        return {"book.yaml": book(NAMES, title=draw(st.sampled_from(["Room", "A & B", "Very Long Title Indeed"])))}
    if kind == "prompt":
        body += f"\n\n{PROMPT}"
    if kind == "grow":
        body += "\n\nA paragraph that makes the chapter longer than it was by some lines at least." * 40
    return {f"chapters/{name}.md": METADATA + body + "\n"}


def book(names: list[str] | tuple[str, ...], title: str = "Title") -> str:
    return (
        f"title: {title}\nauthor: A\nlanguage: en\nidentifier: urn:x:y\ndate: 2026-01-02\n"
        f"parts:\n  - title: P\n    chapters: [{', '.join(names)}]\nback: [index]\n"
    )


@settings(max_examples=6, deadline=None)
@given(st.lists(edits(), min_size=2, max_size=3))
def test_a_build_after_any_edits_is_byte_for_byte_a_clean_build(steps: list[dict[str, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        start = {"book.yaml": book(NAMES), **{f"chapters/{name}.md": f"{METADATA}Text.\n" for name in NAMES}}
        worked_on = a_project(Path(folder) / "worked-on", **start)
        build(worked_on, Options(jobs=2))
        for step in steps:
            for name, text in step.items():
                (worked_on.content / name).write_text(text, encoding="utf-8")
            build(worked_on, Options(jobs=2))
        clean = Project(Path(folder) / "clean")
        shutil.copytree(worked_on.content, clean.content)
        build(clean, Options(jobs=1, use_cache=False))
        assert digests(worked_on.output) == digests(clean.output)
