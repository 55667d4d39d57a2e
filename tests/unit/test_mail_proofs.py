"""The letters that were built, and files from elsewhere: what is read, what is told, and what stands in the way."""

import json
import os
import shutil
from pathlib import Path

import pytest
from builders import a_project

from pipeline import lint, mail_proofs, spam
from pipeline.build import Options, build
from pipeline.errors import ConfigError
from pipeline.project import Project

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """Return this repository's own book with its newsletter built."""
    folder = tmp_path_factory.mktemp("book")
    shutil.copytree(ROOT / "content", folder / "content")
    project = Project(folder)
    build(project, Options(("newsletter",), jobs=1))
    return project


@pytest.fixture(scope="module")
def mails(book):
    return mail_proofs.built(book)


def test_all_letters_are_read_as_page_with_text_and_as_message(book, mails):
    eml = sorted((book.output / "newsletter").glob("*.eml"))
    assert len(eml) >= 22
    assert {mail.path for mail in mails if mail.is_message} == {book.relative(path) for path in eml}
    assert len(mails) == 2 * len(eml)
    assert all(mail.text is not None and mail.html.elements for mail in mails)


def test_our_own_letters_have_no_errors(book, mails):
    found = mail_proofs.check(mails, mail_proofs.limits(book))
    assert [str(finding) for finding in found if finding.severity == "error"] == []


def test_our_own_archive_has_no_findings(book):
    pages = mail_proofs.archive(book)
    assert {page.path for page in pages} == {book.relative(p) for p in (book.output / "newsletter/web").glob("*.html")}
    assert [str(finding) for finding in mail_proofs.check(pages, lint.Limits())] == []


def test_the_archives_colors_come_from_its_stylesheet(book, tmp_path):
    shutil.copytree(book.root, tmp_path / "book")
    copy = Project(tmp_path / "book")
    style = copy.output / "newsletter/web/style.css"
    style.write_text(style.read_text() + "article p { color: #999999 }")
    found = mail_proofs.check(mail_proofs.archive(copy), lint.Limits())
    assert {finding.code for finding in found} == {"contrast"}
    first = copy.output.parent / found[0].location.path
    assert "<p>" in first.read_text().split("\n")[found[0].location.line - 1]


@pytest.mark.needs("spamassassin")
@pytest.mark.heavy
def test_our_own_letters_stay_under_one_point_of_spam(mails):
    messages = [(mail.path, mail.raw) for mail in mails if mail.is_message]
    scores = spam.scores(messages, os.environ)
    assert len(scores) == len(messages)
    assert [str(score) for score in scores if score.total >= spam.MOST] == []


def test_everything_that_our_letters_use_has_something_to_stand_in(mails):
    rows = mail_proofs.fallbacks(mails)
    assert {"css-border-radius", "css-at-media-prefers-color-scheme"} <= {row.feature for row in rows}
    assert [row for row in rows if not row.instead] == []
    (radius,) = [row for row in rows if row.feature == "css-border-radius"]
    assert radius.clients == ("Outlook for Windows",)
    assert radius.places >= radius.files > 1


def test_the_limits_are_those_of_book_yaml(book, tmp_path):
    settings, _ = book.settings()
    assert mail_proofs.limits(book).subject_characters == settings.bounds.subject_characters
    assert mail_proofs.limits(a_project(tmp_path)) == lint.Limits()


def test_a_fault_is_told_of_the_page_and_not_again_of_its_message(mails):
    page, message = mails[0], mails[1]
    html = b"<h1>a</h1><img src='https://example.com/a.png' width='9'>"
    broken = [
        lint.read_page(page.path, html),
        lint.read_message(
            message.path,
            b"Subject: a\r\nContent-Type: text/html\r\n\r\n" + html + b"\r\n",
        ),
    ]
    told = [f.location.path for f in mail_proofs.check(broken, lint.Limits()) if f.code == "picture-alt"]
    assert told == [page.path]


def test_without_a_build_the_error_says_what_to_do(tmp_path):
    with pytest.raises(ConfigError, match=r"sequence.json: can't be read: .*\n    Run quire build newsletter first"):
        mail_proofs.built(a_project(tmp_path))


def test_a_sequence_that_is_none_is_said_to_be_none(tmp_path):
    project = a_project(tmp_path)
    (project.output / "newsletter").mkdir(parents=True)
    (project.output / "newsletter" / "sequence.json").write_text("[]")
    with pytest.raises(ConfigError, match=r"sequence.json: this isn't what Quire wrote"):
        mail_proofs.built(project)


def test_a_letter_without_its_message_is_told_by_its_subject(book, tmp_path):
    project = Project(tmp_path)
    shutil.copytree(book.output / "newsletter", project.output / "newsletter")
    path = project.output / "newsletter" / "sequence.json"
    sequence = json.loads(path.read_text(encoding="utf-8"))
    del sequence["issues"][2]["files"]["eml"]
    path.write_text(json.dumps(sequence), encoding="utf-8")
    with pytest.raises(ConfigError, match=f"“{sequence['issues'][2]['subject']}” has no HTML, no text or no message"):
        mail_proofs.built(project)


def test_only_answers_to_somebodys_act_are_no_bulk_mail(mails):
    others = {Path(mail.path).stem for mail in mails if not mail.is_bulk}
    assert "confirmation" in others
    assert others <= {"confirmation", "goodbye"}


def test_a_built_letter_that_is_named_is_looked_at_as_all_of_them_are(book, mails):
    folder = book.output / "newsletter"
    named = ["goodbye.html", "goodbye.eml", "confirmation.html", "welcome.html", "web/index.html"]
    read = mail_proofs.read(book, [folder / name for name in named])
    assert [mail.path for mail in read] == [f"output/newsletter/{name}" for name in named]
    assert list(read[:2]) == [mail for mail in mails if Path(mail.path).stem == "goodbye"]
    assert [str(finding) for finding in mail_proofs.check(read, lint.Limits())] == []


def test_a_goodbye_that_was_saved_elsewhere_is_still_known_for_one(book, tmp_path):
    for kind in ("goodbye", "welcome"):
        shutil.copy(book.output / "newsletter" / f"{kind}.eml", tmp_path)
    files = [tmp_path / "goodbye.eml", tmp_path / "welcome.eml"]
    assert [mail.is_bulk for mail in mail_proofs.read(Project(tmp_path), files)] == [False, True]
    assert mail_proofs.check(mail_proofs.read(Project(tmp_path), files), lint.Limits()) == ()


def test_where_nothing_was_built_a_file_in_its_folder_is_anybodys(tmp_path):
    folder = tmp_path / "output" / "newsletter"
    folder.mkdir(parents=True)
    (folder / "a.html").write_text("<p>Hello.</p>")
    (mail,) = mail_proofs.read(Project(tmp_path), [folder / "a.html"])
    assert mail.is_bulk


def test_files_of_other_kinds_and_missing_ones_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="neither a page nor a message by its name"):
        mail_proofs.read(Project(tmp_path), [tmp_path / "a.pdf"])
    with pytest.raises(ConfigError, match="can't be read: No such file"):
        mail_proofs.read(Project(tmp_path), [tmp_path / "a.eml"])
    (tmp_path / "b.html").mkdir()
    with pytest.raises(ConfigError, match="can't be read: Is a directory"):
        mail_proofs.read(Project(tmp_path), [tmp_path / "b.html"])
