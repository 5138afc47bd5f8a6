#!/bin/bash
# Takes a lesson through nbgrader, with a right and a wrong submission; see tests/nbgrader.py. It installs nbgrader into a virtual
# environment of its own (0.6 GB).
set -euo pipefail
cd "$(dirname "$0")/.."
venv=.headstart/nbgrader-venv
list=scripts/tools/nbgrader.txt
if ! cmp --silent "$list" "$venv/installed.txt"; then
	echo "installing nbgrader ..."
	rm -rf "$venv"
	python3 -P -m venv "$venv"
	"$venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r "$list"
	cp "$list" "$venv/installed.txt"
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
JUPYTER_PATH="$PWD/.headstart/venv/share/jupyter" HEADSTART_HOME="$folder/home" \
	"$venv/bin/python" -P tests/nbgrader.py "$folder/course" notebooks/08_save_and_verify.ipynb notebooks/nbgrader_config.py
