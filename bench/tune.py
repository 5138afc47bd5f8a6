"""How long a search for a head takes: 100 trials of %tune on the cached features of generated photos, by default 400 in ten classes.

The features are computed before. What is printed is the time from the call to the trained model, reading the features and the
comparison of probes included, with that of a search of a tenth of the trials beside it, so that their difference is what a trial takes.

    python bench/tune.py [--trials 100] [--per-class 40] [--rounds 3]

It needs go, the PJRT CPU plugin (PJRT_PLUGIN_LIBRARY_PATH), numpy and pillow.
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
sys.path.insert(0, str(HERE))

from train import write_photos  # noqa: E402


def run(command):
    done = subprocess.run([str(word) for word in command], env=dict(os.environ, GOMLX_NO_AUTO_INSTALL="1"), capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{command[0]} failed:\n{done.stderr[-2000:]}")
    return done.stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--per-class", type=int, default=40, help="photos of each of the 10 classes")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        binary = scratch / "tune"
        write_photos(scratch / "photos", options.per_class)
        subprocess.run(["go", "build", "-o", binary, "./bench/tune"], cwd=HERE.parent, check=True, env={**os.environ, "GOEXPERIMENT": "simd"})
        command = [binary, "-photos", scratch / "photos", "-home", scratch / "home"]
        run([*command, "-trials", "0"])
        some = {}
        for _ in range(options.rounds):
            for trials in (max(1, options.trials // 10), options.trials):
                some.setdefault(trials, []).append(json.loads(run([*command, "-trials", trials]).splitlines()[-1]))
        for trials, rounds in some.items():
            seconds, cpu = (statistics.median(r[key] for r in rounds) for key in ("seconds", "cpu_seconds"))
            print(f"{trials} trials on {rounds[0]['images']} images: {seconds:.1f} s, {cpu:.1f} s of processor", flush=True)


main()
