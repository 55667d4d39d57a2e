"""The environment and a name in; a password or key out, from the variable or from the file that NAME_FILE names."""

import os
import stat
from collections.abc import Mapping

from pipeline.errors import ConfigError

# What a secret may hold at most, so that a wrong path doesn't read a disk.
_MOST = 65_536
_WHERE_FROM = {
    "QUIRE_LINK_KEYS": "`quire series key` makes one.",
    "QUIRE_SMTP_PASSWORD": "It is the password of the account at the mail server that `delivery: smtp` names.",
    "QUIRE_IMAP_PASSWORD": "It is the password of the mailbox that bounces are read from.",
    "QUIRE_ADDRESS_KEY": "`quire series key` makes one; it must stay the same for good.",
    "QUIRE_DATABASE_URL": "It is the address of a database, such as postgresql://user@host/name.",
    "QUIRE_DKIM_KEY": "`openssl genpkey -algorithm ed25519` makes one; its public half goes into the DNS.",
}


def secret(environment: Mapping[str, str], name: str) -> str:
    """Return a secret without the white space around it.

    It is the variable's value, or the content of the file whose path is in NAME_FILE. Raises ConfigError where neither
    or both are set, where the secret is empty, and where everybody may read or change the file. No message holds any
    of the secret.
    """
    value, path = environment.get(name, ""), environment.get(f"{name}_FILE", "")
    if value and path:
        raise ConfigError(f"{name} and {name}_FILE are both set\n    Unset one of them.")
    found = (_content(path, name) if path else value).strip()
    if not found:
        what = f"the file in {name}_FILE is empty" if path else f"{name} is not set"
        hint = " ".join([f"Set {name}, or {name}_FILE to the path of a file that holds it.", _WHERE_FROM.get(name, "")])
        raise ConfigError(f"{what}\n    {hint.strip()}")
    if "\0" in found:
        raise ConfigError(f"{name} holds a NUL character\n    Write it as text.")
    return found


def _content(path: str, name: str) -> str:
    try:
        with open(path, "rb") as file:  # noqa: PTH123 (the open file's own mode is looked at)
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if mode & 0o026:
                raise ConfigError(
                    f"{path}: the file in {name}_FILE is open to others\n    Close it with `chmod 600 {path}`."
                )
            content = file.read(_MOST + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no path"
        raise ConfigError(f"{path}: the file in {name}_FILE can't be read: {reason}\n    Set its path.") from error
    if len(content) > _MOST:
        raise ConfigError(f"{path}: the file in {name}_FILE is too large for a secret\n    Set another path.")
    try:
        return content.decode()
    except UnicodeDecodeError:
        # Without its cause, which holds what the file does.
        raise ConfigError(f"{path}: the file in {name}_FILE is not text in UTF-8\n    Set another path.") from None
