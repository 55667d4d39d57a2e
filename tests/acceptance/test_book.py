"""This repository's own book, as built by the command: every promised file, valid and closed."""

import hashlib
import json
import re
import subprocess
from pathlib import Path

import pikepdf
import pytest
from acceptance.conftest import copy_of_the_book, environment, quire_command
from unit.writers.test_separate import colors_left, text_of

from pipeline.writers._separate import to_gray

pytestmark = pytest.mark.heavy

PDFS = ["workbook.pdf", "cover.pdf", "worksheets/all.pdf", *(f"worksheets/{number:02d}" for number in range(1, 21))]


def the_file(output: Path, name: str) -> Path:
    return output / name if name.endswith(".pdf") else next(output.glob(f"{name}-*.pdf"))


def test_every_promised_file_is_there(built_book: Path) -> None:
    output = built_book / "output"
    names = [path.relative_to(output).as_posix() for path in output.rglob("*") if path.is_file()]
    assert {"workbook.pdf", "book.epub", "cover.pdf", "cover.png", "manifest.json", "README.txt"} <= set(names)
    for number in range(1, 21):
        stem = rf"{number:02d}-[a-z0-9-]+"
        assert len([name for name in names if re.fullmatch(rf"worksheets/{stem}\.pdf", name)]) == 1
        for kind in ("html", "txt", "eml"):
            assert len([name for name in names if re.fullmatch(rf"newsletter/{stem}\.{kind}", name)]) == 1


def test_the_sequence_describes_every_issue(built_book: Path) -> None:
    output = built_book / "output"
    sequence = json.loads((output / "newsletter/sequence.json").read_text(encoding="utf-8"))
    assert sequence["id"]
    assert sequence["title"]
    assert [issue["number"] for issue in sequence["issues"]] == list(range(1, 21))
    for issue in sequence["issues"]:
        assert issue["subject"]
        assert issue["preheader"]
        assert issue["chapter"]
        assert issue["id"]


def test_the_cover_has_the_size_that_shops_ask_for(built_book: Path) -> None:
    from PIL import Image

    with Image.open(built_book / "output/cover.png") as cover:
        assert cover.size == (1600, 2560)


def test_the_workbook_can_be_printed_in_gray_alone(built_book: Path) -> None:
    colored = (built_book / "output/workbook.pdf").read_bytes()
    gray = to_gray(colored)
    assert colors_left(gray) == []
    assert text_of(gray) == text_of(colored)


@pytest.mark.parametrize("name", PDFS)
def test_each_pdf_is_pdf_ua_1(built_book: Path, name: str) -> None:
    import page

    result = page.validate_pdf(str(the_file(built_book / "output", name)), profile=page.ValidationProfile.PDF_UA_1)
    assert "no failures in implemented checks" in str(result), str(result)


@pytest.mark.needs("qpdf")
@pytest.mark.parametrize("name", PDFS)
def test_each_pdf_is_sound_to_qpdf(built_book: Path, name: str) -> None:
    done = subprocess.run(
        ["qpdf", "--check", str(the_file(built_book / "output", name))], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.needs("pdftotext")
def test_a_filled_workbook_keeps_its_answers(built_book: Path, tmp_path: Path) -> None:
    with pikepdf.open(built_book / "output/workbook.pdf") as pdf:
        for field in pdf.Root.AcroForm.Fields:
            if field.FT == "/Tx":
                field.V = pikepdf.String("An answer")
        pdf.save(tmp_path / "filled.pdf")
    done = subprocess.run(["pdftotext", str(tmp_path / "filled.pdf"), "-"], capture_output=True, text=True, check=True)
    with pikepdf.open(tmp_path / "filled.pdf") as pdf:
        answers = {str(field.V) for field in pdf.Root.AcroForm.Fields if field.FT == "/Tx"}
    assert answers == {"An answer"}
    assert "An answer" in done.stdout


@pytest.mark.needs("strace")
def test_building_opens_no_socket_and_reads_only_the_project_and_what_is_installed(tmp_path: Path) -> None:
    project = copy_of_the_book(tmp_path / "book")
    home = tmp_path / "home"
    home.mkdir()
    (home / "secret.txt").write_text("not to be read")
    trace = tmp_path / "trace"
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    command = ["strace", "-f", "-qq", "-o", str(trace), "-e", "trace=openat,open,socket,connect"]
    done = subprocess.run(
        [*command, *quire_command("-C", str(project), "build")],
        env=environment(HOME=str(home), XDG_CACHE_HOME=str(home), TMPDIR=str(temporary)),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    rows = trace.read_text(errors="replace")
    assert "workbook.pdf" in rows, "the trace is of the build"
    assert not re.findall(r"\bsocket\(.*|\bconnect\(.*", rows)
    opened = {path for path in re.findall(r'open(?:at)?\([^"]*"([^"]*)"[^)]*\) = \d', rows) if path.startswith("/")}
    allowed = _allowed(project, temporary)
    assert {path for path in opened if not path.startswith(allowed)} == set()


def _allowed(project: Path, temporary: Path) -> tuple[str, ...]:
    """Return where a build may read: the project, the installed packages and libraries, and the kernel's own files."""
    import sys

    import pipeline

    installed = [sys.prefix, sys.base_prefix, str(Path(sys.executable).resolve().parent), *sys.path[1:]]
    installed += [str(Path(path).resolve()) for path in installed]
    source = str(Path(pipeline.__file__).parents[1])
    kernel = ["/proc/", "/sys/", "/dev/"]
    # The dynamic linker and the C library: shared libraries, locales, time zones, the names of users.
    system = ["/lib", "/usr/lib", "/usr/local/lib", "/usr/share/locale", "/usr/share/zoneinfo", "/usr/share/fontconfig"]
    system += ["/usr/share/xml/fontconfig", "/etc/ld.so", "/etc/localtime", "/etc/mime.types"]
    python = [f"{source}/pipeline", f"{source}/templates", f"{source}/.venv"]
    return tuple(path for path in [str(project), str(temporary), *installed, *python, *kernel, *system] if path)


def test_two_builds_in_other_folders_zones_days_and_ways_are_the_same_bytes(built_book: Path, tmp_path: Path) -> None:
    project = copy_of_the_book(tmp_path / "another place")
    done = subprocess.run(
        quire_command("-C", str(project), "build", "--jobs", "1", "--no-cache"),
        env=environment(TZ="Pacific/Kiritimati", LC_ALL="C", PYTHONHASHSEED="7"),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert digests(project / "output") == digests(built_book / "output")
    # Warm: a changed chapter, then the old one again.
    chapter = next((project / "content/chapters").glob("07-*.md"))
    text = chapter.read_text(encoding="utf-8")
    chapter.write_text(text.replace("\n\n", "\n\nAnother opening. ", 1), encoding="utf-8")
    for content in (None, text):
        if content is not None:
            chapter.write_text(content, encoding="utf-8")
        done = subprocess.run(quire_command("-C", str(project), "build"), env=environment(), capture_output=True)
        assert done.returncode == 0, done.stderr
    assert digests(project / "output") == digests(built_book / "output")


def digests(output: Path) -> dict[str, str]:
    return {
        path.relative_to(output).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in output.rglob("*")
        if path.is_file()
    }


def test_no_page_has_a_fault(built_book: Path) -> None:
    done = subprocess.run(
        quire_command("-C", str(built_book), "check", "--pages", "--strict"),
        env=environment(),
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (0, "")
