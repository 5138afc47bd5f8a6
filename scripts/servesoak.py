"""Sends a model server 100,000 requests among faults, and looks at what comes back and at its memory.

servesoak.py [--requests 100000]

vegeta sends images, hostile images and texts; beside it, connections are cut, bodies stop in the middle, headers come slowly.
The model is a stub: the server is what is tried. An answer that is lost, wrong or another than 200, 400, 413 or 429 is a failure, and so is
memory that is larger all through the last three tenths than in the first three. Needs Go alone; HEADSTART_SHARED/data/hostile-images is used where it is there.
"""

import argparse
import collections
import json
import os
import pathlib
import random
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
import zlib

ROOT = pathlib.Path(__file__).resolve().parent.parent
PORT = 18082
EXPECTED = {"200", "400", "413", "429"}
ALLOWANCE_MIB = 24  # of growth: what Go's collector has not given back yet; a leak of 1 KiB a request would be 100


def png(level, side):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\0" + bytes([level]) * side) * side
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def bodies(folder):
    """What vegeta sends: CLASS=NAME has to be answered with its class."""
    for i in range(800):
        (folder / f"light={i}.png").write_bytes(png(255, 60 + i % 40))
        (folder / f"dark={i}.png").write_bytes(png(0, 300 - i % 40))
    (folder / "empty").write_bytes(b"")
    (folder / "text").write_bytes(b"no image")
    (folder / "half.png").write_bytes(png(255, 200)[:60])
    hostile = pathlib.Path(os.environ.get("HEADSTART_SHARED", ""), "data", "hostile-images")
    files = [file for file in sorted(hostile.rglob("*")) if file.is_file() and file.stat().st_size < 1 << 20]
    for i, file in enumerate(files):
        (folder / f"hostile-{i}").write_bytes(file.read_bytes())
    return len(files)


def fault(image):
    """One connection that goes wrong."""
    head = f"POST /v1/predict HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\nContent-Length: {len(image)}\r\n\r\n".encode()
    whole = head + image
    kind = random.choice(["cut", "cut", "reset", "half", "garbage", "chunks", "silence"])
    with socket.create_connection(("127.0.0.1", PORT), timeout=10) as s:
        if kind == "reset":
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if kind in ("cut", "reset"):  # at any place, also while the answer is computed
            s.sendall(whole[: random.randrange(len(whole) + 1)])
            time.sleep(random.random() / 100)
        elif kind == "half":
            s.sendall(whole[: len(whole) // 2])
            time.sleep(random.random())
        elif kind == "garbage":
            s.sendall(random.randbytes(200))
        elif kind == "chunks":
            s.sendall(head.replace(b"Content-Length: ", b"Transfer-Encoding: chunked\r\nX: ") + b"ffffffffffffffffffff\r\nabc")
        else:
            time.sleep(random.random())
    return kind


def faults(image, stop, counts):
    while not stop.is_set():
        try:
            counts[fault(image)] += 1
        except OSError:
            counts["refused"] += 1  # the server closed it first
        time.sleep(0.01)


def memory_mib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise SystemExit("servesoak: the server has gone")


def fetch(path):
    with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/{path}", timeout=10) as answer:
        return answer.read().decode()


def gauge(name):
    return float(next(line.split()[1] for line in fetch("metrics").splitlines() if line.startswith(name + " ")))


def await_ready():
    for _ in range(300):
        try:
            return fetch("v2/health/ready")
        except (OSError, urllib.error.URLError):
            time.sleep(0.1)
    raise SystemExit("servesoak: the server is not ready after half a minute")


def attack(loader, folder, requests):
    command = [loader, "-url", f"http://127.0.0.1:{PORT}/v1/predict", "-folder", str(folder), "-requests", str(requests), "-seconds", "36000", "-workers", "32"]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def soak(server, loader, folder, requests):
    await_ready()
    image, stop, faulty = png(255, 400), threading.Event(), collections.Counter()
    threads = [threading.Thread(target=faults, args=(image, stop, faulty)) for _ in range(4)]
    began = time.time()
    for thread in threads:
        thread.start()
    codes, errors, wrong, memory = collections.Counter(), [], 0, []
    for part in range(10):
        result = attack(loader, folder, requests // 10)
        codes.update(result["codes"])
        errors += result["errors"] or []
        wrong += result["wrong"]
        memory.append(memory_mib(server.pid))
        print(f"{sum(codes.values())} requests, {memory[-1]:.0f} MiB", flush=True)
    stop.set()
    for thread in threads:
        thread.join()
    time.sleep(2)  # until the last connections are closed
    goroutines, descriptors = gauge("go_goroutines"), len(os.listdir(f"/proc/{server.pid}/fd"))
    print(f"codes {dict(codes)}, {wrong} wrong answers; faults {dict(faulty)}; {goroutines:.0f} goroutines and {descriptors} descriptors are left")
    print(f"{sum(codes.values()) / (time.time() - began):.0f} requests a second; {memory[0]:.0f} MiB after the first tenth, {memory[-1]:.0f} MiB at the end")
    failures = []
    if sum(codes.values()) != requests // 10 * 10 or set(codes) - EXPECTED or not codes["200"]:
        failures.append(f"requests were lost, or answered by another status: {dict(codes)}, {errors[:3]}")
    if wrong:
        failures.append(f"{wrong} answers belong to another image")
    if min(memory[-3:]) > max(memory[:3]) + ALLOWANCE_MIB:  # a large image that is being decoded is no growth
        failures.append("the memory grows")
    if goroutines > 100 or descriptors > 100:
        failures.append("goroutines or connections are left behind")
    return failures


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--requests", type=int, default=100_000)
    o = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        loader, stub = str(folder / "load"), str(folder / "stubserver")
        subprocess.run(["go", "build", "-o", loader, "."], cwd=ROOT / "bench" / "serve", check=True)
        subprocess.run(["go", "build", "-o", stub, "./bench/stubserver"], cwd=ROOT, check=True)
        (folder / "bodies").mkdir()
        (folder / "model").mkdir()
        hostile = bodies(folder / "bodies")
        print(f"{hostile} hostile images" if hostile else "left out: hostile images, since HEADSTART_SHARED/data/hostile-images is not there")
        server = subprocess.Popen([stub, "-port", str(PORT), "-dir", str(folder / "model")], stderr=subprocess.DEVNULL)
        try:
            failures = soak(server, loader, folder / "bodies", o.requests)
        finally:
            server.terminate()
            server.wait()
    for failure in failures:
        print("servesoak: " + failure, file=sys.stderr)
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
