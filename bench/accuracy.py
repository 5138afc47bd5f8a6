"""How accurate a frozen ResNet50 is, and in how many seconds: Headstart without flags beside its classic recipe, scikit-learn
and Keras's tutorial head, on the same features, the same split and several seeds; fine-tuned, beside fastai.

scikit-learn chooses among stages, normalizations and C by the accuracy of five-fold cross-validation, and fits its best to the
training images. Keras, where it is installed, trains the tutorial's head: Dense 256, Adam, 10 epochs. Seconds are those beyond
the features, which all of them share; those of --finetune and --fastai are the whole run. Of each set a fifth is for validation,
once for each seed; nothing is chosen by it.

    python bench/accuracy.py [--seeds 5] [--sets trashnet-6c signdigits-10c] [--skip-keras] [--skip-sklearn] [--finetune] [--copies 3] [--tta]
                             [--fastai PYTHON] [--size 224]

It needs headstart on PATH (make setup), numpy and scikit-learn in this Python, and the data below --shared. --fastai names a Python
that has what bench/fastai/requirements.txt pins, which is several gigabytes: see bench/fastai/peer.py for what it does there.
"""

import argparse
import itertools
import json
import math
import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import warnings

import numpy as np
from scipy.stats import t
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import Normalizer, StandardScaler

STAGES = ["conv3", "conv4", "conv5"]
SETS = [("conv3",), ("conv4",), ("conv5",), ("conv4", "conv5"), ("conv3", "conv4", "conv5")]
CS = {"raw": np.logspace(-3, 2, 6), "l2": np.logspace(0, 4, 5), "standard": np.logspace(-4, 0, 5)}


def headstart(*arguments, environment):
    done = subprocess.run(["headstart", *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    if done.returncode:
        sys.exit(f"headstart {arguments[0]} failed:\n{done.stderr[-2000:]}")
    return done.stdout


def read_features(file):
    """The tensor and the paths of a safetensors file."""
    raw = file.read_bytes()
    length = int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8:8 + length])
    entry = header["features"]
    begin, end = entry["data_offsets"]
    values = np.frombuffer(raw[8 + length + begin:8 + length + end], "<f4").reshape(entry["shape"])
    return values, json.loads(header["__metadata__"]["paths"])


def processor():
    """Seconds of processor that the programs have taken which this one started."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def train(folder, seed, options, scratch, environment, recipe, *flags):
    """Trains with Headstart, and returns its validation accuracy, its seconds beyond the features, its choice and the split."""
    out = scratch / f"{folder.parent.name}-{seed}-{recipe}-{len(flags)}"
    used = processor()
    card = json.loads(headstart("train", folder, "--weights", options.weights, "--seed", seed, "--recipe", recipe, "--out", out, "--json",
                                "--size", options.size, "--head-only", *flags, environment=environment))
    saved = json.loads((out / "model.json").read_text())
    seconds = sum(e["seconds"] for e in saved["history"])
    if recipe == "finetune":  # with the feature maps of the augmented copies, which no other row shares
        seconds = card["seconds"]
    return card["val_accuracy"], seconds, card.get("choice_summary", ""), saved["provenance"]["files"], out, processor() - used


def averaged(folder, files, model, options, scratch, environment):
    """The accuracy of a model on its validation images, averaged with their mirror images."""
    held = scratch / f"{model.name}-val"
    for file in files:
        if file["split"] == "val":
            to = held / file["path"]
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(folder / file["path"], to)
    report = json.loads(headstart("evaluate", model, held, "--weights", options.weights, "--tta", "flip", "--json", environment=environment))
    return report["accuracy"]


def normalized(name, fitted, other):
    if name == "l2":
        return Normalizer().transform(fitted), Normalizer().transform(other)
    if name == "standard":
        scaler = StandardScaler().fit(fitted)
        return scaler.transform(fitted), scaler.transform(other)
    return fitted, other


def in_span(fitted, other):
    """The same products in the space that the fitted rows span: the same classifier, in a fraction of scikit-learn's time."""
    u, s, v = np.linalg.svd(fitted, full_matrices=False)
    return u * s, other @ v.T


def fit(x, labels, other, c):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return LogisticRegression(C=c, max_iter=1000).fit(x, labels).predict(other)


def peer(stages, labels, train_rows, val_rows, seed):
    """scikit-learn's best by cross-validation: its validation accuracy, seconds and name."""
    start, best = time.perf_counter(), (0, None)
    folds = list(StratifiedKFold(5, shuffle=True, random_state=seed).split(train_rows, labels[train_rows]))
    for names, norm in itertools.product(SETS, CS):
        x = np.concatenate([stages[n] for n in names], 1).astype(np.float64)
        right = np.zeros(len(CS[norm]))
        for inner, held in folds:
            a, b = in_span(*normalized(norm, x[train_rows[inner]], x[train_rows[held]]))
            for i, c in enumerate(CS[norm]):
                right[i] += (fit(a, labels[train_rows[inner]], b, c) == labels[train_rows[held]]).sum()
        if right.max() > best[0]:
            best = (right.max(), (names, norm, CS[norm][right.argmax()]))
    names, norm, c = best[1]
    x = np.concatenate([stages[n] for n in names], 1).astype(np.float64)
    a, b = in_span(*normalized(norm, x[train_rows], x[val_rows]))
    accuracy = (fit(a, labels[train_rows], b, c) == labels[val_rows]).mean()
    return accuracy, time.perf_counter() - start, f"{'+'.join(names)}, {norm}, C = {c:g}"


def keras_head(features, labels, train_rows, val_rows, seed):
    import keras

    start = time.perf_counter()
    keras.utils.set_random_seed(seed)
    classes = int(labels.max()) + 1
    model = keras.Sequential([keras.layers.Dense(256, "relu"), keras.layers.Dense(classes, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(features[train_rows], labels[train_rows], epochs=10, batch_size=32, verbose=0)
    accuracy = model.evaluate(features[val_rows], labels[val_rows], verbose=0)[1]
    return accuracy, time.perf_counter() - start, "Dense 256, conv5"


def fastai(folder, files, seed, options):
    """fastai's fine_tune on the same weights, files and split, in its own Python."""
    asked = {
        "folder": str(folder), "weights": str(options.weights), "size": options.size, "seed": seed, "epochs": options.fastai_epochs,
        "files": [{"path": f["path"], "label": str(f["label"]), "split": f["split"]} for f in files if f["split"] in ("train", "val")],
    }
    peer = pathlib.Path(__file__).parent / "fastai" / "peer.py"
    done = subprocess.run([options.fastai, "-P", peer], input=json.dumps(asked), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"fastai failed:\n{done.stderr[-2000:]}")
    answer = json.loads(done.stdout.splitlines()[-1])
    return answer["accuracy"], answer["seconds"], ""


def wilson(fraction, n, z=1.959964):
    middle = (fraction + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(fraction * (1 - fraction) / n + z * z / (4 * n * n))
    return middle - half, middle + half


def report(name, results, images):
    accuracies = [r[0] for r in results]
    mean = sum(accuracies) / len(accuracies)
    low, high = wilson(mean, images)
    each = " ".join(f"{100 * a:.1f}" for a in accuracies)
    print(f"  {name:22} {100 * mean:5.1f}  ({100 * low:.1f} to {100 * high:.1f})  {sorted(r[1] for r in results)[len(results) // 2]:6.1f} s   {each}", flush=True)
    for text in [r[2] for r in results if r[2]]:
        print(f"      {text}")


def report_gains(results):
    """Each row of Headstart beside the one without flags, split by split. Splits share images: the intervals are a little too narrow."""
    base = results["headstart"]
    for name, list_ in results.items():
        if not name.startswith(("headstart ", "headstart,", "finetune")) or len(list_) < 2:
            continue
        gains = 100 * np.array([r[0] - b[0] for r, b in zip(list_, base)])
        half = t.ppf(0.975, len(gains) - 1) * gains.std(ddof=1) / math.sqrt(len(gains))
        print(f"  {name:22} {gains.mean():+5.1f}  ({gains.mean() - half:+.1f} to {gains.mean() + half:+.1f}) points beside no flags, paired by seed", flush=True)


def compare(folder, options, scratch, environment):
    stages, paths = {}, []
    for stage in STAGES:
        file = scratch / f"{folder.parent.name}-{stage}"
        headstart("features", folder, "--weights", options.weights, "--size", options.size, "--cut", stage, "--out", file, environment=environment)
        stages[stage], paths = read_features(file)
    results, images = {}, 0
    for seed in range(1, options.seeds + 1):
        auto = train(folder, seed, options, scratch, environment, "auto")
        split = {f["path"]: f for f in auto[3]}
        names = np.array([str(split[p]["label"]) if p in split else "" for p in paths])
        labels = np.unique(names, return_inverse=True)[1]  # Keras takes numbers
        rows = {name: np.array([i for i, p in enumerate(paths) if p in split and split[p]["split"] == name]) for name in ("train", "val")}
        images += len(rows["val"])
        results.setdefault("headstart", []).append(auto)
        results.setdefault("headstart classic", []).append(train(folder, seed, options, scratch, environment, "classic"))
        if options.tta:
            results.setdefault("headstart, --tta flip", []).append((averaged(folder, auto[3], auto[4], options, scratch, environment), auto[1], ""))
        if options.copies:
            augmented = train(folder, seed, options, scratch, environment, "auto", "--augment", "flip,crop:0.7", "--augment-copies", options.copies)
            results.setdefault(f"headstart, {options.copies} copies", []).append(augmented)
        if options.finetune:
            tuned = train(folder, seed, options, scratch, environment, "finetune")
            results.setdefault("headstart finetune", []).append(tuned)
            if options.tta:
                results.setdefault("finetune, --tta flip", []).append((averaged(folder, tuned[3], tuned[4], options, scratch, environment), tuned[1], ""))
        if options.fastai:
            results.setdefault(f"fastai, {options.fastai_epochs} epochs", []).append(fastai(folder, auto[3], seed, options))
        if not options.skip_sklearn:
            results.setdefault("scikit-learn", []).append(peer(stages, labels, rows["train"], rows["val"], seed))
        if not options.skip_keras:
            results.setdefault("keras", []).append(keras_head(stages["conv5"], labels, rows["train"], rows["val"], seed))
        print(f"  seed {seed}: " + ", ".join(f"{name} {100 * list_[-1][0]:.1f} ({list_[-1][1]:.0f} s)" for name, list_ in results.items()),
              file=sys.stderr, flush=True)  # a seed takes minutes with what is fine-tuned
    print(f"{folder.parent.name}: validation accuracy in percent, mean of {options.seeds} seeds (95 % interval of {images} predictions), "
          "median seconds beyond the features, each seed")
    for name, list_ in results.items():
        report(name, list_, images)
        if name == "headstart":
            print(f"      the whole command with cached features: {statistics.median(r[5] for r in list_):.1f} s of processor; "
                  f"goal beyond the features: 10 s on 500 images, and these are {len(list_[0][3])}")
    report_gains(results)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--shared", type=pathlib.Path, default=pathlib.Path(os.environ.get("HEADSTART_SHARED", "../shared")))
    parser.add_argument("--sets", nargs="+", default=["trashnet-6c", "signdigits-10c"])
    parser.add_argument("--weights", type=pathlib.Path, help="default: the ImageNet weights below --shared")
    parser.add_argument("--home", help="state folder to keep features in; default: a new one")
    parser.add_argument("--skip-keras", action="store_true")
    parser.add_argument("--skip-sklearn", action="store_true", help="its cross-validation takes minutes a seed")
    parser.add_argument("--finetune", action="store_true", help="also --recipe finetune: minutes a seed")
    parser.add_argument("--fastai", metavar="PYTHON", help="also fastai's fine_tune, in this Python: minutes a seed")
    parser.add_argument("--fastai-epochs", type=int, default=12, help="unfrozen epochs of fastai's fine_tune; as many as --recipe finetune has")
    parser.add_argument("--copies", type=int, default=0, help="also --recipe auto on so many augmented copies")
    parser.add_argument("--tta", action="store_true", help="also --tta flip")
    parser.add_argument("--size", type=int, default=224, help="image size of all rows")
    options = parser.parse_args()
    data = options.shared / "data"
    options.weights = options.weights or data / "resnet50-imagenet-uint8" / "resnet50_imagenet_uint8.safetensors"
    if not options.skip_keras:
        try:
            import keras  # noqa: F401
        except ImportError:
            print("keras is not installed: left out")
            options.skip_keras = True
    with tempfile.TemporaryDirectory() as scratch:
        environment = dict(os.environ, HEADSTART_HOME=options.home or str(pathlib.Path(scratch) / "home"), TF_CPP_MIN_LOG_LEVEL="3")
        for name in options.sets:
            compare(data / name / "data", options, pathlib.Path(scratch), environment)


main()
