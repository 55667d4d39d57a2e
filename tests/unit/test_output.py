"""Files in place: whole, and readable by whom the system lets read new files."""

import os
import stat
from pathlib import Path

import pytest

from pipeline.output import put_beside, write_whole


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o002, 0o664), (0o077, 0o600)])
def test_a_file_is_for_whom_the_umask_says(tmp_path: Path, mask: int, mode: int) -> None:
    before = os.umask(mask)
    try:
        write_whole(tmp_path / "new" / "file", b"words")
        put_beside(tmp_path, {"other": b"words"})
    finally:
        os.umask(before)
    for path in (tmp_path / "new" / "file", tmp_path / "other"):
        assert stat.S_IMODE(path.stat().st_mode) == mode


def test_a_file_takes_the_place_of_one_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"before")
    write_whole(path, b"after")
    assert path.read_bytes() == b"after"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_cannot_be_put_in_place_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "file").mkdir()
    with pytest.raises(OSError, match="file"):
        write_whole(tmp_path / "file", b"words")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
