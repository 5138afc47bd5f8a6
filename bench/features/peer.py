"""One peer of features.py, in a process of its own: computes features of images and tells how long it took.

It speaks as main.go does: with a folder it computes that folder's images once, from files; without one it answers each
line "N" of standard input with the seconds that N made images took.
"""

import argparse
import json
import pathlib
import resource
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np

BATCH = 32


def onnxruntime():
    import onnxruntime as ort

    import onnx_resnet

    with tempfile.TemporaryDirectory() as folder:
        path = str(pathlib.Path(folder) / "resnet50.onnx")
        onnx_resnet.build(path)
        start = time.perf_counter(), time.process_time()  # a user has the file already
        session = ort.InferenceSession(path, providers=["CPUExecutionProvider"])
    return (lambda images: session.run(None, {"images": images})[0]), start


def keras():
    start = time.perf_counter(), time.process_time()
    import keras as library

    model = library.applications.ResNet50(weights=None, include_top=False, pooling="avg", input_shape=(224, 224, 3))
    preprocess = library.applications.resnet.preprocess_input
    return (lambda images: model.predict(preprocess(images.astype(np.float32)), batch_size=BATCH, verbose=0)), start


def batches(folder: str, repeats: int, draft: bool):
    """Decoded batches, on as many threads as a loader would use, with one batch ahead. draft: scaled decoding, to at least twice the size."""
    from PIL import Image, ImageOps

    def decode(path):
        with Image.open(path) as image:
            box = image.draft("RGB", (448, 448)) if draft else None
            image = image.convert("RGB").resize((224, 224), Image.BILINEAR, box and box[1])
            return np.asarray(ImageOps.exif_transpose(image))

    paths = sorted(p for p in pathlib.Path(folder).rglob("*") if p.suffix.lower() in {".jpg", ".jpeg", ".png"}) * repeats
    with ThreadPoolExecutor() as pool:
        ahead = None
        for at in range(0, len(paths), BATCH):
            following = [pool.submit(decode, path) for path in paths[at:at + BATCH]]
            if ahead:
                yield np.stack([f.result() for f in ahead])
            ahead = following
        yield np.stack([f.result() for f in ahead])


def answer(**value):
    print(json.dumps(value), flush=True)


def peak_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 // 1_000_000


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("peer", choices=["onnxruntime", "keras"])
    parser.add_argument("--folder")
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--draft", action="store_true")
    options = parser.parse_args()
    features, start = {"onnxruntime": onnxruntime, "keras": keras}[options.peer]()
    if options.folder:
        count = 0
        for images in batches(options.folder, options.repeats, options.draft):
            features(images)
            count += len(images)
        answer(images=count, seconds=time.perf_counter() - start[0], cpu_seconds=time.process_time() - start[1], peak_mb=peak_mb())
        return
    images = np.random.default_rng(0).integers(0, 256, (BATCH, 224, 224, 3), np.uint8)
    features(images)
    answer(ready=True, compile_seconds=time.perf_counter() - start[0])
    for line in sys.stdin:
        begin, used = time.perf_counter(), time.process_time()
        for done in range(0, int(line), BATCH):
            features(images[: min(BATCH, int(line) - done)])
        answer(seconds=time.perf_counter() - begin, cpu_seconds=time.process_time() - used, peak_mb=peak_mb())


main()
