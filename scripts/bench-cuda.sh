#!/bin/bash
# Runs bench/cuda.py where there is an NVIDIA card, with its peers in a virtual environment of their own, then the kernel's
# start beside ipykernel's. Arguments go to bench/cuda.py. Without a card it says so in one sentence.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=.headstart/cuda-venv
if ! nvidia-smi --list-gpus >/dev/null 2>&1; then
	exec python3 bench/cuda.py "$@"
fi
if ! cmp -s bench/cuda/requirements.txt "$venv/requirements.txt"; then
	echo "installing PyTorch and JAX to compare with, which are several gigabytes ..."
	rm -rf "$venv"
	python3 -P -m venv "$venv"
	if "$venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r bench/cuda/requirements.txt; then
		cp bench/cuda/requirements.txt "$venv/requirements.txt"
	else
		echo "bench-cuda: they cannot be installed: only Headstart is measured" >&2
	fi
fi
mkdir -p bench-out
python3 bench/cuda.py --peer-python "$venv/bin/python" "$@" | tee bench-out/cuda.txt
.headstart/venv/bin/python bench/kernel.py | tee bench-out/cuda-kernel.txt
