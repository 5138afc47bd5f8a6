"""The peer of accuracy.py --fastai, in a process of its own: fastai's fine_tune, as its documentation trains a ResNet50.

A new head on the pooled feature maps (average and maximum, batch norm, dropout, 512 units) learns for one epoch on the frozen network. Then
all is trained with rates that fall from lr at the head to lr/100 at the first layers, on fastai's one-cycle schedule, with the flips,
rotations, crops, warps and lighting of aug_transforms. Images are resized to twice the size first, as fastai's book does. The weights
are those that Headstart has, and the files and their split are given. The accuracy is that of the last epoch, so that nothing is
chosen by the validation images.

It reads one JSON object from standard input, and writes {"accuracy": ..., "seconds": ...} as the last line of standard output.
"""

import json
import os
import pathlib
import sys
import time

import torch
import torchvision
from fastai.vision.all import (
    CategoryBlock,
    DataBlock,
    ImageBlock,
    IndexSplitter,
    Normalize,
    Resize,
    accuracy,
    aug_transforms,
    imagenet_stats,
    resnet50,
    set_seed,
    vision_learner,
)
from safetensors.torch import load_file

BATCH = 32  # as Headstart's


def pretrained_body(weights):
    """The state of fastai's body, which is torchvision's network without pooling and classifier."""
    network = torchvision.models.resnet50(weights=None)
    lost = network.load_state_dict({name: tensor.float() for name, tensor in load_file(weights).items()}, strict=False)
    if lost.unexpected_keys or not all(name.endswith("num_batches_tracked") for name in lost.missing_keys):
        sys.exit(f"the weights do not fit: {lost}")
    return torch.nn.Sequential(*list(network.children())[:-2]).state_dict()


def loaders(asked):
    folder, files = pathlib.Path(asked["folder"]), asked["files"]
    block = DataBlock(
        blocks=(ImageBlock, CategoryBlock(vocab=sorted({f["label"] for f in files}))),
        get_items=lambda _: files,
        get_x=lambda f: folder / f["path"],
        get_y=lambda f: f["label"],
        splitter=IndexSplitter([i for i, f in enumerate(files) if f["split"] == "val"]),
        item_tfms=Resize(2 * asked["size"]),
        batch_tfms=[*aug_transforms(size=asked["size"], min_scale=0.75), Normalize.from_stats(*imagenet_stats)],
    )
    return block.dataloaders(folder, bs=BATCH, num_workers=0, device=torch.device("cpu"))


def main():
    asked = json.load(sys.stdin)
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    body = pretrained_body(asked["weights"])
    start = time.perf_counter()
    set_seed(asked["seed"], reproducible=True)
    learner = vision_learner(loaders(asked), resnet50, pretrained=False, normalize=False, metrics=accuracy)
    learner.model[0].load_state_dict(body)
    learner.freeze()
    with learner.no_bar():
        learner.fine_tune(asked["epochs"])
        right = learner.validate()[1]
    print(json.dumps({"accuracy": float(right), "seconds": time.perf_counter() - start}))


if __name__ == "__main__":
    main()
