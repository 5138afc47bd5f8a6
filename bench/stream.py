"""Training a linear classifier on a file of features: Headstart in parts, scikit-learn's SGDClassifier and Keras on the mapped file.

The file is as headstart features merge writes it: 100,000 rows of 2,048 float32 unless said otherwise, as a rectified layer gives them, in ten
classes. Each program reads it from disk, trains some epochs on nine tenths of the rows, and is judged by the rest. What is printed are
an epoch's processor seconds and seconds, as the difference of processes with one epoch and with more, the peak memory of the process, and
the accuracy. For the dense head, the rate is also given as a fraction of what the memory allows, which a copy of large arrays measures in the
same run: each epoch reads the training rows and, for each batch, reads and writes the weights and Adam's two moments, which are
six times the weights. Caches may hold the latter: the fraction with the rows alone stands beside it.

    python bench/stream.py [--rows 100000] [--epochs 3] [--rounds 3]

It needs go, numpy, scikit-learn and Keras with TensorFlow in this Python, and the PJRT CPU plugin (PJRT_PLUGIN_LIBRARY_PATH).
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
COLS, CLASSES, BATCH = 2048, 10, 256
DENSE = "Headstart, dense 256"


def generate(file, rows):
    """Writes features with the falling spectrum and the sizes that those of a network have."""
    import numpy as np

    random = np.random.default_rng(1)
    labels = random.integers(0, CLASSES, rows)
    mix, centers, sizes = random.normal(0, 0.08, (64, COLS)), random.normal(0, 0.06, (CLASSES, COLS)), random.exponential(0.5, COLS)
    header = json.dumps({
        "__metadata__": {"backbone": "{}", "labels": json.dumps([f"class{y}" for y in labels]), "paths": json.dumps([f"{i:08}.jpg" for i in range(rows)])},
        "features": {"dtype": "F32", "shape": [rows, COLS], "data_offsets": [0, rows * COLS * 4]},
    }).encode()
    header += b" " * (-len(header) % 8)
    with open(file, "wb") as out:
        out.write(len(header).to_bytes(8, "little") + header)
        for at in range(0, rows, 5000):
            y = labels[at : at + 5000]
            x = centers[y] + random.normal(0, 1, (len(y), 64)) @ mix + random.standard_normal((len(y), COLS), np.float32)
            out.write((np.maximum(0, x) * sizes).astype(np.float32).tobytes())


def mapped(file):
    import numpy as np

    with open(file, "rb") as f:
        length = int.from_bytes(f.read(8), "little")
        header = json.loads(f.read(length))
    labels = np.array([int(name[5:]) for name in json.loads(header["__metadata__"]["labels"])])
    x = np.memmap(file, np.float32, "r", 8 + length, tuple(header["features"]["shape"]))
    train = np.random.default_rng(2).random(len(labels)) >= 0.1
    return x, labels, np.flatnonzero(train), np.flatnonzero(~train)


def accuracy(predict, x, labels, val):
    """Of predictions in parts, as the training was."""
    return sum(int((predict(x[part]) == labels[part]).sum()) for part in (val[i : i + 4096] for i in range(0, len(val), 4096))) / len(val)


def sgd(file, epochs, parts):
    """SGDClassifier, in parts of 4,096 rows or on all rows at once."""
    import numpy as np
    from sklearn.linear_model import SGDClassifier

    x, labels, train, val = mapped(file)
    model = SGDClassifier(loss="log_loss", n_jobs=-1, max_iter=epochs, tol=None, random_state=0)
    if parts:
        random = np.random.default_rng(3)
        for _ in range(epochs):
            order = [train[i : i + 4096] for i in range(0, len(train), 4096)]
            random.shuffle(order)
            for part in order:
                model.partial_fit(x[part], labels[part], classes=np.arange(CLASSES))
    else:
        model.fit(x[train], labels[train])
    return accuracy(model.predict, x, labels, val)


def keras(file, epochs):
    """A dense layer, whose batches a PyDataset takes from the mapped file."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import keras
    import numpy as np

    x, labels, train, val = mapped(file)

    class Batches(keras.utils.PyDataset):
        def __init__(self):
            super().__init__(workers=1)
            self.order = np.random.default_rng(3).permutation(train)

        def __len__(self):
            return -(-len(train) // BATCH)

        def __getitem__(self, i):
            rows = np.sort(self.order[i * BATCH : (i + 1) * BATCH])
            return x[rows], labels[rows]

    model = keras.Sequential([keras.layers.Input((COLS,)), keras.layers.Dense(CLASSES)])
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(Batches(), epochs=epochs, verbose=0)
    return accuracy(lambda part: model.predict_on_batch(np.asarray(part)).argmax(-1), x, labels, val)


def measured(command, environment):
    log = tempfile.TemporaryFile()
    start = time.time()
    process = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, stderr=log, env=environment)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        log.seek(0)
        sys.exit(f"{command[0]} failed: {log.read().decode()[-2000:]}")
    return usage.ru_utime + usage.ru_stime, time.time() - start, usage.ru_maxrss / 1024, json.loads(output.splitlines()[-1])["accuracy"]


def compare(options):
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        binary, file = scratch / "stream", scratch / "features.safetensors"
        subprocess.run(["go", "build", "-o", binary, "./bench/stream"], cwd=HERE.parent, check=True, env={**os.environ, "GOEXPERIMENT": "simd"})
        subprocess.run([sys.executable, __file__, "--generate", file, "--rows", str(options.rows)], check=True)
        print(f"{options.rows} rows of {COLS}, {file.stat().st_size / 1e6:.0f} MB, {options.epochs} epochs, {len(os.sched_getaffinity(0))} cores, "
              f"load {os.getloadavg()[0]:.1f} at the start", flush=True)
        peer = lambda name: lambda epochs: [sys.executable, __file__, "--peer", name, "--generate", file, "--epochs", str(epochs)]
        ours = lambda head: lambda epochs: [binary, "-features", file, "-head", head, "-epochs", str(epochs)]
        programs = {"Headstart, linear": ours("none"), DENSE: ours("dense:256:relu"), "SGDClassifier, parts": peer("parts"),
                    "SGDClassifier, whole": peer("whole"), "Keras, linear": peer("keras")}
        environment = dict(os.environ, GOMLX_NO_AUTO_INSTALL="1")
        for name, command in programs.items():
            rounds = [(measured(command(1), environment), measured(command(1 + options.epochs), environment)) for _ in range(options.rounds)]
            epoch = [statistics.median((b[i] - a[i]) / options.epochs for a, b in rounds) for i in (0, 1)]
            last = rounds[-1][1]
            print(f"{name:22} an epoch: {epoch[0]:6.2f} s of processor, {epoch[1]:6.2f} s; the process: {max(b[2] for _, b in rounds):6.0f} MB; accuracy {last[3]:.4f}",
                  flush=True)
            if name == DENSE:
                epoch_of_dense = epoch[1]
        bandwidth = statistics.median(float(subprocess.run([binary, "-bandwidth"], check=True, capture_output=True, text=True).stdout) for _ in range(3))
        rows = 0.9 * options.rows * COLS * 4
        state = 0.9 * options.rows / BATCH * 6 * 4 * COLS * 256
        print(f"the memory copies {bandwidth / 1e9:.1f} GB/s, read and written; {DENSE} takes {rows / epoch_of_dense / bandwidth:.2f} of that for the rows alone, "
              f"{(rows + state) / epoch_of_dense / bandwidth:.2f} with the optimizer's state; {0.9 * options.rows * 4 * COLS * 256 / epoch_of_dense / 1e9:.0f} GFLOP/s")
        print(f"load {os.getloadavg()[0]:.1f} at the end", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--generate", help=argparse.SUPPRESS)
    parser.add_argument("--peer", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peer == "keras":
        print(json.dumps({"accuracy": keras(options.generate, options.epochs)}))
    elif options.peer:
        print(json.dumps({"accuracy": sgd(options.generate, options.epochs, options.peer == "parts")}))
    elif options.generate:
        generate(options.generate, options.rows)
    else:
        compare(options)


main()
