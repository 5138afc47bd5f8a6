"""The frozen pass of ResNet50 v1 on this machine's CPU: Headstart beside onnxruntime and Keras on TensorFlow.

The programs take turns, batch by batch, so that whatever else the machine does hits all of them alike; what is printed are
medians and the median of the ratios of a round. Where the machine is busy, processor seconds an image say more. Afterwards a pass
that gives the pooled conv3, conv4 and conv5 takes turns with one that gives conv5 alone; the goal is that it costs less than 3 %
more. --stages does only that. With --folder the features of a folder's images are computed from files, cold: everything from
opening the program's weights to the last feature counts, compilation included.

After that, the features of photos of a phone are computed from files, cold as well: by Headstart as it is called by default, and with
--decode scaled, beside onnxruntime fed by Pillow's full decoding and by its draft. Headstart's time includes the check of the images;
like the kernel it decodes a photo once and keeps it resized.

    python bench/features.py [--rounds 15] [--images 32] [--phones 300 --phone-rounds 1]
    python bench/features.py --stages
    python bench/features.py --rounds 0 --phones 40
    python bench/features.py --folder DIR [--repeats 1]

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
sys.path.insert(0, str(HERE / "features"))

import phone_photos  # noqa: E402 (from features/, as the peers' own modules)

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


def environments():
    """Ours and the peers'."""
    environment = dict(os.environ, GOMLX_NO_AUTO_INSTALL="1")
    return dict(environment, GLIBC_TUNABLES=TUNABLES), dict(environment, TF_CPP_MIN_LOG_LEVEL="3")


def commands(binary, formulations, extra):
    tuned, quiet = environments()
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


def stages(binary, options):
    """What conv3 and conv4 cost beside conv5, from one pass."""
    programs, (ours, _) = [], environments()
    for cut in ["conv5", "conv3+conv4+conv5"]:
        programs.append(Program(cut, [binary, "--cut", cut], ours))
        programs[-1].read()
    for i in range(options.rounds):
        for program in programs[::(-1) ** i]:  # neither is always the first
            program.run(options.images)
    last, all_ = programs
    cost = lambda name: statistics.median(100 * (b / a - 1) for a, b in zip(getattr(last, name), getattr(all_, name)))
    print(f"conv3, conv4 and conv5 beside conv5 alone: {cost('seconds'):+.1f} % of the seconds, {cost('cpu'):+.1f} % of the processor time (goal: below 3)")
    for program in programs:
        program.close()


def cold(binary, options):
    print(f"{'':20} {'images':>9} {'seconds':>8} {'images/s':>10} {'peak MB':>8}")
    extra = ["--folder", options.folder, "--repeats", str(options.repeats)]
    for name, command, environment in commands(binary, ["auto"], extra):
        result = Program(name, command, environment).read()
        print(f"{name:20} {result['images']:9d} {result['seconds']:8.1f} {result['images'] / result['seconds']:10.1f} "
              f"{result['peak_mb']:8d}")


def phones(binary, options):
    """Photos of 12 megapixels, from the folder to the features."""
    names = ["headstart", "headstart --decode scaled", "onnxruntime, Pillow", "onnxruntime, Pillow draft"]
    against = {names[2]: names[0], names[3]: names[1]}
    results = {name: [] for name in names}
    with tempfile.TemporaryDirectory() as folder:
        photos = pathlib.Path(folder) / "photos"
        size = phone_photos.write(photos, options.phones)
        ours, peer = environments()
        for turn in range(options.phone_rounds):
            for name in names:
                if name.startswith("headstart"):
                    command, environment = [binary, "--folder", str(photos), "--keep", str(pathlib.Path(folder) / f"kept {turn} {name}")], ours
                    command += ["--decode", "scaled"] if "scaled" in name else []
                else:
                    command, environment = [sys.executable, str(HERE / "features" / "peer.py"), "onnxruntime", "--folder", str(photos)], peer
                    command += ["--draft"] if "draft" in name else []
                program = Program(name, command, environment)
                results[name].append(program.read())
                program.close()
    print(f"\n{options.phones} photos of a phone, 4032 x 3024, {size:.1f} MB each, from files, cold")
    print(f"{'':28} {'seconds':>8} {'cpu s':>8} {'cpu s/image':>12} {'peak MB':>8}   times faster than that peer: in seconds, in cpu seconds")
    middle = lambda name, key: statistics.median(r[key] for r in results[name])
    for name in names:
        line = f"{name:28} {middle(name, 'seconds'):8.1f} {middle(name, 'cpu_seconds'):8.1f} {middle(name, 'cpu_seconds') / options.phones:12.3f} {middle(name, 'peak_mb'):8.0f}"
        for other, mine in against.items():
            if mine == name:
                ratio = {key: statistics.median(o[key] / m[key] for o, m in zip(results[other], results[mine])) for key in ("seconds", "cpu_seconds")}
                line += f"   {other}: {ratio['seconds']:.2f}, {ratio['cpu_seconds']:.2f}"
        print(line)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--images", type=int, default=32)
    parser.add_argument("--stages", action="store_true", help="only what more stages of one pass cost")
    parser.add_argument("--folder", help="compute this folder's images from files, cold")
    parser.add_argument("--repeats", type=int, default=1, help="how many times over, to play a larger folder")
    parser.add_argument("--phones", type=int, default=300, help="photos of a phone to compute from files; 0: none")
    parser.add_argument("--phone-rounds", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        binary = str(pathlib.Path(folder) / "features")
        subprocess.run(["go", "build", "-o", binary, "./bench/features"], check=True, cwd=HERE.parent,
                       env={**os.environ, "GOEXPERIMENT": "simd"})  # as setup builds it
        if options.folder:
            cold(binary, options)
            return
        if options.rounds and not options.stages:
            warm(binary, options)
        if options.rounds:
            stages(binary, options)
        if options.phones and not options.stages:
            phones(binary, options)


main()
