#!/bin/bash
# Runs golangci-lint with the checkout's settings; where it is not installed, builds the pinned one from the module proxy.
set -euo pipefail
cd "$(dirname "$0")/.."
version=v2.15.0
lint=.headstart/bin/golangci-lint
if ! "$lint" version 2>/dev/null | grep -q "${version#v}"; then
	echo "building golangci-lint $version ..."
	mkdir -p .headstart/bin
	GOBIN="$PWD/.headstart/bin" go install "github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$version"
fi
"$lint" run ./...
