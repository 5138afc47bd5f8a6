"""ResNet50 v1 without its top as an ONNX graph, with random weights: what onnxruntime computes in features.py.

Batch norm stands apart from the convolutions, as exporters leave it; onnxruntime folds it.
"""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

COUNTS = (3, 4, 6, 3)
MEAN = np.array([103.939, 116.779, 123.68], np.float32)  # of ImageNet, BGR


class Graph:
    def __init__(self):
        self.nodes, self.initializers = [], []
        self.random = np.random.default_rng(0)

    def constant(self, name, value):
        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def add(self, kind, inputs, **attributes):
        output = f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def convolution(self, x, name, ins, outs, kernel, stride):
        shape = (outs, ins, kernel, kernel)
        deviation = (2 / (outs * kernel * kernel)) ** 0.5
        weights = self.constant(name + "_w", (self.random.standard_normal(shape) * deviation).astype(np.float32))
        y = self.add("Conv", [x, weights], kernel_shape=[kernel, kernel], strides=[stride, stride], pads=[kernel // 2] * 4)
        parts = [self.constant(f"{name}_{part}", np.full(outs, value, np.float32))
                 for part, value in (("scale", 1), ("bias", 0), ("mean", 0), ("variance", 1))]
        return self.add("BatchNormalization", [y, *parts], epsilon=1.001e-5)


def build(path):
    g = Graph()
    x = g.add("Cast", ["images"], to=TensorProto.FLOAT)  # [batch, 224, 224, 3] uint8 RGB
    x = g.add("Transpose", [x], perm=[0, 3, 1, 2])
    x = g.add("Gather", [x, g.constant("bgr", np.array([2, 1, 0], np.int64))], axis=1)
    x = g.add("Sub", [x, g.constant("mean", MEAN.reshape(1, 3, 1, 1))])
    x = g.add("Relu", [g.convolution(x, "stem", 3, 64, 7, 2)])
    x = g.add("MaxPool", [x], kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
    ins = 64
    for i, count in enumerate(COUNTS):
        width = 64 << i
        for j in range(count):
            name, stride = f"conv{i + 2}_{j}", 2 if i > 0 and j == 0 else 1
            shortcut = g.convolution(x, name + "_0", ins, 4 * width, 1, stride) if j == 0 else x
            y = g.add("Relu", [g.convolution(x, name + "_1", ins, width, 1, stride)])
            y = g.add("Relu", [g.convolution(y, name + "_2", width, width, 3, 1)])
            y = g.convolution(y, name + "_3", width, 4 * width, 1, 1)
            x, ins = g.add("Relu", [g.add("Add", [y, shortcut])]), 4 * width
    x = g.add("GlobalAveragePool", [x])
    g.nodes.append(helper.make_node("Flatten", [x], ["features"]))
    graph = helper.make_graph(
        g.nodes, "resnet50",
        [helper.make_tensor_value_info("images", TensorProto.UINT8, ["batch", 224, 224, 3])],
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["batch", 2048])], g.initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, path)
