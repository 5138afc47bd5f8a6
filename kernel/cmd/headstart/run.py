"""Executes a notebook and saves it, whole or as far as it got. Prints one line of JSON: seconds, and the failure if any.

Exit status 3: a module is missing; 4: Jupyter knows no such kernel.
"""

import argparse
import asyncio
import json
import os
import secrets
import signal
import sys
import time
import warnings


def report(kind, error, trace):
    """An interrupt needs no explanation, also while modules are loaded."""
    if not issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)


sys.excepthook = report

try:
    import nbformat
    from jupyter_client.kernelspec import NoSuchKernel
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
    from nbconvert import HTMLExporter
except ImportError:
    sys.exit(3)

parser = argparse.ArgumentParser()
parser.add_argument("notebook")
parser.add_argument("--out", required=True)
parser.add_argument("--html")
parser.add_argument("--folder", required=True)
parser.add_argument("--kernel", required=True)
parser.add_argument("--timeout", type=float)
arguments = parser.parse_args()

notebook = nbformat.read(arguments.notebook, as_version=4)
code = [index for index, cell in enumerate(notebook.cells) if cell.cell_type == "code" and cell.source.strip()]


def first_line(cell):
    return cell.source.strip().splitlines()[0][:70]


def announce(cell, cell_index, **_):
    if cell_index in code:
        print(f"cell {code.index(cell_index) + 1} of {len(code)}: {first_line(cell)}", file=sys.stderr, flush=True)


stopped = []  # the signals that came


def stop_once(**_):
    """Makes a signal end the run, and then the kernel. What nbclient does ends the kernel twice at once, and may fail at that."""
    loop, running = asyncio.get_running_loop(), asyncio.current_task()

    def stop(number):
        if not stopped:
            running.cancel()
        stopped.append(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop, number)


def save(path, text):
    """Replaces a file whole. A link in its place is replaced too: in somebody's folder it may lead to a file of ours."""
    unfinished = os.path.join(os.path.dirname(path), f".{secrets.token_hex(8)}.tmp")
    try:
        with open(unfinished, "x", encoding="utf-8") as file:
            file.write(text)
        os.replace(unfinished, path)
    except OSError as error:
        sys.exit(f"save {path}: {error}")


client = NotebookClient(
    notebook,
    kernel_name=arguments.kernel,
    timeout=arguments.timeout,
    startup_timeout=120,
    resources={"metadata": {"path": arguments.folder}},
    on_notebook_start=stop_once,
    on_cell_start=announce,
)
start, failure = time.monotonic(), None
try:
    client.execute()
except CellExecutionError as error:
    failure = f"{error.ename}: {error.evalue}".strip()
except CellTimeoutError:
    failure = f"a cell took longer than {arguments.timeout:g} seconds"
except DeadKernelError:
    failure = "the kernel died"
except NoSuchKernel:
    sys.exit(4)
except (KeyboardInterrupt, asyncio.CancelledError, AssertionError):  # the last one by nbclient, which does not expect a signal this early
    if not stopped:
        sys.exit(130)
seconds = time.monotonic() - start

save(arguments.out, nbformat.writes(notebook) + "\n")
if arguments.html:
    warnings.simplefilter("ignore")  # output types that only JupyterLab draws
    page, _ = HTMLExporter().from_notebook_node(notebook)
    save(arguments.html, page)
print(json.dumps({"seconds": seconds, "failure": failure}))
