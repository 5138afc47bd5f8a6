#!/bin/bash
# Runs every fuzz target of the module for a while: scripts/fuzz.sh [TIME, default 30s]. Fails at the first finding.
set -euo pipefail
cd "$(dirname "$0")/.."
time=${1:-30s}
git ls-files --cached --others --exclude-standard '*_test.go' | xargs grep -l '^func Fuzz' | while read -r file; do
	sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\).*/\1/p' "$file" | while read -r target; do
		echo "== $(dirname "$file") $target"
		go test "./$(dirname "$file")" -run '^$' -fuzz "^$target\$" -fuzztime "$time" </dev/null
	done
done
