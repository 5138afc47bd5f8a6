"""Writes golden.json: small networks, and what ONNX Runtime computes with them.

pip install onnx onnxruntime numpy; python golden.py
Each network takes [batch, 3, 8, 8]; its outputs are pooled as the package does.
"""
import base64
import json

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper

rng = np.random.default_rng(1)
images = rng.integers(0, 256, (2, 3, 8, 8)).astype(np.float32)


def weights(*shape, scale=0.1):
    return (rng.standard_normal(shape) * scale).astype(np.float32)


def network(nodes, tensors, opset=18, batch="batch"):
    graph = helper.make_graph(
        nodes, "small", [helper.make_tensor_value_info("images", TensorProto.FLOAT, [batch, 3, 8, 8])],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.asarray(v), k) for k, v in tensors.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    model.ir_version = 8
    return model


def N(op, inputs, output="out", **attributes):
    return helper.make_node(op, inputs.split(), output.split(), **attributes)


k = weights(6, 3, 3, 3)
I = np.int64
cases = {
    "conv": network([N("Conv", "images k b", strides=[2, 2], pads=[1, 0, 0, 1])], {"k": k, "b": weights(6)}),
    "conv dilated": network([N("Conv", "images k", dilations=[2, 2], pads=[2, 2, 2, 2])], {"k": k}),
    "conv depthwise": network([N("Conv", "images k", group=3, kernel_shape=[3, 3])], {"k": weights(6, 1, 3, 3)}),
    "conv same": network([N("Conv", "images k", auto_pad="SAME_UPPER", strides=[2, 2])], {"k": weights(4, 3, 2, 2)}),
    "conv same lower": network([N("Conv", "images k", auto_pad="SAME_LOWER", strides=[2, 2])], {"k": weights(4, 3, 2, 2)}),
    "batch norm": network([N("BatchNormalization", "images s b m v", epsilon=0.01)],
                          {"s": weights(3), "b": weights(3), "m": weights(3, scale=50), "v": np.abs(weights(3, scale=99))}),
    "max pool ceil": network([N("MaxPool", "images", kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)], {}),
    "max pool ceil padded": network([N("MaxPool", "images", kernel_shape=[2, 2], strides=[3, 3], pads=[1, 1, 1, 1], ceil_mode=1)], {}),
    "average pool": network([N("AveragePool", "images", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])], {}),
    "average pool with pads": network([N("AveragePool", "images", kernel_shape=[3, 3], pads=[1, 1, 1, 1], count_include_pad=1)], {}),
    "hard": network([N("Sub", "images h", "a"), N("Div", "a h", "c"), N("HardSwish", "c", "d"), N("HardSigmoid", "c", "e", alpha=0.3),
                     N("Concat", "d e", axis=1)], {"h": np.float32(128)}),
    "clip": network([N("Clip", "images lo hi")], {"lo": np.float32(50), "hi": np.float32(200)}),
    "clip without a minimum": network([N("Clip", "images  hi".replace("  ", " "), "a"), N("Clip", "a", "out")], {"hi": np.float32(90)}),
    "clip 6": network([N("Clip", "images", min=60.0, max=70.0)], {}, opset=9),
    "activations": network([N("Sub", "images h", "a"), N("Div", "a h", "c"), N("LeakyRelu", "c", "d", alpha=0.2), N("PRelu", "c p", "e"),
                            N("Tanh", "c", "f"), N("Erf", "c", "g"), N("Exp", "c", "i"), N("Abs", "c", "j"), N("Sqrt", "j", "l"), N("Pow", "j two", "m"),
                            N("Neg", "c", "o"), N("Sigmoid", "o", "q"), N("Max", "c q", "r"), N("Min", "c q", "s"),
                            N("Concat", "d e f g i l m q r s", axis=1)],
                           {"h": np.float32(128), "p": weights(3, 1, 1), "two": np.float32(2)}),
    "gemm": network([N("Flatten", "images", "a"), N("Gemm", "a w b", alpha=0.5, beta=2.0, transB=1)], {"w": weights(5, 192), "b": weights(5)}),
    "reshape by the shape": network([N("Shape", "images", "s"), N("Gather", "s zero", "n"), N("Unsqueeze", "n axis", "u"), N("Concat", "u rest", "to", axis=0),
                                     N("Reshape", "images to", "a"), N("MatMul", "a w")],
                                    {"zero": I(0), "axis": np.array([0], I), "rest": np.array([-1], I), "w": weights(192, 4)}),
    "tokens": network([N("Conv", "images k", "p", strides=[4, 4]), N("Reshape", "p to", "q"), N("Transpose", "q", "t", perm=[0, 2, 1]),
                       N("Shape", "images", "s"), N("Slice", "s from_ one from_", "n"), N("Concat", "n d", "cls", axis=0), N("Expand", "c cls", "e"),
                       N("Concat", "e t", "x", axis=1), N("LayerNormalization", "x g b", "l", axis=-1),
                       N("MatMul", "l w", "qkv"), N("Split", "qkv", "a v", axis=2, num_outputs=2), N("Transpose", "a", "at", perm=[0, 2, 1]),
                       N("MatMul", "a at", "score"), N("Softmax", "score", "soft", axis=-1), N("MatMul", "soft v", "out")],
                      {"k": weights(6, 3, 4, 4), "to": np.array([0, 6, -1], I), "from_": np.array([0], I), "one": np.array([1], I), "d": np.array([1, 6], I),
                       "c": weights(1, 1, 6), "g": weights(6, scale=1), "b": weights(6), "w": weights(6, 12)}),
    "class token": network([N("Conv", "images k", "p", strides=[4, 4]), N("Reshape", "p to", "q"), N("Gather", "q zero", axis=2)],
                           {"k": weights(6, 3, 4, 4), "to": np.array([0, 6, -1], I), "zero": I(0)}),
    "reduce": network([N("ReduceMean", "images axes", "a", keepdims=0), N("ReduceMax", "images axes", "b", keepdims=0), N("ReduceL2", "images axes", "c", keepdims=0),
                       N("Concat", "a b c", axis=1)], {"axes": np.array([2, 3], I)}),
    "softmax 11": network([N("Div", "images h", "a"), N("Softmax", "a", axis=1)], {"h": np.float32(128)}, opset=11),
    "pad": network([N("Pad", "images pads fill", "a"), N("Slice", "a from_ to axes")],
                   {"pads": np.array([0, 0, 1, 2, 0, 0, 0, 3], I), "fill": np.float32(7), "from_": np.array([0, -9], I), "to": np.array([5, 99], I), "axes": np.array([2, 3], I)}),
    "squeeze": network([N("GlobalAveragePool", "images", "a"), N("Squeeze", "a axes", "b"), N("GlobalMaxPool", "images", "c"), N("Flatten", "c", "d"), N("Concat", "b d", axis=1)],
                       {"axes": np.array([2, 3], I)}),
    "half": network([N("Cast", "k16", "k", to=1), N("Conv", "images k")], {"k16": k.astype(np.float16)}),
    "constants": network([helper.make_node("Constant", [], ["c"], value_float=3.0), helper.make_node("Constant", [], ["d"], value=numpy_helper.from_array(weights(3, 1, 1))),
                          N("Mul", "images c", "a"), N("Add", "a d")], {}),
    "a part of the shape": network([N("Shape", "images", "s", start=-4, end=1), N("Concat", "s rest", "to", axis=0), N("Reshape", "images to", "a"), N("MatMul", "a w")],
                                   {"rest": np.array([-1], I), "w": weights(192, 4)}),
    "pad of some axes": network([helper.make_node("Pad", ["images", "pads", "", "axes"], ["out"])], {"pads": np.array([2, 1, 0, 3], I), "axes": np.array([-1, 2], I)}),
    "pad 9": network([N("Pad", "images", pads=[0, 0, 1, 2, 0, 0, 0, 3], value=7.0)], {}, opset=9),
    "one image": network([N("Reshape", "images to", "a"), N("MatMul", "a w")], {"to": np.array([1, 192], I), "w": weights(192, 4)}, batch=1),
    "reduce nothing": network([N("ReduceL2", "images", noop_with_empty_axes=1)], {}),
}
golden = {"images": images.astype(int).ravel().tolist(), "cases": []}
for name, model in cases.items():
    raw = model.SerializeToString()
    session, at_once = ort.InferenceSession(raw), 1 if name == "one image" else 2
    out = np.concatenate([session.run(["out"], {"images": images[i:i + at_once]})[0] for i in range(0, 2, at_once)])
    if out.ndim == 4:
        out = out.mean(axis=(2, 3))
    elif out.ndim == 3:
        out = out.mean(axis=1)
    golden["cases"].append({"name": name, "model": base64.b64encode(raw).decode(), "features": out.ravel().astype(float).round(6).tolist()})
with open("golden.json", "w") as f:
    json.dump(golden, f)
    f.write("\n")
