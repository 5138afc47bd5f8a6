"""Starts a JupyterHub and lets two users train a classifier and run a Go cell. Each must see their own runs and no others."""

import asyncio
import json
import os
import pathlib
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid

from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

USERS = ("ann", "bob")
PATIENCE = 120  # seconds for a server to start, and for a cell
WORK = pathlib.Path(os.environ["HEADSTART_HUB"])
TOKEN = uuid.uuid4().hex

CONFIG = """
c = get_config()
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = {homes!r} + "/{{username}}"
c.JupyterHub.bind_url = "http://127.0.0.1:{public}"
c.JupyterHub.hub_port = {hub}
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy}"
c.Spawner.args = ["--allow-root"]
c.Spawner.environment = {{"PATH": {path!r}}}
c.JupyterHub.services = [{{"name": "test", "api_token": {token!r}}}]
c.JupyterHub.load_roles = [
    {{"name": "test", "services": ["test"], "scopes": ["admin:users", "admin:servers", "access:servers"]}}
]
"""


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


class Hub:
    """The hub as its API shows it."""

    def __init__(self, port):
        self.port = port

    def call(self, method, path, data=None):
        body = None if data is None else json.dumps(data).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", body, {"Authorization": f"token {TOKEN}"}, method=method)
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def wait(self, what, ready):
        end = time.monotonic() + PATIENCE
        while True:
            try:
                if ready():
                    return
            except (urllib.error.URLError, ConnectionError):
                pass
            if time.monotonic() > end:
                sys.exit(f"hubtest: {what} took more than {PATIENCE} s; the log is {WORK / 'hub.log'}")
            time.sleep(0.5)

    async def run(self, user, cells):
        """The text that a user's cells show; an error ends the test."""
        kernel = self.call("POST", f"/user/{user}/api/kernels", {"name": "headstart"})
        address = f"ws://127.0.0.1:{self.port}/user/{user}/api/kernels/{kernel['id']}/channels"
        connection = await websocket_connect(HTTPRequest(address, headers={"Authorization": f"token {TOKEN}"}), max_message_size=64 << 20)
        shown = []
        for code in cells:
            identity = uuid.uuid4().hex
            header = {"msg_id": identity, "msg_type": "execute_request", "username": user, "session": identity, "version": "5.4"}
            content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False, "stop_on_error": True}
            await connection.write_message(
                json.dumps({"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"})
            )
            while True:
                message = json.loads(await asyncio.wait_for(connection.read_message(), PATIENCE))
                kind, content = message["msg_type"], message["content"]
                if message["parent_header"].get("msg_id") != identity:
                    continue
                if kind == "error":
                    sys.exit(f"hubtest: {user}: {code}: {content['evalue']}")
                shown += [content.get("text", ""), content.get("data", {}).get("text/plain", "")]
                if content.get("execution_state") == "idle":
                    break
        return "\n".join(shown)


def check(hub):
    for user in USERS:
        hub.call("POST", f"/hub/api/users/{user}")
        hub.call("POST", f"/hub/api/users/{user}/server")
    for user in USERS:
        hub.wait(f"the server of {user}", lambda user=user: hub.call("GET", f"/hub/api/users/{user}")["servers"].get("", {}).get("ready"))
    cells = ["%dataset sample --classes 4 --per-class 20 --size 96", "%model resnet50 --weights sample", "x := []int{1, 2, 3}", "len(x)"]
    for user in USERS:
        asyncio.run(hub.run(user, [*cells, f"%train --run of-{user}"]))
    for user in USERS:
        listed = asyncio.run(hub.run(user, ["%runs"]))
        others = [other for other in USERS if other != user and f"of-{other}" in listed]
        if f"of-{user}" not in listed or others:
            sys.exit(f"hubtest: {user} sees the runs\n{listed}")
        print(f"{user}: trained, ran a Go cell, and sees no other's runs")


def main():
    public, hub_port, proxy = free_ports(3)
    homes = WORK / "homes"
    for user in USERS:
        (homes / user).mkdir(parents=True, exist_ok=True)
    config = WORK / "jupyterhub_config.py"
    config.write_text(CONFIG.format(homes=str(homes), public=public, hub=hub_port, proxy=proxy, path=os.environ["PATH"], token=TOKEN))
    with open(WORK / "hub.log", "w") as log:
        process = subprocess.Popen([WORK / "venv/bin/jupyterhub", "-f", config], cwd=WORK, stdout=log, stderr=log)
    hub = Hub(public)
    try:
        hub.wait("the hub", lambda: hub.call("GET", "/hub/api/users") is not None)
        check(hub)
    finally:
        process.terminate()
        process.wait(30)


main()
