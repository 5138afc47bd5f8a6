"""Calls every method of the Open Inference Protocol by NVIDIA's client, and compares the probabilities of an image.

triton_client.py HTTP_ADDRESS GRPC_ADDRESS IMAGE PROBABILITIES
"""

import json
import sys

import numpy as np
import tritonclient.grpc
import tritonclient.http

http, grpc, image, wanted = sys.argv[1:]
wanted = np.array(json.loads(wanted), np.float32)
encoded = np.array([open(image, "rb").read()] * 3, dtype=object)

for module, address in ((tritonclient.http, http), (tritonclient.grpc, grpc)):
    name = module.__name__
    client = module.InferenceServerClient(address)
    assert client.is_server_live() and client.is_server_ready() and client.is_model_ready("colors"), name
    server = client.get_server_metadata(**({"as_json": True} if module is tritonclient.grpc else {}))
    assert server["name"] == "headstart", server
    model = client.get_model_metadata("colors", **({"as_json": True} if module is tritonclient.grpc else {}))
    assert model["inputs"][0]["name"] == "image" and model["outputs"][0]["datatype"] == "FP32", model
    assert client.is_model_ready("colors", model["versions"][0]), model

    tensor = module.InferInput("image", [3], "BYTES")
    tensor.set_data_from_numpy(encoded)
    everything = client.infer("colors", [tensor], request_id="9")
    got = everything.as_numpy("probabilities")
    assert got.shape == (3, len(wanted)) and np.abs(got - wanted).max() < 1e-5, (name, got, wanted)
    label = everything.as_numpy("label")
    assert label.shape == (3,) and len(set(label)) == 1, (name, label)
    one = client.infer("colors", [tensor], outputs=[module.InferRequestedOutput("label")], model_version=model["versions"][0])
    assert one.as_numpy("probabilities") is None and list(one.as_numpy("label")) == list(label), name

    try:
        client.infer("other", [tensor])
    except tritonclient.utils.InferenceServerException as error:
        print(name, "refuses:", error.message())
    else:
        raise AssertionError(name)
print("every method answers as the protocol says")
