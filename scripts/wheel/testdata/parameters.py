"""Prints the cell that papermill injects for parameters of every kind, and what it reads out of a cell of defaults."""

import json

import papermill.execute  # loads the engines, as the command does
from headstart_kernel.parameters import GoTranslator
from papermill.translators import papermill_translators

assert papermill_translators.find_translator("headstart", "go") is GoTranslator
print(
    GoTranslator.codify(
        {
            "epochs": 3,
            "rate": 0.5,
            "tiny": 1e-9,
            "warm": True,
            "folder": 'a "b"\\c\n\x7f\x00\ufeffé😀</script>',
            "sizes": [1, 2.5],
            "names": ["x", "y"],
            "nested": {"a": [1], "b": [2]},
            "mixed": [1, "x", True],
            "empty": [],
        },
        comment="Parameters\n%train",
    ),
    end="",
)
for name, value in {"train.epochs": 3, "a b": 1, "none": None, "nan": float("nan"), "lone": "\ud800"}.items():
    try:
        print("accepted:", GoTranslator.codify({name: value}).encode())
    except ValueError as error:
        print("refused:", error)
cell = {"source": 'var epochs = 10 // how often\nvar folder string = "x"\nvar (\n\trate = 0.1\n)\nfunc main() {\n}\n'}
print(json.dumps([list(p) for p in GoTranslator.inspect(cell)]))
