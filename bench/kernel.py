"""How many times faster than ipykernel the kernel answers, measured in one interleaved run: above 1 is faster.

Usage: python bench/kernel.py [--rounds N]. The Python that runs it has Jupyter, ipykernel and the kernelspec "headstart".
The last column is the least that a ratio, or the most that a time, may be; the exit status says whether all hold.
"""

import argparse
import statistics
import sys
import time

import zmq
from jupyter_client.manager import KernelManager

LIMITS = {"start to first reply": 5, "kernel_info": 2, "a cell that does nothing": 2}
CONTROL = "control during a cell"
# The magic still sends one message more than pass does.
NOTHING = {"headstart": "%clear", "python3": "pass"}
SLEEP = {"headstart": "!sleep 30", "python3": "import time; time.sleep(30)"}
CONTROL_LIMIT = 50  # milliseconds
PATIENCE = 60  # seconds


class Kernel:
    """A kernel and a client of it that does as little as a client can, so as to measure the kernel."""

    def __init__(self, name):
        self.name = name
        self.manager = KernelManager(kernel_name=name)
        begin = time.perf_counter()
        self.manager.start_kernel()
        self.session = self.manager.session
        self.shell = self.manager.connect_shell()
        self.control = self.manager.connect_control()
        self.iopub = self.manager.connect_iopub()
        self.poller = zmq.Poller()
        for socket in (self.shell, self.control, self.iopub):
            self.poller.register(socket, zmq.POLLIN)
        self.ask("kernel_info_request", {}, idle=False)
        self.started = time.perf_counter() - begin
        while self.poller.poll(500):  # what happens at the start only
            for socket, _ in self.poller.poll(0):
                socket.recv_multipart()

    def ask(self, kind, content, socket=None, idle=True):
        """Sends a request, on shell if nothing else, and returns the seconds until its reply, and its idle, have come."""
        asked = socket or self.shell
        message = self.session.msg(kind, content)
        frames = self.session.serialize(message)
        request = message["header"]["msg_id"].encode()
        begin = time.perf_counter()
        asked.send_multipart(frames)
        missing = {asked, self.iopub} if idle else {asked}
        while missing:
            events = self.poller.poll(PATIENCE * 1000)
            if not events:
                raise TimeoutError(f"{self.name} does not answer a {kind}")
            for socket, _ in events:
                text = b"".join(socket.recv_multipart())
                if request in text and (socket is asked or b'"idle"' in text):
                    missing.discard(socket)
        return time.perf_counter() - begin

    def sleep(self):
        """Starts a cell that only sleeps."""
        self.shell.send_multipart(
            self.session.serialize(self.session.msg("execute_request", {"code": SLEEP[self.name]}))
        )
        while b"execute_input" not in b"".join(self.iopub.recv_multipart()):
            pass

    def close(self):
        for socket in (self.shell, self.control, self.iopub):
            socket.close(0)
        self.manager.shutdown_kernel(now=True)


def measure(rounds):
    times = {what: {name: [] for name in NOTHING} for what in [*LIMITS, CONTROL]}
    for _ in range(max(3, rounds // 10)):
        kernels = [Kernel(name) for name in NOTHING]
        for kernel in kernels:
            times["start to first reply"][kernel.name].append(kernel.started)
            for _ in range(5):  # what happens once only
                kernel.ask("execute_request", {"code": NOTHING[kernel.name]})
        for _ in range(10):
            for kernel in kernels:
                times["kernel_info"][kernel.name].append(kernel.ask("kernel_info_request", {}))
                times["a cell that does nothing"][kernel.name].append(
                    kernel.ask("execute_request", {"code": NOTHING[kernel.name]})
                )
        for kernel in kernels:
            kernel.sleep()
        for _ in range(10):
            for kernel in kernels:
                times[CONTROL][kernel.name].append(kernel.ask("kernel_info_request", {}, kernel.control, idle=False))
        for kernel in kernels:
            kernel.close()
    return times


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=100, help="measurements of each request")
    times = measure(parser.parse_args().rounds)
    print(f"{'median ms':<26}{'headstart':>10}{'ipykernel':>10}{'faster':>8}{'limit':>8}")
    slow = False
    for what, limit in LIMITS.items():
        ours, theirs = (statistics.median(times[what][name]) * 1000 for name in ("headstart", "python3"))
        slow |= theirs / ours < limit
        print(f"{what:<26}{ours:>10.2f}{theirs:>10.2f}{theirs / ours:>8.2f}{limit:>8.2f}")
    ours, theirs = (statistics.median(times[CONTROL][name]) * 1000 for name in ("headstart", "python3"))
    slow |= ours > CONTROL_LIMIT
    print(f"{CONTROL:<26}{ours:>10.2f}{theirs:>10.2f}{theirs / ours:>8.2f}{CONTROL_LIMIT:>5} ms")
    return int(slow)


if __name__ == "__main__":
    sys.exit(main())
