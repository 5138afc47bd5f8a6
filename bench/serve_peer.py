"""The peer of bench/serve.py: an exported model in onnxruntime behind FastAPI, as a tutorial would write it.

serve_peer.py MODEL.onnx PORT
"""

import io
import sys

import numpy as np
import onnxruntime
import uvicorn
from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from PIL import Image

session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
size = session.get_inputs()[0].shape[1]
app = FastAPI()


def answer(body):
    with Image.open(io.BytesIO(body)) as image:
        pixels = np.asarray(image.convert("RGB").resize((size, size), Image.BILINEAR))[None]
    return {"probabilities": session.run(None, {"images": pixels})[0][0].tolist()}


@app.post("/v1/predict")
async def predict(request: Request):
    return await run_in_threadpool(answer, await request.body())


@app.get("/v2/health/ready")
async def ready():
    return {"ready": True}


uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[2]), log_level="warning")
