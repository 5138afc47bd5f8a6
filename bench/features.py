"""The frozen pass of ResNet50 v1 on this machine's CPU: Headstart beside onnxruntime and Keras on TensorFlow.

The programs take turns, batch by batch, so that whatever else the machine does hits all of them alike; what is printed are
medians and the median of the ratios of a round. Where the machine is busy, processor seconds an image say more. With --folder the features of a folder's images are computed from files,
cold: everything from opening the program's weights to the last feature counts, compilation included.

    python bench/features.py [--rounds 15] [--images 32] [--folder DIR --repeats 1]

It needs go, the PJRT CPU plugin (PJRT_PLUGIN_LIBRARY_PATH) and bench/requirements.txt.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
PEERS = ["onnxruntime", "keras"]
# What the kernel gives its plugin process: glibc then takes large pages for large blocks, and keeps small ones.
TUNABLES = "glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold=67108864:glibc.malloc.trim_threshold=4294967296"


class Program:
    """A process that answers lines of JSON."""

    def __init__(self, name, command, environment):
        self.name, self.seconds, self.cpu, self.peak = name, [], [], 0
        self.errors = tempfile.TemporaryFile("w+", errors="replace")
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        stderr=self.errors, env=environment)

    def read(self):
        line = self.process.stdout.readline()
        try:
            return json.loads(line)
        except ValueError:
            self.process.stdin.close()
            status = self.process.wait()
            self.errors.seek(0)
            said = (line + self.errors.read()).strip()
            sys.exit(f"{self.name} ended with status {status}:\n{said[-2000:] or 'it wrote nothing'}")

    def run(self, images):
        self.process.stdin.write(f"{images}\n")
        self.process.stdin.flush()
        result = self.read()
        self.seconds.append(result["seconds"])
        self.cpu.append(result["cpu_seconds"])
        self.peak = result["peak_mb"]

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def commands(binary, formulations, extra):
    environment = dict(os.environ, GOMLX_NO_AUTO_INSTALL="1")
    tuned = dict(environment, GLIBC_TUNABLES=TUNABLES)
    quiet = dict(environment, TF_CPP_MIN_LOG_LEVEL="3")
    for formulation in formulations:
        yield f"headstart {formulation}", [binary, "--formulation", formulation, *extra], tuned
    for peer in PEERS:
        yield peer, [sys.executable, str(HERE / "features" / "peer.py"), peer, *extra], quiet


def warm(binary, options):
    programs = []
    for name, command, environment in commands(binary, ["winograd", "plain"], []):
        program = Program(name, command, environment)
        program.ready = program.read()
        programs.append(program)
    for _ in range(options.rounds):
        for program in programs:
            program.run(options.images)
    print(f"{'':20} {'images/s':>10} {'of onnxruntime':>15} {'of keras':>9} {'cpu s/image':>13} {'ready s':>8} {'peak MB':>8}")
    reference = {p.name: p.seconds for p in programs}
    for program in programs:
        ratio = {peer: statistics.median(o / s for o, s in zip(reference[peer], program.seconds)) for peer in PEERS}
        ready = program.ready["compile_seconds"] + program.ready.get("open_seconds", 0)
        print(f"{program.name:20} {options.images / statistics.median(program.seconds):10.1f} {ratio['onnxruntime']:15.2f} "
              f"{ratio['keras']:9.2f} {statistics.median(program.cpu) / options.images:13.3f} {ready:8.1f} {program.peak:8d}")
        program.close()


def cold(binary, options):
    print(f"{'':20} {'images':>9} {'seconds':>8} {'images/s':>10} {'peak MB':>8}")
    extra = ["--folder", options.folder, "--repeats", str(options.repeats)]
    for name, command, environment in commands(binary, ["auto"], extra):
        result = Program(name, command, environment).read()
        print(f"{name:20} {result['images']:9d} {result['seconds']:8.1f} {result['images'] / result['seconds']:10.1f} "
              f"{result['peak_mb']:8d}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--images", type=int, default=32)
    parser.add_argument("--folder", help="compute this folder's images from files, cold")
    parser.add_argument("--repeats", type=int, default=1, help="how many times over, to play a larger folder")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        binary = str(pathlib.Path(folder) / "features")
        subprocess.run(["go", "build", "-o", binary, "./bench/features"], check=True, cwd=HERE.parent,
                       env={**os.environ, "GOEXPERIMENT": "simd"})  # as setup builds it
        (cold if options.folder else warm)(binary, options)


main()
