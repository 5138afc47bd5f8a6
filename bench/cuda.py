"""ResNet50's features on an NVIDIA card: Headstart beside PyTorch and JAX.

    make bench-cuda
    python bench/cuda.py [--batch 256] [--precision bfloat16] [--rounds 20] [--peer-python PYTHON]
    python bench/cuda.py --device cpu --batch 2 --precision float32 --rounds 1    tries the script itself

All compute the same network (torchvision's variant, v1.5, up to the pooled 2048 features) of the same number of
images, which begin as bytes in the host's memory and end as float32 there. PyTorch runs channels_last and under
torch.compile, JAX under jit with its norms folded. The programs are warm and take turns; what is printed are medians, and
the median of the ratios of a round. Memory is what a program added to the card's use, with preallocation off for all.

It needs go, the CUDA plugin (headstart install --device cuda) and, for the peers, a Python with bench/cuda/requirements.txt.
A peer that is not installed is left out, and named.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
PEERS = ["pytorch", "jax"]
PATIENCE = 900  # seconds that a compilation may take


def card():
    """The name, driver and memory in MiB of the first card; None where there is none."""
    query = ["nvidia-smi", "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader,nounits", "--id=0"]
    try:
        out = subprocess.run(query, capture_output=True, text=True, timeout=60, check=True).stdout
        name, driver, memory = (field.strip() for field in out.splitlines()[0].split(","))
        return f"{name}, driver {driver}, {memory} MiB"
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return None


def used(device):
    """MiB of the card's memory in use, by all programs; 0 on a CPU."""
    if device != "cuda":
        return 0
    query = ["nvidia-smi", "--query-gpu=memory.used", "--format=csv,noheader,nounits", "--id=0"]
    return int(subprocess.run(query, capture_output=True, text=True, timeout=60, check=True).stdout.split()[0])


class Absent(Exception):
    """A program that cannot run here."""


class Program:
    """A process that answers lines of JSON: first that it is ready, then the seconds that each batch took."""

    def __init__(self, name, command, device, environment):
        self.name, self.seconds = name, []
        before, begin = used(device), time.perf_counter()
        self.log = tempfile.TemporaryFile(mode="w+")
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, text=True,
                                        env=dict(os.environ, **environment))
        self.ready = self.read()
        self.start = time.perf_counter() - begin
        self.memory = used(device) - before

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            status = self.process.wait()
            self.log.seek(0)
            said = self.log.read().strip().splitlines()
            raise Absent(f"{self.name} ended with status {status}: {said[-1] if said else 'it said nothing'}")
        return json.loads(line)

    def run(self, images):
        self.process.stdin.write(f"{images}\n")
        self.process.stdin.flush()
        self.seconds.append(self.read()["seconds"])

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def start(binary, options):
    """Starts what can be started here, sequentially, so that memory can be told apart."""
    shared = ["--device", options.device, "--batch", str(options.batch), "--precision", options.precision]
    python = [options.peer_python, str(HERE / "cuda" / "peer.py")]
    environment = {"GOMLX_NO_AUTO_INSTALL": "1", "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}
    commands = [("headstart", [binary, "--variant", "v1.5", "--formulation", "plain", *shared])]
    commands += [(peer, [*python, peer, *shared]) for peer in PEERS]
    programs = []
    for name, command in commands:
        print(f"starting {name} ...", file=sys.stderr)
        try:
            programs.append(Program(name, command, options.device, environment))
        except Absent as absent:
            if name == "headstart":
                sys.exit(f"bench-cuda: {absent}")
            print(f"left out: {absent}")
    return programs


def table(programs, options, title):
    print(f"\n{title}: ResNet50 features, batch {options.batch}, {options.precision}, {options.rounds} rounds")
    print(f"{'':12} {'images/s':>10} " + " ".join(f"{'of ' + peer:>11}" for peer in PEERS)
          + f" {'ready s':>8} {'compile s':>9} {'memory MiB':>10}")
    seconds = {p.name: p.seconds for p in programs}
    for program in programs:
        ratios = []
        for peer in PEERS:
            rounds = [theirs / ours for theirs, ours in zip(seconds.get(peer, []), program.seconds)]
            ratios.append(f"{statistics.median(rounds):11.2f}" if rounds else f"{'-':>11}")
        print(f"{program.name:12} {options.batch / statistics.median(program.seconds):10.1f} " + " ".join(ratios)
              + f" {program.start:8.1f} {program.ready['compile_seconds']:9.1f} "
              + (f"{program.memory:10d}" if options.device == "cuda" else f"{'-':>10}"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda", choices=["cuda", "cpu"])
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--precision", default="bfloat16", choices=["float32", "bfloat16"])
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--peer-python", default=sys.executable, help="the Python that has the peers")
    options = parser.parse_args()
    title = card() if options.device == "cuda" else "CPU, to try the script"
    if title is None:
        print("bench-cuda: skipped, since this machine has no NVIDIA card (nvidia-smi is missing or shows none)")
        return
    with tempfile.TemporaryDirectory() as folder:
        binary = str(pathlib.Path(folder) / "features")
        subprocess.run(["go", "build", "-o", binary, "./bench/features"], check=True, cwd=HERE.parent)
        programs = start(binary, options)
        for _ in range(options.rounds):
            for program in programs:
                program.run(options.batch)
        for program in programs:
            program.close()
    table(programs, options, title)


if __name__ == "__main__":
    main()
