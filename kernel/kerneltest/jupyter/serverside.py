"""Notebooks that a Jupyter server executes by itself: what is in them at the end, and what an agent reads of them.

It runs with a Python that has the packages of servers.txt.
"""

import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request
import uuid

from transfer import RUN, write_classes

PATIENCE = 240  # seconds
TOKEN = uuid.uuid4().hex
KERNEL = "headstart"
# What the packages of servers.txt would add to every server. Two of them want to keep the notebooks.
EXTENSIONS = (
    "jupyter_lsp", "jupyter_mcp_server", "jupyter_server_documents", "jupyter_server_fileid", "jupyter_server_nbmodel", "jupyter_server_terminals",
    "jupyter_server_ydoc", "jupyterlab", "notebook_shim",
)
LOAD = "%dataset load images --size 32"
MODEL = "%model resnet50 --weights random --cut conv2"
TRAIN = "%train --epochs 40"
PRINT = 'fmt.Println("one")\nfmt.Println("two")'
FAIL = "%train --epochs -1"
PANIC = 'numbers := []int{1}\nfmt.Println("before")\nnumbers[len(os.Args)+1]++'
CELLS = (LOAD, MODEL, TRAIN, PRINT, FAIL, PANIC)


class Server:
    """A Jupyter server in a folder of its own, with some extensions and no others."""

    def __init__(self, *extensions):
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self.temporary.name)
        write_classes(str(self.folder / "images"))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        config = {
            "ServerApp": {"jpserver_extensions": {name: name in extensions for name in EXTENSIONS}, "root_dir": str(self.folder), "allow_root": True},
            "IdentityProvider": {"token": TOKEN}, "MultiKernelManager": {"default_kernel_name": KERNEL},
        }
        for name in ("config", "data"):
            (self.folder / name).mkdir()
        (self.folder / "config" / "jupyter_server_config.json").write_text(json.dumps(config))
        self.log = open(self.folder / "server.log", "wb")
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "jupyter_server", "--no-browser", f"--port={self.port}", "--ServerApp.port_retries=0"],
            cwd=self.folder, stdout=self.log, stderr=subprocess.STDOUT,
            env={**os.environ, "JUPYTER_CONFIG_DIR": str(self.folder / "config"), "JUPYTER_DATA_DIR": str(self.folder / "data")},
        )
        self.until(self.answers, "the server does not start")

    def close(self):
        for kernel in self.get("/api/kernels"):
            self.request("DELETE", "/api/kernels/" + kernel["id"])
        self.process.terminate()
        self.process.wait(PATIENCE)
        self.log.close()
        self.temporary.cleanup()

    def answers(self):
        if self.process.poll() is not None:
            raise AssertionError("the server has ended: " + (self.folder / "server.log").read_text()[-3000:])
        try:
            return self.get("/api/status")
        except (urllib.error.URLError, ConnectionError):
            return None

    def until(self, condition, complaint):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            result = condition()
            if result:
                return result
            time.sleep(0.2)
        raise AssertionError(complaint + ": " + (self.folder / "server.log").read_text()[-3000:])

    def request(self, method, path, body=None):
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", None if body is None else json.dumps(body).encode(),
            {"Authorization": f"token {TOKEN}", "Content-Type": "application/json"}, method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return answer.read().decode()
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{method} {path}: {error} {error.read().decode()[:500]}") from error

    def get(self, path):
        return json.loads(self.request("GET", path))

    def post(self, path, body):
        return json.loads(self.request("POST", path, body) or "null")

    def write(self, name, cells=CELLS):
        """Puts a notebook into the server's folder."""
        content = {
            "nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": {"name": KERNEL, "display_name": "Go", "language": "go"}},
            "cells": [
                {"cell_type": "code", "id": f"cell-{i}", "source": source, "metadata": {}, "outputs": [], "execution_count": None}
                for i, source in enumerate(cells)
            ],
        }
        (self.folder / name).write_text(json.dumps(content))

    def read(self, name):
        """The cells of a notebook as it is on the disk; none while the server writes it."""
        try:
            return json.loads((self.folder / name).read_text())["cells"]
        except json.JSONDecodeError:
            return []

    def session(self, name):
        """The id of a kernel that was started for a notebook, as JupyterLab has one started."""
        return self.post("/api/sessions", {"path": name, "name": name, "type": "notebook", "kernel": {"name": KERNEL}})["kernel"]["id"]


def joined(value):
    return "".join(value) if isinstance(value, list) else value


def cards(cell):
    """The cards of trainings among a cell's outputs."""
    return [output["data"] for output in cell["outputs"] if RUN in output.get("data", {})]


class ServersideTestCase(unittest.TestCase):
    def serve(self, *extensions):
        self.server = Server(*extensions)
        self.addCleanup(self.server.close)
        return self.server

    def check(self, cells):
        """What a notebook has at its end, whoever ran it."""
        *_, train, printed, failed, panicked = cells
        for cell in cells:
            for output in cell["outputs"]:
                if "data" in output:
                    self.assertIn("text/plain", output["data"], "a display without a text form")
        [card] = cards(train)
        self.check_card(joined(card["text/plain"]))
        self.assertEqual(len([output for output in train["outputs"] if "image/png" in output.get("data", {})]), 2, "the figure and the epochs, each once")
        self.assertEqual("".join(joined(output["text"]) for output in printed["outputs"]), "one\ntwo\n")
        [error] = failed["outputs"]
        self.assertEqual((error["output_type"], error["ename"]), ("error", "MagicError"))
        self.assertIn(FAIL, error["traceback"][0])
        self.assertIn("epochs must be at least 1", error["evalue"])
        self.assertRegex("".join(error["traceback"]), "epochs must be at least 1, got -1")
        *_, error = panicked["outputs"]
        self.assertIn("index out of range", "".join(error["traceback"]))
        self.assertRegex("".join(error["traceback"]), r"Cell In\[6\], line 3")

    def check_card(self, text):
        self.assertIn("done", text)
        self.assertIn("epoch 40 of 40", text)


class DocumentsTests(ServersideTestCase):
    """jupyter-server-documents, which appends updates."""

    def test_a_notebook(self):
        from jupyter_server_documents.rooms.ynotebook_room import _source_hash

        server = self.serve("jupyter_server_documents", "jupyter_server_fileid")
        server.write("n.ipynb")
        file = server.post("/api/fileid/index?path=n.ipynb", {})["id"]
        kernel = server.session("n.ipynb")
        cells = [{"cell_id": f"cell-{i}", "source_hash": _source_hash(source)} for i, source in enumerate(CELLS)]
        server.post(f"/api/kernels/{kernel}/execute", {"document_id": f"json:notebook:{file}", "cells": cells})
        most, seen = 0, set()

        def ended():
            nonlocal most
            cells = server.read("n.ipynb")
            if len(cells) == len(CELLS):
                most = max(most, len(cards(cells[2])))
                seen.update(joined(card["text/plain"]) for card in cards(cells[2]))
            return cells and all(cell["execution_count"] for cell in cells)

        server.until(ended, "the cells do not end")
        time.sleep(3)  # it saves the notebook a second after a change
        self.check(server.read("n.ipynb"))
        self.assertEqual(most, 1, "the notebook had several figures of one training on the way")
        self.assertGreater(len(seen), 1, "the figure has not changed before the end")


class AgentTests(ServersideTestCase):
    """jupyter-mcp-server as an extension, which runs cells by jupyter-server-nbmodel, and code by itself."""

    def setUp(self):
        self.count = 0
        self.serve("jupyter_server_nbmodel", "jupyter_server_ydoc", "jupyter_server_fileid", "jupyter_mcp_server")
        self.server.write("n.ipynb")

    def call(self, tool, **arguments):
        """What an agent gets of a tool: texts, and None for each image."""
        self.count += 1
        answer = self.server.post("/mcp", {"jsonrpc": "2.0", "id": self.count, "method": "tools/call", "params": {"name": tool, "arguments": arguments}})
        self.assertNotIn("error", answer)
        return [block["text"] if block["type"] == "text" else None for block in answer["result"]["content"]]

    def run_notebook(self, **arguments):
        self.call("use_notebook", notebook_name="n", notebook_path="n.ipynb", mode="connect", **arguments)
        results = [self.call("execute_cell", cell_index=i, timeout=PATIENCE) for i in range(len(CELLS))]
        self.assertEqual(results[2].count(None), 2, "the figure and the epochs, each once")
        self.assertEqual("".join(results[3]), "one\ntwo\n")
        self.assertRegex("".join(results[4]), r"line 1: %train --epochs -1\nMagicError: train: epochs must be at least 1")
        self.assertRegex("".join(results[5]), r"(?s)before.*index out of range.*Cell In\[6\], line 3")
        self.check(self.server.read("n.ipynb"))
        read = self.call("read_cell", cell_index=2)
        self.assertEqual(read.count(None), 2)

    def test_a_kernel_of_a_session(self):
        self.run_notebook(kernel_id=self.server.session("n.ipynb"))

    def test_a_kernel_that_the_agent_starts(self):
        self.run_notebook()

    def test_code_beside_the_notebook(self):
        self.call("use_notebook", notebook_name="n", notebook_path="n.ipynb", mode="connect", kernel_id=self.server.session("n.ipynb"))
        self.call("execute_code", code=LOAD, timeout=60)
        self.call("execute_code", code=MODEL, timeout=60)
        trained = self.call("execute_code", code=TRAIN, timeout=60)
        self.assertEqual(trained.count(None), 2, "the figure and the epochs, each once")
        self.assertEqual(self.call("execute_code", code="%runs", timeout=60), [None])  # it takes an image where there is one
        failed = "".join(self.call("execute_code", code=FAIL, timeout=60))
        self.assertIn("epochs must be at least 1", failed)


if __name__ == "__main__":
    unittest.main(verbosity=2)
