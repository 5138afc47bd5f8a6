#!/bin/bash
# Runs notebooks by Jupyter servers that execute cells by themselves, without a browser and in one, and programs of cells by jupytext; see
# serverside.py and percent.py in kernel/kerneltest/jupyter, and tests/browser/servers. It installs them into a virtual environment of its own (0.5 GB).
set -euo pipefail
cd "$(dirname "$0")/.."
venv=.headstart/servers-venv
list=kernel/kerneltest/jupyter/servers.txt
if ! cmp --silent "$list" "$venv/installed.txt"; then
	echo "installing servers that execute cells ..."
	rm -rf "$venv"
	python3 -P -m venv "$venv"
	"$venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes --requirement "$list"
	cp "$list" "$venv/installed.txt"
fi
export HEADSTART_SERVERS_PYTHON=$PWD/$venv/bin/python
go test -count=1 -v -run 'TestServersThatExecuteCells|TestProgramsOfCells' ./kernel/cmd/headstart
HEADSTART_BROWSER_TESTS='TestServerThatExecutesCells' scripts/browser.sh
