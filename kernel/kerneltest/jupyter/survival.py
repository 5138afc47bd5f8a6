"""What a client on real sockets sees of a kernel that is attacked, flooded, interrupted and killed."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

import zmq
from jupyter_client.manager import KernelManager

KERNEL = "headstart"
PATIENCE = 60  # seconds; what must happen, on a machine that is busy


def descendants(pid):
    """Process ids below pid, by /proc."""
    parents = {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/stat") as stat:
                fields = stat.read().rpartition(") ")[2].split()
        except OSError:
            continue  # it has just ended
        if fields[0] != "Z":
            parents[int(entry)] = int(fields[1])
    below, found = {pid}, True
    while found:
        found = {child for child, parent in parents.items() if parent in below} - below
        below |= found
    return below - {pid}


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(") ")[2][0] != "Z"
    except OSError:
        return False


def resident(pid):
    """Resident memory in MB."""
    with open(f"/proc/{pid}/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGESIZE") / 2**20


class Kernel:
    def __init__(self, transport="tcp", name=KERNEL):
        self.manager = KernelManager(kernel_name=name, transport=transport)
        self.manager.start_kernel()
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=PATIENCE)
        self.pid = self.manager.provisioner.pid

    def close(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)

    def run(self, code, **options):
        """Returns the reply's content and what was published, as (type, content) pairs."""
        return self.outcome(self.client.execute(code, **options))

    def outcome(self, request):
        published = []
        while not published or published[-1] != ("status", {"execution_state": "idle"}):
            message = self.client.get_iopub_msg(timeout=PATIENCE)
            if message["parent_header"].get("msg_id") == request:
                published.append((message["msg_type"], message["content"]))
        while True:
            reply = self.client.get_shell_msg(timeout=PATIENCE)
            if reply["parent_header"].get("msg_id") == request:
                return reply["content"], published

    def control(self, kind):
        message = self.client.session.msg(kind, {})
        self.client.control_channel.send(message)
        while True:
            reply = self.client.get_control_msg(timeout=PATIENCE)
            if reply["parent_header"].get("msg_id") == message["header"]["msg_id"]:
                return reply["content"]

    def await_descendants(self, name):
        """Waits until a process of that name runs below the kernel."""
        end = time.time() + PATIENCE
        while time.time() < end:
            for pid in descendants(self.pid):
                try:
                    with open(f"/proc/{pid}/cmdline") as cmdline:
                        if name in cmdline.read().replace("\0", " "):
                            return pid
                except OSError:
                    pass
            time.sleep(0.05)
        raise AssertionError(f"no process {name!r} runs below the kernel")


def text(published, name="stdout"):
    return "".join(c["text"] for kind, c in published if kind == "stream" and c["name"] == name)


class SurvivalTests(unittest.TestCase):
    def setUp(self):
        self.kernel = Kernel()
        self.addCleanup(self.kernel.close)

    def assertWorks(self):
        reply, published = self.kernel.run('%%\nfmt.Println("works")')
        self.assertEqual(reply["status"], "ok", reply)
        self.assertEqual(text(published), "works\n")

    def assertAllGone(self, pids):
        end = time.time() + PATIENCE
        while time.time() < end and any(map(alive, pids)):
            time.sleep(0.05)
        self.assertEqual([pid for pid in pids if alive(pid)], [])

    def test_output_is_complete_and_memory_bounded(self):
        reply, published = self.kernel.run("%%\nfor i := range 20000 {\n\tfmt.Println(i)\n}")
        self.assertEqual(reply["status"], "ok")
        self.assertEqual(text(published), "".join(f"{i}\n" for i in range(20000)))
        stuck = zmq.Context.instance().socket(zmq.SUB)  # a subscriber that never reads
        self.addCleanup(stuck.close, 0)
        stuck.rcvhwm, stuck.rcvbuf = 1, 4096
        stuck.subscribe(b"")
        stuck.connect(f"tcp://127.0.0.1:{self.kernel.manager.iopub_port}")
        request = self.kernel.client.execute('%%\nfor range 1000000 {\n\tfmt.Println("a flood of output")\n}')
        most, shown = 0, ""
        while True:
            message = self.kernel.client.get_iopub_msg(timeout=PATIENCE)
            most = max(most, resident(self.kernel.pid))
            if message["parent_header"].get("msg_id") != request:
                continue
            if message["msg_type"] == "stream":
                shown += message["content"]["text"]
            if message["content"] == {"execution_state": "idle"}:
                break
        self.assertLess(len(shown), 3 << 20)  # a browser stops responding at much more
        shown, notice = shown.split("\n[a cell shows up to ")
        with open(re.search(r"they are in (\S+) until", notice).group(1)) as rest:
            self.assertEqual(shown + rest.read(), "a flood of output\n" * 1000000)
        self.assertLess(most, 60, "MB resident")

    def test_hostile_bytes(self):
        client, connection = self.kernel.client, self.kernel.manager.get_connection_info()
        ports = [connection[name] for name in ("shell_port", "control_port", "stdin_port", "iopub_port", "hb_port")]
        kept = []
        for port in ports:  # connections that say nothing, or nonsense, and stay
            for data in (b"", b"GET / HTTP/1.0\r\n\r\n", os.urandom(200), b"\xff" * 64):
                kept.append(socket.create_connection(("127.0.0.1", port)))
                kept[-1].sendall(data)
        good = client.session.serialize(client.session.msg("kernel_info_request", {}))
        at = good.index(b"<IDS|MSG>")
        hostile = {
            "nothing": [b""],
            "no delimiter": [b"hello"],
            "cut off": good[: at + 4],
            "unsigned": good[: at + 1] + [b""] + good[at + 2 :],
            "wrongly signed": good[: at + 1] + [b"0" * 64] + good[at + 2 :],
            "not JSON": good[: at + 2] + [b"\xff\x00"] * 4,
            "huge": [b"<IDS|MSG>", b"x" * (100 << 20)],
        }
        for channel in (client.shell_channel, client.control_channel, client.stdin_channel):
            for name, frames in hostile.items():
                with self.subTest(channel=channel.socket.type, message=name):
                    channel.socket.send_multipart(frames)
                    self.assertEqual(self.kernel.control("kernel_info_request")["status"], "ok")
        replayed = client.session.serialize(client.session.msg("execute_request", {"code": "%%\nfmt.Println(1)"}))
        for _ in range(3):
            client.shell_channel.socket.send_multipart(replayed)
        replies = 0
        while True:
            try:
                replies += client.get_shell_msg(timeout=3)["msg_type"] == "execute_reply"
            except Exception:
                break
        self.assertEqual(replies, 1, "a replayed message was taken again")
        self.assertLess(resident(self.kernel.pid), 200, "MB resident")
        for connection in kept:
            connection.close()
        fresh = self.kernel.manager.client()  # new clients still come in
        fresh.start_channels()
        self.addCleanup(fresh.stop_channels)
        fresh.wait_for_ready(timeout=PATIENCE)
        self.assertWorks()

    def test_interrupts(self):
        for name, code, running in (
            ("a program", "%%\nfor {\n\ttime.Sleep(time.Hour)\n}", None),
            ("a program that hears SIGINT", "%%\nsignal.Ignore(os.Interrupt)\nfor {\n\ttime.Sleep(time.Hour)\n}", None),
            ("a shell line", "!sleep 1000", "sleep 1000"),
        ):
            for how in ("message", "signal"):
                with self.subTest(what=name, how=how):
                    request = self.kernel.client.execute(code)
                    if running:
                        self.kernel.await_descendants(running)
                    else:
                        time.sleep(2)
                    self.assertEqual(self.kernel.control("kernel_info_request")["status"], "ok")
                    if how == "message":
                        self.assertEqual(self.kernel.control("interrupt_request")["status"], "ok")
                    else:
                        os.kill(self.kernel.pid, signal.SIGINT)
                    reply, _ = self.kernel.outcome(request)
                    self.assertEqual(reply["status"], "error")
                    self.assertEqual(reply["ename"], "KeyboardInterrupt")
        self.assertWorks()

    def test_queued_cells_are_aborted(self):
        requests = [self.kernel.client.execute(code) for code in ("%%\nos.Exit(3)", "var x = 1", "var y = 1")]
        replies = [self.kernel.outcome(request)[0]["status"] for request in requests[:1]]
        while len(replies) < 3:
            reply = self.kernel.client.get_shell_msg(timeout=PATIENCE)
            if reply["parent_header"].get("msg_id") in requests:
                replies.append(reply["content"]["status"])
        self.assertEqual(replies, ["error", "aborted", "aborted"])
        self.assertWorks()

    def test_gonb_dies(self):
        self.kernel.run("var remembered = 42")
        request = self.kernel.client.execute("%%\ntime.Sleep(time.Hour)")
        time.sleep(2)
        os.kill(self.kernel.await_descendants("gonb"), signal.SIGKILL)
        reply, _ = self.kernel.outcome(request)
        self.assertEqual(reply["status"], "error")
        reply, published = self.kernel.run("%%\nfmt.Println(remembered)")
        self.assertEqual((reply["status"], text(published)), ("ok", "42\n"))

    def start_family(self):
        """Starts processes inside and outside of the kernel's process groups, and returns all that run below it."""
        self.kernel.run("%%bash\nsetsid sleep 1234 >/dev/null 2>&1 &\nnohup sleep 1235 >/dev/null 2>&1 &\n")
        self.kernel.client.execute("!sleep 1236")
        self.kernel.await_descendants("sleep 1236")
        found = subprocess.run(["pgrep", "-f", "sleep 123[456]"], capture_output=True, text=True, check=True)
        return descendants(self.kernel.pid) | {int(pid) for pid in found.stdout.split()}

    def test_nothing_is_left_after_kill(self):
        family = self.start_family()
        os.kill(self.kernel.pid, signal.SIGKILL)
        self.assertAllGone(family)

    def test_nothing_is_left_after_shutdown(self):
        family = self.start_family() | {self.kernel.pid}
        self.kernel.manager.shutdown_kernel()
        self.assertAllGone(family)

    def test_nothing_is_left_after_restart(self):
        family = self.start_family() | {self.kernel.pid}
        self.kernel.manager.restart_kernel()
        states = []
        while "starting" not in states:  # the client is connected before the kernel listens again
            message = self.kernel.client.get_iopub_msg(timeout=PATIENCE)
            if message["msg_type"] == "status":
                states.append(message["content"]["execution_state"])
        self.kernel.client.wait_for_ready(timeout=PATIENCE)
        self.kernel.pid = self.kernel.manager.provisioner.pid
        self.assertAllGone(family)
        self.assertWorks()


class ParentTests(unittest.TestCase):
    def test_the_kernel_ends_with_its_parent(self):
        program = (
            "import sys, time\nfrom jupyter_client.manager import start_new_kernel\n"
            f"manager, client = start_new_kernel(kernel_name={KERNEL!r})\n"
            "print(manager.provisioner.pid, flush=True)\ntime.sleep(1000)\n"
        )
        parent = subprocess.Popen([sys.executable, "-P", "-c", program], stdout=subprocess.PIPE, text=True)
        pid = int(parent.stdout.readline())
        family = descendants(pid) | {pid}
        parent.kill()
        parent.wait()
        parent.stdout.close()
        end = time.time() + PATIENCE
        while time.time() < end and any(map(alive, family)):
            time.sleep(0.05)
        self.assertEqual([pid for pid in family if alive(pid)], [])


class TransportTests(unittest.TestCase):
    def test_unix_sockets(self):
        with tempfile.TemporaryDirectory() as folder:
            os.environ["JUPYTER_RUNTIME_DIR"] = folder
            self.addCleanup(os.environ.pop, "JUPYTER_RUNTIME_DIR")
            kernel = Kernel(transport="ipc")
            self.addCleanup(kernel.close)
            reply, published = kernel.run('%%\nfmt.Println("over a file")')
            self.assertEqual((reply["status"], text(published)), ("ok", "over a file\n"), json.dumps(reply))


if __name__ == "__main__":
    unittest.main(verbosity=2)
