import json
from pathlib import Path

import pytest
from built_newsletter import PICTURE, a_built_newsletter

from pipeline.errors import ConfigError
from pipeline.series.built import read_built
from pipeline.series.message import Published, frozen, thawed


def changed(folder: Path, **changes: object) -> None:
    """Change fields of the first issue in a folder's sequence.json."""
    sequence = json.loads((folder / "sequence.json").read_bytes())
    sequence["issues"][0].update(changes)
    (folder / "sequence.json").write_text(json.dumps(sequence), encoding="utf-8")


def test_letters_are_read_as_they_were_built_mails_first(tmp_path: Path) -> None:
    head, letters = read_built(a_built_newsletter(tmp_path))
    assert (head.id, head.title, head.sender.address) == ("letters", "Letters", "letters@example.com")
    assert [letter.name for letter in letters] == ["mail/confirmation", "letter-1", "letter-2", "letter-3"]
    first = letters[1]
    assert (first.kind, first.number, first.stem, first.worksheet) == ("issue", 1, "01-letter-1", "01-chapter")
    assert first.html == (tmp_path / "01-letter-1.html").read_text(encoding="utf-8")
    assert (first.pictures[0].media_type, first.pictures[0].content) == ("image/png", PICTURE)


def test_what_shows_no_way_to_leave_is_no_mail_of_the_list(tmp_path: Path) -> None:
    _, letters = read_built(a_built_newsletter(tmp_path))
    assert [letter.is_listed for letter in letters] == [False, True, True, True]


def test_a_letter_is_kept_as_one_value_and_read_back_whole(tmp_path: Path) -> None:
    head, letters = read_built(a_built_newsletter(tmp_path))
    assert thawed(frozen(head, letters[1])) == Published(head, letters[1])
    again, same = read_built(tmp_path)
    assert frozen(head, letters[1]) == frozen(again, same[1])


def test_every_file_that_has_changed_or_is_gone_is_named(tmp_path: Path) -> None:
    folder = a_built_newsletter(tmp_path)
    (folder / "01-letter-1.html").write_text("<p>By hand</p>", encoding="utf-8")
    (folder / "02-letter-2.png").write_bytes(b"")
    (folder / "03-letter-3.txt").unlink()
    with pytest.raises(ConfigError) as caught:
        read_built(folder)
    message = str(caught.value)
    assert f"{folder / '01-letter-1.html'}: has changed since it was built" in message
    assert f"{folder / '02-letter-2.png'}: has changed since it was built" in message
    assert f"{folder / '03-letter-3.txt'}: can't be read: No such file or directory" in message
    assert message.endswith("quire build newsletter.")


def test_without_a_build_it_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"sequence\.json: can't be read.*\n.*quire build newsletter"):
        read_built(tmp_path)


@pytest.mark.parametrize("content", [b"", b"{}", b"[", b"\xff\xfe", b'{"id": 1}'])
def test_what_is_no_sequence_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "sequence.json").write_bytes(content)
    with pytest.raises(ConfigError, match="is not what the newsletter's build writes"):
        read_built(tmp_path)


@pytest.mark.parametrize("name", ["../secret.html", "/etc/passwd", "a/b.html", "..", ""])
def test_nothing_outside_the_folder_is_read(tmp_path: Path, name: str) -> None:
    folder = a_built_newsletter(tmp_path / "built")
    (tmp_path / "secret.html").write_text("secret", encoding="utf-8")
    file = {"name": name, "sha256": "0" * 64}
    changed(folder, files={"html": file, "text": file})
    with pytest.raises(ConfigError, match="is not the name of a file beside it"):
        read_built(folder)


def test_a_letter_without_its_text_is_refused(tmp_path: Path) -> None:
    folder = a_built_newsletter(tmp_path)
    changed(folder, files={})
    with pytest.raises(ConfigError, match="“Letter 1” has no html file"):
        read_built(folder)


def test_two_issues_of_one_name_are_refused(tmp_path: Path) -> None:
    folder = a_built_newsletter(tmp_path)
    changed(folder, id="letter-2")
    with pytest.raises(ConfigError, match="two issues are called “letter-2”"):
        read_built(folder)


def test_a_placeholder_that_this_version_cannot_fill_is_refused(tmp_path: Path) -> None:
    folder = a_built_newsletter(tmp_path)
    changed(folder, placeholders=["shoe_size"])
    with pytest.raises(ConfigError, match="“letter-1” has the unknown placeholder “shoe_size”"):
        read_built(folder)
