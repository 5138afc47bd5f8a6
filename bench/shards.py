"""Features of many images, in one process and in shards: processor time, time and peak memory, with the bytes compared.

Images of 64 x 64 pixels are generated; the backbone is ResNet50 cut after conv1, so that the work around it is what is measured. Shards
run at once, each on one core of its own. The same images are also read from tar archives of 1,000 each.

    python bench/shards.py [--images 1000,10000] [--shards 2]

It needs go, headstart and headstart-transfer (HEADSTART_BIN) and the PJRT CPU plugin (PJRT_PLUGIN_LIBRARY_PATH). 100,000 images take
about 15 minutes of processor time and 2 GB of disk.
"""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
SMALL = ["--weights", "random", "--cut", "conv1", "--size", "64"]


class Runs:
    """Commands that run at the same time, with what they took together and the most memory of one."""

    def __init__(self, commands, environment, cores=None):
        start = time.time()
        running = []
        for i, command in enumerate(commands):
            log = tempfile.TemporaryFile()
            bind = (lambda core=i: os.sched_setaffinity(0, {cores[core % len(cores)]})) if cores else None
            running.append((subprocess.Popen(command, stdout=log, stderr=log, env=environment, preexec_fn=bind), log))
        self.cpu, self.peak_mb = 0.0, 0.0
        for process, log in running:
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode:
                log.seek(0)
                sys.exit(f"{process.args} failed: {log.read().decode()[-2000:]}")
            self.cpu += usage.ru_utime + usage.ru_stime
            self.peak_mb = max(self.peak_mb, usage.ru_maxrss / 1024)
        self.seconds = time.time() - start

    def __str__(self):
        return f"{self.cpu:8.1f} s of processor, {self.seconds:8.1f} s, {self.peak_mb:6.0f} MB"


def pack(folder, archives):
    """The folder's files in tar archives of 1,000 each."""
    files = sorted(p for p in folder.rglob("*.jpg"))
    archives.mkdir()
    for i in range(0, len(files), 1000):
        with tarfile.open(archives / f"images-{i // 1000:04}.tar", "w") as archive:
            for file in files[i : i + 1000]:
                archive.add(file, str(file.relative_to(folder)))
    return sorted(map(str, archives.iterdir()))


def same(a, b):
    return subprocess.run(["cmp", "-s", a, b]).returncode == 0


def measure(images, shards, headstart, scratch, environment):
    folder = scratch / "images"
    subprocess.run([scratch / "scale", "-folder", folder, "-generate", str(images), "-classes", "10"], check=True)
    cores = sorted(os.sched_getaffinity(0))
    shard = lambda places, i, of, cache: [headstart, "features", *map(str, places), "--shard", str(i), "--of", str(of), "--out", str(cache), *SMALL]
    merge = lambda cache: Runs([[headstart, "features", "merge", str(cache), "--out", str(cache) + ".safetensors"]], environment)
    steps = {
        "one process, as a dataset": lambda: Runs([[headstart, "features", str(folder), "--out", str(scratch / "whole"), *SMALL]], environment),
        "one shard": lambda: Runs([shard([folder], 0, 1, scratch / "one")], environment),
        "merge": lambda: merge(scratch / "one"),
        f"{shards} shards at once, a core each": lambda: Runs([shard([folder], i, shards, scratch / "many") for i in range(shards)], environment, cores),
        f"merge of {shards}": lambda: merge(scratch / "many"),
        "again, from the cache": lambda: Runs([shard([folder], 0, 1, scratch / "one")], environment),
    }
    for name, step in steps.items():
        print(f"{images:8} images  {name:32} {step()}", flush=True)
    print(f"{images:8} images  merged bytes are {'equal' if same(scratch / 'one.safetensors', scratch / 'many.safetensors') else 'DIFFERENT'}"
          f" for 1 and {shards} shards", flush=True)
    tars = pack(folder, scratch / "tars")
    shutil.rmtree(folder)
    print(f"{images:8} images  {f'one shard, from {len(tars)} tar archives':32} {Runs([shard(tars, 0, 1, scratch / 'tar')], environment)}", flush=True)
    for left in scratch.iterdir():
        if left.is_dir():
            shutil.rmtree(left)
        elif left.name != "scale":
            left.unlink()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", default="1000,10000")
    parser.add_argument("--shards", type=int, default=2)
    options = parser.parse_args()
    programs = pathlib.Path(os.environ["HEADSTART_BIN"])
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        subprocess.run(["go", "build", "-o", scratch / "scale", "./bench/scale"], cwd=HERE.parent, check=True, env={**os.environ, "GOEXPERIMENT": "simd"})
        environment = dict(os.environ, GOMLX_NO_AUTO_INSTALL="1", HEADSTART_HOME=str(scratch / "home"))
        print(f"{len(os.sched_getaffinity(0))} cores, load {os.getloadavg()[0]:.1f} at the start", flush=True)
        for images in map(int, options.images.split(",")):
            measure(images, options.shards, str(programs / "headstart-transfer"), scratch, environment)
        print(f"load {os.getloadavg()[0]:.1f} at the end", flush=True)


main()
