"""One peer of cuda.py, in a process of its own. It answers each line "N" with the seconds that N images took."""

import argparse
import json
import sys
import time

import numpy as np

BEGIN = time.perf_counter()
MEAN, DEVIATION = np.float32([0.485, 0.456, 0.406]) * 255, np.float32([0.229, 0.224, 0.225]) * 255  # torchvision's


def pytorch(device, precision, images):
    import torch
    import torchvision

    kind = {"float32": torch.float32, "bfloat16": torch.bfloat16}[precision]
    network = torchvision.models.resnet50(weights=None)
    network.fc = torch.nn.Identity()
    network = network.eval().to(device, kind, memory_format=torch.channels_last)
    mean, deviation = (torch.tensor(v, device=device).view(1, 3, 1, 1) for v in (MEAN, DEVIATION))

    def features(pixels):
        inputs = ((pixels.permute(0, 3, 1, 2).float() - mean) / deviation).to(kind, memory_format=torch.channels_last)
        return network(inputs).float()

    compiled = torch.compile(features)
    host = torch.from_numpy(images)
    if device == "cuda":
        host = host.pin_memory()

    def run():
        with torch.inference_mode():
            return compiled(host.to(device, non_blocking=True)).cpu().numpy()

    return run


def jax(device, precision, images):
    import jax
    import jax.numpy as jnp

    place = jax.devices("gpu" if device == "cuda" else "cpu")[0]
    kind = {"float32": jnp.float32, "bfloat16": jnp.bfloat16}[precision]
    chance = np.random.default_rng(0)

    def convolution(size, inputs, outputs):
        """Weights of a convolution whose norm is folded into it, and the bias that this leaves."""
        kernel = chance.normal(0, (2 / (size * size * inputs)) ** 0.5, (size, size, inputs, outputs))
        return jax.device_put((kernel.astype(kind), np.zeros(outputs, kind)), place)

    def block(inputs, width, stride):
        weights = [convolution(1, inputs, width), convolution(3, width, width), convolution(1, width, 4 * width)]
        return weights + ([convolution(1, inputs, 4 * width)] if inputs != 4 * width or stride != 1 else [])

    stages, inputs = [], 64
    for stage, (blocks, width) in enumerate([(3, 64), (4, 128), (6, 256), (3, 512)]):
        rows = []
        for i in range(blocks):
            rows.append(block(inputs, width, 2 if stage > 0 and i == 0 else 1))
            inputs = 4 * width
        stages.append(rows)
    parameters = [convolution(7, 3, 64), stages]

    def convolve(x, weights, stride=1):
        kernel, bias = weights
        pad = kernel.shape[0] // 2
        return jax.lax.conv_general_dilated(x, kernel, (stride, stride), [(pad, pad)] * 2,
                                            dimension_numbers=("NHWC", "HWIO", "NHWC")) + bias

    @jax.jit
    def features(parameters, pixels):
        stem, stages = parameters
        x = ((pixels.astype(jnp.float32) - MEAN) / DEVIATION).astype(kind)
        x = jax.nn.relu(convolve(x, stem, 2))
        x = jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 3, 3, 1), (1, 2, 2, 1), [(0, 0), (1, 1), (1, 1), (0, 0)])
        for stage, rows in enumerate(stages):
            for i, (first, second, third, *projection) in enumerate(rows):
                stride = 2 if stage > 0 and i == 0 else 1  # on the 3x3, as in v1.5
                y = jax.nn.relu(convolve(x, first))
                y = jax.nn.relu(convolve(y, second, stride))
                x = jax.nn.relu(convolve(y, third) + (convolve(x, projection[0], stride) if projection else x))
        return x.astype(jnp.float32).mean((1, 2))

    return lambda: np.asarray(features(parameters, jax.device_put(images, place)))


def answer(**value):
    print(json.dumps(value), flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("peer", choices=["pytorch", "jax"])
    parser.add_argument("--device", choices=["cuda", "cpu"])
    parser.add_argument("--batch", type=int)
    parser.add_argument("--precision", choices=["float32", "bfloat16"])
    options = parser.parse_args()
    images = np.random.default_rng(0).integers(0, 256, (options.batch, 224, 224, 3), np.uint8)
    run = {"pytorch": pytorch, "jax": jax}[options.peer](options.device, options.precision, images)
    opened = time.perf_counter()
    result = run()
    if result.shape != (options.batch, 2048) or not np.isfinite(result).all():
        sys.exit(f"the features have the shape {result.shape}, or are no numbers")
    answer(ready=True, open_seconds=opened - BEGIN, compile_seconds=time.perf_counter() - opened)
    for line in sys.stdin:
        if int(line) != options.batch:
            sys.exit(f"asked for {line.strip()} images at once and not {options.batch}")
        begin = time.perf_counter()
        run()
        answer(seconds=time.perf_counter() - begin)


main()
