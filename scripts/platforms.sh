#!/bin/bash
# Checks that everything that needs no C compiler builds, and vets, for the platforms that the tests do not run on:
# scripts/platforms.sh [OS/ARCH..., default darwin/arm64 linux/arm64]. What bridges to XLA, or whose tests do, needs that
# platform's own compiler.
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- darwin/arm64 linux/arm64
export CGO_ENABLED=0
for platform in "$@"; do
	export GOOS=${platform%/*} GOARCH=${platform#*/}
	mapfile -t packages < <(comm -23 \
		<(go list -e -f '{{if .GoFiles}}{{.ImportPath}}{{end}}' ./... | grep . | sort) \
		<(go list -e -test -f '{{.ImportPath}} {{join .Deps " "}}' ./... | grep github.com/gomlx/go-xla/ | cut -d' ' -f1 | sed 's/\.test$//' | sort -u))
	go build -o /dev/null "${packages[@]}"
	go vet "${packages[@]}"
	echo "$platform: ${#packages[@]} packages build"
done
