"""Where a project's things are, and book.yaml."""

import pytest
from builders import BOOK_YAML, a_project

from pipeline.errors import ConfigError, ContentError
from pipeline.project import MAX_FILE_BYTES, Project


def findings_of(project):
    with pytest.raises(ContentError) as caught:
        project.settings()
    return [(finding.location.line, finding.code) for finding in caught.value.findings]


def test_the_settings_come_with_their_lines(tmp_path):
    settings, lines = a_project(tmp_path).settings()
    assert settings.title == "A Small Book"
    assert settings.parts[0].chapters == ("01-first",)
    assert str(lines.at("parts", 0, "chapters", 0)) == "content/book.yaml:8"


def test_a_folder_without_a_book_is_a_set_up_error_that_says_what_to_do(tmp_path):
    with pytest.raises(ConfigError, match="there is no such file") as caught:
        Project(tmp_path).settings()
    assert "quire -C DIR" in str(caught.value)
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("parts", ["[]", "[{title: One, chapters: []}]"])
def test_a_book_without_chapters_is_refused(tmp_path, parts):
    book = BOOK_YAML[: BOOK_YAML.index("parts:")] + f"parts: {parts}\n"
    assert findings_of(a_project(tmp_path, **{"book.yaml": book})) == [(6, "no-chapters")]


@pytest.mark.parametrize("day", ["2026-13-45", "'2026-02-30'", "soon", "2026", "2026-01-02 10:00:00"])
def test_a_date_that_no_calendar_has_is_refused(tmp_path, day):
    book = BOOK_YAML.replace("2026-01-02", day)
    assert findings_of(a_project(tmp_path, **{"book.yaml": book})) == [(5, "metadata")]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (BOOK_YAML.encode() + b"subtitle: caf\xe9\n", (9, "not-utf-8")),
        (BOOK_YAML.encode("utf-16"), (1, "not-utf-8")),
        (BOOK_YAML.encode() + b"subtitle: a\0b\n", (9, "control-character")),
        (b"#" * (MAX_FILE_BYTES + 1), (1, "too-long")),
    ],
)
def test_bytes_that_are_no_text_are_named_with_their_line(tmp_path, content, found):
    assert findings_of(a_project(tmp_path, **{"book.yaml": content})) == [found]


@pytest.mark.parametrize("content", [b"\xef\xbb\xbf" + BOOK_YAML.encode(), BOOK_YAML.replace("\n", "\r\n").encode()])
def test_a_byte_order_mark_and_windows_line_ends_are_read_past(tmp_path, content):
    settings, lines = a_project(tmp_path, **{"book.yaml": content}).settings()
    assert settings.title == "A Small Book"
    assert lines.at("date").line == 5


def test_a_link_out_of_the_project_is_not_followed(tmp_path):
    secret = tmp_path / "secret.yaml"
    secret.write_text(BOOK_YAML)
    project = a_project(tmp_path / "project")
    project.book_yaml.unlink()
    project.book_yaml.symlink_to(secret)
    assert findings_of(project) == [(1, "outside")]


def test_a_folder_where_a_file_belongs_is_unreadable(tmp_path):
    project = a_project(tmp_path)
    project.book_yaml.unlink()
    project.book_yaml.mkdir()
    assert findings_of(project) == [(1, "unreadable")]


@pytest.mark.parametrize("author", ["Ann", "[Ann, Ben]"])
def test_one_author_or_a_list_of_authors(tmp_path, author):
    settings, _ = a_project(tmp_path, **{"book.yaml": BOOK_YAML.replace("Ann Example", author), "x": b""}).settings()
    assert settings.author in ("Ann", ("Ann", "Ben"))


def test_a_list_of_no_authors_is_refused(tmp_path):
    book = BOOK_YAML.replace("Ann Example", "[]")
    assert findings_of(a_project(tmp_path, **{"book.yaml": book})) == [(2, "metadata")]


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        ("en-US", "en-UK", 3),
        ("en-US", "jp", 3),
        ("urn:uuid:00000000-0000-4000-8000-000000000001", "urn:isbn:9783161484101", 4),
        ("urn:uuid:00000000-0000-4000-8000-000000000001", "urn:uuid:00000000-0000-4000-8000-00000000000", 4),
        ("date:", "epub: {isbn: 978-3-16-148410-1}\ndate:", 5),
        ("date:", "file_as: {author: [Example, Ann]}\ndate:", 5),
        ("date:", "epub:\n  accessibility: {wcag: '2.2'}\ndate:", 6),
        ("date:", "epub:\n  accessibility: {certified_by: Ann, level: AAAA}\ndate:", 6),
    ],
)
def test_a_code_that_is_wrong_is_named_with_its_line(tmp_path, before, after, line):
    assert before in BOOK_YAML
    book = BOOK_YAML.replace(before, after, 1)
    [found] = findings_of(a_project(tmp_path, **{"book.yaml": book}))
    assert found[0] == line


@pytest.mark.parametrize(
    ("lines", "line", "message"),
    [
        (["kind: calendar"], 11, "a calendar has no “start”"),
        (["kind: calendar", "start: 2027-02-30"], 12, "“start”: no calendar has a 2027-02-30"),
        (["kind: calendar", "start: 0027-01-04"], 12, "“start”: 0027-01-04 is not in this millennium"),
        (["every: week", "holidays: [2027-05-17, 2027-06-31]"], 12, "“holidays”: no calendar has a 2027-06-31"),
        (["every: week", "time_zone: Europe/Pariss"], 12, "“time_zone”: “Europe/Pariss” is no time zone"),
        (["on: [mon]", "quiet: [mon, sun]"], 12, "“on” and “quiet” leave no day on which an issue may go out"),
        (["quiet: [mon, tue, wed, thu, fri, sat, sun]"], 11, "“quiet” leaves no day on which an issue may go out"),
    ],
)
def test_a_schedule_that_cannot_be_kept_is_named_with_its_line(tmp_path, lines, line, message):
    delivery = "delivery:\n  schedule:\n" + "".join(f"    {row}\n" for row in lines)
    with pytest.raises(ContentError) as caught:
        a_project(tmp_path, **{"book.yaml": BOOK_YAML + delivery}).settings()
    assert [(f.location.line, f.code, f.message) for f in caught.value.findings] == [(line, "metadata", message)]
    assert caught.value.findings[0].hint


def test_every_mistake_in_a_schedule_is_told_and_a_zone_with_the_one_that_was_meant(tmp_path):
    delivery = (
        "delivery:\n  schedule: {kind: calendar, holidays: [2027-02-30], time_zone: Paris, quiet: [mon], on: [mon]}\n"
    )
    with pytest.raises(ContentError) as caught:
        a_project(tmp_path, **{"book.yaml": BOOK_YAML + delivery}).settings()
    assert len(caught.value.findings) == 4
    assert "Did you mean “Europe/Paris”?" in [finding.hint for finding in caught.value.findings]


def test_what_no_print_shop_can_use_is_refused_in_its_line(tmp_path):
    editions = "editions:\n  print:\n    isbn: 978-0-00-000000-0\n    paper: cardboard\n"
    project = a_project(tmp_path, **{"book.yaml": BOOK_YAML + editions})
    assert findings_of(project) == [(11, "metadata"), (12, "metadata")]


@pytest.mark.parametrize("isbn", ["978-0-306-40615-7", "ISBN 978-0-306-40615-7", "0-306-40615-2"])
def test_an_isbn_is_taken_as_people_write_it(tmp_path, isbn):
    editions = f"editions: {{print: {{isbn: '{isbn}', paper: 0.06mm}}}}\n"
    settings, _ = a_project(tmp_path, **{"book.yaml": BOOK_YAML + editions}).settings()
    assert settings.editions.print.isbn == isbn
