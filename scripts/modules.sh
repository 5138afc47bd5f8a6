#!/bin/sh
# Fetch the Go modules that only the tests compile, so that make test needs no network after make setup.
cd "$(dirname "$0")/.." || exit 1

fetch() { # FOLDER PACKAGE...
	folder=$1
	shift
	(cd "$folder" && go list -deps -test "$@" >/dev/null 2>&1)
}

fetch . ./... && fetch magics/cmd/headstart-sql ./... && fetch tools/staticcheck honnef.co/go/tools/cmd/staticcheck ||
	echo "make: some modules that the tests need could not be fetched: make test needs a network" >&2
