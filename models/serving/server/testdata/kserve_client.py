"""Asks by KServe's client, over REST and gRPC, and compares the probabilities of an image.

kserve_client.py HTTP_ADDRESS GRPC_ADDRESS IMAGE PROBABILITIES
"""

import asyncio
import base64
import json
import sys

import grpc
import httpx
import numpy as np
from kserve import InferenceGRPCClient, InferenceRESTClient, InferInput, InferRequest, RESTConfig

http, grpc_address, image, wanted = sys.argv[1:]
wanted = np.array(json.loads(wanted), np.float32)
base = "http://" + http
with open(image, "rb") as file:
    encoded = file.read()


def request(model, binary):
    tensor = InferInput("image", [3], "BYTES")
    content = encoded if binary else base64.b64encode(encoded)  # JSON has no bytes
    tensor.set_data_from_numpy(np.array([content] * 3, dtype=object), binary_data=binary)
    return InferRequest(model, [tensor], request_id="9")


def compare(name, answer):
    outputs = {output.name: output.as_numpy() for output in answer.outputs}
    got = outputs["probabilities"]
    assert got.shape == (3, len(wanted)) and np.abs(got - wanted).max() < 1e-5, (name, got, wanted)
    assert outputs["label"].shape == (3,) and len(set(outputs["label"])) == 1, (name, outputs["label"])
    assert answer.id == "9" and answer.model_name == "colors", (name, answer.id, answer.model_name)


async def rest():
    client = InferenceRESTClient(RESTConfig(protocol="v2"))
    assert await client.is_server_live(base) and await client.is_server_ready(base)
    assert await client.is_model_ready(base, "colors") and not await client.is_model_ready(base, "other")
    for binary in (False, True):
        compare(f"rest, binary {binary}", await client.infer(base, request("colors", binary), model_name="colors"))
    try:
        await client.infer(base, request("other", binary=True), model_name="other")
    except httpx.HTTPStatusError as error:
        assert error.response.status_code == 404, error
        print("rest refuses:", error)
    else:
        raise AssertionError("rest")
    await client.close()


async def by_grpc():
    async with InferenceGRPCClient(grpc_address) as client:
        assert await client.is_server_live() and await client.is_server_ready() and await client.is_model_ready("colors")
        compare("grpc", await client.infer(request("colors", binary=True)))
        for call in (client.is_model_ready("other"), client.infer(request("other", binary=True))):
            try:
                assert not await call
            except grpc.RpcError as error:
                assert error.code() == grpc.StatusCode.NOT_FOUND, error
                print("grpc refuses:", error.details())


asyncio.run(rest())
asyncio.run(by_grpc())
print("every method answers as the protocol says")
