"""Trains conv1 to conv3 of ResNet50 v1.5 on images of the source classes and writes them as float16 safetensors.

The images come from the Go program in draw/. Features are what the weights are for, so the classifier sits directly on the
average of conv3's feature maps and is thrown away at the end. The first steps use images scaled down to 64 pixels, which cost a
quarter; the later ones use a random size in each step, so that the features serve images of all of these sizes.

There are three phases, each on images of its own. The first tells the classes apart. The second starts from the first's
weights and tells the shape and the pattern of each image apart with a classifier of its own, which is what new classes need
as well. The third does so at one size, since the averages of batch norms depend on it, and with the line patterns.

    python train.py --phase 1 --draw PROGRAM --work FOLDER --out first.safetensors --log first.log
    python train.py --phase 2 --start first.safetensors --draw PROGRAM --work FOLDER --out second.safetensors --log second.log
    python train.py --phase 3 --start second.safetensors --draw PROGRAM --work FOLDER --out model.safetensors --log third.log

One thread and fixed seeds: the same machine gives the same file. bfloat16 is fast on processors that have AMX or AVX512-BF16.
"""

import argparse
import pathlib
import platform
import subprocess
import sys
import time

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import nn

SIDE = 128  # pixels of a drawn image
SMALL = 64  # pixels in the first steps
SIZES = (64, 96, 128)  # pixels in the later steps of the first two phases
USED = 112  # pixels in the third phase, and what the weights are best at
BASE = 58  # the first source classes, without line patterns
SEED = 20  # of the first phase's training and images; those to measure on have the next
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # torchvision's preprocessing

PHASES = {
    1: {"images": 40600, "steps": 3000, "small": 2400, "sizes": SIZES, "rate": 0.002, "classes": BASE},
    2: {"images": 58000, "steps": 5500, "small": 2500, "sizes": SIZES, "rate": 0.0015, "classes": BASE},
    3: {"images": 40600, "steps": 1800, "small": 0, "sizes": (USED,), "rate": 0.001, "classes": 86},
}


class Bottleneck(nn.Module):
    """torchvision's block: the 3x3 convolution has the stride."""

    def __init__(self, channels, width, stride, project):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, 4 * width, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(4 * width)
        self.downsample = None
        if project:
            self.downsample = nn.Sequential(nn.Conv2d(channels, 4 * width, 1, stride, bias=False), nn.BatchNorm2d(4 * width))

    def forward(self, x):
        y = torch.relu(self.bn1(self.conv1(x)))
        y = torch.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return torch.relu(y + (x if self.downsample is None else self.downsample(x)))


class Network(nn.Module):
    """conv1 to conv3 under torchvision's names, with a classifier on the average."""

    def __init__(self, classes):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.layer1 = nn.Sequential(Bottleneck(64, 64, 1, True), *(Bottleneck(256, 64, 1, False) for _ in range(2)))
        self.layer2 = nn.Sequential(Bottleneck(256, 128, 2, True), *(Bottleneck(512, 128, 1, False) for _ in range(3)))
        self.fc = nn.Linear(512, classes)
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                nn.init.kaiming_normal_(m.weight, mode="fan_out", nonlinearity="relu")
            elif isinstance(m, Bottleneck):
                nn.init.zeros_(m.bn3.weight)  # each block begins as its shortcut: this trains faster

    def forward(self, x):
        x = nn.functional.max_pool2d(torch.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        return self.fc(self.layer2(self.layer1(x)).mean((2, 3)))


def drawn(options, count, seed):
    """Images from the Go program, as a memory map, and the classes as (name, shape, pattern)."""
    path = pathlib.Path(options.work) / f"seed{seed}-{count}.rgb"
    command = [options.draw, "-out", path, "-count", str(count), "-side", str(SIDE), "-seed", str(seed), "-classes", str(options.classes)]
    lines = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    return np.memmap(path, np.uint8, "r", shape=(count, SIDE, SIDE, 3)), [line.split("\t") for line in lines]


class Targets:
    """What the classifier has to tell: a list of groups of outputs, and for each class the right one of each group."""

    def __init__(self, phase, classes):
        if phase == 1:
            columns = [list(range(len(classes)))]
        else:
            columns = []
            for column in (1, 2):  # shape, pattern; none is one of each
                names = sorted({one[column] for one in classes})
                columns.append([names.index(one[column]) for one in classes])
        self.sizes = [max(column) + 1 for column in columns]
        self.right = torch.tensor(columns)  # [groups, classes]

    def loss(self, logits, labels):
        groups = zip(logits.split(self.sizes, 1), self.right)
        return sum(nn.functional.cross_entropy(part, right[labels]) for part, right in groups)

    def correct(self, logits, labels):
        """How many images have every group right."""
        groups = zip(logits.split(self.sizes, 1), self.right)
        return int(torch.stack([part.argmax(1) == right[labels] for part, right in groups]).all(0).sum())


def prepared(images, side):
    """uint8 [n, height, width, 3] to what the network takes."""
    x = torch.from_numpy(images).permute(0, 3, 1, 2).float().div_(255)
    if side != SIDE:
        x = nn.functional.interpolate(x, size=(side, side), mode="bilinear", antialias=True)
    return x.contiguous(memory_format=torch.channels_last)


def normalized(x):
    mean, deviation = (torch.tensor(v).view(1, 3, 1, 1) for v in (MEAN, DEVIATION))
    return (x - mean) / deviation


def augmented(x, generator):
    """Turns by quarters, flips, and other colors, contrasts and blurs."""
    n = len(x)
    x = torch.rot90(x, int(torch.randint(4, (1,), generator=generator)), (2, 3))
    if torch.rand(1, generator=generator) < 0.5:
        x = x.flip(3)
    x = x[:, torch.randperm(3, generator=generator)]
    if torch.rand(1, generator=generator) < 0.3:
        x = nn.functional.avg_pool2d(nn.functional.pad(x, (1, 1, 1, 1), mode="reflect"), 3, 1)
    gray = x.mean(1, keepdim=True)
    color = torch.rand(n, 1, 1, 1, generator=generator)  # 0: gray
    contrast = 0.5 + 0.7 * torch.rand(n, 1, 1, 1, generator=generator)
    brightness = 0.3 * (torch.rand(n, 1, 1, 1, generator=generator) - 0.5)
    x = gray + (x - gray) * color.sqrt()
    return ((x - 0.5) * contrast + 0.5 + brightness).clamp(0, 1).contiguous(memory_format=torch.channels_last)


@torch.no_grad()
def accuracy(network, targets, images, side):
    network.eval()
    right = 0
    for at in range(0, len(images), 64):
        batch = np.ascontiguousarray(images[at:at + 64])
        labels = torch.arange(at, at + len(batch)) % targets.right.shape[1]
        right += targets.correct(network(normalized(prepared(batch, side))), labels)
    return right / len(images)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--phase", type=int, choices=list(PHASES), required=True)
    parser.add_argument("--start", help="the weights of the phase before")
    parser.add_argument("--draw", required=True, help="the program built from draw/")
    parser.add_argument("--work", required=True, help="folder for the drawn images")
    parser.add_argument("--out", required=True, help="safetensors file to write")
    parser.add_argument("--log", required=True, help="text file to write")
    parser.add_argument("--images", type=int, help="number of images to draw and train on")
    parser.add_argument("--test", type=int, default=1740, help="number of other images to measure on")
    parser.add_argument("--steps", type=int)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--small", type=int, help=f"number of steps with images of {SMALL} pixels")
    parser.add_argument("--rate", type=float, help="largest learning rate")
    parser.set_defaults(**PHASES[int(parser.parse_known_args()[0].phase)])
    options = parser.parse_args()

    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    seed = SEED + (0, 2, 3)[options.phase - 1]
    torch.manual_seed(seed)
    log_file = open(options.log, "w")

    def log(text):
        print(text, flush=True)
        print(text, file=log_file, flush=True)

    start = time.time()
    images, classes = drawn(options, options.images, seed)
    test, _ = drawn(options, options.test, SEED + 1)
    targets = Targets(options.phase, classes)
    log(f"phase {options.phase}: {options.images} images of {len(classes)} source classes, {SIDE} pixels, seed {seed}; "
        f"{options.test} others to measure on, seed {SEED + 1}; drawn in {time.time() - start:.0f} s")
    log(f"torch {torch.__version__}, Python {platform.python_version()}, one thread, seed {seed}")

    network = Network(sum(targets.sizes))
    if options.start:
        left = network.load_state_dict({name: t.float() for name, t in load_file(options.start).items()}, strict=False)
        if [name for name in left.missing_keys if not name.startswith("fc.") and not name.endswith("num_batches_tracked")]:
            sys.exit(f"train.py: {options.start} lacks weights")
    network = network.to(memory_format=torch.channels_last)
    decayed = [p for p in network.parameters() if p.ndim > 1]
    others = [p for p in network.parameters() if p.ndim == 1]
    groups = [{"params": decayed, "weight_decay": 0.05}, {"params": others, "weight_decay": 0}]
    optimizer = torch.optim.AdamW(groups, lr=options.rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, options.rate, options.steps, pct_start=0.15)
    log(f"{options.steps} steps of {options.batch} images, AdamW, learning rate up to {options.rate} and down (one cycle); "
        f"{SMALL} pixels in the first {options.small} steps, then {' or '.join(map(str, options.sizes))}")
    generator = torch.Generator().manual_seed(seed)
    order = np.empty(0, np.int64)
    shuffler = np.random.default_rng(seed)
    loss_sum = right = seen = 0
    began, cpu = time.time(), time.process_time()
    for step in range(1, options.steps + 1):
        network.train()
        if len(order) < options.batch:
            order = shuffler.permutation(options.images)
        batch, order = np.sort(order[:options.batch]), order[options.batch:]
        labels = torch.from_numpy(batch % len(classes))
        side = SMALL if step <= options.small else options.sizes[int(torch.randint(len(options.sizes), (1,), generator=generator))]
        x = normalized(augmented(prepared(images[batch], side), generator))
        with torch.autocast("cpu", torch.bfloat16):
            logits = network(x)
        loss = targets.loss(logits.float(), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        loss_sum, right, seen = loss_sum + float(loss.detach()) * len(batch), right + targets.correct(logits, labels), seen + len(batch)
        if step % 50 == 0 or step == options.steps:
            log(f"step {step}: loss {loss_sum / seen:.4f}, accuracy {right / seen:.4f}, "
                f"{time.time() - began:.0f} s ({time.process_time() - cpu:.0f} s of the processor)")
            loss_sum = right = seen = 0
            if step % 500 == 0:
                torch.save(network.state_dict(), pathlib.Path(options.work) / "checkpoint.pt")

    halves = {name: t.half().contiguous() for name, t in network.state_dict().items() if not name.endswith("num_batches_tracked")}
    bad = [name for name, t in halves.items() if not torch.isfinite(t).all()]
    if bad:
        sys.exit(f"train.py: not finite in float16: {', '.join(bad)}")
    network.load_state_dict({name: t.float() for name, t in halves.items()}, strict=False)
    for side in sorted({*SIZES, USED}):
        log(f"source classes, float16 weights, {side} px: test accuracy {accuracy(network, targets, test, side):.4f}")
    kept = {name: t for name, t in halves.items() if not name.startswith("fc.")}
    save_file(kept, options.out, metadata={"format": "pt"})
    log(f"wrote {sum(t.numel() for t in kept.values())} numbers; everything took {time.time() - start:.0f} s")


if __name__ == "__main__":
    main()
