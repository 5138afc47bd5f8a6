"""Decoding JPEG and resizing to 224 x 224 on one core: Headstart beside Pillow and TensorFlow.

The programs take turns, a pass over all images each, so that whatever else the machine does hits all of them alike. What
counts is processor time, which another load disturbs least; printed are medians and the median of the ratios of a round.
TensorFlow's resize is asked for twice: as tf.data pipelines call it (four neighbors, whatever the scale, so that it aliases)
and with antialias=True, which is what Pillow and Headstart compute. Headstart's pixels are Pillow's to the last bit; "plain" is
what it does where it was built without GOEXPERIMENT=simd; "scaled" is --decode scaled, whose peer is Pillow's draft.

    python bench/decode.py [--folder DIR] [--images 120] [--rounds 9] [--method bilinear]

It needs go, Pillow and, for that row, tensorflow-cpu (bench/requirements.txt).
"""

import argparse
import io
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
SIZE = 224


def pillow(data):
    from PIL import Image

    Image.open(io.BytesIO(data)).convert("RGB").resize((SIZE, SIZE), Image.BILINEAR).tobytes()


def draft(data):
    """Pillow's scaled decoding, to at least twice the size."""
    from PIL import Image

    image = Image.open(io.BytesIO(data))
    box = image.draft("RGB", (2 * SIZE, 2 * SIZE))
    image.convert("RGB").resize((SIZE, SIZE), Image.BILINEAR, box and box[1]).tobytes()


def tensorflow(antialias):
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)

    @tf.function
    def one(data):
        image = tf.image.decode_jpeg(data, channels=3)
        return tf.cast(tf.image.resize(image, (SIZE, SIZE), antialias=antialias), tf.uint8)

    return lambda data: one(tf.constant(data))


def serve(name, files):
    """What a peer's own process does."""
    import time

    one = {"pillow": lambda: pillow, "pillow draft": lambda: draft, "tensorflow": lambda: tensorflow(False), "tensorflow antialias": lambda: tensorflow(True)}[name]()
    images = [pathlib.Path(f).read_bytes() for f in files]
    one(images[0])
    for _ in sys.stdin:
        start, before = time.perf_counter(), time.process_time()
        for data in images:
            one(data)
        print(json.dumps({"seconds": time.perf_counter() - start, "cpu_seconds": time.process_time() - before}), flush=True)


class Program:
    """A process that runs a pass for each line that it gets."""

    def __init__(self, name, command):
        self.name, self.rates = name, []
        self.errors = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, stderr=self.errors)

    def run(self, images):
        try:
            self.process.stdin.write("go\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            return False
        line = self.process.stdout.readline()
        if not line:
            return False
        self.rates.append(images / json.loads(line)["cpu_seconds"])
        return True

    def why(self):
        """The last line that it wrote to its standard error."""
        self.errors.seek(0)
        lines = [line.strip() for line in self.errors if line.strip()]
        return lines[-1] if lines else "it wrote nothing to its standard error"

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", default=str(HERE.parent.parent / "shared" / "data" / "trashnet-6c"))
    parser.add_argument("--images", type=int, default=120)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--method", default="bilinear", choices=["bilinear", "nearest", "crop"])
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    parser.add_argument("files", nargs="*", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve, options.files)
        return
    files = sorted(str(f) for f in pathlib.Path(options.folder).rglob("*") if f.suffix.lower() in (".jpg", ".jpeg"))
    files = files[:: max(1, len(files) // options.images)][: options.images]
    if not files:
        sys.exit(f"there is no JPEG in {options.folder}: give another --folder")
    with tempfile.TemporaryDirectory() as folder:
        ours = []
        for name, experiment in (("headstart", "simd"), ("headstart plain", "")):
            binary = pathlib.Path(folder) / name.replace(" ", "-")
            subprocess.run(["go", "build", "-o", binary, "./bench/decode"], cwd=HERE.parent, check=True,
                           env={**os.environ, "GOEXPERIMENT": experiment})
            ours.append(Program(name, [binary, options.method, *files]))
            if experiment and options.method != "nearest":
                ours.append(Program(name + " scaled", [binary, options.method + ":scaled", *files]))
            said = subprocess.run([binary, options.method], input="", capture_output=True, text=True, check=True).stderr.strip()
            print(f"{name}: {said}")
        peers = [Program(n, [sys.executable, __file__, "--serve", n, *files]) for n in ("pillow", "pillow draft", "tensorflow", "tensorflow antialias")]
        running = [*ours, *peers]
        for _ in range(options.rounds + 1):  # the first warms up
            running = [p for p in running if p.run(len(files))]
        for program in running:
            program.rates.pop(0)
            program.close()
    for program in running:
        line = f"decode+resize {program.name:22} {statistics.median(program.rates):8.1f} images/s of processor time"
        for mine in ours if program in peers else []:
            ratios = [a / b for a, b in zip(mine.rates, program.rates)]
            line += f"   {mine.name} is {statistics.median(ratios):.2f} x ({min(ratios):.2f} to {max(ratios):.2f})"
        print(line)
    for peer in [*ours, *peers]:
        if peer not in running:
            print(f"decode+resize {peer.name:22} left out: {peer.why()}")


if __name__ == "__main__":
    main()
