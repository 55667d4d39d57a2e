#!/bin/sh
# Make sure that the system libraries of WeasyPrint load: Pango, and HarfBuzz's subsetter. Where they don't, install them
# with apt-get if that is allowed, or stop with the command that does it.
# Usage: system-libraries.sh PYTHON    PYTHON has WeasyPrint installed.
set -eu

python=$1
here=$(dirname "$0")
packages="libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"

# WeasyPrint only warns about a missing subsetter, and then writes other bytes; so a warning counts as missing.
loads() {
    "$python" -W error -c 'import weasyprint' >/dev/null 2>&1
}

loads && exit 0
# shellcheck disable=SC2086  # three packages
if sh "$here/apt-install.sh" $packages && loads; then
    exit 0
fi

{
    echo "WeasyPrint, which typesets the PDFs, does not load. It says:"
    "$python" -W error -c 'import weasyprint' 2>&1 | tail -n 1 | sed 's/^/    /'
    echo "If that is a missing library (Pango or HarfBuzz), install it, and run make again:"
    echo "    Debian, Ubuntu:  sudo apt-get install $packages"
    echo "    Fedora:          sudo dnf install pango harfbuzz"
    echo "    macOS:           brew install pango"
} >&2
exit 1
