"""Writes the checkpoints of this folder and expected.json with what PyTorch itself reads from them: python3 make.py

The ones here were written by PyTorch 1.13 (python3-torch 1.13.1+dfsg-4 of Debian 12). The numbers are those of a formula, so that
another version writes the same tensors.
"""

import json
import pathlib
from collections import OrderedDict

import torch

HERE = pathlib.Path(__file__).parent


def numbers(*shape):
    """Multiples of 1/8 around 0, which every type of floats has."""
    count = torch.Size(shape).numel()
    return ((torch.arange(count) * 37 % 101) - 50).double().div(8).reshape(shape)


def types():
    floats = [torch.float64, torch.float32, torch.float16, torch.bfloat16]
    integers = [torch.int64, torch.int32, torch.int16, torch.int8]
    state = OrderedDict((str(t)[6:], numbers(2, 3).to(t)) for t in floats)
    state.update((str(t)[6:], numbers(5).mul(8).to(t)) for t in integers)
    state["uint8"] = torch.arange(250, 256, dtype=torch.uint8)
    state["scalar"] = torch.tensor(7, dtype=torch.int64)
    state["empty"] = torch.zeros(0, 4)
    return state


def views():
    whole = numbers(4, 6).float()
    return OrderedDict(
        whole=whole,
        transposed=whole.t(),
        row=whole[2],
        column=whole[:, 3],
        block=whole[1:3, 2:5],
        every_second=whole[::2, 1::2],
        channels_last=numbers(2, 3, 2, 2).float().to(memory_format=torch.channels_last),
        permuted=numbers(2, 3, 4).half().permute(2, 0, 1),
        parameter=torch.nn.Parameter(numbers(3).float()),
        frozen=torch.nn.Parameter(numbers(2, 2).float().t(), requires_grad=False),
    )


def network():
    network = torch.nn.Sequential(torch.nn.Conv2d(3, 2, 1), torch.nn.BatchNorm2d(2))
    with torch.no_grad():
        for name, value in network.state_dict().items():
            value.copy_(numbers(*value.shape) + len(name))
    return network


def nested():
    """As training programs write it: the weights beside averaged ones, an optimizer and plain values."""
    trained = network()
    optimizer = torch.optim.SGD(trained.parameters(), lr=0.1, momentum=0.9)
    trained(numbers(1, 3, 2, 2).float()).sum().backward()
    optimizer.step()
    averaged = {"module." + k: v.double() for k, v in network().state_dict().items()}
    return {
        "epoch": 3, "best": 0.75, "name": "résumé", "done": True, "none": None, "seed": 2**70, "negative": -5, "loss": torch.tensor(0.5),
        "size": torch.Size([2, 3]), "state_dict": trained.state_dict(), "state_dict_ema": averaged, "optimizer": optimizer.state_dict(),
    }


def expect(state):
    return {
        name: {"type": str(value.dtype)[6:], "shape": list(value.shape), "values": value.detach().double().flatten().tolist()}
        for name, value in state.items()
    }


def main():
    expected = {}
    for make in [types, views, network, nested]:
        content = make().state_dict() if make is network else make()
        weights = content.get("state_dict_ema", content)
        for ending, options in {
            "zip": {},
            "zip4": {"pickle_protocol": 4},
            "legacy": {"_use_new_zipfile_serialization": False},
        }.items():
            name = f"{make.__name__}-{ending}.pth"
            torch.save(content, HERE / name, **options)
            loaded = torch.load(HERE / name, map_location="cpu")
            loaded = loaded.get("state_dict_ema", loaded)
            assert all(torch.equal(loaded[k], v) for k, v in weights.items())
            expected[name] = expect(loaded)
    (HERE / "expected.json").write_text(json.dumps(expected, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
