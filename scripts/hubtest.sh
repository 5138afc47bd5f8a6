#!/bin/bash
# Runs two users of a JupyterHub on this machine, with the wheel in the environment of their servers. It needs root, since
# JupyterHub starts one server for each user here, and Node.js for JupyterHub's proxy; it installs 1.5 GB.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$PWD/.headstart/hub
wheel=$(ls dist/headstart_kernel-*.whl)
if [ ! -x "$work/venv/bin/jupyterhub" ]; then
	echo "installing JupyterHub ..."
	python3 -P -m venv "$work/venv"
	"$work/venv/bin/pip" install --quiet --disable-pip-version-check jupyterhub==6.1.1
	npm install --silent --prefix "$work" configurable-http-proxy@5.3.0
fi
"$work/venv/bin/pip" install --quiet --disable-pip-version-check --force-reinstall --no-deps "$wheel"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check "$wheel[lab,go,cc]"
export HEADSTART_HUB="$work" PATH="$work/node_modules/.bin:$work/venv/bin:/usr/bin:/bin"
exec "$work/venv/bin/python" -P scripts/hubtest.py
