"""What the tests of parts share: the standard design, with its fonts ready to typeset."""

from pathlib import Path

import pytest

from pipeline import theme
from pipeline.project import Project
from pipeline.theme import Design
from pipeline.writers import _weasyprint


@pytest.fixture(scope="session")
def prepared_design(tmp_path_factory: pytest.TempPathFactory) -> Design:
    """Return the standard design; WeasyPrint is loaded in this process with its fonts and no others."""
    design = theme.load(Project(Path(__file__).parents[2]))
    _weasyprint.prepare(tuple(str(font.path) for font in design.fonts), str(tmp_path_factory.mktemp("fonts")))
    return design
