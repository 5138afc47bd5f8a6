#!/bin/bash
# Takes the lessons with checks through nbgrader, with right and wrong submissions; see tests/nbgrader.py. LESSONS names some of them, as
# in LESSONS="05 09". It installs nbgrader into a virtual environment of its own (0.6 GB).
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
lessons=()
for number in ${LESSONS:-0 1}; do
	lessons+=(notebooks/"$number"*.ipynb)
done
# The kernelspec of a checkout names the state folder, which nbgrader_config.py decides here, as it does where the wheel is installed.
mkdir -p "$folder/jupyter/kernels/headstart"
python3 -P -c 'import json, sys
spec = json.load(open(sys.argv[1]))
del spec["env"]["HEADSTART_HOME"]
json.dump(spec, open(sys.argv[2], "w"))' .headstart/venv/share/jupyter/kernels/headstart/kernel.json "$folder/jupyter/kernels/headstart/kernel.json"
JUPYTER_PATH="$folder/jupyter" \
	"$venv/bin/python" -P tests/nbgrader.py "$folder/course" notebooks/nbgrader_config.py "${lessons[@]}"
