#!/bin/bash
# Asks a model server by published clients of the Open Inference Protocol, KServe's and NVIDIA's: models/serving/server/testdata. It
# installs them into a virtual environment of its own (0.5 GB).
set -euo pipefail
cd "$(dirname "$0")/.."
venv=.headstart/clients-venv
list=models/serving/server/testdata/clients.txt
if ! cmp --silent "$list" "$venv/installed.txt"; then
	echo "installing clients ..."
	rm -rf "$venv"
	python3 -P -m venv "$venv"
	"$venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes --requirement "$list"
	cp "$list" "$venv/installed.txt"
fi
HEADSTART_PEER_PYTHON=$PWD/$venv/bin/python go test -count=1 -v -run 'TestServer/.*client_of_the_protocol' ./models/serving/server
