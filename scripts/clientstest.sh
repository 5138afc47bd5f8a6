#!/bin/bash
# Asks a model server by published clients of the Open Inference Protocol, KServe's and NVIDIA's: models/serving/server/testdata. Reads
# docker/serve/kubernetes/kserve.yaml by KServe's types. It installs them into a virtual environment of its own (0.5 GB).
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

fields=tests/kubernetes/testdata/kserve_fields.py
manifest=docker/serve/kubernetes/kserve.yaml
"$venv/bin/python" -P "$fields" "$manifest"
if "$venv/bin/python" -P "$fields" <(sed 's/storageUri/storageURI/' "$manifest") 2>/dev/null; then
	echo "clients: a field that KServe does not have is not found" >&2
	exit 1
fi
