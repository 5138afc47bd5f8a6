"""Builds a Go cell's program with nbhelpers, and the same with fmt alone, net with JSON: what an import costs.

Every build has new text, since Go's cache would hide the work. The programs take turns, so that a busy machine slows all
of them; the ratios are fmt's time divided by the program's (above 1 is faster than fmt), of the medians of wall time and of the least
processor time; the bound of 1/1.6 is on the latter,
which other work on the machine disturbs least.

    python bench/nbhelpers.py [--rounds 15]
"""

import argparse
import json
import pathlib
import resource
import shutil
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BOUND = 1 / 1.6

PROGRAMS = {
    "fmt": ('"fmt"', 'fmt.Println("x")'),
    "net+json": ('"encoding/json"; "fmt"; "net"', 'c, err := net.Dial("unix", "x"); fmt.Println(json.NewEncoder(c).Encode(err))'),
    "nbhelpers: show": ('"fmt"; "github.com/headstart-nb/headstart/nbhelpers"', 'fmt.Println(nbhelpers.Show("x"))'),
    "nbhelpers: all": (
        '"context"; "fmt"; "github.com/headstart-nb/headstart/nbhelpers"',
        'p, err := nbhelpers.Classifier("").PredictFiles(context.Background(), "x"); fmt.Println(err, nbhelpers.Show(p), nbhelpers.Curves("x", 1).Close())',
    ),
}


def build(name, folder, salt):
    imports, body = PROGRAMS[name]
    (folder / "main.go").write_text(f"package main\n\nimport ({imports})\n\nfunc main() {{ {body} }}\n\nvar _ = {salt}\n")
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(["go", "build", "-o", str(folder / "cell"), f"./{folder.relative_to(ROOT)}"], cwd=ROOT, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.monotonic() - start, processor


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    base = ROOT / ".headstart" / "bench-nbhelpers"  # ignored by git, inside the module
    walls, processors, sizes = {n: [] for n in PROGRAMS}, {n: [] for n in PROGRAMS}, {}
    try:
        for turn in range(rounds + 1):
            for i, name in enumerate(PROGRAMS):
                folder = base / f"cell{i}"
                folder.mkdir(parents=True, exist_ok=True)
                wall, processor = build(name, folder, time.time_ns())
                sizes[name] = (folder / "cell").stat().st_size
                if turn > 0:  # the first one fills Go's cache
                    walls[name].append(wall)
                    processors[name].append(processor)
    finally:
        shutil.rmtree(base, ignore_errors=True)
    ok = True
    for name in PROGRAMS:
        row = {
            "program": name,
            "wall_ms": round(1000 * statistics.median(walls[name])),
            "wall_faster": round(statistics.median(walls["fmt"]) / statistics.median(walls[name]), 2),
            "cpu_ms": round(1000 * min(processors[name])),
            "cpu_faster": round(min(processors["fmt"]) / min(processors[name]), 2),
            "bytes": sizes[name],
        }
        ok = ok and (not name.startswith("nbhelpers") or row["cpu_faster"] >= BOUND)
        print(json.dumps(row))
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
