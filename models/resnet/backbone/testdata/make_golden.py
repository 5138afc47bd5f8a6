"""Makes golden/*.safetensors: what the publishers' own ResNets compute on made images with made weights.

Run it in an environment with keras and tensorflow-cpu (or jax), torch, torchvision, timm, transformers and safetensors:

    python make_golden.py                                       # all of golden/
    python make_golden.py PUBLISHER DEPTH SIZE FOLDER SAMPLES   # one, elsewhere: what compare_test.go does

Each file has, for every stage, samples of its output [batch, height, width, channels] (every stride-th element of the
flattened array), its largest magnitude, the average-pooled features and the logits. The metadata has the tensors' names
and shapes as the publisher stores them, and the sizes of the run.
"""

import json
import pathlib
import subprocess
import sys

import numpy as np

import peers

RUNS = [
    ("keras", 50, 96), ("torchvision", 50, 96), ("timm", 50, 96), ("huggingface", 50, 96),
    ("torchvision", 101, 64), ("keras", 152, 64), ("torchvision", 18, 64), ("torchvision", 34, 64),
]
COUNT = 2
SAMPLES = 256


def make(name: str, depth: int, size: int, folder: pathlib.Path, samples: int) -> None:
    from safetensors.numpy import save_file

    peer = peers.peer(name, depth, size)
    outputs = peer(peers.images(COUNT, size))
    arrays = {"logits": outputs["logits"], "features": outputs["conv5"].mean(axis=(1, 2))}
    for stage in peers.STAGES:
        flat = outputs[stage].reshape(-1)
        arrays[stage] = flat[:: max(1, len(flat) // samples)]
        arrays[stage + ".magnitude"] = np.abs(flat).max().reshape(1)
    metadata = {
        "publisher": name, "depth": str(depth), "size": str(size), "images": str(COUNT), "samples": str(samples),
        "tensors": json.dumps(peer.tensors, separators=(",", ":")),
    }
    target = folder / f"{name}{depth}.safetensors"
    save_file({k: np.ascontiguousarray(v, dtype=np.float32) for k, v in arrays.items()}, target, metadata=metadata)
    print(target, {k: float(v[0]) for k, v in arrays.items() if k.endswith("magnitude")})


if __name__ == "__main__":
    if len(sys.argv) == 6:
        make(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), pathlib.Path(sys.argv[4]), int(sys.argv[5]))
    else:  # a process each: TensorFlow and PyTorch do not share one
        golden = pathlib.Path(__file__).parent / "golden"
        for run in RUNS:
            subprocess.run([sys.executable, __file__, *map(str, run), str(golden), str(SAMPLES)], check=True)
