"""Trains conv1 to conv3 of ResNet50 v1.5 on images of the source classes and writes them as float16 safetensors.

The images come from the Go program in draw/. Features are what the weights are for, so the classifier sits directly on the
average of conv3's feature maps and is thrown away at the end. Most steps use images scaled down to 64 pixels, which cost a
third; the last third of the steps uses all 112.

    python train.py --draw PROGRAM --work FOLDER --out model.safetensors --log train.log

One thread and one seed: the same machine gives the same file. bfloat16 is fast on processors that have AMX or AVX512-BF16.
"""

import argparse
import pathlib
import platform
import subprocess
import sys
import time

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn

SIDE = 112  # pixels of a drawn image
SMALL = 64  # pixels in the first steps
SEED = 20
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # torchvision's preprocessing


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


def drawn(options, name, count, seed):
    """Images from the Go program, as a memory map, and the classes' names."""
    path = pathlib.Path(options.work) / f"{name}.rgb"
    command = [options.draw, "-out", path, "-count", str(count), "-side", str(SIDE), "-seed", str(seed), "-workers", "1"]
    names = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.split()
    return np.memmap(path, np.uint8, "r", shape=(count, SIDE, SIDE, 3)), names


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
def accuracy(network, images, side):
    network.eval()
    right = 0
    for at in range(0, len(images), 64):
        batch = np.ascontiguousarray(images[at:at + 64])
        labels = torch.arange(at, at + len(batch)) % network.fc.out_features
        right += int((network(normalized(prepared(batch, side))).argmax(1) == labels).sum())
    return right / len(images)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draw", required=True, help="the program built from draw/")
    parser.add_argument("--work", required=True, help="folder for the drawn images")
    parser.add_argument("--out", required=True, help="safetensors file to write")
    parser.add_argument("--log", required=True, help="text file to write")
    parser.add_argument("--images", type=int, default=46400, help="number of images to draw and train on")
    parser.add_argument("--test", type=int, default=1740, help="number of other images to measure on")
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--optimizer", choices=["sgd", "adamw"], default="sgd")
    parser.add_argument("--rate", type=float, default=0.1, help="largest learning rate")
    options = parser.parse_args()

    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    torch.manual_seed(SEED)
    log_file = open(options.log, "w")

    def log(text):
        print(text, flush=True)
        print(text, file=log_file, flush=True)

    start = time.time()
    images, names = drawn(options, "train", options.images, SEED)
    test, _ = drawn(options, "test", options.test, SEED + 1)
    log(f"{options.images} images of {len(names)} source classes, {SIDE} pixels, seed {SEED}; "
        f"{options.test} others to measure on, seed {SEED + 1}; drawn in {time.time() - start:.0f} s")
    log(f"torch {torch.__version__}, Python {platform.python_version()}, one thread, seed {SEED}")

    network = Network(len(names)).to(memory_format=torch.channels_last)
    decayed = [p for p in network.parameters() if p.ndim > 1]
    others = [p for p in network.parameters() if p.ndim == 1]
    if options.optimizer == "sgd":
        groups = [{"params": decayed, "weight_decay": 5e-4}, {"params": others, "weight_decay": 0}]
        optimizer = torch.optim.SGD(groups, lr=options.rate, momentum=0.9, nesterov=True)
    else:
        groups = [{"params": decayed, "weight_decay": 0.05}, {"params": others, "weight_decay": 0}]
        optimizer = torch.optim.AdamW(groups, lr=options.rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, options.rate, options.steps, pct_start=0.15)
    log(f"{options.steps} steps of {options.batch} images, {options.optimizer}, learning rate to {options.rate} and down (one cycle); "
        f"{SMALL} pixels, and {SIDE} in the last third")
    generator = torch.Generator().manual_seed(SEED)
    order = np.empty(0, np.int64)
    shuffler = np.random.default_rng(SEED)
    loss_sum = right = seen = 0
    began, cpu = time.time(), time.process_time()
    for step in range(1, options.steps + 1):
        network.train()
        if len(order) < options.batch:
            order = shuffler.permutation(options.images)
        batch, order = np.sort(order[:options.batch]), order[options.batch:]
        labels = torch.from_numpy(batch % len(names))
        side = SMALL if step <= options.steps * 2 // 3 else SIDE
        x = normalized(augmented(prepared(images[batch], side), generator))
        with torch.autocast("cpu", torch.bfloat16):
            logits = network(x)
        loss = nn.functional.cross_entropy(logits.float(), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        loss_sum, right, seen = loss_sum + float(loss) * len(batch), right + int((logits.argmax(1) == labels).sum()), seen + len(batch)
        if step % 50 == 0 or step == options.steps:
            log(f"step {step} ({side} px): loss {loss_sum / seen:.4f}, accuracy {right / seen:.4f}, "
                f"{time.time() - began:.0f} s ({time.process_time() - cpu:.0f} s of the processor)")
            loss_sum = right = seen = 0
            if step % 500 == 0:
                torch.save(network.state_dict(), pathlib.Path(options.work) / "checkpoint.pt")

    halves = {name: t.half().contiguous() for name, t in network.state_dict().items() if not name.endswith("num_batches_tracked")}
    bad = [name for name, t in halves.items() if not torch.isfinite(t).all()]
    if bad:
        sys.exit(f"train.py: not finite in float16: {', '.join(bad)}")
    network.load_state_dict({name: t.float() for name, t in halves.items()}, strict=False)
    for side in (SMALL, SIDE):
        log(f"source classes, float16 weights, {side} px: test accuracy {accuracy(network, test, side):.4f}")
    kept = {name: t for name, t in halves.items() if not name.startswith("fc.")}
    save_file(kept, options.out, metadata={"format": "pt"})
    log(f"wrote {sum(t.numel() for t in kept.values())} numbers; everything took {time.time() - start:.0f} s")


if __name__ == "__main__":
    main()
