#!/bin/bash
# Runs users of a JupyterHub on this machine, three unless HEADSTART_HUB_USERS says otherwise, with the wheel in the environment of their
# servers. HEADSTART_HUB_WARM is how many of them train, where it is not all. It needs root, since each user gets a user ID and a memory limit, and Node.js for JupyterHub's proxy; it installs 1.5 GB.
set -euo pipefail
cd "$(dirname "$0")/.."
work=${HEADSTART_HUB:-$PWD/.headstart/hub}
wheel=$(ls dist/headstart_kernel-*.whl)
# The system's Python, which users of every ID can read; one below somebody's home folder they often cannot.
python=$(PATH=/usr/bin:/bin:$PATH command -v python3)
if [ ! -x "$work/venv/bin/jupyterhub" ] || [ "$(readlink -f "$work/venv/bin/python3")" != "$(readlink -f "$python")" ]; then
	echo "installing JupyterHub ..."
	rm -rf "$work/venv"
	"$python" -P -m venv "$work/venv"
	"$work/venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r scripts/tools/jupyterhub.txt
	npm install --silent --prefix "$work" configurable-http-proxy@5.3.0
fi
"$work/venv/bin/pip" install --quiet --disable-pip-version-check --force-reinstall --no-deps "$wheel"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check "$wheel[lab,go,cc]"
chmod -R a+rX "$work/venv"
export HEADSTART_HUB="$work" PATH="$work/node_modules/.bin:$work/venv/bin:/usr/bin:/bin"
exec "$work/venv/bin/python" -P scripts/hubtest.py
