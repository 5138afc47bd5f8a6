"""How the work grows with the number of images and classes: time, peak memory and bytes of figures, with the exponent that fits.

Images of 64 x 64 pixels are generated; the backbone is ResNet50 cut after conv1, so that what grows is not hidden by convolutions.
Memory is told at its peak, and as what Go holds after the step and a collection, which leaves out what XLA holds. An exponent of 1 is linear. It is fitted, in logarithms, to the sizes from --fit-from images on, of one number of classes. Results go to
bench-out/scale.json; --add replaces only the steps and sizes that were measured, such as those of --load, which trains nothing. Of several rounds
the medians count. --draw makes the plot of processor seconds, docs/scale.svg, of what is there.

    python bench/scale.py [--images 1000,5000] [--classes 10,100] [--fit-from 1000]
    python bench/scale.py --add --images 100000 --classes 10
    python bench/scale.py --add --load --rounds 3 --images 1000,3000,10000,30000,100000 --classes 10
    python bench/scale.py --draw

It needs go and the PJRT CPU plugin (PJRT_PLUGIN_LIBRARY_PATH). 20,000 and 100,000 images take minutes, and 100,000 take 1 GB of disk.
"""

import argparse
import json
import math
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
DRAWN = ["load", "load again", "find near-duplicates", "train", "train again", "evaluate and draw"]
FLAT_FROM = 5000  # images, from which on the growth of memory is told
COLORS = ["#1b6ca8", "#c8553d", "#2a9d5c", "#8a5ab5", "#b58a1b", "#444444", "#d1499b", "#1fa3a3"]


def run(command, environment):
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"{command[0]} failed:\n{done.stderr[-2000:]}")
    return done.stdout


def exponent(points):
    """The slope of the line through the logarithms."""
    if len({x for x, _ in points}) < 2:
        return None
    logs = [(math.log(x), math.log(y)) for x, y in points if y > 0]
    n = len(logs)
    mx, my = sum(x for x, _ in logs) / n, sum(y for _, y in logs) / n
    return sum((x - mx) * (y - my) for x, y in logs) / sum((x - mx) ** 2 for x, _ in logs)


def plot(series, file):
    """Lines of processor seconds over images, both logarithmic, as SVG. The names have the exponents."""
    points = [(x, y) for line in series.values() for x, y in line if y > 0]
    if not points:
        return
    x0, x1 = math.log10(min(x for x, _ in points)), math.log10(max(x for x, _ in points)) + 1e-9
    y0, y1 = math.floor(math.log10(min(y for _, y in points))), math.ceil(math.log10(max(y for _, y in points)))
    place = lambda x, y: (70 + 400 * (math.log10(x) - x0) / (x1 - x0), 330 - 290 * (math.log10(y) - y0) / max(1, y1 - y0))
    out = ['<svg xmlns="http://www.w3.org/2000/svg" width="740" height="380" font-family="sans-serif" font-size="12">',
           '<rect width="740" height="380" fill="#fff"/><text x="70" y="20">processor seconds by number of images, both logarithmic; n^x is fitted</text>']
    for power in range(y0, y1 + 1):
        _, y = place(10**x0, 10.0**power)
        out.append(f'<path d="M70 {y:.1f}H470" stroke="#ddd"/><text x="62" y="{y + 4:.1f}" text-anchor="end">{10.0**power:g}</text>')
    for x in sorted({x for x, _ in points}):
        out.append(f'<text x="{place(x, 10.0**y0)[0]:.1f}" y="350" text-anchor="middle">{x:,}</text>')
    for i, (name, line) in enumerate(series.items()):
        color = COLORS[i % len(COLORS)]
        line = [(x, y) for x, y in line if y > 0]
        out.append(f'<path d="M{" L".join(f"{a:.1f} {b:.1f}" for a, b in (place(*p) for p in line))}" fill="none" stroke="{color}" stroke-width="2"/>')
        out += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3" fill="{color}"/>' for a, b in (place(*p) for p in line)]
        out.append(f'<rect x="490" y="{40 + 20 * i}" width="12" height="12" fill="{color}"/><text x="508" y="{51 + 20 * i}">{name}</text>')
    file.parent.mkdir(exist_ok=True)
    file.write_text("\n".join([*out, "</svg>", ""]))


def report(results, fit_from):
    """The exponents, of the fewest classes; the lines of the plot."""
    fewest = min(r["classes"] for r in results)
    of = [r for r in results if r["classes"] == fewest]
    lines = {}
    for name in sorted({name for r in of for name in r["steps"]}):
        fitted = {}
        for what in ("seconds", "cpu", "peak_mb"):
            points = [(r["images"], r["steps"][name][what]) for r in of if r["steps"].get(name, {}).get(what)]
            fitted[what] = exponent([p for p in points if p[0] >= fit_from])
            if what == "cpu" and points and fitted[what] is not None and name in DRAWN:
                lines[f"{name}: n^{fitted[what]:.2f}"] = points
        grown = {}
        for what in ("peak_mb", "held_mb"):
            points = sorted((r["images"], r["steps"][name][what]) for r in of if r["images"] >= FLAT_FROM and r["steps"].get(name, {}).get(what))
            if len(points) > 1:
                (few, least), (many, most) = points[0], points[-1]
                grown[what] = f"{(most - least) * 2**20 / (many - few):.0f}"
        text = {what: "-" if x is None else f"{x:.2f}" for what, x in fitted.items()}
        print(f"{name:22} exponent of time {text['seconds']}, of processor time {text['cpu']}, of memory {text['peak_mb']}; from {FLAT_FROM} images on, "
              f"bytes an image: {grown.get('peak_mb', '-')} at the peak, {grown.get('held_mb', '-')} held")
    return lines


def medians(rounds):
    """The results of one size, each number the median of the rounds."""
    steps = {name: {what: statistics.median(r["steps"][name][what] for r in rounds) for what in step}
             for name, step in rounds[0]["steps"].items()}
    return dict(rounds[0], steps=steps)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", default="1000,5000")
    parser.add_argument("--classes", default="10,100")
    parser.add_argument("--fit-from", type=int, default=1000, help="fewest images that count for the exponent")
    parser.add_argument("--draw", action="store_true", help="draw docs/scale.svg of the results in bench-out")
    parser.add_argument("--add", action="store_true", help="keep the results in bench-out for other sizes")
    parser.add_argument("--load", action="store_true", help="measure only the loads")
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    kept = HERE.parent / "bench-out" / "scale.json"
    if options.draw:
        plot(report(json.loads(kept.read_text()), options.fit_from), HERE.parent / "docs" / "scale.svg")
        return
    results = []
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        binary = scratch / "scale"
        subprocess.run(["go", "build", "-o", binary, "./bench/scale"], cwd=HERE.parent, check=True, env={**os.environ, "GOEXPERIMENT": "simd"})
        environment = dict(os.environ, GOMLX_NO_AUTO_INSTALL="1")
        for classes in map(int, options.classes.split(",")):
            for images in map(int, options.images.split(",")):
                if images < 10 * classes:
                    continue  # a class needs images to train on and to validate
                folder = scratch / f"{images}-{classes}"
                run([str(binary), "-folder", str(folder), "-generate", str(images), "-classes", str(classes)], environment)
                rounds = []
                for n in range(options.rounds):
                    command = [str(binary), "-folder", str(folder), "-home", str(scratch / f"home-{images}-{classes}-{n}"), *(["-load"] if options.load else [])]
                    rounds.append(json.loads(run(command, environment).splitlines()[-1]))
                result = medians(rounds)
                results.append(result)
                steps = ", ".join(f"{name} {s['seconds']:.2f} s" + (f" ({s['cpu']:.2f} s of processor)" if s["cpu"] else "") + (f" {s['peak_mb']:.0f} MB" if s["peak_mb"] else "") + (f", {s['held_mb']:.1f} MB held" if s.get("held_mb") else "") for name, s in result["steps"].items())
                print(f"{result['images']} images, {result['classes']} classes: {steps}; figures: "
                      + ", ".join(f"{name} {size / 1024:.0f} KiB" for name, size in sorted(result["figures"].items())), flush=True)
                subprocess.run(["rm", "-rf", str(folder)], check=True)
    if options.add and kept.exists():
        merged = {(r["classes"], r["images"]): r for r in json.loads(kept.read_text())}
        for r in results:
            old = merged.get((r["classes"], r["images"]), {"steps": {}, "figures": {}})
            merged[r["classes"], r["images"]] = dict(r, steps={**old["steps"], **r["steps"]}, figures={**old["figures"], **r["figures"]})
        results = [merged[size] for size in sorted(merged)]
    report(results, options.fit_from)
    kept.parent.mkdir(exist_ok=True)
    kept.write_text(json.dumps(results))


main()
