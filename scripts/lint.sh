#!/bin/bash
# Runs the linters with the checkout's settings: golangci-lint on Go, shellcheck on scripts, hadolint on the images. They are
# brought at these versions, into .headstart/lint, at the first run.
set -euo pipefail
cd "$(dirname "$0")/.."
golangci=v2.15.0
python=scripts/tools/linters.txt
folder=.headstart/lint

if [ "$(cat "$folder/complete" 2>/dev/null)" != "$golangci $(cat $python)" ]; then
	echo "bringing the linters, which takes some minutes ..."
	rm -rf "$folder"
	python3 -P -m venv "$folder"
	"$folder/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r "$python"
	GOBIN="$PWD/$folder/bin" go install "github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$golangci"
	echo "$golangci $(cat $python)" >"$folder/complete"
fi
"$folder/bin/shellcheck" .ci/run docker/*.sh scripts/*.sh
"$folder/bin/hadolint" docker/*/Dockerfile
"$folder/bin/golangci-lint" run ./...
