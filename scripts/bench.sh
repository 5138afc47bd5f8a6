#!/bin/bash
# Runs every benchmark of bench/ (NAME.sh or NAME.py) and keeps its output in bench-out/. Python ones run in a virtual
# environment of their own, with the peers that bench/requirements.txt pins, but for those that drive kernels: they run
# where Jupyter is.
set -euo pipefail
cd "$(dirname "$0")/.."
out=bench-out
venv=.headstart/bench-venv
mkdir -p "$out"
if [ -f bench/requirements.txt ] && ! cmp -s bench/requirements.txt "$venv/requirements.txt"; then
	echo "installing the peers to compare with ..."
	rm -rf "$venv"
	python3 -P -m venv "$venv"
	"$venv/bin/pip" install --quiet --disable-pip-version-check -r bench/requirements.txt
	cp bench/requirements.txt "$venv/requirements.txt"
fi
shopt -s nullglob
for script in bench/*.sh bench/*.py; do
	name=$(basename "$script")
	[ "$name" != cuda.py ] || continue # make bench-cuda runs it
	echo "== $name"
	case $name in
	*.sh) BENCH_PYTHON="$PWD/$venv/bin/python" bash "$script" ;;
	*.py)
		python="$venv/bin/python"
		if grep -q jupyter_client "$script"; then python=.headstart/venv/bin/python; fi
		"$python" "$script"
		;;
	esac | tee "$out/${name%.*}.txt"
done
