#!/bin/sh
# Install Ace by DAISY, the accessibility checker for EPUB, into .quire/tools, which git doesn't see.
# It runs in the Chromium that is on the machine. Its other runner brings a browser of its own, which scripts of the
# package would fetch: so no script runs.
# Usage: ace.sh    Exit status 1 where npm can't install it.
set -eu

cd "$(dirname "$0")/.."
version=1.4.6
tools=.quire/tools
grep -qs "\"version\": \"$version\"" "$tools/node_modules/@daisy/ace/package.json" && exit 0
echo "Installing Ace by DAISY $version with npm" >&2
mkdir -p "$tools"
npm install --prefix "$tools" --ignore-scripts --no-audit --no-fund --no-save --silent "@daisy/ace@$version" >/dev/null
