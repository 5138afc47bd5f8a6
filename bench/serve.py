"""Loads headstart serve from another process, against the bare batched forward pass of the same run, and beside onnxruntime behind FastAPI.

serve.py MODEL IMAGE [--seconds 10] [--rounds 3]

HEADSTART_BIN has the programs. The peer runs where this Python has onnxruntime, fastapi, uvicorn and pillow. All numbers of a round come
from one after another; the ratios are what counts.
"""

import argparse
import importlib.util
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
PEER = ("onnxruntime", "fastapi", "uvicorn", "PIL")


def output(*command, cwd=None):
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=cwd).stdout)


def await_ready(address):
    for _ in range(600):
        try:
            with urllib.request.urlopen(address + "v2/health/ready", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"{address} is not ready after a minute")


def peak_mib(pid):
    """The largest resident memory of a process."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return float("nan")


def load(command, port, image, loader, seconds):
    """Throughput at saturation, latency at half of it, and memory."""
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        address = f"http://127.0.0.1:{port}/"
        await_ready(address)
        attack = [loader, "-url", address + "v1/predict", "-image", image, "-seconds", str(seconds)]
        full = output(*attack)
        half = output(*attack, "-rate", str(full["throughput"] / 2))
        lost = {code: n for run in (full, half) for code, n in run["codes"].items() if code != "200"}
        return {"throughput": full["throughput"], "half_p50": half["p50"], "half_p99": half["p99"], "peak_mib": peak_mib(server.pid), "other_codes": lost}
    finally:
        server.terminate()
        server.wait()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("image")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batch", type=int, default=8)
    o = parser.parse_args()
    programs = pathlib.Path(os.environ["HEADSTART_BIN"])
    model, image = str(pathlib.Path(o.model).resolve()), str(pathlib.Path(o.image).resolve())
    with tempfile.TemporaryDirectory() as folder:
        loader, forward, onnx = (str(pathlib.Path(folder) / name) for name in ("load", "forward", "model.onnx"))
        subprocess.run(["go", "build", "-o", loader, "."], cwd=HERE / "serve", check=True)
        subprocess.run(["go", "build", "-o", forward, "./bench/forward"], cwd=HERE.parent, check=True)
        transfer = str(programs / "headstart-transfer")
        has_peer = all(importlib.util.find_spec(name) for name in PEER)
        if has_peer:
            subprocess.run([transfer, "export", model, "onnx", "--out", onnx], check=True, stdout=subprocess.DEVNULL)
        rounds = []
        for _ in range(o.rounds):
            bare = output(forward, "-model", model, "-seconds", str(o.seconds), "-batch", str(o.batch))
            ours = load([transfer, "serve", model, "--port", "18080", "--no-grpc", "--batch", str(o.batch)], 18080, image, loader, o.seconds)
            row = {
                "bare_images_per_second": bare["images_per_second"], "ours": ours,
                "of_bare": ours["throughput"] / bare["images_per_second"], "p99_in_batches": ours["half_p99"] / bare["batch_seconds"],
            }
            if has_peer:
                peer = load([sys.executable, "-P", str(HERE / "serve_peer.py"), onnx, "18081"], 18081, image, loader, o.seconds)
                row |= {"peer": peer, "times_the_peer": ours["throughput"] / peer["throughput"], "memory_peer_by_ours": peer["peak_mib"] / ours["peak_mib"]}
            rounds.append(row)
            print(json.dumps(row), flush=True)
        for name in ("of_bare", "p99_in_batches", "times_the_peer", "memory_peer_by_ours"):
            if name in rounds[0]:
                print(f"{name}: {statistics.median(row[name] for row in rounds):.2f}")


if __name__ == "__main__":
    main()
