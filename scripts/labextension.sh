#!/bin/sh
# Check the JupyterLab extension: types, lint, unit tests, and that the built files are what its sources give. What was found
# right is not checked again until a file changes.
#
#     scripts/labextension.sh            check
#     scripts/labextension.sh --build    put what the sources give in place of the built files
#
# It works on a copy of the sources in .headstart/labextension, where the packages stay; needs Node.js 20 or newer.
set -eu
cd "$(dirname "$0")/.."
script=$PWD/scripts/labextension.sh
sources=$PWD/nbhelpers/labextension
work=$PWD/.headstart/labextension
inputs="package.json package-lock.json .npmrc rspack.config.js tsconfig.json tsconfig.build.json eslint.config.mjs schema src style"

version=$(node --version 2>/dev/null || echo none)
case $version in
v2[0-9].* | v[3-9][0-9].*) command -v npm >/dev/null || version=none ;;
*) version=none ;;
esac
if [ "$version" = none ]; then
	echo "labextension: not checked: Node.js 20 or newer, with npm, was not found on PATH" >&2
	exit 3
fi

mkdir -p "$work"
(cd "$work" && rm -rf $inputs built lib)
cd "$sources"
cp -R $inputs "$work/"
cd "$work"
if ! cmp -s package-lock.json node_modules/.headstart-installed; then
	echo "labextension: installing its packages, which takes a minute ..."
	rm -rf node_modules
	if ! npm ci --silent; then
		echo "labextension: not checked: npm could not install the packages of nbhelpers/labextension/package-lock.json" >&2
		exit 3
	fi
	cp package-lock.json node_modules/.headstart-installed
fi

build() { # into $work/built
	echo "labextension: building ..."
	npm run --silent build
}
if [ "${1:-}" = --build ]; then
	build
	rm -rf "$sources/built"
	cp -R built "$sources/built"
	exit 0
fi

state() { # a sum of everything that is checked
	(cd "$sources" && find $inputs built -type f | LC_ALL=C sort | xargs sha256sum && cat "$script") | sha256sum
}
now=$(state)
if [ "$now" = "$(cat checked 2>/dev/null)" ]; then
	echo "labextension: unchanged since it was checked"
	exit 0
fi
echo "labextension: checking types and lint ..."
npm run --silent check
npm run --silent test
build
if ! diff -r "$sources/built" built >&2; then
	echo "labextension: the built files are not what the sources give: run make labextension and commit nbhelpers/labextension/built" >&2
	exit 1
fi
echo "$now" >checked
echo "labextension: the built files are what the sources give"
