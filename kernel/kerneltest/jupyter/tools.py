"""The programs that people run notebooks with."""

import os
import subprocess
import sys
import tempfile
import unittest

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

KERNEL = "headstart"
PATIENCE = 120  # seconds

CELLS = [
    "import \"strings\"\n\nfunc shout(s string) string {\n\treturn strings.ToUpper(s)\n}",
    '%%\nfmt.Println(shout("hello"))',
    "!echo from the shell",
    "%help",
    'len("four")',
]


def notebook(cells):
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    made.metadata.kernelspec = {"name": KERNEL, "language": "go", "display_name": "Go (Headstart)"}
    return made


def outputs(executed):
    """What each cell printed, or the text of what it showed."""
    texts = []
    for cell in executed.cells:
        texts.append("".join(o.text if o.output_type == "stream" else o.data["text/plain"] for o in cell.outputs))
    return texts


class ToolTests(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.source = os.path.join(self.folder, "in.ipynb")
        nbformat.write(notebook(CELLS), self.source)

    def check(self, executed):
        texts = outputs(executed)
        self.assertEqual([texts[1], texts[2], texts[4]], ["HELLO\n", "from the shell\n", "4"])
        self.assertIn("%help", texts[3])
        self.assertEqual([cell.execution_count for cell in executed.cells], [1, 2, 3, 4, 5])

    def run_tool(self, *arguments, **options):
        return subprocess.run(
            [sys.executable, "-P", "-m", *arguments], cwd=self.folder, text=True, timeout=PATIENCE, check=True, capture_output=True, **options
        ).stdout

    def test_nbclient(self):
        executed = notebook(CELLS)
        NotebookClient(executed, timeout=PATIENCE).execute()
        self.check(executed)

    def test_nbclient_stops_at_an_error(self):
        executed = notebook(["var x = 1", "var y int = \"no number\"", "var z = 1"])
        with self.assertRaises(CellExecutionError) as raised:
            NotebookClient(executed, timeout=PATIENCE).execute()
        self.assertIn("CompileError", raised.exception.ename)
        self.assertIsNone(executed.cells[2].execution_count)

    def test_nbconvert(self):
        self.run_tool("jupyter", "nbconvert", "--execute", "--to", "notebook", "--output", "out.ipynb", "in.ipynb")
        self.check(nbformat.read(os.path.join(self.folder, "out.ipynb"), as_version=4))

    def test_papermill(self):
        self.run_tool("papermill", "in.ipynb", "out.ipynb")
        self.check(nbformat.read(os.path.join(self.folder, "out.ipynb"), as_version=4))

    def test_console(self):
        printed = self.run_tool("jupyter_console", "--kernel", KERNEL, "--simple-prompt", input="6 * 7\nexit\n")
        self.assertIn("42", printed)

    def test_run(self):
        """jupyter run gives the file's name to the kernel as an argument, too."""
        with open(os.path.join(self.folder, "cells.go"), "w", encoding="utf-8") as file:
            file.write('%%\nfmt.Println("from a file")\n')
        self.assertIn("from a file", self.run_tool("jupyter", "run", f"--kernel={KERNEL}", "cells.go"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
