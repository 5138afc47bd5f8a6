"""Times Go cells through Headstart against the same cells in GoNB alone.

Both kernels are driven by the same client, cell by cell in turn, so that what else the machine does hits both alike. The
text of a cell changes each time: Go's build cache would hide the cost of building it. The printed ratios are medians of
GoNB's times over medians of Headstart's: how many times faster Headstart is. On Linux the mean processor time of a cell is
measured as well, of the kernel and of all that it starts but the language server: other programs that run have less influence
on it.

    python bench/gocell.py [--bin .headstart/bin] [--rounds 20] [--cells fmt,"ten kept"] [--json]

Needs jupyter_client.
"""

import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time
import uuid

from jupyter_client import BlockingKernelClient
from jupyter_client.connect import write_connection_file

FMT = 'import "fmt"\n%%\nfmt.Println("cell {n}")'

# XLA's backend links C. It is named, since GoNB keeps a blank import for all later cells.
GOMLX = """import (
	"fmt"

	"github.com/gomlx/go-xla/compute/xla"
	"github.com/gomlx/gomlx/core/graph"
)
%%
double := func(x *graph.Node) *graph.Node { return graph.Add(x, x) }
fmt.Println("cell {n}", xla.BackendName, double != nil)"""

NBHELPERS = """import (
	"fmt"

	"github.com/headstart-nb/headstart/nbhelpers"
)
%%
show := nbhelpers.Show
fmt.Println("cell {n}", show != nil)"""

# Cells without a function, which GoNB does not run: one that uses no kept value, one that uses ten numbers, and one that uses ten
# values that refer to others.
BARE = 'fmt.Println("cell {n}")'
KEEP = "\n".join(f"kept{i} := {i}" for i in range(10))
KEPT = "\n".join([BARE] + [f"kept{i} += {{n}}" for i in range(10)])
KEEP_MIXED = "\n".join(
    ["type item struct {", "name string", "next *item", "}"]
    + [f"list{i} := []int{{{i}, 2}}" for i in range(4)]
    + [f'table{i} := map[string]int{{"a": {i}}}' for i in range(3)]
    + [f'chain{i} := &item{{"a", &item{{name: "b"}}}}' for i in range(3)]
)
MIXED = "\n".join(
    [BARE]
    + [f"list{i}[0] += {{n}}" for i in range(4)]
    + [f'table{i}["b"] = {{n}}' for i in range(3)]
    + [f'chain{i}.next.name = "{{n}}"' for i in range(3)]
)


# Between two cells, as where a person types: what a kernel does behind a cell, its language server above all, would else be
# counted as the next cell's, which is the other kernel's.
PAUSE = 0.5  # seconds


class Kernel:
    """A kernel process and a client of it."""

    def __init__(self, argv, env):
        self.folder = tempfile.TemporaryDirectory(prefix="bench-")
        file = os.path.join(self.folder.name, f"kernel-{uuid.uuid4()}.json")
        write_connection_file(file, ip="127.0.0.1")
        argv = [file if word == "{file}" else word for word in argv]
        self.errors = tempfile.TemporaryFile("w+", errors="replace")
        self.process = subprocess.Popen(argv, env=env, stderr=self.errors, cwd=self.folder.name)
        self.client = BlockingKernelClient(connection_file=file)
        self.client.load_connection_file()
        self.client.start_channels()
        try:
            self.client.wait_for_ready(timeout=60)
        except RuntimeError as failure:
            self.process.kill()
            self.errors.seek(0)
            raise SystemExit(f"{argv[0]} did not start: {failure}\n{self.errors.read()[-2000:]}")

    def run(self, code):
        """Runs a cell and returns its seconds, from the request to the idle state."""
        begun = time.perf_counter()
        request = self.client.execute(code)
        failure = None
        while True:
            message = self.client.get_iopub_msg(timeout=600)
            if message["parent_header"].get("msg_id") != request:
                continue
            if message["msg_type"] == "error":
                failure = message["content"]
            if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                break
        seconds = time.perf_counter() - begun
        self.client.get_shell_msg(timeout=60)
        if failure:
            raise SystemExit(f"the cell failed: {failure['ename']}: {failure['evalue']}\n{code}")
        return seconds

    def spent(self):
        """The processor time of the kernel and of what it started so far, in seconds, as far as /proc tells."""
        ticks, left = 0, [self.process.pid]
        while left:
            folder = f"/proc/{left.pop()}"
            try:
                with open(f"{folder}/stat") as file:
                    name, _, rest = file.read().partition("(")[2].rpartition(")")
                if name == "gopls":
                    continue
                ticks += sum(map(int, rest.split()[11:15]))  # its own, and of children that have ended
                for thread in os.listdir(f"{folder}/task"):
                    with open(f"{folder}/task/{thread}/children") as file:
                        left += map(int, file.read().split())
            except OSError:  # it has ended, or this is no Linux
                continue
        return ticks / os.sysconf("SC_CLK_TCK")

    def close(self):
        self.client.shutdown()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.client.stop_channels()
        self.folder.cleanup()


def environment(bin_folder, source, home):
    env = dict(os.environ, HEADSTART_SRC=source, HEADSTART_HOME=home)
    env["PATH"] = bin_folder + os.pathsep + env["PATH"]
    return env


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = os.environ.get("HEADSTART_BIN", os.path.join(os.path.dirname(__file__), "..", ".headstart", "bin"))
    parser.add_argument("--bin", default=default, help="folder with headstart, headstart-go, gonb, goimports and gopls")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--cells", default="", help="names of the cells to run, separated by commas; default: all")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    args = parser.parse_args()
    bin_folder = os.path.abspath(args.bin)
    source = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    with tempfile.TemporaryDirectory(prefix="bench-home-") as home:
        env = environment(bin_folder, source, home)
        gonb = Kernel([os.path.join(bin_folder, "gonb"), "--kernel", "{file}"], env)
        headstart = Kernel([os.path.join(bin_folder, "headstart"), "kernel", "--connection-file", "{file}"], env)
        try:
            # GoNB alone gets the module files that Headstart's cells find, as a user would after `go get`.
            module = os.path.join(home, "module")
            headstart.run(f"!*mkdir -p {module} && cp go.mod go.sum {module}/ && realpath {source} > {module}/source")
            gonb.run(f"!*name=$(head -1 go.mod); sed \"s|^module .*|$name|; s|=> .*|=> $(cat {module}/source)|\" {module}/go.mod > go.mod; cp {module}/go.sum .")
            headstart.run(KEEP)
            headstart.run(KEEP_MIXED)
            cells = {"fmt": FMT, "gomlx": GOMLX, "nbhelpers": NBHELPERS, "statements": BARE, "ten kept": KEPT, "ten mixed": MIXED}
            chosen = args.cells.split(",") if args.cells else cells
            cells = {name: cells[name] for name in chosen}
            figures = compare({"gonb": gonb, "headstart": headstart}, cells, args.rounds)
        finally:
            gonb.close()
            headstart.close()
    print(json.dumps(figures) if args.json else table(figures))


def compare(kernels, cells, rounds):
    """Runs every cell in every kernel in turn, round by round."""
    only_here = {"statements", "ten kept", "ten mixed"}
    times = {(cell, kernel): [] for cell in cells for kernel in kernels if kernel == "headstart" or cell not in only_here}
    processor = {key: [] for key in times}
    for n in range(rounds + 2):
        for cell, kernel in times:
            time.sleep(PAUSE)
            before = kernels[kernel].spent()
            seconds = kernels[kernel].run(cells[cell].replace("{n}", str(1000 + n)))
            if n >= 2:  # the first two fill the build cache and the plans
                times[cell, kernel].append(seconds)
                processor[cell, kernel].append(kernels[kernel].spent() - before)
    figures = {}
    for cell in cells:
        headstart = statistics.median(times[cell, "headstart"])
        figures[cell] = {"headstart_s": headstart, "headstart_processor_s": statistics.mean(processor[cell, "headstart"])}
        if cell not in only_here:
            gonb = statistics.median(times[cell, "gonb"])
            figures[cell].update(gonb_s=gonb, faster=gonb / headstart)
    return figures


def table(figures):
    first = next(iter(figures))
    lines = [f"cell        GoNB alone   Headstart  faster   through Headstart, to {first}   processor time"]
    for name, row in figures.items():
        gonb = f"{row['gonb_s'] * 1000:7.0f} ms" if "gonb_s" in row else " " * 10
        faster = f"{row['faster']:.2f}" if "faster" in row else " " * 4
        lines.append(f"{name:10}  {gonb}  {row['headstart_s'] * 1000:7.0f} ms   {faster}    {row['headstart_s'] / figures[first]['headstart_s']:.2f}   {row['headstart_processor_s'] * 1000:.0f} ms")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
