"""Lets papermill write Go: the parameters of a notebook become a cell of Go variables, as headstart run -p writes it.

Papermill finds engines by entry points and translators by nothing, so that this module is the entry point of an engine,
and registers the translator when papermill loads it.
"""

import json
import math
import re

from papermill.engines import NBClientEngine
from papermill.models import Parameter
from papermill.translators import Translator, papermill_translators


class GoTranslator(Translator):
    @classmethod
    def comment(cls, cmt_str):
        return "// " + " ".join(cmt_str.split())

    @classmethod
    def translate_str(cls, val):
        val = str(val)
        val.encode()  # a lone surrogate has no form in Go
        # Every escape that json makes is Go's as well. A byte order mark may stand only at the start of Go source.
        return json.dumps(val, ensure_ascii=False).replace("\ufeff", "\\ufeff")

    translate_escaped_str = translate_str

    @classmethod
    def translate_none(cls, val):
        raise ValueError("a Go variable has no value None: give the parameter a value, or leave it out")

    @classmethod
    def translate_float(cls, val):
        if not math.isfinite(val):
            raise ValueError(f"a Go variable has no literal for {val}: give the parameter a finite value")
        return repr(val)

    @classmethod
    def translate_list(cls, val):
        return cls.go_type(val) + "{" + ", ".join(cls.translate(item) for item in val) + "}"

    @classmethod
    def translate_dict(cls, val):
        pairs = (f"{cls.translate_str(str(key))}: {cls.translate(item)}" for key, item in val.items())
        return cls.go_type(val) + "{" + ", ".join(pairs) + "}"

    @classmethod
    def go_type(cls, val):
        """The type of a literal. Items of several types make a list of any."""
        if isinstance(val, bool):
            return "bool"
        if isinstance(val, int):
            return "int"
        if isinstance(val, float):
            return "float64"
        if isinstance(val, (list, dict)):
            items = val.values() if isinstance(val, dict) else val
            kinds = {cls.go_type(item) for item in items}
            if kinds == {"int", "float64"}:
                kinds = {"float64"}
            item_type = kinds.pop() if len(kinds) == 1 else "any"
            return ("map[string]" if isinstance(val, dict) else "[]") + item_type
        return "string"

    @classmethod
    def assign(cls, name, str_val):
        if not re.fullmatch(r"[^\W\d]\w*", name):
            raise ValueError(f"{name} is not the name of a Go variable; headstart run -p sets flags of magics")
        return f"var {name} = {str_val}"

    @classmethod
    def inspect(cls, parameters_cell):
        declared = re.finditer(r"^\s*(?:var\s+)?([^\W\d]\w*)\s*(\S+)?\s*=\s*(.+?)\s*(?://\s*(.*))?$", parameters_cell["source"], re.MULTILINE)
        return [Parameter(name=m[1], inferred_type_name=m[2] or "None", default=m[3], help=m[4] or "") for m in declared]


class Engine(NBClientEngine):
    """Papermill's own engine under another name."""


papermill_translators.register("go", GoTranslator)
