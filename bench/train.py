"""The whole tutorial job on this machine's CPU: Headstart beside Keras 3 on TensorFlow, on the same generated photos.

Photos to evaluated classifier, cold start, compilation included; the weights are random, which costs the same. Keras runs as
the tutorial writes it (the features are computed in every epoch) and with the caching written by hand. The programs take
turns, so that whatever else the machine does hits all of them alike. Each Headstart round trains once with an empty
cache and once more on what that left.

--timeline prints when the parts of Headstart's job begin and end, as seconds since its program was started, and runs no peer.

    python bench/train.py [--timeline] [--per-class 40] [--epochs 10] [--rounds 1] [--skip-tutorial]

It needs go, the PJRT CPU plugin (PJRT_PLUGIN_LIBRARY_PATH), and keras, tensorflow and pillow in this Python.
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

import numpy as np
from PIL import Image

HERE = pathlib.Path(__file__).resolve().parent
CLASSES = 10
# What the kernel gives its plugin process: glibc then takes large pages for large blocks, and keeps small ones.
TUNABLES = "glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold=67108864:glibc.malloc.trim_threshold=4294967296"


def write_photos(folder, per_class):
    """Photos of 500x375 pixels: a smooth texture in the class's colors, with noise as a camera has it."""
    random = np.random.default_rng(1)
    for c in range(CLASSES):
        (folder / f"class{c}").mkdir(parents=True)
        tint = random.uniform(40, 215, 3)
        for i in range(per_class):
            coarse = random.normal(0, 40, (12, 16, 3)) + tint
            image = Image.fromarray(coarse.clip(0, 255).astype(np.uint8)).resize((500, 375), Image.BICUBIC)
            pixels = np.asarray(image, np.float32) + random.normal(0, 6, (375, 500, 3))
            Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(folder / f"class{c}" / f"{i:03}.jpg", quality=90)


def run(command, environment):
    start = time.time()
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"{command[0]} failed:\n{done.stderr[-2000:]}")
    result = json.loads(done.stdout.splitlines()[-1])
    result["wall"] = time.time() - start
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--per-class", type=int, default=40, help="photos of each of the 10 classes, a fifth for validation")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--skip-tutorial", action="store_true", help="only the Keras with caching: the other takes minutes")
    parser.add_argument("--timeline", action="store_true", help="only the parts of Headstart's job, cold and then on its cache")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        photos, binary = scratch / "photos", scratch / "train"
        write_photos(photos, options.per_class)
        subprocess.run(["go", "build", "-o", binary, "./bench/train"], cwd=HERE.parent, check=True,
                       env={**os.environ, "GOEXPERIMENT": "simd"})  # as setup builds it
        environment = dict(os.environ, GOMLX_NO_AUTO_INSTALL="1", TF_CPP_MIN_LOG_LEVEL="3")
        tuned = dict(environment, GLIBC_TUNABLES=TUNABLES)
        if options.timeline:
            for turn in ("cold", "on what that left"):
                timeline(turn, [str(binary), "-photos", str(photos), "-home", str(scratch / "home"), "-epochs", str(options.epochs)], tuned)
            return
        peer = [sys.executable, str(HERE / "train" / "peer.py"), str(photos)]
        results = {}
        for turn in range(options.rounds):
            ours = [str(binary), "-photos", str(photos), "-home", str(scratch / f"home{turn}"), "-epochs", str(options.epochs)]
            jobs = [("headstart", ours, tuned), ("headstart again", ours, tuned),
                    ("keras cached", [*peer, "cached", str(options.epochs)], environment)]
            if not options.skip_tutorial:
                jobs.append(("keras tutorial", [*peer, "tutorial", str(options.epochs)], environment))
            for name, command, env in jobs:
                results.setdefault(name, []).append(run(command, env))
        report(results)


def timeline(turn, command, environment):
    """Prints the parts of one run, by their beginning."""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "timeline"
        result = run([*command, "-timeline", str(file)], environment)
        spans = sorted((json.loads(line) for line in file.read_text().splitlines()), key=lambda s: s["start"])
    before = result["wall"] - result["seconds"]  # the program's start and end
    whole = result["seconds"] or 1
    print(f"{turn}: {result['wall']:.2f} s, {before:.2f} s of them for the program's start and end")
    for span in spans:
        first, last = (round(40 * span[key] / whole) for key in ("start", "end"))
        bar = " " * first + "#" * max(1, last - first)
        print(f"  {span['name']:28} {span['start']:7.2f} to {span['end']:7.2f}  {span['end'] - span['start']:6.2f} s  |{bar:41.41}|")


def report(results):
    print(f"{'':16} {'seconds':>8} {'first epoch':>12} {'peak MB':>8} {'times headstart':>16}")
    ours = results["headstart"]
    for name, rounds in results.items():
        median = {key: statistics.median(r[key] for r in rounds) for key in rounds[0]}
        ratio = statistics.median(r["wall"] / o["wall"] for r, o in zip(rounds, ours))
        print(f"{name:16} {median['wall']:8.1f} {median['first_epoch']:12.2f} {median['peak_mb']:8.0f} {ratio:16.2f}")


if __name__ == "__main__":
    main()
