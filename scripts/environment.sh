#!/bin/sh
# Make a virtual environment, or say what is missing.
# Usage: environment.sh FOLDER [PYTHON]    Without PYTHON the first Python on the path that is new enough is taken.
set -eu

folder=$1
wanted=${2:-}
here=$(dirname "$0")

is_new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

if [ -n "$wanted" ]; then
    python=$wanted
    if ! command -v "$python" >/dev/null 2>&1; then
        echo "$python: there is no such Python. Name another: make build PYTHON=python3" >&2
        exit 1
    fi
else
    python=python3
    for name in python3 python3.14 python3.13 python3.12 python3.11; do
        if is_new_enough "$name"; then
            python=$name
            break
        fi
    done
fi

if ! is_new_enough "$python"; then
    echo "Quire needs Python 3.11 or newer; $python is $("$python" --version 2>&1 || echo missing)." >&2
    echo "    Install a newer one and name it: make build PYTHON=python3.12" >&2
    exit 1
fi

# Debian keeps venv in a package of its own, and its python3 starts without it.
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    package=$("$python" -c 'import sys; print(f"python3.{sys.version_info[1]}-venv")')
    if ! sh "$here/apt-install.sh" "$package" || ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        echo "$python has no venv module, which Quire's set-up needs." >&2
        echo "    Debian, Ubuntu: sudo apt-get install $package" >&2
        echo "    Then run make again." >&2
        exit 1
    fi
fi

version() {
    "$1" -c 'import sys; print(sys.version)' 2>/dev/null || echo none
}

# An environment of another Python can't be mended, only made anew.
if [ "$(version "$folder/bin/python")" != "$(version "$python")" ]; then
    if [ ! -x "$folder/bin/python" ] || [ -n "$wanted" ] || ! is_new_enough "$folder/bin/python"; then
        echo "Making $folder with $("$python" --version 2>&1)" >&2
        "$python" -m venv --clear "$folder"
    fi
fi
