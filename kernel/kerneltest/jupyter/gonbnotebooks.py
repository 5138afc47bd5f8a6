"""GoNB's own example notebooks, cell by cell, through GoNB alone and through Headstart: what they show has to be equal.

    gonbnotebooks.py FOLDER NOTEBOOK[:CELLS]...

CELLS is how many of a notebook's Go cells run, from the first. What asks for input gets ANSWER. The kernelspecs gonb and headstart are looked for in JUPYTER_PATH. How errors are shown is Headstart's own, and not compared.
"""

import json
import os
import re
import subprocess
import sys
import tempfile

from jupyter_client.manager import start_new_kernel

PATIENCE = 120  # seconds for a cell
ANSWER = "42"

# What differs from run to run: times, addresses, temporary folders, and the kernel's own lines about what it fetches; and what this kernel
# brings, which stands in a cell's go.mod.
VARIES = [
    (re.compile(r"\n+require \((?:\n\t.*)*\n\)|\n+replace github\.com/headstart-nb/\S+ => \S+"), ""),
    (re.compile(r"\d+(\.\d+)?(ns|µs|ms|s)\b"), "TIME"),
    (re.compile(r"\(cached\)|[\d.]+ ns/op|Benchmark\w+(-\d+)?\s+\d+"), "COUNT"),
    (re.compile(r"/tmp/gonb_tests_gowork_\w+"), "PACKAGE"),
    (re.compile(r"/[\w./-]*/gonb_[0-9a-f]+"), "FOLDER"),
    (re.compile(r"gonb_[0-9a-f]+"), "MODULE"),
    (re.compile(r"_~\d+"), "TUPLE"),
    (re.compile(r"(?m)^(go: .*|- .*go get.*)\n"), ""),
]


def stable(text):
    for pattern, name in VARIES:
        text = pattern.sub(name, text)
    return text


def shown(client, code):
    """What a cell shows: its status, the text of each stream, and the kinds of other outputs with their text."""
    streams, others = {"stdout": "", "stderr": ""}, []

    def hear(message):
        content, kind = message["content"], message["msg_type"]
        if kind == "stream":
            streams[content["name"]] += content["text"]
        elif kind in ("display_data", "execute_result", "update_display_data"):
            data = content["data"]
            others.append({mime: stable(data[mime]) if isinstance(data[mime], str) else "" for mime in sorted(data)})

    def answer(_):
        client.input(ANSWER)

    message = client.execute_interactive(code, timeout=PATIENCE, output_hook=hear, allow_stdin=True, stdin_hook=answer)
    reply = message["content"]
    if reply["status"] != "ok":
        return {"status": reply["status"]}
    return {"status": "ok", "stdout": stable(streams["stdout"]), "others": others}


def run(kernel, notebooks):
    """What every cell shows, by notebook, each in a kernel of its own."""
    results = {}
    for name, cells in notebooks.items():
        manager, client = start_new_kernel(kernel_name=kernel, startup_timeout=PATIENCE, stderr=subprocess.DEVNULL)
        try:
            results[name] = [shown(client, code) for code in cells]
        finally:
            client.stop_channels()
            manager.shutdown_kernel()  # asked to, GoNB ends its language server too
    return results


# Where this kernel differs on purpose: the notebook and the cell, with what this kernel shows. GoNB drops a whole declaration of
# several variables when one of them is declared again. Here the others have values, and stay.
ON_PURPOSE = {("vartuple", 4): ". removed var a\n"}


def main():
    folder, names = os.path.abspath(sys.argv[1]), sys.argv[2:]
    notebooks = {}
    for name in names:
        name, _, count = name.partition(":")
        with open(os.path.join(folder, name + ".ipynb"), encoding="utf-8") as file:
            cells = json.load(file)["cells"]
        notebooks[name] = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"][: int(count) if count else None]
    # In one folder, sequentially: some cells write files, also to fixed places.
    with tempfile.TemporaryDirectory() as work:
        os.chdir(work)
        ours = run("headstart", notebooks)
        alone = run("gonb", notebooks)
        os.chdir("/")
    differences = 0
    for name, cells in notebooks.items():
        for number, code in enumerate(cells):
            expected = alone[name][number]
            if (name, number + 1) in ON_PURPOSE:
                expected = {**expected, "stdout": ON_PURPOSE[name, number + 1]}
            if expected != ours[name][number]:
                differences += 1
                print(f"{name}, cell {number + 1}:\n{code}\nGoNB:      {alone[name][number]}\nHeadstart: {ours[name][number]}\n")
    print(f"{sum(map(len, notebooks.values()))} cells, {differences} differ")
    print("\nOK" if differences == 0 else "\nFAILED")
    sys.exit(differences > 0)


if __name__ == "__main__":
    main()
