#!/bin/sh
# Check the JupyterLab extension: types, tests, and that the built files are what its sources give.
# With --build, put what the sources give in place of the built files.
set -eu
cd "$(dirname "$0")/../nbhelpers/labextension"

if ! command -v npm >/dev/null; then
	echo "labextension: skipped, since npm was not found; Node.js 20 or newer brings it" >&2
	exit 0
fi

npm ci --ignore-scripts --silent
npm run --silent check
npm test --silent

kept=$(mktemp -d)
trap 'rm -rf "$kept"' EXIT
cp -R built "$kept/built"
npm run --silent build
if [ "${1:-}" = --build ]; then
	exit 0
fi
if ! diff -r "$kept/built" built >&2; then
	rm -rf built
	mv "$kept/built" built
	echo "labextension: the built files are not what the sources give: run make labextension and commit nbhelpers/labextension/built" >&2
	exit 1
fi
echo "labextension: the built files are what the sources give"
