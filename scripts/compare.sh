#!/bin/bash
# Compares ResNet50, 101 and 152 with what Keras, torchvision, timm and transformers compute now, at full size, and prints
# the table of differences. It installs them into a virtual environment of their own (3 GB) and takes about 20 minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=.headstart/compare-venv
wanted=models/resnet/backbone/testdata/requirements.txt
if ! cmp -s "$wanted" "$venv/requirements.txt"; then
	echo "installing the publishers' packages ..."
	rm -rf "$venv"
	python3 -P -m venv "$venv"
	"$venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r "$wanted"
	cp "$wanted" "$venv/requirements.txt"
fi
HEADSTART_PEERS_PYTHON=$PWD/$venv/bin/python go test -count=1 -v -run CompareWithPublishers -timeout 60m ./models/resnet/backbone
