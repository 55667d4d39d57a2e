"""This book's own PDFs filled in by the command, as validators and readers see them."""

import json
import subprocess
from pathlib import Path

import pytest
from acceptance.conftest import environment, quire_command

pytestmark = pytest.mark.heavy


def quire(project: Path, *arguments: str) -> str:
    command = quire_command("-q", "-C", str(project), "worksheets", *arguments)
    done = subprocess.run(command, env=environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module", params=["--workbook", "--chapter=3"])
def filled(request, built_book: Path, tmp_path_factory) -> tuple[Path, dict]:
    """Return a PDF in which every field is filled, and the answers."""
    folder = tmp_path_factory.mktemp("filled")
    source = "workbook.pdf" if request.param == "--workbook" else "worksheets/03-*.pdf"
    empty = json.loads(quire(built_book, "--read", str(next((built_book / "output").glob(source))), "--all"))
    values = {str: "Éclair", bool: True, type(None): 4}
    answers = {name: values[type(value)] for name, value in empty.items()}
    (folder / "answers.json").write_text(json.dumps(answers))
    quire(built_book, "--fill", str(folder / "answers.json"), request.param, "--output", str(folder / "filled.pdf"))
    return folder / "filled.pdf", answers


def test_every_answer_comes_back(built_book: Path, filled) -> None:
    path, answers = filled
    assert json.loads(quire(built_book, "--read", str(path))) == answers


def test_a_filled_pdf_is_still_pdf_ua_1(filled) -> None:
    import page

    result = page.validate_pdf(str(filled[0]), profile=page.ValidationProfile.PDF_UA_1)
    assert "no failures in implemented checks" in str(result), str(result)


@pytest.mark.needs("qpdf")
def test_a_filled_pdf_is_sound_to_qpdf(filled) -> None:
    done = subprocess.run(["qpdf", "--check", str(filled[0])], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.needs("pdftotext")
def test_a_reader_shows_each_text(filled) -> None:
    path, answers = filled
    done = subprocess.run(["pdftotext", str(path), "-"], capture_output=True, text=True, check=True)
    assert done.stdout.count("Éclair") == sum(value == "Éclair" for value in answers.values())


@pytest.mark.needs("pdftoppm")
def test_a_reader_shows_a_mark_for_each_box_and_scale(built_book: Path, tmp_path: Path) -> None:
    source = next((built_book / "output/worksheets").glob("03-*.pdf"))
    empty = json.loads(quire(built_book, "--read", str(source), "--all"))
    marks = [{name: 4 if value is None else True} for name, value in empty.items() if not isinstance(value, str)]
    assert len(marks) > 3
    pictures = []
    for answers in ({}, *marks):
        (tmp_path / "one.json").write_text(json.dumps(answers))
        one = tmp_path / "one.pdf"
        quire(built_book, "--fill", str(tmp_path / "one.json"), "--chapter", "3", "--output", str(one))
        drawn = subprocess.run(["pdftoppm", "-r", "60", "-gray", str(one)], capture_output=True, check=True)
        pictures.append(drawn.stdout)
    assert len(set(pictures)) == len(pictures)
