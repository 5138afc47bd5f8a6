"""A program of cells, `// %%`, by jupytext: it runs as a notebook and comes back as it was."""

import subprocess
import sys
import tempfile
import unittest

import jupytext
from nbclient import NotebookClient

from tools import KERNEL, PATIENCE, notebook, outputs

CELLS = ["%help > /dev/null\nx := 2", "!echo from the shell", "func twice(n int) int {\n\treturn 2 * n\n}", "// the result\ntwice(x)"]


class PercentTests(unittest.TestCase):
    def test_round_trip(self):
        text = jupytext.writes(notebook(CELLS), fmt="go:percent")
        self.assertIn("// %%\n// !echo", text)
        read = jupytext.reads(text, fmt="go:percent")
        self.assertEqual([cell.source for cell in read.cells], CELLS)
        NotebookClient(read, timeout=PATIENCE, kernel_name=KERNEL).execute()
        self.assertEqual([outputs(read)[i] for i in (1, 3)], ["from the shell\n", "4"])
        again = jupytext.reads(jupytext.writes(read, fmt="go:percent"), fmt="go:percent")
        self.assertEqual([cell.source for cell in again.cells], CELLS)

    def test_command_line(self):
        with tempfile.TemporaryDirectory() as folder:
            with open(folder + "/cells.go", "w", encoding="utf-8") as file:
                file.write(jupytext.writes(notebook(CELLS), fmt="go:percent"))
            subprocess.run([sys.executable, "-P", "-m", "jupytext", "--to", "ipynb", "--execute", "cells.go"], cwd=folder, check=True, timeout=PATIENCE)
            executed = jupytext.read(folder + "/cells.ipynb")
            self.assertEqual([cell.source for cell in executed.cells], CELLS)
            self.assertEqual(outputs(executed)[3], "4")


if __name__ == "__main__":
    unittest.main(verbosity=2)
