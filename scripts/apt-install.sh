#!/bin/sh
# Install Debian packages where that is allowed: to root, or through sudo that asks for no password.
# Usage: apt-install.sh PACKAGE...    Exit status 1, and nothing said, where it is not allowed or there is no apt-get.
set -eu

command -v apt-get >/dev/null 2>&1 || exit 1
if [ "$(id -u)" -eq 0 ]; then
    as_root="env"
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    as_root="sudo -n env"
else
    exit 1
fi

install() {
    # shellcheck disable=SC2086  # two words on purpose
    $as_root DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=300 \
        install --no-install-recommends "$@" >/dev/null
}

echo "Installing $* with apt-get" >&2
# A fresh machine has no package lists, an old one has stale ones: fetch them when they are needed, and not before.
if ! install "$@" 2>/dev/null; then
    # shellcheck disable=SC2086
    $as_root apt-get -qq -o DPkg::Lock::Timeout=300 update >/dev/null
    install "$@"
fi
