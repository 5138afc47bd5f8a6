"""The path of multinomial logistic regression on features: Headstart beside scikit-learn, on the same numbers.

Ten values of C from 1e-4 to 1e4, as LogisticRegressionCV has them, each starting from the one before, in turns. The features are
as a network gives them: at least 0, of very different sizes, correlated. scikit-learn runs with its
default tolerance unless --tol says otherwise, with which its probabilities are up to 2e-2 away from those at the optimum; Headstart's
tolerance is tighter, and does not change. What is printed are median seconds and seconds of
processor, which a busy machine changes less, how many times less Headstart takes of each (the goal is 5), and how far the probabilities
are apart. Idle threads of a BLAS count as processor time: OPENBLAS_NUM_THREADS=1 GOMAXPROCS=1 compares work alone.

    python bench/probe.py [--rounds 3] [--small] [--tol 1e-6]

It needs go, numpy and scikit-learn in this Python.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import tempfile
import time

import numpy as np
from sklearn.linear_model import LogisticRegression

HERE = pathlib.Path(__file__).resolve().parent
CLASSES = 10
CS = np.logspace(-4, 4, 10)


def features(rows, cols):
    """Features as a rectified layer gives them, with the falling spectrum and the sizes that those of a network have."""
    random = np.random.default_rng(rows)
    labels = random.integers(0, CLASSES, rows)
    common = random.normal(0, 1, (rows, 64)) @ random.normal(0, 0.6, (64, cols))
    centers = random.normal(0, 0.35, (CLASSES, cols))
    x = np.maximum(0, centers[labels] + common / 8 + random.normal(0, 1, (rows, cols)))
    return (x * random.exponential(0.5, cols)).astype(np.float32), labels.astype(np.int32)


def peer(x, labels, tol):
    model, logits, iterations = LogisticRegression(warm_start=True, max_iter=20_000, tol=tol), [], 0
    start, processor = time.perf_counter(), time.process_time()
    for c in CS:
        model.set_params(C=c).fit(x, labels)
        iterations += int(model.n_iter_[0])
        logits.append(model.coef_ @ x.T + model.intercept_[:, None])
    return (time.perf_counter() - start, time.process_time() - processor), iterations, np.stack(logits).transpose(0, 2, 1)


def probabilities(logits):
    p = np.exp(logits - logits.max(-1, keepdims=True))
    return p / p.sum(-1, keepdims=True)


def compare(binary, scratch, rows, cols, rounds, tol):
    x, labels = features(rows, cols)
    file, logits = scratch / "features", scratch / "logits"
    file.write_bytes(x.tobytes() + labels.tobytes())
    ours = subprocess.Popen([binary, "-features", file, "-rows", str(rows), "-cols", str(cols), "-classes", str(CLASSES), "-logits", logits],
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    x, own, other = x.astype(np.float64), [], []
    for _ in range(rounds):
        ours.stdin.write(",".join(repr(float(c)) for c in CS) + "\n")
        ours.stdin.flush()
        result = json.loads(ours.stdout.readline())
        own.append((result["seconds"], result["cpu"]))
        seconds, iterations, theirs = peer(x, labels, tol)
        other.append(seconds)
    ours.stdin.close()
    ours.wait()
    mine = np.frombuffer(logits.read_bytes()).reshape(theirs.shape)
    apart = np.abs(probabilities(mine) - probabilities(theirs)).max()
    faster = [statistics.median(o[k] / s[k] for o, s in zip(other, own)) for k in (0, 1)]
    middle = lambda times: " ".join(f"{statistics.median(t[k] for t in times):8.2f}" for k in (0, 1))
    print(f"{rows:6} x {cols}  {middle(own)} {result['iterations']:5d}  {middle(other)} {iterations:5d}  "
          f"{faster[0]:6.1f} {faster[1]:9.1f}  {apart:.1e}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tol", type=float, default=1e-4, help="scikit-learn's tolerance")
    parser.add_argument("--small", action="store_true", help="500 rows only")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        binary = str(scratch / "probe")
        subprocess.run(["go", "build", "-o", binary, "./bench/probe"], check=True, cwd=HERE.parent,
                       env={**os.environ, "GOEXPERIMENT": "simd"})  # as setup builds it
        print("               headstart                scikit-learn             times faster       largest difference\n"
              "features        seconds processor steps   seconds processor steps  seconds processor  of a probability\n"
              f"goal {'5.0':>66} {'5.0':>9}")
        for rows in [500] if options.small else [500, 10_000]:
            compare(binary, scratch, rows, 2048, options.rounds, options.tol)


main()
