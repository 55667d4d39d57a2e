"""Secrets: from a variable or a file, refused where others may read them, and in no message."""

import os

import pytest
from click.testing import CliRunner

from pipeline.cli import quire
from pipeline.errors import ConfigError
from pipeline.series.links import read_keys
from pipeline.series.secrets import secret

NAME = "QUIRE_SMTP_PASSWORD"
WORD = "correct horse battery"


def a_file(folder, content=f"{WORD}\n", mode=0o600):
    path = folder / "password"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    path.chmod(mode)
    return {f"{NAME}_FILE": str(path)}


def test_a_secret_is_the_variables_value():
    assert secret({NAME: WORD}, NAME) == WORD


@pytest.mark.parametrize("mode", [0o400, 0o600, 0o640])
def test_a_secret_is_read_from_a_file_without_its_line_end(tmp_path, mode):
    assert secret(a_file(tmp_path, mode=mode), NAME) == WORD


def test_a_secret_is_read_from_a_pipe(tmp_path):
    reading, writing = os.pipe()
    os.write(writing, WORD.encode())
    os.close(writing)
    assert secret({f"{NAME}_FILE": f"/dev/fd/{reading}"}, NAME) == WORD
    os.close(reading)


@pytest.mark.parametrize("mode", [0o604, 0o644, 0o606, 0o620])
def test_a_file_that_others_may_read_or_change_is_refused(tmp_path, mode):
    with pytest.raises(ConfigError, match=r"open to others\n.*chmod 600"):
        secret(a_file(tmp_path, mode=mode), NAME)


def test_a_variable_and_a_file_together_are_refused(tmp_path):
    with pytest.raises(ConfigError, match=f"{NAME} and {NAME}_FILE are both set"):
        secret(a_file(tmp_path) | {NAME: WORD}, NAME)


@pytest.mark.parametrize("name", ["QUIRE_LINK_KEYS", "QUIRE_SMTP_PASSWORD", "QUIRE_IMAP_PASSWORD", "QUIRE_DKIM_KEY"])
def test_a_missing_secret_is_told_with_how_to_come_by_it(name):
    with pytest.raises(ConfigError) as raised:
        secret({}, name)
    first, hint = str(raised.value).split("\n")
    assert first == f"{name} is not set"
    assert f"{name}_FILE" in hint
    assert len(hint.split(". ")) == 2


@pytest.mark.parametrize("content", [b"", b" \n", b"\xff\xfe horse", b"horse\0", b"horse" * 20_000])
def test_what_is_no_secret_is_refused_and_never_shown(tmp_path, content):
    with pytest.raises(ConfigError) as raised:
        secret(a_file(tmp_path, content), NAME)
    assert "horse" not in str(raised.value)


@pytest.mark.parametrize("path", ["/does/not/exist", "/", "a\0b"])
def test_a_file_that_cannot_be_read_is_told_with_its_path(path):
    with pytest.raises(ConfigError, match="can't be read"):
        secret({f"{NAME}_FILE": path}, NAME)


def test_the_command_prints_a_new_key_alone_on_stdout_each_time():
    results = [CliRunner().invoke(quire, ["series", "key"]) for _ in range(2)]
    assert all(result.exit_code == 0 for result in results)
    keys = [result.stdout.strip() for result in results]
    assert keys[0] != keys[1]
    assert read_keys("\n".join(keys)).values == tuple(keys)
    assert "QUIRE_LINK_KEYS" in results[0].stderr
    assert keys[0] not in results[0].stderr
