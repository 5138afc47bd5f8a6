"""The peers of bench/serve.py --bentoml, in a Python of its own: an exported model in onnxruntime behind BentoML.

Batched is what BentoML's documentation advises for throughput, adaptive batching. Threads has no batches, and several threads, which suits
onnxruntime on a CPU better. Either has one worker, since onnxruntime takes all cores by itself. A line in the log for each request, which
BentoML writes by default, is turned off. MODEL and BATCH are in the environment.
"""

import os

import bentoml
import numpy as np
import onnxruntime
from PIL import Image

SETTINGS = {"workers": 1, "traffic": {"timeout": 60}, "logging": {"access": {"enabled": False}}}


class Network:
    def __init__(self):
        self.session = onnxruntime.InferenceSession(os.environ["MODEL"], providers=["CPUExecutionProvider"])
        self.size = self.session.get_inputs()[0].shape[1]

    def __call__(self, images):
        pixels = [np.asarray(image.convert("RGB").resize((self.size, self.size), Image.BILINEAR)) for image in images]
        return self.session.run(None, {"images": np.stack(pixels)})[0]


@bentoml.service(**SETTINGS)
class Batched:
    def __init__(self):
        self.network = Network()

    @bentoml.api(batchable=True, max_batch_size=int(os.environ["BATCH"]), route="/v1/predict")
    def predict(self, images: list[Image.Image]) -> np.ndarray:
        return self.network(images)


@bentoml.service(threads=2 * os.cpu_count(), **SETTINGS)
class Threads:
    def __init__(self):
        self.network = Network()

    @bentoml.api(route="/v1/predict")
    def predict(self, image: Image.Image) -> np.ndarray:
        return self.network([image])
