#!/bin/bash
# Runs the kernel through runtimed's kernel-testbed, with its own Go snippets. It is built with cargo, from GitHub, which takes minutes.
#
# It fails where a check fails, or where another is skipped than the rich execute_result, for which the testbed has no Go snippet.
set -euo pipefail
cd "$(dirname "$0")/.."
commit=4927118 # of runtimed/kernel-testbed
root=.headstart/testbed
if ! command -v cargo >/dev/null; then
	echo "testbed: cargo was not found: install Rust" >&2
	exit 3
fi
if [ "$(cat "$root/commit" 2>/dev/null)" != "$commit" ]; then
	echo "building kernel-testbed ..."
	cargo install --quiet --locked --git https://github.com/runtimed/kernel-testbed --rev "$commit" --root "$root"
	echo "$commit" >"$root/commit"
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
JUPYTER_PATH="$PWD/.headstart/venv/share/jupyter" JUPYTER_RUNTIME_DIR="$folder/run" HEADSTART_HOME="$folder/home" \
	"$root/bin/jupyter-kernel-test" headstart | tee "$folder/report"
if grep -q FAIL "$folder/report" || [ "$(grep SKIP "$folder/report" | grep -vc rich_execute_result)" != 0 ] || ! grep -q PASS "$folder/report"; then
	exit 1
fi
