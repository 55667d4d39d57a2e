#!/bin/sh
# Print names and versions of everything that Quire, its checkers and its tests need, the newest that fit together.
# Usage: constraints.sh PYTHON > constraints.txt
set -eu

python=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$python" -m venv "$folder"
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check -e '.[dev]' >&2

echo "# The versions that the tests run with. Written by \`make constraints\`: names and versions only."
"$folder/bin/python" -m pip freeze --disable-pip-version-check --exclude-editable --exclude quire
