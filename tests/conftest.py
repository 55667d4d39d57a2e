"""What all tests share: the switch that rewrites expected results, and how hard Hypothesis tries."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from postgres_server import postgres_server

from pipeline import theme
from pipeline.project import Project
from pipeline.writers import _weasyprint

# Debian keeps the programs of a Postgres server off the path, a folder for each version.
os.environ["PATH"] = os.pathsep.join([os.environ["PATH"], *map(str, Path("/usr/lib/postgresql").glob("*/bin"))])

settings.register_profile(
    "normal", max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "thorough", parent=settings.get_profile("normal"), max_examples=5_000, derandomize=False, print_blob=True
)
settings.load_profile("normal")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write what the cases produce as what is expected")


@pytest.fixture(scope="session", autouse=True)
def fonts_of_the_design(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Have whichever test typesets first do so with the design's fonts: a process can't change them afterwards."""
    design = theme.load(Project(Path(__file__).parent.parent))
    _weasyprint.offer(tuple(str(font.path) for font in design.fonts), str(tmp_path_factory.mktemp("fonts")))


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update-golden"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """Yield the address of a database on a Postgres of the tests' own."""
    with postgres_server() as address:
        yield address


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose tools are missing; fail it where QUIRE_NO_SKIP says that they must be there."""
    for marker in item.iter_markers("needs"):
        missing = [tool for tool in marker.args if shutil.which(tool) is None]
        if missing and os.environ.get("QUIRE_NO_SKIP"):
            pytest.fail(f"{', '.join(missing)} should have been installed", pytrace=False)
        if missing:
            pytest.skip(f"needs {', '.join(missing)}")
