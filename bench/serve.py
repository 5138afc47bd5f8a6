"""Loads headstart serve from another process, against the bare batched forward pass of the same run, and beside onnxruntime behind FastAPI
and behind BentoML.

serve.py [MODEL IMAGE] [--seconds 10] [--rounds 3] [--bentoml PYTHON]

Without a model it trains one on drawn photos, with a ResNet50 of random weights: they decide no time. HEADSTART_BIN has the programs.
FastAPI runs where this Python has it with onnxruntime and uvicorn, and is left out by name elsewhere. --bentoml names a Python that has
what bench/bentoml/requirements.txt pins. All numbers of a round come from one after another; the ratios are what counts. On a busy
machine, those of processor time are steadier than those of throughput. Processor time and memory are of all processes of a server.
"""

import argparse
import functools
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
}
# The same for each peer, whose name takes the place of the braces.
PEER_RATIOS = {
    "times_{}": "throughput by that of onnxruntime behind {}, above 1",
    "cpu_{}_by_ours": "the processor time of an image with {} by ours, above 1",
    "memory_{}_by_ours": "the memory of {} after the load by ours, above 1",
    "peak_{}_by_ours": "the same for the peaks of the largest process, which ours has while it loads the model",
}


def output(*command, cwd=None):
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=cwd).stdout)


def await_ready(address):
    for _ in range(3000):
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"{address} does not answer after five minutes")


def family(pid):
    """A process and all below it."""
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid] + [each for child in children for each in family(int(child))]


def memory_mib(pid, file, field):
    """The memory of a process: Pss of smaps_rollup now, with its part of what it shares; VmHWM of status at its peak."""
    for line in pathlib.Path(f"/proc/{pid}/{file}").read_text().splitlines():
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


def load(command, port, image, loader, seconds, ready="v2/health/ready", form="", env=None):
    """Throughput at saturation, latency at half of it, processor time and memory."""
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=os.environ | (env or {}))
    try:
        address = f"http://127.0.0.1:{port}/"
        await_ready(address + ready)
        attack = [loader, "-url", address + "v1/predict", "-image", image, "-form", form, "-seconds", str(seconds)]
        processes = family(server.pid)
        before = sum(map(processor_seconds, processes))
        full = output(*attack)
        cpu = (sum(map(processor_seconds, processes)) - before) / max(full["requests"], 1)
        half = output(*attack, "-rate", str(full["throughput"] / 2))
        lost = {code: n for run in (full, half) for code, n in run["codes"].items() if code != "200"}
        return {
            "throughput": full["throughput"], "cpu_seconds": cpu, "half_p50": half["p50"], "half_p99": half["p99"],
            "memory_mib": sum(memory_mib(each, "smaps_rollup", "Pss") for each in processes),
            "peak_mib": max(memory_mib(each, "status", "VmHWM") for each in processes), "other_codes": lost,
        }
    finally:
        server.terminate()
        server.wait()


def peers(o, model, image, loader):
    """Functions that load a peer, by its name."""
    found = {}
    if missing := [name for name in PEER if not importlib.util.find_spec(name)]:
        print(f"left out: onnxruntime behind FastAPI, since this Python has no {', '.join(missing)}", flush=True)
    else:
        command = [sys.executable, "-P", str(HERE / "serve_peer.py"), model, "18081"]
        found["FastAPI"] = functools.partial(load, command, 18081, image, loader, o.seconds)
    if o.bentoml:
        options = ["--working-dir", str(HERE / "bentoml"), "--host", "127.0.0.1", "--port", "18082"]
        env = {"MODEL": model, "BATCH": str(o.batch), "BENTOML_HOME": str(pathlib.Path(model).parent), "BENTOML_DO_NOT_TRACK": "True"}
        for service, field in ("Batched", "images"), ("Threads", "image"):
            serve = [o.bentoml, "-P", "-m", "bentoml", "serve", f"peer:{service}", *options]
            found[f"BentoML_{service}"] = functools.partial(load, serve, 18082, image, loader, o.seconds, "readyz", field, env)
    else:
        print("left out: onnxruntime behind BentoML, since --bentoml names no Python that has it", flush=True)
    return found


def against(name, ours, peer):
    """The numbers of a peer, as ratios."""
    values = (
        ours["throughput"] / peer["throughput"], peer["cpu_seconds"] / ours["cpu_seconds"],
        peer["memory_mib"] / ours["memory_mib"], peer["peak_mib"] / ours["peak_mib"],
    )
    return dict(zip((key.format(name) for key in PEER_RATIOS), values))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model", nargs="?")
    parser.add_argument("image", nargs="?")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--bentoml", metavar="PYTHON")
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
        beside = peers(o, onnx, image, loader)
        if beside:
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
            for name, measure in beside.items():
                row[name] = measure()
                row |= against(name, ours, row[name])
            rounds.append(row)
            print(json.dumps(row), flush=True)
        ratios = RATIOS | {key.format(name): meaning.format(name) for name in beside for key, meaning in PEER_RATIOS.items()}
        for name, meaning in ratios.items():
            values = sorted(row[name] for row in rounds)
            print(f"{name:30} {statistics.median(values):5.2f} ({values[0]:.2f} to {values[-1]:.2f})  {meaning}")


if __name__ == "__main__":
    main()
