#!/bin/bash
# Healthy: the server answers, and it offers the kernel.
set -euo pipefail
exec "${PYTHON:-/opt/conda/bin/python}" - <<'PYTHON'
import json
import sys
import urllib.request

from jupyter_server.serverapp import list_running_servers

for server in list_running_servers():
    address = server["url"].rstrip("/") + "/api/kernelspecs"
    request = urllib.request.Request(address, headers={"Authorization": "token " + server["token"]})
    with urllib.request.urlopen(request, timeout=5) as answer:
        if "headstart" in json.load(answer)["kernelspecs"]:
            sys.exit(0)
sys.exit("no running Jupyter server offers the kernel")
PYTHON
