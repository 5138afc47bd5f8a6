"""Lets users of a JupyterHub train at once, each with a user ID of their own and under a memory limit.

Each must see their own runs and no others; nobody's files may belong to another; the extension is served below /user/NAME/; and a
kernel that is out of memory says so. It prints what memory the users take.
"""

import asyncio
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid

from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

USERS = ["ann", "bob", "cyd", *(f"user{i}" for i in range(4, 31))][: int(os.environ.get("HEADSTART_HUB_USERS", "3"))]
WARM = USERS[: int(os.environ.get("HEADSTART_HUB_WARM", len(USERS)))]  # who train; the others' kernels stay idle
FIRST_ID = 54000  # user IDs that nobody has
LIMIT = 1_600_000_000  # bytes of memory for each user
AT_ONCE = 6  # servers that start at a time: thirty take longer than the hub waits for one
PATIENCE = 300  # seconds for a server to start, and for a cell
WORK = pathlib.Path(os.environ["HEADSTART_HUB"])
SETTINGS = pathlib.Path(__file__).resolve().parent.parent / "docker/hub/local/headstart.py"
TOKEN = uuid.uuid4().hex

# The spawner stands for systemd's, which needs systemd: a user ID and a control group for each user.
CONFIG = """
import os
import pathlib

from jupyterhub.spawner import SimpleLocalProcessSpawner

c = get_config()
load_subconfig({settings!r})
IDS, GROUPS = {ids!r}, {groups!r}


class Student(SimpleLocalProcessSpawner):
    def make_preexec_fn(self, name):
        def become():
            if GROUPS:
                pathlib.Path(GROUPS[name], "cgroup.procs").write_text(str(os.getpid()))
            os.setgroups([])
            os.setgid(IDS[name])
            os.setuid(IDS[name])
            os.chdir(self.home_dir)

        return become


c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.spawner_class = Student
c.SimpleLocalProcessSpawner.home_dir_template = {homes!r} + "/{{username}}"
c.JupyterHub.bind_url = "http://127.0.0.1:{public}"
c.JupyterHub.hub_port = {hub}
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy}"
c.Spawner.mem_limit = {limit}
c.Spawner.environment.update({{"PATH": {path!r}, "XDG_RUNTIME_DIR": ""}})
c.JupyterHub.concurrent_spawn_limit = 0
c.JupyterHub.services = [{{"name": "test", "api_token": {token!r}}}]
c.JupyterHub.load_roles = [
    {{"name": "test", "services": ["test"], "scopes": ["admin:users", "admin:servers", "access:servers"]}}
]
"""


def fail(text):
    sys.exit(f"hubtest: {text}; the log is {WORK / 'hub.log'}")


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


class Groups:
    """A control group with a memory limit for each user, in either version; empty where they cannot be made."""

    def __init__(self, users):
        root = pathlib.Path("/sys/fs/cgroup")
        self.v1 = (root / "memory").is_dir()
        self.folders = {}
        try:
            for user in users:
                folder = root / ("memory" if self.v1 else "") / f"headstart-{user}"
                folder.mkdir(exist_ok=True)
                self.folders[user] = str(folder)
                self.limit(user, LIMIT)
        except OSError as error:
            print(f"needs cgroups: {error}: the users are not limited")
            self.remove()

    def file(self, user, v1, v2):
        return pathlib.Path(self.folders[user], v1 if self.v1 else v2)

    def limit(self, user, size):
        self.file(user, "memory.limit_in_bytes", "memory.max").write_text(str(size))

    def used(self, user):
        return int(self.file(user, "memory.usage_in_bytes", "memory.current").read_text())

    def held(self, user):
        """The memory that is used without files that the system can drop."""
        fields = dict(line.split() for line in self.file(user, "memory.stat", "memory.stat").read_text().splitlines())
        return self.used(user) - int(fields["total_inactive_file" if self.v1 else "inactive_file"])

    def remove(self):
        for folder in self.folders.values():
            for _ in range(50):  # its last process may still be ending
                try:
                    os.rmdir(folder)
                    break
                except OSError:
                    time.sleep(0.2)
        self.folders = {}


class Hub:
    """The hub as its API shows it."""

    def __init__(self, port):
        self.port = port
        self.kernels = {}

    def get(self, path, data=None, method="GET"):
        body = None if data is None else json.dumps(data).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", body, {"Authorization": f"token {TOKEN}"}, method=method)
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.read()

    def call(self, method, path, data=None):
        text = self.get(path, data, method)
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
                fail(f"{what} took more than {PATIENCE} s")
            time.sleep(0.5)

    def kernel(self, user):
        if user not in self.kernels:
            self.kernels[user] = self.call("POST", f"/user/{user}/api/kernels", {"name": "headstart"})["id"]
        return self.kernels[user]

    async def run(self, user, cells, fails=False):
        """The text that a user's cells show. An error ends the test, or is the text where the last cell is to fail."""
        address = f"ws://127.0.0.1:{self.port}/user/{user}/api/kernels/{self.kernel(user)}/channels"
        connection = await websocket_connect(
            HTTPRequest(address, headers={"Authorization": f"token {TOKEN}"}, connect_timeout=PATIENCE, request_timeout=PATIENCE), max_message_size=64 << 20
        )
        shown = []
        for code in cells:
            identity = uuid.uuid4().hex
            header = {"msg_id": identity, "msg_type": "execute_request", "username": user, "session": identity, "version": "5.4"}
            content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False, "stop_on_error": True}
            await connection.write_message(
                json.dumps({"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"})
            )
            while True:
                text = await asyncio.wait_for(connection.read_message(), PATIENCE)
                if text is None:
                    fail(f"{user}: {code}: the server closed the connection")
                message = json.loads(text)
                kind, content = message["msg_type"], message["content"]
                if message["parent_header"].get("msg_id") != identity:
                    continue
                if kind == "error":
                    if fails:
                        return content["evalue"]
                    fail(f"{user}: {code}: {content['evalue']}")
                shown += [content.get("text", ""), content.get("data", {}).get("text/plain", "")]
                if content.get("execution_state") == "idle":
                    break
        connection.close()
        return "\n".join(shown)


# Names of the programs in the table, and how their command lines are known.
PROGRAMS = {
    "JupyterLab's server": "jupyterhub-singleuser",
    "Headstart kernel": "headstart kernel",
    "GoNB": "gonb",
    "gopls": "gopls",
    "models (headstart-transfer)": "headstart-transfer",
}


def memory(ids):
    """By program: private bytes of all users, and the bytes that its processes share, once."""
    table = {}
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if folder.stat().st_uid not in ids:
                continue
            command = folder.joinpath("cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            rollup = folder.joinpath("smaps_rollup").read_text()
        except OSError:
            continue  # it has ended
        fields = {name: int(kilobytes) << 10 for name, kilobytes in re.findall(r"^(\w+):\s+(\d+) kB", rollup, re.M)}
        name = next((name for name, mark in PROGRAMS.items() if mark in command), "other")
        row = table.setdefault(name, [0, 0, 0])
        row[0] += 1
        row[1] += fields["Private_Clean"] + fields["Private_Dirty"]
        row[2] = max(row[2], fields["Shared_Clean"] + fields["Shared_Dirty"])
    return table


def show(state, ids):
    mega = 1_000_000
    table = memory(ids)
    print(f"\n{state}, {len(ids)} users:\n  {'program':28} {'processes':>9} {'private, each':>14} {'shared, once':>13}")
    private = shared = 0
    for name, (count, own, common) in sorted(table.items()):
        print(f"  {name:28} {count:9} {own / count / mega:11.0f} MB {common / mega:10.0f} MB")
        private, shared = private + own, shared + common
    each, once = private / len(ids) / mega, shared / mega
    print(f"  a user takes {each:.0f} MB, all together {once:.0f} MB more: {(private + shared) / mega / 1000:.1f} GB; 30 users would take {(30 * each + once) / 1000:.1f} GB")


async def settle(ids):
    """Waits until every kernel has started gopls, as it does some seconds after its start, and the processes take no more memory."""
    before, end = 0, time.monotonic() + PATIENCE
    while True:
        await asyncio.sleep(5)
        table = memory(ids)
        now = sum(own for _, own, _ in table.values())
        if table.get("gopls", [0])[0] >= len(ids) and now < 1.02 * before:
            return
        if time.monotonic() > end:
            fail(f"the kernels took more than {PATIENCE} s to start gopls, or take more and more memory: {table}")
        before = now


def check_extension(hub, user):
    """JupyterLab of a user loads the extension from below /user/NAME/."""
    page = hub.get(f"/user/{user}/lab").decode()
    config = json.loads(re.search(r'id="jupyter-config-data"[^>]*>(.*?)</script>', page, re.S).group(1))
    ours = [e for e in config["federated_extensions"] if "headstart" in e["name"]]
    if len(ours) != 1:
        fail(f"{user}: JupyterLab's page has the extensions {[e['name'] for e in config['federated_extensions']]}")
    address = f"{config['fullLabextensionsUrl']}/{ours[0]['name']}/{ours[0]['load']}"
    if not address.startswith(f"/user/{user}/") or b"headstart" not in hub.get(address):
        fail(f"{user}: the extension is not served at {address}")


def check_files(homes, ids):
    """What is in a user's home belongs to the user, and others cannot look into it."""
    for user, number in ids.items():
        mode = (homes / user).stat().st_mode & 0o077
        if mode:
            fail(f"the home folder of {user} is open to others: {mode:o}")
        strangers = [path for path in (homes / user).rglob("*") if path.lstat().st_uid != number]
        if strangers:
            fail(f"files in the home of {user} belong to others: {strangers[:3]}")
        if not list((homes / user).glob(".cache/headstart/cache/features/*/*.features")):
            fail(f"{user} has no features in a cache of their own")


async def check_sockets(hub, ids):
    """The folders with a user's sockets are that user's alone."""
    folders = {}
    for user, number in ids.items():
        folder = (await hub.run(user, ["!echo runtime=$HEADSTART_RUNTIME_DIR"])).split("runtime=")[1].split()[0]
        status = pathlib.Path(folder).stat()
        if status.st_uid != number or status.st_mode & 0o077 or folder in folders.values():
            fail(f"the runtime folder of {user}, {folder}, has the owner {status.st_uid} and the mode {status.st_mode & 0o777:o}")
        folders[user] = folder
    first, second = list(ids)[:2]
    said = await hub.run(first, [f"!ls {folders[second]} 2>&1 || true"])
    if "Permission denied" not in said:
        fail(f"{first} can look into the runtime folder of {second}: {said}")


async def check_warning(hub, groups, user):
    """A training that has little memory left says so in its figure."""
    groups.limit(user, groups.held(user) * 107 // 100)
    said = " ".join((await hub.run(user, ["%train --run tight"])).split())
    groups.limit(user, LIMIT)
    warning = re.search(r"Memory is short: of the .*? that this server may take, .*? were left\.", said)
    if not warning:
        fail(f"{user}: with little memory left the training said: {said}")
    print(f"{user}: with little memory left the figure says: {warning[0]}")


async def check_shortage(hub, groups, user):
    """A training that does not get its memory says so, and the kernel answers afterwards."""
    groups.limit(user, groups.used(user) + 30_000_000)
    # Weights that are random make the whole network: more than the sample weights take.
    cells = ["%model resnet50 --weights random --name large", "%train --run large --recipe classic --epochs 1 --batch 256"]
    said = await hub.run(user, cells, fails=True)
    groups.limit(user, LIMIT)
    if "the memory that this server may take" not in said:
        fail(f"{user}: without memory the training said: {said}")
    await hub.run(user, ["%runs"])
    print(f"{user}: without memory a cell says: {said.splitlines()[0]}")


async def check(hub, homes, ids, groups):
    for first in range(0, len(USERS), AT_ONCE):
        some = USERS[first : first + AT_ONCE]
        for user in some:
            hub.call("POST", f"/hub/api/users/{user}")
            hub.call("POST", f"/hub/api/users/{user}/server")
        for user in some:
            hub.wait(f"the server of {user}", lambda user=user: hub.call("GET", f"/hub/api/users/{user}")["servers"].get("", {}).get("ready"))
            check_extension(hub, user)
    print(f"JupyterLab loads the extension below /user/NAME/ for {', '.join(USERS)}")
    for first in range(0, len(USERS), AT_ONCE):
        await asyncio.gather(*(hub.run(user, ["%help"]) for user in USERS[first : first + AT_ONCE]))
    await settle(ids.values())
    show("idle kernels", ids.values())
    cells = ["%dataset sample --classes 4 --per-class 20 --size 96", "%model resnet50 --weights sample", "x := []int{1, 2, 3}", "len(x)"]
    start = time.monotonic()
    await asyncio.gather(*(hub.run(user, [*cells, f"%train --run of-{user}"]) for user in WARM))
    print(f"\n{len(WARM)} users trained at once: {time.monotonic() - start:.0f} s")
    ids = {user: ids[user] for user in WARM}
    show("after a Go cell and a training with the sample weights", ids.values())
    for user in WARM:
        listed = await hub.run(user, ["%runs"])
        others = [other for other in USERS if other != user and f"of-{other}" in listed]
        if f"of-{user}" not in listed or others:
            fail(f"{user} sees the runs\n{listed}")
    check_files(homes, ids)
    await check_sockets(hub, ids)
    print(f"\n{', '.join(WARM)}: each trained and ran a Go cell, and sees no other's runs, sockets or files")
    if groups.folders:
        await check_warning(hub, groups, USERS[1])
        await check_shortage(hub, groups, USERS[0])


def main():
    public, hub_port, proxy = free_ports(3)
    ids = {user: FIRST_ID + i for i, user in enumerate(USERS)}
    for needed in (WORK, pathlib.Path(sys.executable).resolve()):
        if not all(folder.stat().st_mode & 0o001 for folder in [needed, *needed.parents]):
            fail(f"the users cannot read {needed}: set HEADSTART_HUB to a folder that all can reach, with an environment of a Python that they can")
    homes = WORK / "homes"
    for user, number in ids.items():
        subprocess.run(["rm", "-rf", homes / user], check=True)
        (homes / user).mkdir(parents=True)
        os.chown(homes / user, number, number)
        (homes / user).chmod(0o700)
    for old in WORK.glob("jupyterhub.sqlite*"):  # of a run before, whose users are there already
        old.unlink()
    groups = Groups(USERS)
    config = WORK / "jupyterhub_config.py"
    config.write_text(
        CONFIG.format(
            settings=str(SETTINGS), ids=ids, groups=groups.folders, homes=str(homes), public=public, hub=hub_port, proxy=proxy,
            limit=LIMIT, path=os.environ["PATH"], token=TOKEN,
        )
    )
    with open(WORK / "hub.log", "w") as log:
        process = subprocess.Popen([WORK / "venv/bin/jupyterhub", "-f", config], cwd=WORK, stdout=log, stderr=log)
    hub = Hub(public)
    try:
        hub.wait("the hub", lambda: hub.call("GET", "/hub/api/users") is not None)
        asyncio.run(check(hub, homes, ids, groups))
    finally:
        process.terminate()
        process.wait(60)
        groups.remove()


main()
