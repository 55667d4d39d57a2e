"""Previews of the newsletter: what is asked for, what stands in the way, and which pictures there are."""

import os
from pathlib import Path

import msgspec
import pytest
from builders import a_project
from built_newsletter import a_built_newsletter

from pipeline import mail_preview
from pipeline.errors import ConfigError
from pipeline.mail_preview import SCHEMES, WIDTHS
from pipeline.output import MANIFEST, Made
from pipeline.press import Progress


@pytest.fixture
def project(tmp_path):
    project = a_project(tmp_path / "book")
    a_built_newsletter(project.output / "newsletter")
    return project


def drawn(project, numbers=(), widths=WIDTHS, schemes=SCHEMES, environment=os.environ):
    """Return the names of all that is in the preview's folder after drawing."""
    mail_preview.newsletter(project, numbers, widths, schemes, environment, Progress())
    folder = project.output / "preview"
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_a_newsletter_that_was_not_built_is_told(tmp_path):
    program = {"QUIRE_CHROMIUM": "sh", "PATH": os.environ["PATH"]}
    with pytest.raises(
        ConfigError, match=r"output/newsletter/sequence\.json: can't be read(.|\n)*quire build newsletter"
    ):
        drawn(a_project(tmp_path), environment=program)


def test_an_issue_that_is_not_there_is_told_and_what_was_drawn_stays(project):
    kept = project.output / "preview" / "newsletter.png"
    kept.parent.mkdir()
    kept.write_bytes(b"before")
    program = {"QUIRE_CHROMIUM": "sh", "PATH": os.environ["PATH"]}
    with pytest.raises(ConfigError, match="there is no issue 4, 9\n    There are 3"):
        drawn(project, (9, 2, 4), environment=program)
    assert kept.read_bytes() == b"before"


def test_a_missing_chromium_is_told(project, tmp_path):
    with pytest.raises(ConfigError, match="previews need Chromium"):
        drawn(project, environment={"PATH": str(tmp_path)})


@pytest.mark.needs("chromium")
def test_names_of_pictures_tell_letter_width_and_look_and_nothing_old_is_left(project):
    whole = drawn(project)
    looks = [f"{width}-{scheme}" for width in WIDTHS for scheme in SCHEMES]
    looks += ["640-no-pictures", "640-outlook", "1000-outlook"]
    letters = ["01-letter-1", "02-letter-2", "03-letter-3", "confirmation"]
    pictures = [f"newsletter/{letter}-{look}.png" for letter in letters for look in looks]
    assert whole == sorted([*pictures, "newsletter.png", "newsletter/index.html"])
    assert drawn(project, (2,), (390,), ("dark",)) == [
        "newsletter.png",
        "newsletter/02-letter-2-390-dark.png",
        "newsletter/02-letter-2-390-no-pictures.png",
        "newsletter/index.html",
    ]


@pytest.mark.needs("chromium")
def test_the_page_of_all_pictures_names_each_and_what_it_shows(project):
    names = drawn(project, (1, 3), (600,))
    page = (project.output / "preview" / "newsletter" / "index.html").read_text(encoding="utf-8")
    for name in names:
        if name.startswith("newsletter/") and name.endswith(".png"):
            assert f'src="{name.removeprefix("newsletter/")}"' in page
    assert 'alt="600 px, as in Outlook for Windows"' in page
    assert "<h2>Letter 1</h2>" in page


@pytest.mark.needs("chromium")
def test_pages_of_the_archive_are_drawn_with_their_letters_where_they_were_built(project):
    from PIL import Image

    web = project.output / "newsletter" / "web"
    web.mkdir()
    page = '<!DOCTYPE html><html lang="en"><head><link rel="stylesheet" href="style.css"></head><body></body></html>'
    files = {"index.html": page, "02-letter-2.html": page, "style.css": "body { background: rgb(0, 128, 0) }"}
    media_types = {".html": "text/html", ".css": "text/css"}
    made = []
    for name, text in files.items():
        (web / name).write_text(text, encoding="utf-8")
        made.append(Made(f"newsletter/web/{name}", "newsletter", media_types[Path(name).suffix], 1, "", "", ()))
    (project.output / MANIFEST).write_bytes(msgspec.json.encode({"artifacts": made}))
    one = drawn(project, (2,), (300,), ("light",))
    assert [name for name in one if "/web/" in name] == ["newsletter/web/02-letter-2-300-light.png"]
    with Image.open(project.output / "preview" / "newsletter" / "web" / "02-letter-2-300-light.png") as picture:
        assert picture.convert("RGB").getpixel((9, 9)) == (0, 128, 0)
    whole = drawn(project, (), (300,), ("light",))
    assert len([name for name in whole if "/web/" in name]) == 2
