"""The publishers' own ResNets with weights that a formula gives, so that no weights need to be stored.

The value of element i (in the publisher's layout) of a tensor is drawn by a hash of the tensor's name and i, from a range
that its role decides. golden_test.go computes the same.
"""

import numpy as np

STAGES = ["conv1", "conv2", "conv3", "conv4", "conv5"]


def uniform(name: str, count: int) -> np.ndarray:
    """count numbers from 0 to 1: murmur3's finalizer over FNV-1a of the name and the index."""
    seed = np.uint32(2166136261)
    with np.errstate(over="ignore"):
        for byte in name.encode():
            seed = (seed ^ np.uint32(byte)) * np.uint32(16777619)
        x = seed ^ (np.arange(count, dtype=np.uint32) * np.uint32(0x9E3779B1))
        x ^= x >> np.uint32(16)
        x *= np.uint32(0x85EBCA6B)
        x ^= x >> np.uint32(13)
        x *= np.uint32(0xC2B2AE35)
        x ^= x >> np.uint32(16)
    return x.astype(np.float64) / 4294967296.0


def value(name: str, shape: tuple) -> np.ndarray:
    """A tensor of float32."""
    count = int(np.prod(shape))
    if len(shape) > 1:  # a kernel: narrow enough for sums of blocks to stay small
        out = shape[-1] if name.endswith("/kernel") else shape[0]
        high = (1.5 * out / count) ** 0.5
        low = -high
    elif name.endswith(("gamma", "variance", "running_var", ".weight")):  # PyTorch's .weight of rank 1 is a batch norm's scale
        low, high = 0.5, 1.5
    else:
        low, high = -0.2, 0.2
    return (low + (high - low) * uniform(name, count)).astype(np.float32).reshape(shape)


def images(count: int, size: int) -> np.ndarray:
    """[count, size, size, 3] uint8: noise on a ramp."""
    noise = uniform("pictures", count * size * size * 3).reshape(count, size, size, 3)  # glossary: the seed of the golden numbers
    ramp = np.arange(size, dtype=np.float64).reshape(1, 1, size, 1) / size
    return np.floor((noise + ramp) * 127.5).astype(np.uint8)


class Keras:
    """keras.applications: v1, caffe preprocessing."""

    def __init__(self, depth: int, size: int):
        import keras

        make = getattr(keras.applications, f"ResNet{depth}")
        self.keras = keras
        self.model = make(weights=None, classifier_activation=None, input_shape=(size, size, 3))
        self.tensors = []
        for w in self.model.weights:
            w.assign(value(w.path, tuple(w.shape)))
            self.tensors.append((w.path, list(w.shape)))

    def __call__(self, images: np.ndarray) -> dict:
        ends = {"conv1": "pool1_pool"}
        for i, count in enumerate({50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}[self.depth()]):
            ends[f"conv{i + 2}"] = f"conv{i + 2}_block{count}_out"
        outputs = {stage: self.model.get_layer(layer).output for stage, layer in ends.items()}
        outputs["logits"] = self.model.output
        x = self.keras.applications.resnet.preprocess_input(images.astype(np.float32))
        y = self.keras.Model(self.model.input, outputs).predict(x, verbose=0)
        return {k: np.asarray(v) for k, v in y.items()}

    def depth(self) -> int:
        return int(self.model.name.removeprefix("resnet"))


class Torch:
    """A PyTorch model whose stages are found by name: v1.5, torch preprocessing."""

    def __init__(self, model, ends: dict):
        import torch

        self.torch, self.model, self.ends = torch, model.eval(), ends
        state, self.tensors = {}, []
        for name, tensor in model.state_dict().items():
            self.tensors.append((name, list(tensor.shape)))
            state[name] = tensor if tensor.dtype == torch.int64 else torch.from_numpy(value(name, tuple(tensor.shape)))
        model.load_state_dict(state)

    def __call__(self, images: np.ndarray) -> dict:
        torch, result, hooks = self.torch, {}, []
        modules = dict(self.model.named_modules())
        for stage, module in self.ends.items():
            def keep(_module, _args, output, stage=stage):
                result[stage] = output.detach().permute(0, 2, 3, 1).numpy()
            hooks.append(modules[module].register_forward_hook(keep))
        mean = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
        deviation = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)
        x = torch.from_numpy(images.transpose(0, 3, 1, 2).copy()).float() / 255
        with torch.no_grad():
            logits = self.model((x - mean) / deviation)
        result["logits"] = getattr(logits, "logits", logits).numpy()
        for hook in hooks:
            hook.remove()
        return result


def torchvision(depth: int):
    import torchvision.models

    ends = {"conv1": "maxpool", "conv2": "layer1", "conv3": "layer2", "conv4": "layer3", "conv5": "layer4"}
    return Torch(getattr(torchvision.models, f"resnet{depth}")(weights=None), ends)


def timm(depth: int):
    import timm as library

    ends = {"conv1": "maxpool", "conv2": "layer1", "conv3": "layer2", "conv4": "layer3", "conv5": "layer4"}
    return Torch(library.create_model(f"resnet{depth}.tv_in1k", pretrained=False), ends)


def huggingface(depth: int):
    from transformers import ResNetConfig, ResNetForImageClassification

    depths = {50: [3, 4, 6, 3], 101: [3, 4, 23, 3], 152: [3, 8, 36, 3]}[depth]
    ends = {"conv1": "resnet.embedder.pooler"}
    ends |= {f"conv{i + 2}": f"resnet.encoder.stages.{i}" for i in range(4)}
    return Torch(ResNetForImageClassification(ResNetConfig(depths=depths, num_labels=1000)), ends)


def peer(name: str, depth: int, size: int):
    if name == "keras":
        return Keras(depth, size)
    return {"torchvision": torchvision, "timm": timm, "huggingface": huggingface}[name](depth)
