#!/bin/bash
# Runs every benchmark of bench/ (NAME.sh or NAME.py) and keeps its output in bench-out/. Python ones run in a virtual
# environment of their own, with the peers that bench/requirements.txt pins, but for those that drive kernels: they run
# where Jupyter is. A table is replaced only by a run that has ended well, on a machine that was quiet at the start or that
# HEADSTART_BUSY=1 takes as it is.
set -euo pipefail
cd "$(dirname "$0")/.."
out=bench-out
venv=.headstart/bench-venv
mkdir -p "$out"
if [ -f bench/requirements.txt ] && ! cmp -s bench/requirements.txt "$venv/requirements.txt"; then
	echo "installing the peers to compare with ..."
	rm -rf "$venv"
	python3 -P -m venv "$venv"
	"$venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r bench/requirements.txt
	cp bench/requirements.txt "$venv/requirements.txt"
fi
shopt -s nullglob
note=$(scripts/quiet.sh)
failed=()
for script in bench/*.sh bench/*.py; do
	name=$(basename "$script")
	[ "$name" != cuda.py ] || continue # make bench-cuda runs it
	echo "== $name"
	table=$out/${name%.*}.txt
	if case $name in
	*.sh) BENCH_PYTHON="$PWD/$venv/bin/python" bash "$script" ;;
	*.py)
		python="$venv/bin/python"
		if grep -q jupyter_client "$script"; then python=.headstart/venv/bin/python; fi
		"$python" "$script"
		;;
	esac | { [ -z "$note" ] || echo "$note"; cat; } | tee "$table.new"; then
		mv "$table.new" "$table"
	else
		echo "bench: $name failed, for the reason above; $table is as it was" >&2
		failed+=("$name")
	fi
done
if [ ${#failed[@]} -gt 0 ]; then
	echo "bench: failed: ${failed[*]}" >&2
	exit 1
fi
