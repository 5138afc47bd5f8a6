"""Loads headstart serve from another process, against the bare batched forward pass of the same run, and beside onnxruntime behind FastAPI.

serve.py [MODEL IMAGE] [--seconds 10] [--rounds 3]

Without a model it trains one on drawn photos, with a ResNet50 of random weights: they decide no time. HEADSTART_BIN has the programs.
The peer runs where this Python has onnxruntime, fastapi and uvicorn, and is left out by name elsewhere. All numbers of a round come from
one after another; the ratios are what counts. On a busy machine, those of processor time are steadier than those of throughput.
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
TICKS = os.sysconf("SC_CLK_TCK")
# What is printed of the rounds, with what it should be.
RATIOS = {
    "of_bare": "throughput at saturation by that of the bare forward pass, at least 0.9",
    "cpu_of_bare": "processor time of an image in the bare forward pass by that in the server",
    "p99_in_batches": "99th percentile of the latency at half load, in times of a batch, below 2",
    "times_the_peer": "throughput by that of onnxruntime behind FastAPI, above 1",
    "cpu_peer_by_ours": "the peer's processor time of an image by ours, above 1",
    "memory_peer_by_ours": "the peer's resident memory after the load by ours, above 1",
    "peak_peer_by_ours": "the same for the peaks, which ours has while it loads the model",
}


def output(*command, cwd=None):
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=cwd).stdout)


def await_ready(address):
    for _ in range(3000):
        try:
            with urllib.request.urlopen(address + "v2/health/ready", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"{address} is not ready after five minutes")


def memory_mib(pid, field):
    """The resident memory of a process: VmRSS now, VmHWM at its peak."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) / 1024
    return float("nan")


def processor_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def trained(transfer, folder):
    """A model and a photo of its kind."""
    from PIL import Image, ImageFilter  # bench/requirements.txt has it

    images = pathlib.Path(folder, "images")
    for name, color in (("warm", (200, 120, 60)), ("cold", (60, 120, 200))):
        (images / name).mkdir(parents=True)
        for i in range(12):
            noise = Image.effect_noise((512, 384), 40 + 5 * i).filter(ImageFilter.GaussianBlur(2)).convert("RGB")
            Image.blend(noise, Image.new("RGB", noise.size, color), 0.4).save(images / name / f"{i}.jpg", quality=90)
    model = str(pathlib.Path(folder, "model"))
    subprocess.run(
        [transfer, "train", str(images), "--weights", "random", "--recipe", "classic", "--epochs", "1", "--out", model],
        check=True, stdout=subprocess.DEVNULL, env=os.environ | {"HEADSTART_HOME": str(pathlib.Path(folder, "home"))},
    )
    return model, str(images / "warm" / "0.jpg")


def load(command, port, image, loader, seconds):
    """Throughput at saturation, latency at half of it, and memory."""
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        address = f"http://127.0.0.1:{port}/"
        await_ready(address)
        attack = [loader, "-url", address + "v1/predict", "-image", image, "-seconds", str(seconds)]
        before = processor_seconds(server.pid)
        full = output(*attack)
        cpu = (processor_seconds(server.pid) - before) / max(full["requests"], 1)
        half = output(*attack, "-rate", str(full["throughput"] / 2))
        lost = {code: n for run in (full, half) for code, n in run["codes"].items() if code != "200"}
        return {
            "throughput": full["throughput"], "cpu_seconds": cpu, "half_p50": half["p50"], "half_p99": half["p99"],
            "resident_mib": memory_mib(server.pid, "VmRSS"), "peak_mib": memory_mib(server.pid, "VmHWM"), "other_codes": lost,
        }
    finally:
        server.terminate()
        server.wait()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model", nargs="?")
    parser.add_argument("image", nargs="?")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batch", type=int, default=8)
    o = parser.parse_args()
    if o.model and not o.image:
        parser.error("a model needs an IMAGE to ask for")
    programs = pathlib.Path(os.environ["HEADSTART_BIN"])
    with tempfile.TemporaryDirectory() as folder:
        loader, forward, onnx = (str(pathlib.Path(folder) / name) for name in ("load", "forward", "model.onnx"))
        subprocess.run(["go", "build", "-o", loader, "."], cwd=HERE / "serve", check=True)
        subprocess.run(["go", "build", "-o", forward, "./bench/forward"], cwd=HERE.parent, check=True)
        transfer = str(programs / "headstart-transfer")
        model, image = (str(pathlib.Path(name).resolve()) for name in (o.model, o.image)) if o.model else trained(transfer, folder)
        missing = [name for name in PEER if not importlib.util.find_spec(name)]
        has_peer = not missing
        if missing:
            print(f"left out: onnxruntime behind FastAPI, since this Python has no {', '.join(missing)}", flush=True)
        else:
            subprocess.run([transfer, "export", model, "onnx", "--out", onnx], check=True, stdout=subprocess.DEVNULL)
        rounds = []
        for _ in range(o.rounds):
            bare = output(forward, "-model", model, "-seconds", str(o.seconds), "-batch", str(o.batch))
            ours = load([transfer, "serve", model, "--port", "18080", "--no-grpc", "--batch", str(o.batch)], 18080, image, loader, o.seconds)
            row = {
                "bare_images_per_second": bare["images_per_second"], "ours": ours,
                "of_bare": ours["throughput"] / bare["images_per_second"], "cpu_of_bare": bare["cpu_seconds"] / ours["cpu_seconds"],
                "p99_in_batches": ours["half_p99"] / bare["batch_seconds"],
            }
            if has_peer:
                peer = load([sys.executable, "-P", str(HERE / "serve_peer.py"), onnx, "18081"], 18081, image, loader, o.seconds)
                row |= {"peer": peer, "times_the_peer": ours["throughput"] / peer["throughput"], "cpu_peer_by_ours": peer["cpu_seconds"] / ours["cpu_seconds"]}
                row |= {"memory_peer_by_ours": peer["resident_mib"] / ours["resident_mib"], "peak_peer_by_ours": peer["peak_mib"] / ours["peak_mib"]}
            rounds.append(row)
            print(json.dumps(row), flush=True)
        for name, meaning in RATIOS.items():
            if name in rounds[0]:
                values = sorted(row[name] for row in rounds)
                print(f"{name:20} {statistics.median(values):5.2f} ({values[0]:.2f} to {values[-1]:.2f})  {meaning}")


if __name__ == "__main__":
    main()
